"""Registers the app, that rules name categories and tags, and what follows when people edit."""

from django.apps import AppConfig


class RulesConfig(AppConfig):
    """Rules."""

    name = "rules"

    def ready(self) -> None:
        from expenses.hooks import edits, references  # noqa: PLC0415 - models are not loaded before
        from rules.reactions import Noticing, RulesAgain  # noqa: PLC0415 - the same
        from rules.references import RuleReferences  # noqa: PLC0415 - the same

        references.register(RuleReferences())
        edits.register(RulesAgain())
        edits.register(Noticing())
