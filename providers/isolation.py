"""Notices when code that must stay within the process reaches out: files, network, programs, the database."""

import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from django.conf import settings
from django.db import connections

OUTWARD = ("open", "socket.", "subprocess.", "os.system", "os.listdir", "os.scandir", "sqlite3.connect", "urllib.")
NETWORK = ("socket.connect", "socket.getaddrinfo", "socket.sendto", "urllib.")


class _Watch(threading.local):
    """What the current thread is listening for; an audit hook can never be taken off, so it only looks here."""

    wanted: tuple[str, ...] = ()
    seen: list[str] | None = None


_watch = _Watch()
_installed = threading.Event()


def _hook(event: str, args: tuple[Any, ...]) -> None:
    if _watch.seen is not None and event.startswith(_watch.wanted):
        _watch.seen.append(f"{event} {args[0] if args else ''}".strip())


@contextmanager
def noticing(events: tuple[str, ...], *, queries: bool) -> Iterator[list[str]]:
    """A list that fills with the audit events of this thread that begin so, and with its database queries."""
    if not _installed.is_set():
        _installed.set()
        sys.addaudithook(_hook)
    seen: list[str] = []

    def note_query(execute: Any, sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
        seen.append(f"query {sql[:60]}")
        return execute(sql, params, many, context)

    with ExitStack() as stack:
        if queries and settings.configured:
            for connection in connections.all():
                stack.enter_context(connection.execute_wrapper(note_query))
        _watch.wanted, _watch.seen = events, seen
        try:
            yield seen
        finally:
            _watch.seen = None
