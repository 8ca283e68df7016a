"""The tokens that a process has seen lately, so that most requests need no query for their user.

A cached token counts only while the revocation stamp, which all processes share, is the same. Every commit that changes
a user or removes a token moves the stamp. On SQLite it is the size of a file that only grows, which takes a microsecond
to read. On other databases it is a random value in the shared cache.
"""

import logging
import os
import secrets
import time
from collections.abc import Hashable
from threading import Lock
from typing import Any, NamedTuple, TypeVar

from django.conf import settings
from django.core.cache import cache
from django.db import connection, transaction
from django.db.models import Model
from django.db.models.base import ModelState

KEPT_S = 60
MAX_TOKENS = 2_000
STAMP_KEY = "accounts:revocations"

Row = TypeVar("Row", bound=Model)

logger = logging.getLogger(__name__)


class _Entry(NamedTuple):
    user: Model
    token: Model
    stamp: Hashable
    cached_at: float


class TokenCache:
    """User and token by the token's digest, each for a minute. Without a stamp, nothing is cached."""

    def __init__(self) -> None:
        self._entries: dict[str, _Entry] = {}
        self._lock = Lock()

    def get(self, digest: str, *, stamp: Hashable | None) -> tuple[Any, Any] | None:
        """Return new copies, since requests keep attributes on them."""
        entry = self._entries.get(digest)
        if entry is None or stamp is None or entry.stamp != stamp or time.monotonic() - entry.cached_at > KEPT_S:
            return None
        user = _copy(entry.user)
        return user, _copy(entry.token, user=user)

    def put(self, digest: str, *, stamp: Hashable | None, user: Model, token: Model) -> None:
        """Cache rows that were read after the stamp. The oldest entry makes room where the cache is full."""
        if stamp is None:
            return
        entry = _Entry(_copy(user), _copy(token), stamp, time.monotonic())
        with self._lock:
            self._entries.pop(digest, None)
            while len(self._entries) >= MAX_TOKENS:
                del self._entries[next(iter(self._entries))]
            self._entries[digest] = entry

    def clear(self) -> None:
        with self._lock:
            self._entries.clear()

    def __len__(self) -> int:
        return len(self._entries)


def _copy(row: Row, **related: Any) -> Row:
    """Return a shallow copy of a model instance; copy.copy() takes ten times as long."""
    twin, state = type(row).__new__(type(row)), ModelState()
    state.db, state.adding, state.fields_cache = "default", False, related
    twin.__dict__.update(row.__dict__, _state=state)
    return twin


TOKENS = TokenCache()


def revocation_stamp() -> Hashable | None:
    """Return the current stamp, or None when it cannot be read."""
    if connection.vendor == "sqlite":
        try:
            found = os.stat(f"{settings.DATA_DIR}/revocations")  # noqa: PTH116 - a Path costs more than the call
        except FileNotFoundError:
            return 0, 0
        return found.st_ino, found.st_size
    try:
        stamp: str | None = cache.get(STAMP_KEY)
        if stamp is None:  # never moved, or evicted: what was cached before does not count any more
            cache.add(STAMP_KEY, secrets.token_hex(8), None)
            stamp = cache.get(STAMP_KEY)
    except Exception:
        logger.warning("The cache could not be read: each request asks the database who sends it.", exc_info=True)
        return None
    return stamp


def forget_tokens(**_: Any) -> None:
    """Make every process forget its cached tokens when the transaction commits. A receiver of signals, too."""
    TOKENS.clear()  # at once: this transaction reads its own changes
    transaction.on_commit(_move_stamp)


def forget_tokens_unless_created(*, created: bool, **_: Any) -> None:
    """Do so for a saved row, unless it is new and therefore cached nowhere."""
    if not created:
        forget_tokens()


def _move_stamp() -> None:
    TOKENS.clear()
    try:
        if connection.vendor == "sqlite":
            path = f"{settings.DATA_DIR}/revocations"
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            try:
                os.write(descriptor, b".")
            finally:
                os.close(descriptor)
        else:
            cache.set(STAMP_KEY, secrets.token_hex(8), None)  # a counter would lose one of two increments that meet
    except Exception:
        logger.exception("Other processes honor what was revoked for up to a minute.")
