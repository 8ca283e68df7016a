"""Writes of where a ledger puts kinds of shops."""

from accounts.models import User
from expenses.models import Category, KindMapping
from expenses.models.ledgers import ledger_id_of
from expenses.services.ledger_lock import ledger_write
from expenses.services.ledger_queue import LEARN_FROM_CHOICES


def put_kind(*, by: User, kind: str, category: Category | None) -> None:
    """Let a kind, or a group of them, belong to a category; None: no answer is wanted for it. Safe to repeat.

    `category` must have been checked: of the ledger or the system's, and not hidden.
    """
    ledger_id = ledger_id_of(by)
    put = KindMapping.objects.for_user(by).filter(kind=kind)
    with ledger_write(ledger_id) as version:
        if not put.filter(category=category).exists():
            new = {"category": category, "version": version}
            KindMapping.objects.update_or_create(ledger_id=ledger_id, kind=kind, defaults=new)
            LEARN_FROM_CHOICES.queue(ledger_id)


def release_kind(*, by: User, kind: str) -> None:
    """Let a kind follow its group again, and a group the system. Safe to repeat."""
    ledger_id = ledger_id_of(by)
    with ledger_write(ledger_id):
        n, _ = KindMapping.objects.for_user(by).filter(kind=kind).delete()
        if n:
            LEARN_FROM_CHOICES.queue(ledger_id)
