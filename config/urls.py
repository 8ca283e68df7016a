"""All URLs: the API under /api/v1/, its documentation, and health checks."""

from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import URLPattern, URLResolver, include, path
from django.views.generic import RedirectView
from drf_spectacular.views import SpectacularAPIView, SpectacularRedocView, SpectacularSwaggerView

from config.api import errors, health


class _LocalPage:
    """A page that asks no other host, so that it works without internet."""

    metadata_class = None

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        response: HttpResponseBase = super().dispatch(request, *args, **kwargs)  # type: ignore[misc]
        # The bundles style themselves inline and know foreign images.
        policy = "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; "
        policy += "img-src 'self' data:; worker-src 'self' blob:"
        response.headers["Content-Security-Policy"] = policy
        response.headers["Cross-Origin-Opener-Policy"] = "same-origin"  # no other site opens it to sign in
        return response


class SwaggerView(_LocalPage, SpectacularSwaggerView):  # type: ignore[misc]
    """The document to try out."""


class RedocView(_LocalPage, SpectacularRedocView):  # type: ignore[misc]
    """The document to read."""

    template_name = "config/redoc.html"


api: list[URLPattern | URLResolver] = [
    path("", include("accounts.urls")),
    path("", include("expenses.urls")),
    path("", include("rules.urls")),
    path("", include("statements.urls")),
    path("", include("insights.urls")),
    path("schema/", SpectacularAPIView.as_view(), name="schema"),
    path("docs/", SwaggerView.as_view(), name="docs"),
    path("redoc/", RedocView.as_view(), name="redoc"),
    path("health/live/", health.LiveView.as_view(), name="live"),
    path("health/ready/", health.ReadyView.as_view(), name="ready"),
]
urlpatterns = [
    path("", RedirectView.as_view(pattern_name="docs")),
    path("api/v1/", include(api)),
    path("", include("django_prometheus.urls")),
]

handler400 = errors.bad_request
handler403 = errors.permission_denied
handler404 = errors.not_found
handler500 = errors.server_error
