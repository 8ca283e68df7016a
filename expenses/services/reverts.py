"""Reverts of runs: changed fields get their old values back, except where something else was written since.

A revert works in chunks, each a database transaction. A field that has its old value again is passed over, so a revert
that was killed half-way is finished by reverting again.
"""

from collections.abc import Iterator
from copy import copy
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from accounts.models import User
from expenses.categorization.catalog import Catalog
from expenses.hooks import call_confirmation_hooks, has_confirmed
from expenses.ledger.kinds import DIRECTION
from expenses.models import (
    Account,
    Change,
    Decision,
    Duplicate,
    Plan,
    Run,
    RunStatus,
    StatementTrace,
    Tag,
    Transaction,
)
from expenses.services.deletion import bury_rows, is_replaced, release, remove_for_good, unbin_rows
from expenses.services.edits import Author, editing, find_or_create_tags, give_tags
from expenses.services.journal import CHOICE_FIELDS, INCIDENTAL, ORDER, REFERENCES, Fields, Snapshot, snapshot
from expenses.services.ledger_lock import Refusal, ledger_write, lock_ledger, make_room
from expenses.services.ledger_queue import RESOLVE_PENDING
from expenses.services.merges import KIND as MERGE
from expenses.services.pairs import SOURCE as TRANSFERS
from expenses.services.pairs import breaks_pair, restamp_transfers
from expenses.services.row_category import fits
from expenses.services.runs import UNFINISHED, add_counts, note_omissions, work_of
from expenses.services.split_parts import FIXED_ON_PART, HELD_BY_WHOLE, parts_of

CHUNK = 500
#: The author, in the journal, of a revert's writes.
SOURCE = "revert"
#: The code of omissions for what a revert left.
KEPT = "kept"
CHANGED_SINCE = "It was changed since."
WORKED_ON = "It was changed, confirmed or booked since."
IN_BIN = "It was deleted since, and stays in the bin."
TAKEN = "Another transaction of that account has the same external id or statement row now."
#: Fields that make sense only together, under the name of the one that users know.
TOGETHER = {
    "category": (
        "category", "category_source", "category_confidence", "review_status", "suggested_category", "direction",
        "kind", "is_kind_stated", "decision_id",
    ),
    "amount": ("amount", "currency"),
    "account": ("account", "external_id"),
    "raw_description": ("raw_description", "match_text", "match_prefix"),
}  # fmt: skip
LABELS = {name: label for label, names in TOGETHER.items() for name in names}


@dataclass(frozen=True, slots=True)
class KeptValue:
    """A field, or without one the whole row, that a revert leaves as it is, and the reason."""

    transaction: int
    reason: str
    field: str | None = None


@dataclass(slots=True)
class RevertResult:
    """The reverted run with its counts, and what stays as it is."""

    run: Run
    kept: list[KeptValue] = field(default_factory=list)


def revert_run(*, by: User, run: Run) -> RevertResult:
    """Give changed fields their old values back, then remove the rows that the run created.

    Standing merges of these rows are reverted before, so that nothing of a removed row stays in another. Raises
    Refusal while it runs, when it was reverted before, and when it is of a kind that changes nothing.
    """
    result = RevertResult(_begin(by, run))
    run = result.run
    while merge := _merges_upon(run).first():
        result.kept += revert_run(by=by, run=merge).kept
    ids = list(journal_of(run).reverse().values_list("pk", flat=True))
    for start in range(0, len(ids), CHUNK):
        with ledger_write(run.ledger_id) as version:
            changes = list(Change.objects.filter(pk__in=ids[start : start + CHUNK]).order_by("-pk"))
            result.kept += _restore_chunk(run, changes, by=by, version=version)
        make_room()
    created = Transaction.everything.filter(run=run).order_by("pk")
    ids, removed = list(created.values_list("pk", flat=True)), set[int]()
    for start in range(0, len(ids), CHUNK):
        with ledger_write(run.ledger_id) as version:
            untouched = created.filter(pk__in=ids[start : start + CHUNK], is_touched=False)
            part = list(untouched.values_list("pk", flat=True))
            release(part, user=by)
            bury_rows(part, ledger_id=run.ledger_id, version=version)
            remove_for_good(part)
            removed.update(part)
            add_counts(run, {"removed": len(part)})
        make_room()
    result.kept = [kept for kept in result.kept if kept.transaction not in removed]
    touched = created.filter(parent=None).values_list("pk", "deleted_at")
    result.kept += [KeptValue(pk, WORKED_ON if binned_at is None else IN_BIN) for pk, binned_at in touched]
    apart = "Its transfer was taken apart by the run; pair the two again by POST transfers/."
    alone = run.changes.filter(source=TRANSFERS, transaction__transfer=None, transaction__deleted_at=None)
    for pk, fields in alone.order_by("pk").values_list("transaction", "fields"):
        was, now = fields.get("transfer", (None, None))
        if was is not None and now is None:
            result.kept.append(KeptValue(pk, apart, "transfer"))
    _finish(result)
    return result


