"""Deletion into the bin, restoring, and purging after a month."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q
from django.db.models.deletion import get_candidate_relations_to_delete
from django.utils import timezone

from accounts.models import User
from expenses.hooks import call_confirmation_hooks, has_confirmed
from expenses.models import Attachment, Decision, Transaction, Transfer
from expenses.models.ledgers import ledger_id_of
from expenses.models.transfers import STANDS
from expenses.services.attachments import delete_files
from expenses.services.edits import Author, editing
from expenses.services.ledger_lock import Refusal, bury, exhume, ledger_write, write_nothing
from expenses.services.ledger_queue import RESOLVE_PENDING
from expenses.services.pairs import SOURCE, remove_pairs
from expenses.services.split_parts import parts_of

#: How long a deleted transaction can be restored.
KEPT = timedelta(days=30)
CHUNK = 1000


def delete_transaction(*, by: User, transaction: Transaction) -> None:
    """Put a row into the bin, where it can be restored for 30 days. Raises DoesNotExist if it is gone already."""
    with ledger_write(ledger_id_of(by)) as version:
        row: Transaction = Transaction.objects.for_user(by).with_related().get(pk=transaction.pk)
        discard([row], version=version, author=Author.person(by))


def discard(rows: list[Transaction], *, version: int, author: Author) -> None:
    """Put rows of one ledger into the bin, a split one with its parts; their transfers are taken apart.

    A rejection is remembered until the rows are purged. They come `with_related()`, the caller holds the lock. Raises
    Refusal for a part without the whole.
    """
    given = {row.pk for row in rows}
    if any(row.parent_id is not None and row.parent_id not in given for row in rows):
        raise Refusal("A part cannot be deleted alone; change the parts of the whole by split/.", code="part")
    pairs = Transfer.objects.of(row.pk for row in rows).filter(STANDS).order_by("pk")
    remove_pairs(pairs, author=Author(SOURCE, author.user, author.run), known=rows)
    bin_rows([*rows, *(part for part in parts_of(rows) if part.pk not in given)], version=version, author=author)


def release(ids: Iterable[int], *, user: User | None = None) -> None:
    """Take apart and forget every transfer that rows of one ledger are half of, before they go for good."""
    remove_pairs(Transfer.objects.of(ids).order_by("pk"), author=Author(SOURCE, user))


def bin_rows(rows: Sequence[Transaction], *, version: int, author: Author) -> None:
    """Put just these rows into the bin, all at one instant."""
    now = timezone.now()
    with editing(rows, version=version, author=author):
        for row in rows:
            row.deleted_at = now
    if rows:
        bury_rows([row.pk for row in rows], ledger_id=rows[0].ledger_id, version=version)
    if has_confirmed(rows):
        call_confirmation_hooks(ledger_id=rows[0].ledger_id)


def bury_rows(ids: Collection[int], *, ledger_id: int, version: int) -> None:
    """Leave tombstones of rows and their attachments."""
    bury(Transaction, ids, ledger_id=ledger_id, version=version)
    attachments = Attachment.objects.filter(transaction__in=ids)
    bury(Attachment, attachments.values_list("pk", flat=True), ledger_id=ledger_id, version=version)


def restore_transaction(*, by: User, transaction: Transaction) -> Transaction:
    """Take a row out of the bin. Raises Refusal if another row has its external id now."""
    with ledger_write(ledger_id_of(by)) as version:
        row: Transaction = Transaction.everything.for_user(by).with_related().get(pk=transaction.pk)
        recover([row], version=version, author=Author.answering(by))
        if row.version != version:
            write_nothing()
        return row


def recover(rows: list[Transaction], *, version: int, author: Author) -> None:
    """Take rows of one ledger out of the bin, with the parts that went there with them.

    They come `with_related()`, the caller holds the lock. Raises Refusal, for parts alone, too.
    """
    if any(row.parent_id is not None for row in rows):
        detail = "A part comes back with the whole: restore that, or split it again by split/."
        raise Refusal(detail, code="part")
    rows = [*rows, *parts_of(rows)]
    if any(is_replaced(row) for row in rows):
        raise Refusal("Another transaction of that account has its external id now.", code="duplicate")
    unbin_rows(rows, version=version, author=author)


def unbin_rows(rows: Sequence[Transaction], *, version: int, author: Author) -> None:
    """Take just these rows out of the bin, with their attachments."""
    with editing(rows, version=version, author=author):
        for row in rows:
            row.deleted_at = None
    if rows:
        exhume(Transaction, [row.pk for row in rows], ledger_id=rows[0].ledger_id)
        attachments = Attachment.objects.filter(transaction__in=rows)
        attachments.update(version=version)
        exhume(Attachment, attachments.values_list("pk", flat=True), ledger_id=rows[0].ledger_id)
    if any(row.is_awaiting_model for row in rows):
        RESOLVE_PENDING.queue(rows[0].ledger_id)  # the task that was to ask about them has passed them over
    if has_confirmed(rows):
        call_confirmation_hooks(ledger_id=rows[0].ledger_id)


def purge_deleted(*, before: datetime) -> int:
    """Remove for good what was deleted before an instant; their tombstones stay. Returns how many."""
    expired = Transaction.everything.filter(deleted_at__lt=before).order_by()
    ledgers = list(expired.values_list("ledger_id", flat=True).distinct())
    n = 0
    for ledger_id in ledgers:
        while True:  # in parts, each under the ledger's lock, so that the owner can restore rows meanwhile
            with ledger_write(ledger_id):
                ids = list(expired.filter(ledger_id=ledger_id).values_list("pk", flat=True)[:CHUNK])
                release(ids)
                remove_for_good(ids)
            n += len(ids)
            if len(ids) < CHUNK:
                break
    return n


def remove_for_good(ids: Collection[int]) -> None:
    """Delete rows and their parts, with decisions that no other row shares."""
    relations: Iterable[Any] = get_candidate_relations_to_delete(Transaction._meta)  # type: ignore[arg-type]
    is_referred_to = any(
        one.related_model._base_manager.filter(**{f"{one.field.name}__in": ids}).exists()  # noqa: SLF001 - as Django does
        for one in relations
    )
    # Nearly no row of an import has a part, a tag or anything else that Django would have to load and delete with it.
    rows = Transaction.everything.filter(Q(pk__in=ids) | Q(parent__in=ids) if is_referred_to else Q(pk__in=ids))
    decisions = list(rows.exclude(decision=None).order_by().values_list("decision", flat=True).distinct())
    if is_referred_to:
        delete_files(Attachment.objects.filter(transaction__in=rows))
        rows.delete()
    else:
        rows._raw_delete(rows.db)  # noqa: SLF001 - the same
    Decision.objects.filter(pk__in=decisions, transactions=None).delete()


def is_replaced(row: Transaction) -> bool:
    """Return True if another row of its account has its external id now."""
    same = Transaction.objects.filter(ledger_id=row.ledger_id, account=row.account_id, external_id=row.external_id)
    return row.external_id is not None and same.exclude(pk=row.pk).exists()
