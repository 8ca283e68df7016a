"""Forgets the tasks of a person who leaves; rows and files go with their ledger."""

from accounts.models import User
from expenses.models.ledgers import Ledger
from expenses.services.delete_account import forget_tasks, hand_over
from statements.models import Import


def erase(*, user: User) -> None:
    """Forget what was to be done with the person's statements."""
    ledgers = list(Ledger.objects.filter(founder=user).values_list("pk", flat=True))
    hand_over(Import.objects.filter(user=user).exclude(ledger__in=ledgers))
    imports = Import.objects.filter(ledger__in=ledgers).values_list("pk", flat=True)
    forget_tasks("statements.tasks.read_import", list(imports))
