"""Which ledger a person works in, looked up once a request."""

from typing import TYPE_CHECKING

from django.apps import apps
from django.db import transaction

from accounts.models import User

if TYPE_CHECKING:
    from expenses.models import Membership

_MEMO = "_outlay_membership"


def membership_of(user: User) -> "Membership":
    """The person's first membership; whoever has none gets a ledger of their own.

    The answer is kept on the user object, which lives as long as the request.
    """
    found: Membership | None = getattr(user, _MEMO, None)
    if found is None:
        memberships = apps.get_model("expenses", "Membership").objects.filter(user=user).select_related("ledger")
        found = memberships.first() or _found_ledger(user)
        setattr(user, _MEMO, found)
    return found


def ledger_id_of(user: User) -> int:
    """The id of that ledger."""
    return membership_of(user).ledger_id


@transaction.atomic
def _found_ledger(user: User) -> "Membership":
    """Safe to run twice at once: one founder has one ledger."""
    ledger, _ = apps.get_model("expenses", "Ledger").objects.get_or_create(founder=user)
    membership, _ = apps.get_model("expenses", "Membership").objects.get_or_create(
        ledger=ledger, user=user, defaults={"role": "owner"}
    )
    return membership
