"""The app's configuration, by which Django finds its commands."""

from django.apps import AppConfig


class ConfigConfig(AppConfig):
    """The composition root."""

    name = "config"

    def ready(self) -> None:
        """Register the checks."""
        from config import checks  # noqa: F401, PLC0415 - settings are not read before
