"""Addresses of insights."""

from django.urls import path

from insights.views.anomalies import AnomalyViewSet

urlpatterns = [
    path("insights/anomalies/", AnomalyViewSet.as_view({"get": "list"}), name="anomalies"),
    path(
        "insights/anomalies/<slug:key>/feedback/",
        AnomalyViewSet.as_view({"post": "give_feedback", "delete": "take_back"}),
        name="anomaly-feedback",
    ),
]
