"""Runs that edit or delete many rows, in chunks that are whole whatever happens.

A row that cannot take the change has an obstacle: it is left alone, and named with the reason.
"""

from abc import abstractmethod
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any

from django.db import transaction

from accounts.models import User
from expenses.hooks import call_edit_hooks
from expenses.ledger.kinds import derive_kind
from expenses.models import Account, Category, Plan, Run, RunStatus, Tag, Transaction
from expenses.models.ledgers import ledger_id_of
from expenses.services.deletion import discard
from expenses.services.edits import (
    EDIT_WINDOW_CLOSED,
    Author,
    closed_rows,
    editing,
    find_or_create_tags,
    give_tags,
)
from expenses.services.ledger_lock import Refusal, ledger_write, make_room
from expenses.services.pairs import leave_transfers, restamp_transfers
from expenses.services.row_category import apply_choice, fits, follow_category, refit
from expenses.services.runs import Work, add_counts, advance, note_omissions
from expenses.services.split_parts import FIXED_ON_PART, HELD_BY_WHOLE

CHUNK = 500
#: The changes of a plan that are lists of tags.
TAG_LISTS = ("tags", "add_tags", "remove_tags")
#: Changes a chunk's rows, given their ids and the version to stamp, and returns counts.
ChunkWork = Callable[[list[int], int], dict[str, int]]


@dataclass(frozen=True, slots=True)
class Obstacle:
    """The reason why a row is left alone: a code for clients and a sentence for users."""

    code: str
    detail: str


GONE = Obstacle("gone", "It was deleted meanwhile.")
WHOLE = Obstacle("split", "It is split, so its parts have that; edit them, or the whole by itself.")
PART = Obstacle("split", "It is a part of a split, which has that from its whole.")
ALONE = Obstacle("split", "It is a part of a split; delete the whole, or change its parts by split/.")
TAKEN = Obstacle("duplicate", "Another transaction of that account has the same external id or statement row.")


@transaction.atomic
def order_run(kind: str, *, by: User, rows: Sequence[int], changes: dict[str, Any] | None = None, **about: Any) -> Run:
    """Create a run of a kind whose work is a PlannedWork, with its plan. It does not start by itself.

    `changes` is JSON; of a bulk edit: ids of category and account, names of `tags`, `add_tags` and `remove_tags`, ISO
    dates. `about` are further fields of the run.
    """
    run: Run = Run.objects.create(ledger_id=ledger_id_of(by), user=by, kind=kind, total=len(rows), **about)
    Plan.objects.create(run=run, rows=list(rows), changes=changes or {})
    return run


class PlannedWork(Work):
    """Work on the rows of a plan. A chunk's changes and the run's progress are committed together."""

    def perform(self, run: Run) -> None:
        plan = Plan.objects.get(run=run)
        work, size = self.prepare(run, plan)
        for start in range(run.done, len(plan.rows), size):
            ids = plan.rows[start : start + size]
            with ledger_write(run.ledger_id) as version:
                advance(run, n_rows=len(ids))
                add_counts(run, work(ids, version))
            if start + size < len(plan.rows):
                make_room()

    def after_end(self, run: Run) -> None:
        if run.status == RunStatus.SUCCEEDED:
            Plan.objects.filter(run=run).delete()

    @abstractmethod
    def prepare(self, run: Run, plan: Plan) -> tuple[ChunkWork, int]:
        """Return the work on a chunk, and the number of rows of a chunk."""


