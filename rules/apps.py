"""The app, and its hooks into the ledger."""

from django.apps import AppConfig


class RulesConfig(AppConfig):
    """Rules."""

    name = "rules"

    def ready(self) -> None:
        from expenses.hooks import register_edit_hook, register_reference_hook  # noqa: PLC0415 - needs loaded models
        from rules.hooks import ProposeRules, RuleReferences, UpdateRules  # noqa: PLC0415 - needs loaded models

        register_reference_hook(RuleReferences())
        register_edit_hook(UpdateRules())
        register_edit_hook(ProposeRules())
