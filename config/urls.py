"""All addresses: the API under /api/v1/, its documentation, health."""

from django.urls import URLPattern, URLResolver, include, path
from django.views.generic import RedirectView
from drf_spectacular.views import SpectacularAPIView

from config import documentation, errors, health

api: list[URLPattern | URLResolver] = [
    path("", include("accounts.urls")),
    path("", include("expenses.urls")),
    path("", include("rules.urls")),
    path("", include("statements.urls")),
    path("", include("insights.urls")),
    path("schema/", SpectacularAPIView.as_view(), name="schema"),
    path("docs/", documentation.SwaggerView.as_view(), name="docs"),
    path("redoc/", documentation.RedocView.as_view(), name="redoc"),
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
