"""Forgets the tasks of a person who leaves; rules and proposals go with their ledger."""

from accounts.models import User
from expenses.models.ledgers import Ledger
from expenses.services.delete_account import forget_tasks


def erase(*, user: User) -> None:
    """Forget that the corrections of the person's ledgers were to be looked at."""
    ledgers = Ledger.objects.filter(founder=user).values_list("pk", flat=True)
    forget_tasks("rules.tasks.look_at_corrections", list(ledgers))
