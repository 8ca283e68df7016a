"""How often one person, or one address, may do what costs much or is worth guessing at."""

from typing import TYPE_CHECKING, Any

from django.core.cache import BaseCache, cache
from rest_framework.request import Request
from rest_framework.settings import api_settings
from rest_framework.throttling import SimpleRateThrottle

from accounts.addresses import address_of

if TYPE_CHECKING:  # views import this module while they are made
    from rest_framework.views import APIView


class RateThrottle(SimpleRateThrottle):
    """Counts only what a view names in `rates`: its action or method → the scope, whose rate is a setting.

    Ordinary reads and writes are not counted, since counting would cost each of them a look into the cache.
    """

    cache: BaseCache = cache

    rate = "by what is done"

    def __init__(self) -> None:
        """Reads no rate: which one it is, the request tells."""

    def allow_request(self, request: Request, view: "APIView") -> bool:
        doing = getattr(view, "action", None) or str(request.method).lower()
        scope = getattr(view, "rates", {}).get(doing, "")
        rate: Any = api_settings.DEFAULT_THROTTLE_RATES.get(scope)
        if rate is None:
            return True
        self.scope = scope
        self.num_requests, self.duration = self.parse_rate(rate)
        return super().allow_request(request, view)

    def get_cache_key(self, request: Request, view: "APIView") -> str:
        who = f"person-{request.user.pk}" if request.user.is_authenticated else address_of(request)
        return self.cache_format % {"scope": self.scope, "ident": who}
