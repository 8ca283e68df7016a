"""Who sees which rules."""

from expenses.querysets import OwnedQuerySet


class RuleQuerySet(OwnedQuerySet):
    """Rules."""
