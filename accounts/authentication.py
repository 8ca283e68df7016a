"""Authentication of requests by the token in their header, and of users by name and password."""

from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.http import HttpRequest
from django.utils import timezone
from knox.auth import TokenAuthentication as KnoxTokenAuthentication
from knox.crypto import hash_token
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request

from accounts.models import Scope, Token, User
from accounts.roles import admin_memberships, remember_admin
from accounts.services.tokens import note_use
from accounts.token_cache import TOKENS, revocation_stamp


class TokenAuthentication(KnoxTokenAuthentication):  # type: ignore[misc]
    """Token authentication with knox's header and hashes, and a query only once a minute per process."""

    def authenticate(self, request: Request | HttpRequest) -> tuple[User, Token] | None:
        """Raises PermissionDenied for a write with a read token, unless the view allows it."""
        found: tuple[User, Token] | None = super().authenticate(request)
        if found is not None and found[1].scope == Scope.READ and request.method not in SAFE_METHODS:
            view = (getattr(request, "parser_context", None) or {}).get("view")  # middleware has none
            if not getattr(view, "is_open_to_read_tokens", False):
                message = "This token is for reading only; use one with the scope read_write."
                raise PermissionDenied(message, "read_only_token")
        return found

    def authenticate_credentials(self, token: bytes) -> tuple[User, Token]:
        if not token.isascii():
            raise AuthenticationFailed("Invalid token.")
        digest, stamp = hash_token(token.decode()), revocation_stamp()
        user, row = TOKENS.get(digest, stamp=stamp) or _load(digest)
        if row.has_expired(at=timezone.now()):
            raise AuthenticationFailed("Invalid token.")
        return user, row


def _load(digest: str) -> tuple[User, Token]:
    stamp = revocation_stamp()  # before the row is read: a revocation in between moves it
    tokens: Any = Token.objects.select_related("user").annotate(is_admins=admin_memberships("user_id"))
    token = tokens.filter(digest=digest).first()
    if token is None:
        raise AuthenticationFailed("Invalid token.")
    if not token.user.is_active:
        raise AuthenticationFailed("User inactive or deleted.")
    remember_admin(token.user, is_admin=token.is_admins)
    note_use(token=token)
    TOKENS.put(digest, stamp=stamp, user=token.user, token=token)
    return token.user, token


def signed_in_user(request: Request) -> User:
    """Return the user of a request that a permission has let in."""
    assert isinstance(request.user, User)  # noqa: S101
    return request.user


class UsernameOrEmailBackend(ModelBackend):
    """Django's own backend, with one field for username and e-mail address."""

    def authenticate(
        self, request: HttpRequest | None, username: str | None = None, password: str | None = None, **kwargs: Any
    ) -> User | None:
        if username is None or password is None:
            return None
        user = User.objects.get_by_login(username)
        if user is None:
            User().set_password(password)  # takes as long as a known name, so that timing tells no names
            return None
        return user if user.check_password(password) and self.user_can_authenticate(user) else None