class BulkWork(PlannedWork):
    """One change of every row without an obstacle."""

    def prepare(self, run: Run, plan: Plan) -> tuple[ChunkWork, int]:
        return partial(self._change_chunk, run, plan), CHUNK

    def _change_chunk(self, run: Run, plan: Plan, ids: list[int], version: int) -> dict[str, int]:
        found = Transaction.objects.filter(ledger_id=run.ledger_id, pk__in=ids).with_related()
        rows = list(found.select_related("parent").order_by("pk"))
        there = {row.pk for row in rows}
        left = {pk: GONE for pk in self.missing(plan, ids) if pk not in there} | self.obstacles(run, plan, rows)
        note_omissions(run, ((pk, left[pk].code, left[pk].detail) for pk in ids if pk in left))
        counts = self.change(run, plan, [row for row in rows if row.pk not in left], version)
        return counts | {"left_alone": len(left)}

    def missing(self, plan: Plan, ids: list[int]) -> list[int]:
        """Return those of the ids that are reported as gone if they are not there."""
        return ids

    @abstractmethod
    def obstacles(self, run: Run, plan: Plan, rows: list[Transaction]) -> dict[int, Obstacle]:
        """Return the obstacles by id of row."""

    @abstractmethod
    def change(self, run: Run, plan: Plan, rows: list[Transaction], version: int) -> dict[str, int]:
        """Change rows without obstacles, and return counts."""


class BulkDelete(BulkWork):
    """Deletion of many rows. The parts of a split go and count with the whole."""

    def missing(self, plan: Plan, ids: list[int]) -> list[int]:
        parts = Transaction.everything.filter(pk__in=ids, parent__isnull=False)
        with_whole = {pk for pk, parent in parts.values_list("pk", "parent") if parent in plan.chosen}
        return [pk for pk in ids if pk not in with_whole]

    def obstacles(self, run: Run, plan: Plan, rows: list[Transaction]) -> dict[int, Obstacle]:
        return obstacles_to_delete(rows, chosen=plan.chosen, user=run.user)

    def change(self, run: Run, plan: Plan, rows: list[Transaction], version: int) -> dict[str, int]:
        whole = [row for row in rows if row.parent_id is None]
        discard(whole, version=version, author=Author.ordering(run))
        return {"deleted": len(whole)}


class BulkEdit(BulkWork):
    """An edit that gives many rows equal values."""

    def obstacles(self, run: Run, plan: Plan, rows: list[Transaction]) -> dict[int, Obstacle]:
        return obstacles_to_edit(rows, fields=planned_values(plan), user=run.user)

    def change(self, run: Run, plan: Plan, rows: list[Transaction], version: int) -> dict[str, int]:
        fields = planned_values(plan)
        tags = _planned_tags(plan, version=version)
        leave_transfers([(row, fields) for row in rows], author=Author.ordering(run))
        with editing(rows, version=version, author=Author.ordering(run)):
            for row in rows:
                for name, value in fields.items():
                    setattr(row, name, value)
                if "category" in fields:
                    apply_choice(row, fields["category"])
                    row.review = fields.get("review", row.review)
                if row.category is None and "category" in fields and not row.is_kind_stated:
                    row.kind = derive_kind(row.direction, None) or row.kind
                refit(row)
                follow_category(row)
                current = set(row.tags.all())
                wanted = set(tags["tags"]) if "tags" in tags else current
                wanted = (wanted | set(tags.get("add_tags", ()))) - set(tags.get("remove_tags", ()))
                if wanted != current:
                    give_tags(row, wanted)
        changed = [row for row in rows if row.version == version]
        restamp_transfers(changed, fields, version=version)
        call_edit_hooks(ledger_id=run.ledger_id, ids=[row.pk for row in changed], version=version, run=run)
        return {"changed": len(changed), "unchanged": len(rows) - len(changed)}


def planned_values(plan: Plan) -> dict[str, Any]:
    """Return field → value for the rows. Raises Refusal if category or account went after the run was ordered."""
    values = {name: value for name, value in plan.changes.items() if name not in TAG_LISTS}
    ledger_id = plan.run.ledger_id
    known = {
        "category": Category.objects.in_ledger(ledger_id),
        "account": Account.objects.filter(ledger_id=ledger_id),
    }
    for name, rows in known.items():
        if values.get(name) is not None:
            values[name] = rows.filter(pk=values[name]).first()
            if values[name] is None:
                detail = f"The {name} that was to be set is gone; revert this run, and order another."
                raise Refusal(detail, code=name)
    if "date" in values:
        values["date"] = date.fromisoformat(values["date"])
    return values


