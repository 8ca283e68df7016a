"""The start of an instance: an up-to-date database, a free port, a web server and workers."""

import fcntl
import json
import os
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection, connections

from config import environment
from config.processes.supervisor import Child
from config.processes.web_worker import KEEP_ALIVE_S, LONGEST_LINE, ProblemWorker
from expenses.garbage_collection import collection_paused

#: Any number that no other program locks in the same database.
PREPARE_LOCK = 7_262_019_885


def prepare(*, with_rates: bool = True) -> None:
    """Bring the database up to date and seed it. Safe to repeat, and safe in several processes at once.

    An amount is converted only with rates, which take a second or two in a new database.
    """
    with collection_paused(), _lock_in_postgresql() if connection.vendor == "postgresql" else _lock_in_folder():
        call_command("migrate", verbosity=0)
        call_command("createcachetable", verbosity=0)
        if with_rates:
            call_command("seed_rates", verbosity=0)


@contextmanager
def _lock_in_folder() -> Iterator[None]:
    with (settings.DATA_DIR / "prepare.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)  # released with the file, or with the process
        yield


@contextmanager
def _lock_in_postgresql() -> Iterator[None]:
    """Hold an advisory lock on a separate connection, which ends with this process even if it is killed."""
    lock = connection.copy()
    try:
        with lock.cursor() as holder, connection.cursor() as cursor:
            for each in (holder, cursor):  # another process, or a large table, may take longer than a request may
                each.execute("SET statement_timeout = 0")
                each.execute("SET lock_timeout = 0")
            holder.execute("SELECT pg_advisory_lock(%s)", [PREPARE_LOCK])
            yield
            cursor.execute("RESET statement_timeout")
            cursor.execute("RESET lock_timeout")
    finally:
        lock.close()


@contextmanager
def own_folder() -> Iterator[None]:
    """Keep other supervisors from the data folder, also after `supervise`. Raises CommandError if there is one.

    Instances with PostgreSQL may share a folder.
    """
    if connection.vendor == "postgresql":
        yield
        return
    with (settings.DATA_DIR / "serve.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            message = (
                f"Outlay is running already with the data folder {settings.DATA_DIR}. Stop it first, or give this one "
                "a folder of its own: OUTLAY_DATA_DIR=/another/folder"
            )
            raise CommandError(message) from None
        os.set_inheritable(file.fileno(), True)  # the supervisor takes the place of this process, not of its children
        yield


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
    """Return the URL at which a browser on this machine finds the server."""
    host = environment.LISTENING_EVERYWHERE.get(settings.HOST, settings.HOST)
    return f"http://{_bracketed(host)}:{settings.PORT}"


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def web_server() -> Child:
    """Return gunicorn, with as many processes as the setting says. They share the memory of what one of them loads."""
    bind = f"{_bracketed(settings.HOST)}:{settings.PORT}"
    worker = f"{ProblemWorker.__module__}.{ProblemWorker.__qualname__}"
    web = [sys.executable, "-m", "gunicorn", "config.wsgi", "--bind", bind, "--worker-class", worker, "--threads", "4"]
    web += ["--keep-alive", str(KEEP_ALIVE_S), "--limit-request-line", str(LONGEST_LINE)]
    web += ["--workers", str(settings.WEB_WORKERS), "--worker-tmp-dir", str(settings.DATA_DIR)]
    web += ["--log-level", "warning", "--chdir", str(settings.BASE_DIR), "--no-control-socket"]
    return Child("web server", [*web, "--preload"] if settings.WEB_WORKERS > 1 else web)


def workers() -> list[Child]:
    """Return as many task workers as the setting says."""
    work = [sys.executable, str(settings.BASE_DIR / "manage.py"), "work"]
    n = settings.TASK_WORKERS
    return [Child("worker" if n == 1 else f"worker {i}", work) for i in range(1, n + 1)]


def supervise(*children: Child) -> NoReturn:
    """Run the children until Ctrl-C, in place of this process: the supervisor needs a tenth of its memory."""
    connections.close_all()
    sys.stdout.flush()
    plan = {"children": [[c.name, c.command] for c in children], "share_metrics": settings.WEB_WORKERS > 1}
    program = settings.BASE_DIR / "config" / "processes" / "supervisor.py"
    os.execv(sys.executable, [sys.executable, "-I", str(program), json.dumps(plan)])  # noqa: S606 - our own program
