"""Instance in a temporary folder, and measurements of CPU time."""

import io
import json
import os
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any


@contextmanager
def fresh_instance(**environment: str) -> Iterator[None]:
    """Set Django up on an empty SQLite database, without a model; import models only inside."""
    folder = tempfile.mkdtemp(prefix="outlay-benchmark-")
    os.environ.pop("DATABASE_URL", None)
    os.environ |= {"OUTLAY_DATA_DIR": folder, "OLLAMA_HOST": "off", "DJANGO_SETTINGS_MODULE": "config.settings"}
    os.environ |= environment
    try:
        import django

        django.setup()
        from config.processes.serving import prepare

        prepare()
        yield
    finally:
        shutil.rmtree(folder)


def cpu_ms(action: Callable[[], object], *, n: int) -> float:
    """Return the CPU milliseconds of one call, from `n` calls in a row."""
    started = time.process_time()
    for _ in range(n):
        action()
    return (time.process_time() - started) * 1000 / n


def medians(actions: Mapping[str, Callable[[], object]], *, rounds: int, n: int) -> dict[str, float]:
    """Return median CPU milliseconds of each action. All take turns, so that a noisy moment affects all."""
    taken: dict[str, list[float]] = {name: [] for name in actions}
    for action in actions.values():
        action()
    for _ in range(rounds):
        for name, action in actions.items():
            taken[name].append(cpu_ms(action, n=n))
    return {name: statistics.median(values) for name, values in taken.items()}


def caller(
    application: Callable[..., Any],
    address: str,
    token: str = "",
    *,
    body: Callable[[], object] | None = None,
    keeps: bool = True,
) -> Callable[[], None]:
    """Return a function that makes one request to a WSGI application and insists on a status of success.

    The request is a POST of what `body()` returns, or a GET without a body. Without `keeps`, each part of the answer is
    dropped at once, as a server does that has sent it.
    """
    path, _, query = address.partition("?")

    def call() -> None:
        data = json.dumps(body()).encode() if body else b""
        environ = {
            "REQUEST_METHOD": "POST" if body else "GET", "PATH_INFO": path, "QUERY_STRING": query,
            "SERVER_NAME": "localhost", "SERVER_PORT": "80", "SERVER_PROTOCOL": "HTTP/1.1",
            "wsgi.input": io.BytesIO(data), "wsgi.url_scheme": "http", "wsgi.errors": sys.stderr,
            "CONTENT_TYPE": "application/json", "CONTENT_LENGTH": str(len(data)),
            "HTTP_HOST": "localhost", "REMOTE_ADDR": "127.0.0.1",
        }  # fmt: skip
        if token:
            environ["HTTP_AUTHORIZATION"] = f"Token {token}"
        statuses: list[str] = []
        answer = application(environ, lambda status, headers: statuses.append(status))
        text = b"".join(answer if keeps else (part for part in answer if statuses and not statuses[0].startswith("20")))
        answer.close()
        if not statuses[0].startswith("20"):
            raise SystemExit(f"{address}: {statuses[0]} {text[:300]!r}")

    return call