def _planned_tags(plan: Plan, *, version: int) -> dict[str, list[Tag]]:
    """Return the plan's lists of tags. Tags to be taken away need not exist."""
    lists = {name: plan.changes[name] for name in TAG_LISTS if name in plan.changes}
    wanted = [name for key, names in lists.items() if key != "remove_tags" for name in names]
    known = find_or_create_tags(ledger_id=plan.run.ledger_id, names=wanted, version=version)
    if "remove_tags" in lists:
        known = {tag.name.casefold(): tag for tag in Tag.objects.filter(ledger_id=plan.run.ledger_id)}
    return {key: [known[n.casefold()] for n in names if n.casefold() in known] for key, names in lists.items()}


def obstacles_to_delete(rows: Sequence[Transaction], *, chosen: Collection[int], user: User) -> dict[int, Obstacle]:
    """Return obstacles by id of row. A part goes only with its whole; `chosen` are the ids of all that are to go."""
    found = {row.pk: ALONE for row in rows if row.parent_id is not None and row.parent_id not in chosen}
    return found | _closed(rows, user)


def obstacles_to_edit(
    rows: Sequence[Transaction], *, fields: dict[str, Any], user: User, keeps_kinds: bool = True
) -> dict[int, Obstacle]:
    """Return obstacles by id of row to the new values. Call it under the ledger's lock.

    With `keeps_kinds`, a category must fit the kind that the client stated. Without, the kind follows the category, as
    in an edit of one row.
    """
    found: dict[int, Obstacle] = {}
    category: Category | None = fields.get("category")
    for row in rows:
        is_kept = keeps_kinds and row.is_kind_stated
        if category is not None and not (fits(row, category) if is_kept else derive_kind(row.direction, category.kind)):
            what = row.kind if is_kept else f"money {row.direction}"
            detail = f"“{category}” is a category of kind {category.kind}, which does not fit {what}."
            found[row.pk] = Obstacle("wrong_kind", detail)
    if "account" in fields:
        found |= _taken(rows, fields["account"])
    found |= {row.pk: WHOLE for row in rows if row.is_split and HELD_BY_WHOLE & fields.keys()}
    if not fields.keys().isdisjoint(FIXED_ON_PART):
        found |= {row.pk: PART for row in rows if row.parent_id is not None}
    return found | _closed(rows, user)


def _closed(rows: Sequence[Transaction], user: User) -> dict[int, Obstacle]:
    return {pk: Obstacle(EDIT_WINDOW_CLOSED, detail) for pk, detail in closed_rows(rows, user=user).items()}


def _taken(rows: Sequence[Transaction], account: Account | None) -> dict[int, Obstacle]:
    """Find rows that cannot move to the account, because an equal row is there or comes before them."""
    moving = [row for row in rows if row.account_id != (account and account.pk)]
    if not moving:
        return {}
    there = Transaction.everything.filter(ledger_id=moving[0].ledger_id, account=account).order_by()
    external_ids = [row.external_id for row in moving if row.external_id is not None]
    fingerprints = [row.fingerprint for row in moving if row.fingerprint is not None]
    taken: set[tuple[str, str]] = set()
    if external_ids:
        live = there.filter(external_id__in=external_ids, deleted_at=None)
        taken |= {("external_id", value) for value in live.values_list("external_id", flat=True)}
    if fingerprints:  # deleted rows keep theirs
        same = there.filter(fingerprint__in=fingerprints)
        taken |= {("fingerprint", value) for value in same.values_list("fingerprint", flat=True)}
    found: dict[int, Obstacle] = {}
    for row in moving:
        identities = {("external_id", row.external_id), ("fingerprint", row.fingerprint)}
        own = {(name, value) for name, value in identities if value is not None}
        if own & taken:
            found[row.pk] = TAKEN
        taken |= own
    return found
