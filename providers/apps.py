"""The app and its system checks."""

from django.apps import AppConfig


class ProvidersConfig(AppConfig):
    """The chain of categorization."""

    name = "providers"

    def ready(self) -> None:
        from providers import loading  # noqa: F401, PLC0415 - registering is its import's effect
