"""Addresses of insights."""

from django.urls import URLPattern, URLResolver, path

from insights.views.reports import SummaryView, TimeSeriesView, TrendsView

urlpatterns: list[URLPattern | URLResolver] = [
    path("insights/summary/", SummaryView.as_view({"get": "summary"}), name="summary"),
    path("insights/timeseries/", TimeSeriesView.as_view({"get": "series"}), name="timeseries"),
    path("insights/trends/", TrendsView.as_view({"get": "trends"}), name="trends"),
]
