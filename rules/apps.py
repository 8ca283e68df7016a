"""Registers the app, and that rules name categories and tags."""

from django.apps import AppConfig


class RulesConfig(AppConfig):
    """Rules."""

    name = "rules"

    def ready(self) -> None:
        from expenses.referrers import register  # noqa: PLC0415 - models are not loaded before
        from rules.references import RuleReferences  # noqa: PLC0415 - the same

        register(RuleReferences())