def journal_of(run: Run) -> Any:
    """Return what the run itself changed, in the order of the work, without the pairs that it made."""
    return run.changes.exclude(source__in=[SOURCE, TRANSFERS]).order_by("pk")


def _merges_upon(run: Run) -> Any:
    """Return the standing merges of rows that the run created, and those after a merge of the same rows; newest first.

    A merged row may be purged since. The trace that it left still names its run.
    """
    rows = Transaction.everything.filter(run=run).order_by().values("pk")
    pairs = Duplicate.objects.filter(Q(older__in=rows) | Q(newer__in=rows))
    runs = Q(pk__in=pairs.values("run")) | Q(pk__in=StatementTrace.objects.filter(origin=run).values("run"))
    if run.kind == MERGE:
        rows = run.changes.order_by().values("transaction")
        pairs = Duplicate.objects.filter(Q(older__in=rows) | Q(newer__in=rows))
        runs = Q(pk__in=pairs.values("run"), pk__gt=run.pk)
    merges = Run.objects.filter(runs, ledger_id=run.ledger_id, kind=MERGE).exclude(status=RunStatus.REVERTED)
    return merges.exclude(pk=run.pk).order_by("-pk")


@transaction.atomic
def _begin(by: User, run: Run) -> Run:
    """Mark the run, so that nobody resumes it any more."""
    current: Run = Run.objects.for_user(by).select_for_update().get(pk=run.pk)
    if current.status in UNFINISHED:
        detail = f"This run is {current.status}; cancel it first, or wait until it has ended."
        raise Refusal(detail, code="not_ended")
    if current.status == RunStatus.REVERTED:
        raise Refusal("This run is reverted already, so nothing is left to take back.", code="already_reverted")
    if not work_of(current).is_revertible:
        detail = f"A {current.kind} changes no transaction, so there is nothing to take back."
        raise Refusal(detail, code="nothing_to_revert")
    current.reverting_at = current.reverting_at or timezone.now()
    current.counts = {**current.counts, "removed": current.counts.get("removed", 0)}
    current.save(update_fields=["reverting_at", "counts"])
    return current


@transaction.atomic
def _finish(result: RevertResult) -> None:
    run = result.run
    lock_ledger(run.ledger_id)
    run.status, run.finished_at, run.claim = RunStatus.REVERTED, timezone.now(), ""
    run.counts = {**run.counts, "kept": len(result.kept)}
    run.save()
    work_of(run).after_revert(run)
    Plan.objects.filter(run=run).delete()
    note_omissions(
        run,
        (
            (kept.transaction, KEPT, f"{kept.field}: {kept.reason}" if kept.field else kept.reason)
            for kept in result.kept
        ),
    )


