"""Registers the app, that rules name categories and tags, and what follows when people edit."""

from django.apps import AppConfig


class RulesConfig(AppConfig):
    """Rules."""

    name = "rules"

    def ready(self) -> None:
        from expenses import reactions, referrers  # noqa: PLC0415 - models are not loaded before
        from rules.reactions import Noticing, RulesAgain  # noqa: PLC0415 - the same
        from rules.references import RuleReferences  # noqa: PLC0415 - the same

        referrers.register(RuleReferences())
        reactions.register(RulesAgain())
        reactions.register(Noticing())
