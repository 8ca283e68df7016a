"""Addresses of insights."""

from django.urls import URLPattern, URLResolver, path

from insights.views.forecast import ForecastView

urlpatterns: list[URLPattern | URLResolver] = [
    path("insights/forecast/", ForecastView.as_view({"get": "forecast"}), name="forecast"),
]
