"""The app, with its hooks into the ledger and its feeds of `changes/`."""

from django.apps import AppConfig


class RulesConfig(AppConfig):
    """Rules."""

    name = "rules"

    def ready(self) -> None:
        from expenses.hooks import (  # noqa: PLC0415 - needs loaded models
            SyncFeed,
            register_edit_hook,
            register_reference_hook,
            register_sync_feed,
        )
        from rules.hooks import ProposeRules, RuleReferences, UpdateRules  # noqa: PLC0415 - needs loaded models
        from rules.models import Proposal, Rule  # noqa: PLC0415 - the same
        from rules.serializers.proposals import StoredProposalSerializer  # noqa: PLC0415 - the same
        from rules.serializers.rules import StoredRuleSerializer  # noqa: PLC0415 - the same

        register_sync_feed(SyncFeed("rules", Rule.objects.all, StoredRuleSerializer))
        register_sync_feed(SyncFeed("proposals", Proposal.objects.all, StoredProposalSerializer))
        register_reference_hook(RuleReferences())
        register_edit_hook(UpdateRules())
        register_edit_hook(ProposeRules())
