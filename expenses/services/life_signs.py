"""Names that a process holds for as long as it lives. A `kill -9` ends the hold at once, and a slow process keeps it.

PostgreSQL holds them as locks of a connection. With SQLite all processes share a machine, so files are locked.
"""

import fcntl
import secrets
import time
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager, suppress
from hashlib import blake2b
from pathlib import Path
from typing import Protocol, TypeVar

from django.conf import settings
from django.db import DatabaseError, connection

#: Each worker holds this name.
WORKER = "worker"
#: The worker holds this name that runs the tasks which call the model.
MODEL_LANE = "model-lane"
#: How often a process tries to get a name in PostgreSQL that it wants for itself.
TRY_AGAIN_S = 1.0
HELD_KEYS = """
    SELECT (classid::bigint << 32) | objid::bigint FROM pg_locks
    WHERE locktype = 'advisory' AND objsubid = 1
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""


class Claimed(Protocol):
    """A row that a process claimed for its work: the name is "" while nobody has it."""

    claim: str


Row = TypeVar("Row", bound=Claimed)


@contextmanager
def hold(name: str, *, is_alone: bool = False) -> Iterator[Callable[[], None]]:
    """Hold the name until the end of the block, or of this process. Any number of processes may share a name.

    With `is_alone`, wait until no other process holds it, and let no other. Yields a function that raises
    OperationalError if the hold was lost with its connection.
    """
    if connection.vendor != "postgresql":
        with _file_of(name).open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX if is_alone else fcntl.LOCK_SH)
            yield lambda: None
        return
    shared = "" if is_alone else "_shared"
    own = connection.copy()  # a transaction that fails, or the end of a request, does not disturb it
    try:
        with own.cursor() as cursor:
            cursor.execute(f"SELECT pg_try_advisory_lock{shared}(%s)", [_key_of(name)])
            while cursor.fetchone() != (True,):
                time.sleep(TRY_AGAIN_S)
                cursor.execute(f"SELECT pg_try_advisory_lock{shared}(%s)", [_key_of(name)])
            yield lambda: cursor.execute("SELECT 1")
            with suppress(DatabaseError):  # the connection may be lost, and the hold with it
                cursor.execute(f"SELECT pg_advisory_unlock{shared}(%s)", [_key_of(name)])
    finally:
        own.close()


def find_held(names: Collection[str]) -> set[str]:
    """Return those of the names that a living process holds."""
    if not names:
        return set()
    if connection.vendor != "postgresql":
        return {name for name in names if _is_locked(_file_of(name))}
    with connection.cursor() as cursor:
        cursor.execute(HELD_KEYS)
        keys = {key for (key,) in cursor.fetchall()}
    return {name for name in names if _key_of(name) in keys}


@contextmanager
def hold_claim() -> Iterator[str]:
    """Hold a new name until the end of the block. Write it into a row only inside: nobody sees it without a holder."""
    claim = secrets.token_hex(16)
    with hold(claim):
        try:
            yield claim
        finally:
            _forget(claim)


def abandoned(rows: Iterable[Row]) -> Iterator[Row]:
    """Yield the claimed rows whose claim no living process holds. Take each claim back before the next row."""
    claimed = [row for row in rows if row.claim]
    held = find_held([row.claim for row in claimed])
    for row in claimed:
        claim = row.claim
        if claim not in held:
            yield row
            _forget(claim)


def _forget(name: str) -> None:
    """Remove what is left of a name that nobody will hold again."""
    if connection.vendor != "postgresql":
        _file_of(name).unlink(missing_ok=True)


def _file_of(name: str) -> Path:
    folder: Path = settings.DATA_DIR / "locks"
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder / name


def _is_locked(path: Path) -> bool:
    try:
        with path.open("r+") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


def _key_of(name: str) -> int:
    return int.from_bytes(blake2b(name.encode(), digest_size=8).digest(), signed=True)
