"""Registers the app, that rules name categories and tags, and what follows when people edit."""

from django.apps import AppConfig


class RulesConfig(AppConfig):
    """Rules."""

    name = "rules"

    def ready(self) -> None:
        from expenses.hooks import register_edit_hook, register_reference_hook  # noqa: PLC0415 - models are not loaded before
        from rules.hooks import (  # noqa: PLC0415 - the same
            Noticing,
            RuleReferences,
            RulesAgain,
        )

        register_reference_hook(RuleReferences())
        register_edit_hook(RulesAgain())
        register_edit_hook(Noticing())
