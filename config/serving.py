"""What it takes to run an instance: a database that is up to date, a free port, a web server and a worker."""

import socket
import sys

from django.conf import settings
from django.core.management import CommandError, call_command

from config import environment
from config.supervisor import Child, Say, Supervisor

WEB_THREADS = 4


def prepare() -> None:
    """Bring the database up to date and seed it; safe to repeat."""
    call_command("migrate", verbosity=0)
    call_command("createcachetable", verbosity=0)
    call_command("seed_rates", verbosity=0)


def require_free_port() -> None:
    """Raises CommandError, with what to do, when another program listens where the web server would."""
    with socket.socket(socket.AF_INET6 if ":" in settings.HOST else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.HOST, settings.PORT))
        except OSError as error:
            message = (
                f"{settings.HOST}:{settings.PORT} cannot be used ({error.strerror}). Choose another: OUTLAY_PORT=8001"
            )
            raise CommandError(message) from None


def base_url() -> str:
    """Where a browser on this machine finds the server."""
    host = environment.LISTENING_EVERYWHERE.get(settings.HOST, settings.HOST)
    return f"http://{_bracketed(host)}:{settings.PORT}"


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def serve(say: Say) -> None:
    """Run web server and worker until Ctrl-C."""
    manage = [sys.executable, str(settings.BASE_DIR / "manage.py")]
    bind = f"{_bracketed(settings.HOST)}:{settings.PORT}"
    web = [sys.executable, "-m", "gunicorn", "config.wsgi", "--bind", bind, "--threads", str(WEB_THREADS)]
    web += ["--worker-tmp-dir", str(settings.DATA_DIR), "--log-level", "warning", "--chdir", str(settings.BASE_DIR)]
    Supervisor([Child("web server", web), Child("worker", [*manage, "work"])], say).run()
