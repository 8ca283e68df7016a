"""The queryset of proposals."""

from typing import Self

from django.db.models import F

from expenses.querysets import OwnedQuerySet


class ProposalQuerySet(OwnedQuerySet):
    """Proposals."""

    def as_seen(self) -> Self:
        """Add `seen_version`, and the related rows that a body shows."""
        return self.select_related("category", "accepted_rule").annotate(seen_version=F("ledger__version"))
