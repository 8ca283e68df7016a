"""Access to the API: authentication by token or password, and rate limits by user or IP address."""

from ipaddress import IPv6Address, ip_address, ip_network
from typing import TYPE_CHECKING, Any

from django.contrib.auth.backends import ModelBackend
from django.core.cache import BaseCache, cache
from django.http import HttpRequest
from django.utils import timezone
from knox.auth import TokenAuthentication as KnoxTokenAuthentication
from knox.crypto import hash_token
from rest_framework.exceptions import AuthenticationFailed, NotAuthenticated, PermissionDenied, Throttled
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.settings import api_settings
from rest_framework.throttling import BaseThrottle, SimpleRateThrottle

from accounts.models import Scope, Token, User
from accounts.roles import admin_memberships, remember_admin
from accounts.services.tokens import note_use
from accounts.token_cache import TOKENS, revocation_stamp

if TYPE_CHECKING:  # views import this module while they are made
    from rest_framework.views import APIView


SIGN_IN_AGAIN = "This token is unknown or has expired. Sign in again: POST /api/v1/auth/login/."
WRONG_SCHEME = "Write your token as `Authorization: Token <token>`, with this word in front of it and no other."

#: Units of rates by their seconds.
UNITS: dict[int | None, str] = {1: "a second", 60: "a minute", 3600: "an hour", 86400: "a day"}


class TokenAuthentication(KnoxTokenAuthentication):  # type: ignore[misc]
    """Token authentication with knox's header and hashes, and a query only once a minute per process."""

    def authenticate(self, request: Request | HttpRequest) -> tuple[User, Token] | None:
        """Raises PermissionDenied for a write with a read token, unless the view allows it."""
        found: tuple[User, Token] | None = super().authenticate(request)
        if found is None and request.META.get("HTTP_AUTHORIZATION"):  # knox leaves other schemes to other classes
            raise NotAuthenticated(WRONG_SCHEME)
        if found is not None and found[1].scope == Scope.READ and request.method not in SAFE_METHODS:
            view = (getattr(request, "parser_context", None) or {}).get("view")  # middleware has none
            if not getattr(view, "is_open_to_read_tokens", False):
                message = "This token is for reading only; use one with the scope read_write."
                raise PermissionDenied(message, "read_only_token")
        return found

    def authenticate_credentials(self, token: bytes) -> tuple[User, Token]:
        if not token.isascii():
            raise AuthenticationFailed(SIGN_IN_AGAIN)
        digest, stamp = hash_token(token.decode()), revocation_stamp()
        user, row = TOKENS.get(digest, stamp=stamp) or _load(digest)
        if row.has_expired(at=timezone.now()):
            raise AuthenticationFailed(SIGN_IN_AGAIN)
        return user, row


def _load(digest: str) -> tuple[User, Token]:
    stamp = revocation_stamp()  # before the row is read: a revocation in between moves it
    tokens: Any = Token.objects.select_related("user").annotate(is_admins=admin_memberships("user_id"))
    token = tokens.filter(digest=digest).first()
    if token is None:
        raise AuthenticationFailed(SIGN_IN_AGAIN)
    if not token.user.is_active:
        raise AuthenticationFailed("This user was deactivated. Ask the operator of the server.")
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


class RateThrottle(SimpleRateThrottle):
    """Counts only what a view names in `rates`: action or method → scope, whose rate is a setting.

    Other requests are not counted, since counting takes a look into the cache.
    """

    cache: BaseCache = cache

    rate = "depends on the request"

    def __init__(self) -> None:
        """Read no rate yet: the request decides which one counts."""

    def allow_request(self, request: Request, view: "APIView") -> bool:
        action = getattr(view, "action", None) or str(request.method).lower()
        scope = getattr(view, "rates", {}).get(action, "")
        rate: Any = api_settings.DEFAULT_THROTTLE_RATES.get(scope)
        if rate is None:
            return True
        self.scope = scope
        self.num_requests, self.duration = self.parse_rate(rate)
        return super().allow_request(request, view)

    def throttle_failure(self) -> bool:
        """Raise Throttled with the rate, so that clients know how often they may ask."""
        often = f"at most {self.num_requests} such requests {UNITS[self.duration]}"
        raise Throttled(self.wait(), f"This was too often: {often}.")

    def get_cache_key(self, request: Request, view: "APIView") -> str:
        client = f"person-{request.user.pk}" if request.user.is_authenticated else client_ip(request)
        return self.cache_format % {"scope": self.scope, "ident": client}


def client_ip(request: Request) -> str:
    """Return the client's IP address, as seen behind OUTLAY_PROXIES proxies, or "unknown".

    For IPv6 this is the network of 64 bits, since one client has all addresses of it.
    """
    try:
        address = ip_address(str(BaseThrottle().get_ident(request)))
    except ValueError:
        return "unknown"
    if not isinstance(address, IPv6Address):
        return str(address)
    return str(address.ipv4_mapped or ip_network((address, 64), strict=False))
