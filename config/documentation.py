"""The pages that show the OpenAPI document, complete without internet."""

from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from drf_spectacular.views import SpectacularRedocView, SpectacularSwaggerView

#: The bundles style themselves inline and know foreign images; nothing leaves for another host.
POLICY = "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; "
POLICY += "img-src 'self' data:; worker-src 'self' blob:"


class _LocalPage:
    """Keeps a browser from asking any other host."""

    metadata_class = None

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        response: HttpResponseBase = super().dispatch(request, *args, **kwargs)  # type: ignore[misc]
        response.headers["Content-Security-Policy"] = POLICY
        response.headers["Cross-Origin-Opener-Policy"] = "same-origin"  # no other site opens it to sign in
        return response


class SwaggerView(_LocalPage, SpectacularSwaggerView):  # type: ignore[misc]
    """The document to try out."""


class RedocView(_LocalPage, SpectacularRedocView):  # type: ignore[misc]
    """The document to read."""

    template_name = "config/redoc.html"
