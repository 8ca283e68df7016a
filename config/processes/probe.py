"""The health check of a container: `python -m config.processes.probe`.

It asks the server on this machine for a sign of life, and reads nothing but host and port, so that it may run often.
"""

import http.client
import sys

from config import environment


def is_live(*, host: str, port: int) -> bool:
    """Return True if a server answers there. An answer that refuses the host name, or asks for TLS, counts too."""
    connection = http.client.HTTPConnection(host, port, timeout=4)
    try:
        connection.request("GET", "/api/v1/health/live/", headers={"Host": "localhost"})
        return connection.getresponse().status < http.client.INTERNAL_SERVER_ERROR
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def main() -> int:
    """Return the exit code: 0 for a server that answers, else 1."""
    environment.load_env_file(environment.data_dir())
    host = environment.text("OUTLAY_HOST", "127.0.0.1")
    port = environment.port("OUTLAY_PORT", 8000)
    return 0 if is_live(host=environment.LISTENING_EVERYWHERE.get(host, host), port=port) else 1


if __name__ == "__main__":
    sys.exit(main())
