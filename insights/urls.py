"""Addresses of insights."""

from django.urls import URLPattern, URLResolver, path

from insights.views.scoring import ScoreView

urlpatterns: list[URLPattern | URLResolver] = [
    path("insights/score-transaction/", ScoreView.as_view(), name="score-transaction"),
]
