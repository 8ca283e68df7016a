"""URLs of insights."""

from django.urls import path

from insights.views.anomalies import AnomalyViewSet
from insights.views.decompositions import DecompositionView
from insights.views.forecast import ForecastView
from insights.views.recurring import RecurringViewSet
from insights.views.reports import SummaryView, TimeSeriesView, TrendsView
from insights.views.scoring import ScoreView

urlpatterns = [
    path("insights/anomalies/", AnomalyViewSet.as_view({"get": "list"}), name="anomalies"),
    path(
        "insights/anomalies/<slug:key>/feedback/",
        AnomalyViewSet.as_view({"post": "give_feedback", "delete": "take_back"}),
        name="anomaly-feedback",
    ),
    path("insights/recurring/", RecurringViewSet.as_view({"get": "list"}), name="recurring"),
    path("insights/recurring/<int:pk>/", RecurringViewSet.as_view({"get": "retrieve"}), name="recurring-detail"),
    path(
        "insights/recurring/<int:pk>/choice/",
        RecurringViewSet.as_view({"put": "choose", "delete": "take_back"}),
        name="recurring-choice",
    ),
    path("insights/score-transaction/", ScoreView.as_view(), name="score-transaction"),
    path("insights/decomposition/", DecompositionView.as_view({"get": "decomposition"}), name="decomposition"),
    path("insights/forecast/", ForecastView.as_view({"get": "forecast"}), name="forecast"),
    path("insights/summary/", SummaryView.as_view({"get": "summary"}), name="summary"),
    path("insights/timeseries/", TimeSeriesView.as_view({"get": "series"}), name="timeseries"),
    path("insights/trends/", TrendsView.as_view({"get": "trends"}), name="trends"),
]
