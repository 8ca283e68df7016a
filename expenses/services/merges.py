"""Merges of two transactions that are one movement. A merge is a run, so that it can be reverted."""

from django.db.models import Q
from django.utils import timezone

from accounts.models import User
from expenses.hooks import call_confirmation_hooks, has_confirmed
from expenses.models import (
    Attachment,
    CategorizationStatus,
    Duplicate,
    DuplicateStatus,
    Run,
    RunStatus,
    StatementTrace,
    TraceKind,
    Transaction,
)
from expenses.models.ledgers import ledger_id_of
from expenses.services.attachments import MOST
from expenses.services.deletion import bin_rows
from expenses.services.edits import Author, check_edit_window, editing, give_tags
from expenses.services.ledger_lock import Refusal, ledger_write, next_version
from expenses.services.pairs import restamp_transfers
from expenses.services.row_category import fits, follow_category
from expenses.services.runs import Work
from expenses.services.split_parts import pass_on

KIND = "merge"
#: What a row by hand takes over from the bank's row. Its own description, merchant and notes stay.
BANK_FIELDS = ("account", "date", "amount", "raw_description", "match_text", "match_prefix")
#: What is taken over where the row that is left has nothing.
FILLING = ("merchant", "iban", "mcc", "payment_method", "review")
CATEGORY = (
    "category", "category_source", "category_confidence", "review_status", "suggested_category", "decision",
    "awaits_model",
)  # fmt: skip


class MergeWork(Work):
    """The work of a merge, which is done when it is ordered; its revert makes two rows again."""

    def perform(self, run: Run) -> None:
        """Do nothing: a merge is written together with its run."""

    def after_revert(self, run: Run) -> None:
        StatementTrace.objects.filter(run=run).delete()
        for offer in Duplicate.objects.filter(run=run):
            other = offer.newer if offer.kept_id == offer.older_id else offer.older
            if other.deleted_at is not None:  # it could not leave the bin, so nothing moves back to it
                continue
            version = next_version(run.ledger_id)
            attachments = Attachment.objects.filter(pk__in=offer.moved["attachments"])
            attachments.update(transaction=other, version=version)
            StatementTrace.objects.filter(pk__in=offer.moved["traces"]).update(transaction=other)
            rivals = Duplicate.objects.open().filter(Q(older=offer.older_id) | Q(newer=offer.newer_id))
            offer.status = DuplicateStatus.DISMISSED if rivals.exists() else DuplicateStatus.OPEN
            offer.kept, offer.run, offer.moved, offer.version = None, None, {}, version
            offer.save()


def merge_duplicate(*, by: User, offer: Duplicate) -> Duplicate:
    """Make one row of two: the other goes into the bin, and no statement brings it again.

    Of a row by hand and one of a statement, the row by hand is left, with what the user wrote, and takes account, day,
    amount and text of the bank. Raises Refusal if the offer is settled, a row is gone or both are split, or the other
    row is half of a transfer, or they differ by now. Raises NotAllowed when the edit window of one is closed.
    """
    with ledger_write(ledger_id_of(by)) as version:
        offer = open_offer(by, offer)
        found = Transaction.objects.for_user(by).with_related().filter(pk__in=[offer.older_id, offer.newer_id])
        rows = {row.pk: row for row in found}
        check_edit_window(rows.values(), user=by)
        kept, other = _kept_first(rows[offer.older_id], rows[offer.newer_id])
        _check(kept, other)
        is_booking = kept.pk == offer.older_id and "pending" in offer.reasons
        run = Run.objects.create(
            ledger_id=offer.ledger_id,
            user=by,
            kind=KIND,
            subject=offer.pk,
            status=RunStatus.SUCCEEDED,
            done=2,
            total=2,
            counts={"merged": 1},
            started_at=timezone.now(),
            finished_at=timezone.now(),
        )
        author = Author(KIND, by, run, touches=True)
        had_confirmed = has_confirmed([kept, other])
        with editing([kept], version=version, author=author):
            _take_over(kept, other, is_booking=is_booking)
        restamp_transfers([kept], BANK_FIELDS, version=version)
        pass_on([kept] if kept.is_split else [], version=version, author=author)
        moved = _move(kept, other, run=run, version=version, kind=TraceKind.BOOKED if is_booking else TraceKind.MERGED)
        bin_rows([other], version=version, author=author)
        if had_confirmed:
            call_confirmation_hooks(ledger_id=offer.ledger_id)
        offer.status, offer.kept, offer.run, offer.moved = DuplicateStatus.MERGED, kept, run, moved
        offer.version = version
        offer.save()
        return offer


def dismiss_duplicate(*, by: User, offer: Duplicate) -> Duplicate:
    """Say that the two are two movements: they are never offered again. Raises Refusal if the offer is settled."""
    with ledger_write(ledger_id_of(by)) as version:
        offer = open_offer(by, offer)
        offer.status, offer.version = DuplicateStatus.DISMISSED, version
        offer.save(update_fields=["status", "version"])
        return offer


