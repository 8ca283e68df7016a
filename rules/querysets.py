"""Who sees which rules and proposals."""

from typing import Self

from django.db.models import F

from expenses.querysets import OwnedQuerySet


class RuleQuerySet(OwnedQuerySet):
    """Rules."""


class ProposalQuerySet(OwnedQuerySet):
    """Proposals."""

    def as_seen(self) -> Self:
        """With `seen_version` and what a body shows of other tables."""
        return self.select_related("category", "accepted_rule").annotate(seen_version=F("ledger__version"))
