"""Registers the app."""

from django.apps import AppConfig


class StatementsConfig(AppConfig):
    """Bank statements."""

    name = "statements"
