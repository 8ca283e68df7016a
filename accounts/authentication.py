"""Tells who sends a request, by the token in its header."""

from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from knox.auth import TokenAuthentication as KnoxTokenAuthentication
from knox.crypto import hash_token
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request

from accounts import revocations
from accounts.memo import MEMO
from accounts.models import Scope, Token, User
from accounts.roles import admin_memberships, remember_admin
from accounts.tokens import note_use


class TokenAuthentication(KnoxTokenAuthentication):  # type: ignore[misc]
    """Reads knox's header and hashes; asks the database once a minute and process, not for every request."""

    def authenticate(self, request: Request | HttpRequest) -> tuple[User, Token] | None:
        found: tuple[User, Token] | None = super().authenticate(request)
        if found is not None:
            _require_scope(request, found[1])
        return found

    def authenticate_credentials(self, token: bytes) -> tuple[User, Token]:
        if not token.isascii():
            raise AuthenticationFailed("Invalid token.")
        digest, stamp = hash_token(token.decode()), revocations.stamp()
        found = (MEMO.recall(digest, stamp=stamp) if stamp is not None else None) or _look_up(digest)
        if found[1].has_expired(at=timezone.now()):
            raise AuthenticationFailed("Invalid token.")
        return found


def person(request: Request) -> User:
    """Who sends the request, where a permission has seen to it that somebody does."""
    assert isinstance(request.user, User)  # noqa: S101
    return request.user


def _look_up(digest: str) -> tuple[User, Token]:
    stamp = revocations.stamp()  # before the row is read: what is revoked meanwhile moves it
    token = _tokens().filter(digest=digest).first()
    if token is None:
        raise AuthenticationFailed("Invalid token.")
    if not token.user.is_active:
        raise AuthenticationFailed("User inactive or deleted.")
    remember_admin(token.user, is_admin=token.is_admins)
    note_use(token=token)
    if stamp is not None:
        MEMO.keep(digest, stamp=stamp, user=token.user, token=token)
    return token.user, token


def _tokens() -> Any:
    return Token.objects.select_related("user").annotate(is_admins=admin_memberships("user_id"))


def _require_scope(request: Request | HttpRequest, token: Token) -> None:
    """Raises PermissionDenied where a token for reading would write; a view may say that it writes nothing."""
    if token.scope != Scope.READ or request.method in SAFE_METHODS:
        return
    view = (getattr(request, "parser_context", None) or {}).get("view")  # middleware has none
    if not getattr(view, "is_open_to_read_tokens", False):
        raise PermissionDenied("This token is for reading only; use one with the scope read_write.", "read_only_token")
