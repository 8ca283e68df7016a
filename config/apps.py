"""Registers the app, so that its commands are found."""

from django.apps import AppConfig


class ConfigConfig(AppConfig):
    """The composition root."""

    name = "config"
