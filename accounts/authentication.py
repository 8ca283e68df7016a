"""Tells who sends a request, by the token in its header."""

from typing import Any

from knox.auth import TokenAuthentication as KnoxTokenAuthentication
from rest_framework.exceptions import AuthenticationFailed

from accounts.models import User


class TokenAuthentication(KnoxTokenAuthentication):  # type: ignore[misc]
    """Knox's own, which takes for granted that a header is UTF-8."""

    def authenticate_credentials(self, token: bytes) -> tuple[User, Any]:
        if not token.isascii():
            raise AuthenticationFailed("Invalid token.")
        found: tuple[User, Any] = super().authenticate_credentials(token)
        return found
