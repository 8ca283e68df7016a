"""Registers the app."""

from django.apps import AppConfig


class RulesConfig(AppConfig):
    """Rules."""

    name = "rules"