def open_offer(by: User, offer: Duplicate) -> Duplicate:
    """Return the offer as it is now. Raises Refusal if it is settled or one of its rows is gone."""
    current: Duplicate = Duplicate.objects.for_user(by).with_rows().get(pk=offer.pk)
    if current.status == DuplicateStatus.MERGED:
        detail = f"These two are merged already; to take that back, POST runs/{current.run_id}/revert/."
        raise Refusal(detail, code="merged")
    if current.status == DuplicateStatus.DISMISSED:
        raise Refusal("This pair was dismissed; delete one of the two transactions instead.", code="dismissed")
    gone = [row.pk for row in (current.older, current.newer) if row.deleted_at is not None]
    if gone:
        raise Refusal(f"Transaction {gone[0]} was deleted meanwhile; nothing is left to merge.", code="gone")
    return current


def _kept_first(older: Transaction, newer: Transaction) -> tuple[Transaction, Transaction]:
    """Return the row to keep and the other: splits and transfers stay, then rows by hand, then the user's work."""

    def worth(row: Transaction) -> tuple[bool, bool, bool, bool]:
        return row.is_split, row.transfer_id is not None, row.fingerprint is None, row.is_touched

    return (older, newer) if worth(older) >= worth(newer) else (newer, older)


def _check(kept: Transaction, other: Transaction) -> None:
    """Raise Refusal if the kept row cannot stand for both."""
    for name in ("currency", "direction", "account"):  # equal when they were offered
        own, others = getattr(kept, name), getattr(other, name)
        if own != others and own is not None and others is not None:
            detail = f"The {name} of the two differs by now. Correct one of them first, or dismiss the pair."
            raise Refusal(detail, code="changed")
    if other.is_split:
        raise Refusal("Both transactions are split; take one split back first, by DELETE split/.", code="split")
    if other.transfer_id is not None:
        detail = (
            f"Transaction {other.pk} is half of transfer {other.transfer_id}; "
            "reject or delete that transfer first, then merge."
        )
        raise Refusal(detail, code="paired")
    if kept.amount != other.amount and (kept.is_split or kept.transfer_id is not None):
        what = "split" if kept.is_split else "half of a transfer"
        detail = f"Transaction {kept.pk} is {what}, and its amount differs; take that back first, then merge."
        raise Refusal(detail, code="split" if kept.is_split else "paired")
    if kept.external_id is not None and kept.account_id != other.account_id:
        same = Transaction.objects.filter(account=other.account_id, external_id=kept.external_id)
        if other.account_id is not None and same.exists():
            raise Refusal("Another transaction of that account has its external id.", code="duplicate")
    if kept.attachments.count() + other.attachments.count() > MOST:
        raise Refusal(f"A transaction has at most {MOST} attachments; delete some first.", code="too_many")


def _take_over(kept: Transaction, other: Transaction, *, is_booking: bool) -> None:
    """Write into the kept row what the other knows better. Both rows come `with_related()`.

    With `is_booking` the bank called the kept row pending, and the other is its booking.
    """
    if is_booking and kept.description == kept.raw_description and "description" not in kept.held:
        kept.description = other.description
    if is_booking or (kept.fingerprint is None and other.fingerprint is not None):
        for name in BANK_FIELDS:
            setattr(kept, name, getattr(other, name))
    elif other.fingerprint is None:  # the user's words, on a row that the bank brought
        kept.description = kept.description if "description" in kept.held else other.description
        kept.merchant = kept.merchant if "merchant" in kept.held else other.merchant or kept.merchant
    for name in FILLING:
        if not getattr(kept, name):
            setattr(kept, name, getattr(other, name))
    kept.notes = "\n".join(text for text in dict.fromkeys((kept.notes, other.notes)) if text)
    kept.is_excluded_from_budget = kept.is_excluded_from_budget or other.is_excluded_from_budget
    give_tags(kept, dict.fromkeys((*kept.tags.all(), *other.tags.all())))
    if _is_better_categorized(other, kept) and (other.category is None or fits(kept, other.category)):
        for name in CATEGORY:
            setattr(kept, name, getattr(other, name))
        follow_category(kept)


def _is_better_categorized(other: Transaction, kept: Transaction) -> bool:
    """Return True if a user chose the other's category alone, or if the kept row has none and stands for itself."""
    if kept.is_split or kept.transfer_id is not None or _is_chosen(kept):
        return False
    return _is_chosen(other) or (kept.category is None and other.category is not None)


def _is_chosen(row: Transaction) -> bool:
    return row.review_status == CategorizationStatus.CONFIRMED or row.category_source == "user"


def _move(kept: Transaction, other: Transaction, *, run: Run, version: int, kind: str) -> dict[str, list[int]]:
    """Give the kept row the other's attachments and traces, and a trace of its own row. Return the ids that moved."""
    there = kept.attachments.values_list("sha256", flat=True)
    attachments = Attachment.objects.filter(transaction=other).exclude(sha256__in=list(there))
    traces = StatementTrace.objects.filter(transaction=other)
    moved = {"attachments": list(attachments.values_list("pk", flat=True))}
    moved["traces"] = list(traces.values_list("pk", flat=True))
    attachments.update(transaction=kept, version=version)
    traces.update(transaction=kept)
    if other.fingerprint is not None and other.account is not None:
        StatementTrace.objects.create(
            ledger_id=kept.ledger_id,
            transaction=kept,
            account=other.account,
            fingerprint=other.fingerprint,
            date=other.date,
            kind=kind,
            run=run,
            origin=other.run,
        )
    return moved
