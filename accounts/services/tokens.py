"""Issue of tokens, and the record of their use."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from django.db import OperationalError, connection, transaction
from django.db.models import Q
from django.utils import timezone
from knox.models import get_digest_token
from knox.settings import CONSTANTS, knox_settings
from rest_framework.exceptions import AuthenticationFailed

from accounts.models import Scope, Token, User

NOTED_EVERY = timedelta(minutes=5)

logger = logging.getLogger(__name__)


@transaction.atomic
def issue_token(
    *, user: User, name: str = "", scope: str = Scope.READ_WRITE, expires_in: timedelta | None = None
) -> tuple[Token, str]:
    """Return a new row and its secret, which is stored nowhere. Without `expires_in`, each use extends the expiry.

    Raises AuthenticationFailed if the password was changed since the user was read.
    """
    # A change of the password waits for this lock, and then revokes the new token, too.
    known = User.objects.select_for_update(no_key=True).filter(pk=user.pk, password=user.password)
    if known.first() is None:
        raise AuthenticationFailed("Your password was changed just now; sign in with the new one.")
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


def note_use(*, token: Token) -> None:
    """Note on the row that it was used just now, and extend its expiry: seldom, and never behind another writer."""
    now = timezone.now()
    if token.has_expired(at=now):
        return
    fields: dict[str, Any] = {}
    if token.last_used_at is None or now - token.last_used_at >= NOTED_EVERY:
        fields["last_used_at"] = now
    later = now + knox_settings.TOKEN_TTL
    extension = later - token.expiry if token.is_renewed and token.expiry else timedelta(0)
    if extension.total_seconds() > knox_settings.MIN_REFRESH_INTERVAL:
        fields["expiry"] = later
    if not fields:
        return
    rows = Token.objects.filter(pk=token.pk)
    if "expiry" not in fields:  # another process may have noted the same
        rows = rows.filter(Q(last_used_at=None) | Q(last_used_at__lte=now - NOTED_EVERY))
    try:
        with _without_waiting():
            rows.update_silently(**fields)
    except OperationalError:
        logger.debug("The database is busy; the use of token %s is noted later.", token.pk)
    else:
        for name, value in fields.items():
            setattr(token, name, value)


@contextmanager
def _without_waiting() -> Iterator[None]:
    """Fail at once where SQLite has another writer: a request that only reads must not wait for a long import."""
    if connection.vendor != "sqlite" or connection.in_atomic_block:
        yield
        return
    with connection.cursor() as cursor:
        timeout_ms = cursor.execute("PRAGMA busy_timeout").fetchone()[0]
        cursor.execute("PRAGMA busy_timeout = 0")
        try:
            yield
        finally:
            cursor.execute(f"PRAGMA busy_timeout = {timeout_ms}")
