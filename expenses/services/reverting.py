"""Takes back what a run did, except where something else has been written since.

It works in chunks, each a database transaction. A field that has its old value again is passed over, so what was killed
half-way is finished by reverting again.
"""

from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from expenses.hooks import call_confirmation_hooks, has_confirmed
from expenses.models import CategorizationStatus, Change, Plan, Run, RunStatus, Transaction
from expenses.services.deletion import bury_rows, is_replaced, release, remove_for_good, unbin_rows
from expenses.services.editing import Author, editing
from expenses.services.learning import TELLING
from expenses.services.ledger_lock import Refusal, ledger_write, make_room
from expenses.services.ledger_queue import RESOLVE_PENDING
from expenses.services.obstacles import note_omissions
from expenses.services.pairs import SOURCE as TRANSFERS
from expenses.services.pairs import restamp_transfers
from expenses.services.restoring import Kept, OldValues
from expenses.services.runs import UNFINISHED, add_counts, work_of
from expenses.services.split_parts import parts_of

CHUNK = 500
#: How the journal calls what a revert writes.
SOURCE = "revert"
#: The code under which what stayed is told later.
KEPT = "kept"
APART = "Its transfer was taken apart by the run; pair the two again by POST transfers/."
TOUCHED = "You changed or confirmed it since."


@dataclass(slots=True)
class Reverted:
    """The run with its counts, and what stays as it is."""

    run: Run
    kept: list[Kept] = field(default_factory=list)


def revert_run(*, by: User, run: Run) -> Reverted:
    """Give changed fields their old values back, then remove the rows that the run created.

    Raises Refusal while it runs, when it was reverted before, and when it is of a kind that changes nothing.
    """
    reverted = Reverted(_begin(by, run))
    _restore_changed(reverted, by)
    _remove_created(reverted, by)
    _name_lost_pairs(reverted)
    _finish(reverted)
    return reverted


def journal_of(run: Run) -> Any:
    """What the run itself changed, in the order of the work. What it paired is taken apart with the pairs."""
    return run.changes.exclude(source__in=[SOURCE, TRANSFERS]).order_by("pk")


@transaction.atomic
def _begin(by: User, run: Run) -> Run:
    """From here on nobody resumes it."""
    current: Run = Run.objects.for_user(by).select_for_update().get(pk=run.pk)
    if current.status in UNFINISHED:
        detail = f"This run is {current.status}; cancel it first, or wait until it has ended."
        raise Refusal(detail, code="not_ended")
    if current.status == RunStatus.REVERTED:
        raise Refusal("This run is reverted already.", code="not_ended")
    if not work_of(current).is_revertible:
        detail = f"A {current.kind} changes no transaction, so there is nothing to take back."
        raise Refusal(detail, code="nothing_to_revert")
    current.reverting_at = current.reverting_at or timezone.now()
    current.counts = {**current.counts, "removed": current.counts.get("removed", 0)}
    current.save(update_fields=["reverting_at", "counts"])
    return current


def _restore_changed(reverted: Reverted, by: User) -> None:
    run = reverted.run
    ids = list(journal_of(run).reverse().values_list("pk", flat=True))
    for start in range(0, len(ids), CHUNK):
        with ledger_write(run.ledger_id) as version:
            changes = list(Change.objects.filter(pk__in=ids[start : start + CHUNK]).order_by("-pk"))
            reverted.kept += _restore(run, changes, by=by, version=version)
        make_room()


def _restore(run: Run, changes: list[Change], *, by: User, version: int) -> list[Kept]:
    found = Transaction.everything.filter(pk__in={change.transaction_id for change in changes})
    found = found.with_related().select_related("transfer__outgoing", "transfer__incoming")
    rows = {row.pk: row for row in found}
    touched, old, kept = _touched_since(run, changes), OldValues(run.ledger_id, version), list[Kept]()
    author, telling = Author(SOURCE, by, run), _telling(rows, changes)
    had_choices = has_confirmed(telling)
    unbin_rows(_coming_back(rows, changes), version=version, author=author)
    with editing(list(rows.values()), version=version, author=author):
        for change in changes:
            row = rows[change.transaction_id]
            left = list(old.restore(row, change))
            if "is_touched" in change.fields and not left and row.pk not in touched:
                row.is_touched = False
            kept += left
    restored = [row for row in rows.values() if row.version == version]
    restamp_transfers(restored, {name for change in changes for name in change.fields}, version=version)
    if had_choices or has_confirmed(telling):
        call_confirmation_hooks(ledger_id=run.ledger_id)
    if any(row.review_status == CategorizationStatus.PENDING for row in rows.values()):
        RESOLVE_PENDING.queue(run.ledger_id)
    add_counts(run, {"restored": len(restored)})
    return kept


