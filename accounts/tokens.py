"""Everything that writes tokens."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from django.db import OperationalError, connection
from django.db.models import Q
from django.utils import timezone
from knox.models import get_digest_token
from knox.settings import CONSTANTS, knox_settings

from accounts.models import Scope, Token, User

NOTED_EVERY = timedelta(minutes=5)

logger = logging.getLogger(__name__)


def issue_token(
    *, user: User, name: str = "", scope: str = Scope.READ_WRITE, expires_in: timedelta | None = None
) -> tuple[Token, str]:
    """The row, and the token itself, which is nowhere kept. Without `expires_in`, each use puts the expiry off."""
    now = timezone.now()
    Token.objects.filter(user=user, expiry__lte=now).delete()
    digest, secret = get_digest_token()
    token = Token.objects.create(
        user=user,
        digest=digest,
        token_key=secret[: CONSTANTS.TOKEN_KEY_LENGTH],
        name=name,
        scope=scope,
        expiry=now + (expires_in or knox_settings.TOKEN_TTL),
        is_renewed=expires_in is None,
    )
    return token, secret


def revoke_token(*, token: Token) -> None:
    """From the next request on, nobody gets in with it."""
    token.delete()


def note_use(*, token: Token) -> None:
    """Say on the row that it was used just now, and put its expiry off; seldom, and never waiting for a writer."""
    now, fields = timezone.now(), dict[str, Any]()
    if token.has_expired(at=now):
        return
    if token.last_used_at is None or now - token.last_used_at >= NOTED_EVERY:
        fields["last_used_at"] = now
    later = now + knox_settings.TOKEN_TTL
    if (
        token.is_renewed
        and token.expiry
        and (later - token.expiry).total_seconds() > knox_settings.MIN_REFRESH_INTERVAL
    ):
        fields["expiry"] = later
    if fields:
        _note(token, fields)


def _note(token: Token, fields: dict[str, Any]) -> None:
    seen = Q(last_used_at=None) | Q(last_used_at__lte=timezone.now() - NOTED_EVERY)  # other processes note it, too
    unnoted = Token.objects.filter(pk=token.pk).filter(Q() if "expiry" in fields else seen)
    try:
        with _without_waiting():
            unnoted.note(**fields)
    except OperationalError:
        logger.debug("Somebody writes; the use of token %s is noted another time.", token.pk)
    else:
        for name, value in fields.items():
            setattr(token, name, value)


@contextmanager
def _without_waiting() -> Iterator[None]:
    """SQLite has one writer at a time: a request that only reads must not queue behind a long import."""
    if connection.vendor != "sqlite" or connection.in_atomic_block:
        yield
        return
    with connection.cursor() as cursor:
        waits_ms = cursor.execute("PRAGMA busy_timeout").fetchone()[0]
        cursor.execute("PRAGMA busy_timeout = 0")
        try:
            yield
        finally:
            cursor.execute(f"PRAGMA busy_timeout = {waits_ms}")
