"""Asks the server on this machine whether it lives: `python -m config.probe`, the health check of a container.

It reads nothing but host and port, so that it costs next to nothing however often it is asked.
"""

import http.client
import sys

from config import environment

ADDRESS = "/api/v1/health/live/"
TIMEOUT_S = 4


def is_live(*, host: str, port: int) -> bool:
    """Whether a server answers there; that it does not like the name it is asked by, or wants TLS, is an answer."""
    connection = http.client.HTTPConnection(host, port, timeout=TIMEOUT_S)
    try:
        connection.request("GET", ADDRESS, headers={"Host": "localhost"})
        return connection.getresponse().status < http.client.INTERNAL_SERVER_ERROR
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def main() -> int:
    """0 for a server that is well, else 1."""
    host = environment.text("OUTLAY_HOST", "127.0.0.1")
    port = environment.port("OUTLAY_PORT", 8000)
    return 0 if is_live(host=environment.LISTENING_EVERYWHERE.get(host, host), port=port) else 1


if __name__ == "__main__":
    sys.exit(main())
