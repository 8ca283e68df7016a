"""What it takes to run an instance: a database that is up to date, a free port, a web server and a worker."""

import fcntl
import os
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from tempfile import TemporaryDirectory

from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection

from config import environment
from config.supervisor import Child, Say, Supervisor

WEB_THREADS = 4
#: Any number that no other program locks in the same database.
PREPARE_LOCK = 7_262_019_885


def prepare() -> None:
    """Bring the database up to date and seed it; safe to repeat, and for several processes at once."""
    with _alone():
        call_command("migrate", verbosity=0)
        call_command("createcachetable", verbosity=0)
        call_command("seed_rates", verbosity=0)


@contextmanager
def _alone() -> Iterator[None]:
    """Wait until nobody else prepares the same database."""
    with _alone_on_postgresql() if connection.vendor == "postgresql" else _alone_in_folder():
        yield


@contextmanager
def _alone_in_folder() -> Iterator[None]:
    with (settings.DATA_DIR / "prepare.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)  # let go with the file, or with the process
        yield


@contextmanager
def _alone_on_postgresql() -> Iterator[None]:
    """Hold an advisory lock on a connection of its own, which takes the lock with it should this process be killed."""
    lock = connection.copy()
    try:
        with lock.cursor() as holder, connection.cursor() as cursor:
            for each in (holder, cursor):  # others, or a large table, may take longer than a request is given
                each.execute("SET statement_timeout = 0")
                each.execute("SET lock_timeout = 0")
            holder.execute("SELECT pg_advisory_lock(%s)", [PREPARE_LOCK])
            yield
            cursor.execute("RESET statement_timeout")
            cursor.execute("RESET lock_timeout")
    finally:
        lock.close()


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
    """Run web server and workers until Ctrl-C."""
    with _shared_metrics():
        Supervisor([web_server(), *workers()], say).run()


def serve_web(say: Say) -> None:
    """Run the web server alone until Ctrl-C."""
    with _shared_metrics():
        Supervisor([web_server()], say).run()


def web_server() -> Child:
    """Gunicorn, with as many processes as the setting says."""
    bind = f"{_bracketed(settings.HOST)}:{settings.PORT}"
    web = [sys.executable, "-m", "gunicorn", "config.wsgi", "--bind", bind, "--threads", str(WEB_THREADS)]
    web += ["--workers", str(settings.WEB_WORKERS), "--worker-tmp-dir", str(settings.DATA_DIR)]
    web += ["--log-level", "warning", "--chdir", str(settings.BASE_DIR), "--no-control-socket"]
    return Child("web server", web)


def workers() -> list[Child]:
    """As many task workers as the setting says."""
    work = [sys.executable, str(settings.BASE_DIR / "manage.py"), "work"]
    n = settings.TASK_WORKERS
    return [Child("worker" if n == 1 else f"worker {i}", work) for i in range(1, n + 1)]


@contextmanager
def _shared_metrics() -> Iterator[None]:
    """A folder in which several web processes add up their metrics; without it each would tell its own."""
    if settings.WEB_WORKERS == 1:
        yield
        return
    with TemporaryDirectory(prefix="outlay-metrics-") as folder:
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = folder
        try:
            yield
        finally:
            del os.environ["PROMETHEUS_MULTIPROC_DIR"]
