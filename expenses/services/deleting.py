"""Into the bin and out of it, and what becomes of it after a month."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.utils import timezone

from accounts.models import User
from expenses.membership import ledger_id_of
from expenses.models import Decision, Tombstone, Transaction
from expenses.services.editing import Author, editing
from expenses.services.writing import Refused, bury, ledger_write

#: How long a deleted transaction can be restored.
KEPT = timedelta(days=30)
CHUNK = 1000


def delete_transaction(*, by: User, transaction: Transaction) -> None:
    """Put it into the bin, from where it can be restored for 30 days. Raises DoesNotExist when it is gone already."""
    with ledger_write(ledger_id_of(by)) as version:
        row: Transaction = Transaction.objects.for_user(by).with_related().get(pk=transaction.pk)
        discard([row], version=version, author=Author.person(by))


def discard(rows: list[Transaction], *, version: int, author: Author) -> None:
    """Put rows of one ledger into the bin; they come `with_related()`, the caller holds the lock."""
    now = timezone.now()
    with editing(rows, version=version, author=author):
        for row in rows:
            row.deleted_at = now
    if rows:
        bury(Transaction, [row.pk for row in rows], ledger_id=rows[0].ledger_id, version=version)


def restore_transaction(*, by: User, transaction: Transaction) -> Transaction:
    """Take it out of the bin. Raises Refused when another row has taken its external id meanwhile."""
    with ledger_write(ledger_id_of(by)) as version:
        row: Transaction = Transaction.everything.for_user(by).with_related().get(pk=transaction.pk)
        recover([row], version=version, author=Author.answering(by))
        return row


def recover(rows: list[Transaction], *, version: int, author: Author) -> None:
    """Take rows of one ledger out of the bin; they come `with_related()`, the caller holds the lock."""
    if any(is_replaced(row) for row in rows):
        raise Refused("Another transaction of that account has its external id now.", code="duplicate")
    with editing(rows, version=version, author=author):
        for row in rows:
            row.deleted_at = None
    if rows:
        forget_tombstones([row.pk for row in rows], ledger_id=rows[0].ledger_id)


def forget_tombstones(ids: list[int], *, ledger_id: int) -> None:
    """The rows are back."""
    stones = Tombstone.objects.filter(ledger_id=ledger_id, type="transaction")
    for start in range(0, len(ids), CHUNK):
        stones.filter(object_id__in=ids[start : start + CHUNK]).delete()


def purge_deleted(*, before: datetime) -> int:
    """Remove for good what was deleted before an instant; their tombstones stay. Returns how many."""
    rows = Transaction.everything.filter(deleted_at__lt=before).order_by("pk")
    n = 0
    while ids := list(rows.values_list("pk", flat=True)[:CHUNK]):
        remove_for_good(ids)
        n += len(ids)
    return n


def remove_for_good(ids: Iterable[int]) -> None:
    """Delete rows with what was said of them, unless other rows share that."""
    rows = Transaction.everything.filter(pk__in=ids)
    decisions = list(rows.exclude(decision=None).order_by().values_list("decision", flat=True).distinct())
    rows.delete()
    Decision.objects.filter(pk__in=decisions, transactions=None).delete()


def is_replaced(row: Transaction) -> bool:
    """Whether another row of its account has its external id now."""
    same = Transaction.objects.filter(ledger_id=row.ledger_id, account=row.account_id, external_id=row.external_id)
    return row.external_id is not None and same.exclude(pk=row.pk).exists()