def _restore_chunk(run: Run, changes: list[Change], *, by: User, version: int) -> list[KeptValue]:
    """Take back changes, the newest first, and return what stays. The caller holds the ledger's lock."""
    found = Transaction.everything.filter(pk__in={change.transaction_id for change in changes})
    found = found.with_related().select_related("transfer__outgoing", "transfer__incoming")
    rows = {row.pk: row for row in found}
    # Rows that a user changed after the run, by hand or by another run that stands.
    since = Change.objects.filter(transaction__in={c.transaction_id for c in changes}, user__isnull=False)
    others = since.filter(pk__gt=changes[-1].pk).exclude(source=SOURCE).exclude(run=run)
    others = others.exclude(run__status=RunStatus.REVERTED).order_by()
    touched = set(others.values_list("transaction", flat=True))
    chosen = [rows[change.transaction_id] for change in changes if not change.fields.keys().isdisjoint(CHOICE_FIELDS)]
    had_confirmed = has_confirmed(chosen)
    author, old, kept = Author(SOURCE, by, run), OldValues(run, version), list[KeptValue]()
    unbin_rows(_leaving_bin(rows, changes), version=version, author=author)
    with editing(list(rows.values()), version=version, author=author):
        for change in changes:
            row = rows[change.transaction_id]
            left = list(old.restore(row, change))
            if "is_touched" in change.fields and not left and row.pk not in touched:
                row.is_touched = False
            kept += left
    restored = [row for row in rows.values() if row.version == version]
    restamp_transfers(restored, {name for change in changes for name in change.fields}, version=version)
    if had_confirmed or has_confirmed(chosen):
        call_confirmation_hooks(ledger_id=run.ledger_id)
    if any(row.is_awaiting_model for row in rows.values()):
        RESOLVE_PENDING.queue(run.ledger_id)
    add_counts(run, {"restored": len(restored)})
    return kept


def _leaving_bin(rows: dict[int, Transaction], changes: list[Change]) -> list[Transaction]:
    """Return the rows that the changes put into the bin and that can leave it: a whole and its parts, or none of them.

    A row that was deleted again since stays there. A whole may be of another chunk than its parts.
    """
    instants = {}
    for change in changes:
        row = rows[change.transaction_id]
        at = row.deleted_at
        if at is not None and "deleted_at" in change.fields and at.isoformat() == change.fields["deleted_at"][1]:
            instants[row.parent_id or row.pk] = at
    others = Transaction.everything.filter(pk__in=instants.keys() - rows.keys()).with_related()
    known = rows | {row.pk: row for row in others}
    wholes = [known[pk] for pk, at in instants.items() if known[pk].deleted_at == at]
    families = {whole.pk: [whole] for whole in wholes}
    for part in parts_of(wholes):
        families[part.parent_id].append(rows.get(part.pk, part))
    back, names = list[Transaction](), set[tuple[int | None, str]]()
    for family in families.values():
        own = {(row.account_id, row.external_id) for row in family if row.external_id is not None}
        if not own & names and not any(is_replaced(row) for row in family):
            names |= own
            back += family
    return back


