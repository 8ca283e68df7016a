"""URLs of insights, under insights/."""

from django.urls import path

from insights.views.anomalies import AnomalyFeedbackView, AnomalyListView
from insights.views.ask import AskView, QuestionView
from insights.views.decompositions import DecompositionView
from insights.views.forecast import ForecastView
from insights.views.narrative import NarrativeView
from insights.views.recurring import RecurringViewSet
from insights.views.reports import SummaryView, TimeSeriesView, TrendsView
from insights.views.scoring import ScoreView

urlpatterns = [
    path("anomalies/", AnomalyListView.as_view({"get": "list"}), name="anomalies"),
    path(
        "anomalies/<slug:key>/feedback/",
        AnomalyFeedbackView.as_view({"post": "give_feedback", "delete": "take_back"}),
        name="anomaly-feedback",
    ),
    path("ask/", AskView.as_view({"get": "list", "post": "ask"}), name="ask"),
    path("ask/<uuid:pk>/", QuestionView.as_view({"get": "retrieve", "delete": "destroy"}), name="question"),
    path("recurring/", RecurringViewSet.as_view({"get": "list"}), name="recurring"),
    path("recurring/<int:pk>/", RecurringViewSet.as_view({"get": "retrieve"}), name="recurring-detail"),
    path(
        "recurring/<int:pk>/choice/",
        RecurringViewSet.as_view({"put": "choose", "delete": "take_back"}),
        name="recurring-choice",
    ),
    path("score-transaction/", ScoreView.as_view(), name="score-transaction"),
    path("decomposition/", DecompositionView.as_view({"get": "decomposition"}), name="decomposition"),
    path("forecast/", ForecastView.as_view({"get": "forecast"}), name="forecast"),
    path("narrative/", NarrativeView.as_view({"get": "retrieve", "patch": "set_hint"}), name="narrative"),
    path("summary/", SummaryView.as_view({"get": "summary"}), name="summary"),
    path("timeseries/", TimeSeriesView.as_view({"get": "series"}), name="timeseries"),
    path("trends/", TrendsView.as_view({"get": "trends"}), name="trends"),
]