def _telling(rows: dict[int, Transaction], changes: list[Change]) -> list[Transaction]:
    """Those of the rows whose category the run chose, confirmed or took away."""
    return [rows[change.transaction_id] for change in changes if not change.fields.keys().isdisjoint(TELLING)]


def _touched_since(run: Run, changes: list[Change]) -> set[int]:
    """Rows that somebody changed by hand, or by another run that stands, after this run."""
    since = Change.objects.filter(transaction__in={c.transaction_id for c in changes}, user__isnull=False)
    others = since.filter(pk__gt=changes[-1].pk).exclude(source=SOURCE).exclude(run=run)
    return set(others.exclude(run__status=RunStatus.REVERTED).order_by().values_list("transaction", flat=True))


def _coming_back(rows: dict[int, Transaction], changes: list[Change]) -> list[Transaction]:
    """What the run put into the bin and can leave it: a whole and its parts together, or none of them."""
    back, names = list[Transaction](), set[tuple[int | None, str]]()
    for family in _families([rows[change.transaction_id] for change in changes if _binned(rows, change)], rows):
        own = {(row.account_id, row.external_id) for row in family if row.external_id is not None}
        if not own & names and not any(is_replaced(row) for row in family):
            names |= own
            back += family
    return back


def _binned(rows: dict[int, Transaction], change: Change) -> bool:
    """Whether the row lies in the bin since this change; who deleted it again meant it."""
    at = rows[change.transaction_id].deleted_at
    return at is not None and "deleted_at" in change.fields and at.isoformat() == change.fields["deleted_at"][1]


def _families(binned: list[Transaction], rows: dict[int, Transaction]) -> list[list[Transaction]]:
    """Wholes with the parts that went together with them; a whole may be of another chunk than its parts."""
    instants = {row.parent_id or row.pk: row.deleted_at for row in binned}
    others = Transaction.everything.filter(pk__in=instants.keys() - rows.keys()).with_related()
    known = rows | {row.pk: row for row in others}
    wholes = [known[pk] for pk, at in instants.items() if known[pk].deleted_at == at]
    families = {whole.pk: [whole] for whole in wholes}
    for part in parts_of(wholes):
        families[part.parent_id].append(rows.get(part.pk, part))
    return list(families.values())


def _remove_created(reverted: Reverted, by: User) -> None:
    run = reverted.run
    created = Transaction.everything.filter(run=run).order_by("pk")
    ids = list(created.values_list("pk", flat=True))
    for start in range(0, len(ids), CHUNK):
        with ledger_write(run.ledger_id) as version:
            part = list(
                created.filter(pk__in=ids[start : start + CHUNK], is_touched=False).values_list("pk", flat=True)
            )
            release(part, user=by)
            bury_rows(part, ledger_id=run.ledger_id, version=version)
            remove_for_good(part)
            add_counts(run, {"removed": len(part)})
        make_room()
    reverted.kept += [Kept(pk, TOUCHED) for pk in created.filter(parent=None).values_list("pk", flat=True)]


def _name_lost_pairs(reverted: Reverted) -> None:
    """Halves that stand alone since the run edited or deleted one of the two: a pair does not come back by itself."""
    alone = reverted.run.changes.filter(source=TRANSFERS, transaction__transfer=None, transaction__deleted_at=None)
    for pk, fields in alone.order_by("pk").values_list("transaction", "fields"):
        was, now = fields.get("transfer", (None, None))
        if was is not None and now is None:
            reverted.kept.append(Kept(pk, APART, "transfer"))


@transaction.atomic
def _finish(reverted: Reverted) -> None:
    run = reverted.run
    run.status, run.finished_at, run.claim = RunStatus.REVERTED, timezone.now(), ""
    run.counts = {**run.counts, "kept": len(reverted.kept)}
    run.save()
    Plan.objects.filter(run=run).delete()
    note_omissions(run, ((kept.transaction, KEPT, _sentence(kept)) for kept in reverted.kept))


def _sentence(kept: Kept) -> str:
    return f"{kept.field}: {kept.reason}" if kept.field else kept.reason
