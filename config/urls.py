"""All URLs: the API under /api/v1/, its documentation, and health checks."""

from django.urls import URLPattern, URLResolver, include, path
from django.views.generic import RedirectView

from config.api import document, errors, health
from insights.views.pdf import PdfReportView

api: list[URLPattern | URLResolver] = [
    path("insights/", include("insights.urls")),
    path("export/report.pdf", PdfReportView.as_view({"get": "download"}), name="export-report"),
    path("", include("accounts.urls")),
    path("", include("expenses.urls")),
    path("", include("rules.urls")),
    path("", include("statements.urls")),
    path("", include("config.backup.urls")),
    path("schema/", document.DocumentView.as_view(), name="schema"),
    path("docs/", document.SwaggerView.as_view(), name="docs"),
    path("redoc/", document.RedocView.as_view(), name="redoc"),
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
