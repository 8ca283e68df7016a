"""Versions of preferences, by which `changes/` tells a member's devices of them."""

from accounts.models import User
from expenses.models.ledgers import Membership, membership_of
from expenses.services.ledger_lock import ledger_write


def stamp_preferences(*, user: User) -> None:
    """Stamp changed preferences with a new version of the ledger that the person works in."""
    membership = membership_of(user)
    with ledger_write(membership.ledger_id) as version:
        Membership.objects.filter(pk=membership.pk).update(preferences_version=version)
