"""Rate limits by user, or by IP address, for what is expensive or worth guessing."""

from ipaddress import IPv6Address, ip_address, ip_network
from typing import TYPE_CHECKING, Any

from django.core.cache import BaseCache, cache
from rest_framework.request import Request
from rest_framework.settings import api_settings
from rest_framework.throttling import BaseThrottle, SimpleRateThrottle

if TYPE_CHECKING:  # views import this module while they are made
    from rest_framework.views import APIView


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
