"""Registers the app."""

from django.apps import AppConfig


class InsightsConfig(AppConfig):
    """Insights."""

    name = "insights"
