"""Tells every process at once that what it remembers about people and tokens may no longer be true.

A stamp that all processes see moves with every commit that changes a person or takes a token away. On SQLite, whose
processes share a machine by nature, it is the size of a file that only grows, which costs a microsecond to look at and
has none of a clock's granularity. On other databases it is a mark in the shared cache.
"""

import logging
import os
import secrets
from collections.abc import Hashable
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.db import connection, transaction
from django.db.models import Model
from django.db.models.signals import post_delete, post_save

from accounts.memo import MEMO

KEY = "accounts:revocations"

logger = logging.getLogger(__name__)


def stamp() -> Hashable | None:
    """What must be the same for a memory to be true. None when it cannot be told, and nothing may be remembered."""
    if connection.vendor == "sqlite":
        return _stamp_of_file()
    try:
        return _stamp_of_cache()
    except Exception:
        logger.warning("The cache could not be read: each request asks the database who sends it.", exc_info=True)
        return None


def announce(**_: Any) -> None:
    """Move the stamp when the transaction commits; a rollback moves nothing. Also the receiver of signals."""
    MEMO.clear()  # this transaction reads what it wrote itself
    transaction.on_commit(_move)


def announce_unless_new(*, created: bool, **_: Any) -> None:
    """Nobody remembers what is new."""
    if not created:
        announce()


def watch(*models: type[Model]) -> None:
    """Announce whenever a row of these is changed or deleted, whoever does it: a service, a command, a shell."""
    for model in models:
        post_save.connect(announce_unless_new, sender=model)
        post_delete.connect(announce, sender=model)


def _move() -> None:
    MEMO.clear()
    try:
        if connection.vendor == "sqlite":
            _grow_file()
        else:
            cache.set(KEY, secrets.token_hex(8), None)  # a counter would lose one of two increments that meet
    except Exception:
        logger.exception("Other processes honor what was revoked for up to a minute.")


def _file() -> Path:
    return Path(settings.DATA_DIR, "revocations")


def _stamp_of_file() -> Hashable:
    try:
        seen = os.stat(f"{settings.DATA_DIR}/revocations")  # noqa: PTH116 - for each request: a Path costs more than the look
    except FileNotFoundError:
        return 0, 0
    return seen.st_ino, seen.st_size


def _grow_file() -> None:
    descriptor = os.open(_file(), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        os.write(descriptor, b".")
    finally:
        os.close(descriptor)


def _stamp_of_cache() -> Hashable:
    found: str | None = cache.get(KEY)
    if found is None:  # never moved, or forgotten: whatever was remembered before is not true any more
        cache.add(KEY, secrets.token_hex(8), None)
        found = cache.get(KEY)
    return found
