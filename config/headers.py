"""What every answer tells a browser not to do, beside what Django's own middleware says."""

from collections.abc import Callable

from django.http import HttpRequest
from django.http.response import HttpResponseBase

#: An answer of the API is data: nothing in it runs, loads, is framed or sent.
POLICY = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
#: Money is nobody else's: neither a proxy nor a browser keeps it. With an ETag, a client may, and asks each time.
NOT_KEPT, ASKED_FOR_EACH_TIME = "no-store", "private, no-cache"


class SecurityHeaders:
    """Adds them, unless a view has set its own. There are no CORS headers: pages of other sites read nothing."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        headers = response.headers
        headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        if request.path_info.startswith("/api/"):
            headers.setdefault("Content-Security-Policy", POLICY)
            headers.setdefault("Cache-Control", ASKED_FOR_EACH_TIME if "ETag" in headers else NOT_KEPT)
        return response