@dataclass(frozen=True)
class OldValues:
    """Old values of the journal as rows have them, with references looked up once for many changes of a ledger."""

    run: Run
    version: int
    _known_tags: dict[tuple[str, ...], tuple[Tag, ...]] = field(default_factory=dict)
    _known_decisions: dict[int | None, int | None] = field(default_factory=dict)

    @property
    def ledger_id(self) -> int:
        return self.run.ledger_id

    @cached_property
    def whole_splits(self) -> frozenset[int]:
        """Return the ids of split rows that the run changed together with each of their present parts."""
        parts = Transaction.objects.filter(parent__isnull=False).order_by()
        changed = dict(parts.filter(changes__in=journal_of(self.run).order_by()).values_list("pk", "parent"))
        wholes = set(changed.values())
        others = parts.filter(parent__in=wholes).exclude(pk__in=changed)
        return frozenset(wholes - set(others.values_list("parent", flat=True)))

    @cached_property
    def named(self) -> dict[str, dict[int, Any]]:
        """Return the ledger's present accounts and categories by field and id."""
        categories = Catalog.load(self.ledger_id).categories
        accounts = {account.pk: account for account in Account.objects.filter(ledger_id=self.ledger_id)}
        return {"account": accounts, "category": categories, "suggested_category": categories}

    def restore(self, row: Transaction, change: Change) -> Iterator[KeptValue]:
        """Restore fields that still have the change's values, and yield the others. The row is inside `editing`.

        Rows that can leave the bin have left it already.
        """
        now = snapshot(row)
        groups: dict[str, Fields] = {}
        for name in ORDER:
            if name in change.fields and name != "held":
                groups.setdefault(LABELS.get(name, name), {})[name] = change.fields[name]
        restored: set[str] = set()
        for label, fields in groups.items():
            different = {name for name, (before, _) in fields.items() if not _is_same(name, now[name], before)}
            if different <= INCIDENTAL:
                if "decision_id" in different and now["decision_id"] == fields["decision_id"][1]:
                    row.decision_id = self._read(fields)["decision_id"]  # a user gave the values back, not the reason
                continue
            if reason := self._obstacle(row, now, fields):
                yield KeptValue(row.pk, reason, label)
                continue
            restored.add(label)
            for name, value in self._read(fields).items():
                if name == "tags":
                    give_tags(row, value)
                else:
                    setattr(row, name, value)
        # Fields that the owner came to hold by the change are free again where they are restored.
        before, after = change.fields.get("held") or ([], [])
        gained = set(after) - set(before)
        row.held = [
            name
            for name in row.held
            if name not in gained or ("tags" if name.startswith("tag:") else name) not in restored
        ]

    def _obstacle(self, row: Transaction, now: Snapshot, fields: Fields) -> str:
        """Return why the fields cannot have their old values, or an empty text."""
        if not all(_is_same(name, now[name], after) for name, (_, after) in fields.items()):
            return CHANGED_SINCE
        if "deleted_at" in fields:
            in_split = "It is a part of a split, and comes back only together with the whole."
            return TAKEN if row.parent_id is None else in_split
        for name in REFERENCES:
            before = fields[name][0] if name in fields else None
            if before is not None and before[0] not in self.named[name]:
                return f"“{before[1]}”, which it had before, is gone."
        if _is_taken(row, fields):
            return TAKEN
        if "tags" in fields:
            return ""
        values = self._read(fields)
        is_whole_split = (row.parent_id or row.pk) in self.whole_splits if row.is_split or row.parent_id else False
        if row.is_split and HELD_BY_WHOLE & values.keys() and not is_whole_split:
            return "It is split now, and its parts depend on that."
        if row.parent_id is not None and not values.keys().isdisjoint(FIXED_ON_PART) and not is_whole_split:
            return "It is a part of a split, which has that from the whole."
        if row.transfer is not None and breaks_pair(row.transfer, row, values):
            return "It is half of a transfer now, which its old value would break."
        return "It does not fit the direction or kind that it has now." if _is_misfit(row, values) else ""

    def _read(self, fields: Fields) -> dict[str, Any]:
        """Return field → old value, as the row has it."""
        values: dict[str, Any] = {}
        for name, (before, _) in fields.items():
            value: Any = before
            if name == "tags":
                names = tuple(before)
                if names not in self._known_tags:
                    tags = find_or_create_tags(ledger_id=self.ledger_id, names=names, version=self.version)
                    self._known_tags[names] = tuple(tags.values())
                value = self._known_tags[names]
            elif name in REFERENCES:
                value = None if before is None else self.named[name][before[0]]
            elif name == "decision_id":
                if before not in self._known_decisions:
                    is_there = Decision.objects.filter(pk=before or 0).exists()
                    self._known_decisions[before] = before if is_there else None
                value = self._known_decisions[before]
            elif name == "amount":
                value = Decimal(before)
            elif name == "date":
                value = date.fromisoformat(before)
            values[name] = value
        return values


def _is_misfit(row: Transaction, values: dict[str, Any]) -> bool:
    """Return True if kind, direction and category would contradict each other with the old values."""
    if values.keys().isdisjoint(TOGETHER["category"]):
        return False
    then = copy(row)
    for name, value in values.items():
        setattr(then, name, value)
    chosen = [category for category in (then.category, then.suggested_category) if category is not None]
    turned = DIRECTION.get(then.kind, then.direction) != then.direction
    return turned or not all(fits(then, category) for category in chosen)


def _is_same(name: str, one: Any, other: Any) -> bool:
    """Compare two values of the journal. References are the same by id, whatever they are called now."""
    if name in REFERENCES:
        return bool((one and one[0]) == (other and other[0]))
    return bool(one == other)


def _is_taken(row: Transaction, fields: Fields) -> bool:
    """Return True if another row has the account and external id, or fingerprint, that this one would have again."""
    if not {"account", "external_id"} & fields.keys():
        return False
    account_id: int | None = (fields["account"][0] or [None])[0] if "account" in fields else row.account_id
    external_id = fields["external_id"][0] if "external_id" in fields else row.external_id
    rows = Transaction.everything.filter(ledger_id=row.ledger_id, account=account_id).exclude(pk=row.pk)
    if external_id is not None and rows.filter(external_id=external_id, deleted_at=None).exists():
        return True
    return row.fingerprint is not None and rows.filter(fingerprint=row.fingerprint).exists()
