"""Edits and deletes many rows by order of a person, in chunks that are whole whatever happens."""

from abc import abstractmethod
from collections.abc import Callable, Sequence
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
from expenses.services.editing import Author, editing
from expenses.services.ledger_lock import Refusal, ledger_write, make_room
from expenses.services.obstacles import GONE, Obstacle, note_omissions, obstacles_to_delete, obstacles_to_edit
from expenses.services.pairs import leave_transfer, restamp_transfers
from expenses.services.rewinding import refit
from expenses.services.runs import Work, add_counts, advance
from expenses.services.standing import apply_choice, follow_category
from expenses.services.tagging import give_tags
from expenses.services.tags import find_or_create_tags

CHUNK = 500
TAGS = ("tags", "add_tags", "remove_tags")
#: Ids of a chunk's rows, version → what is counted.
Treat = Callable[[list[int], int], dict[str, int]]


def order_edit(*, by: User, rows: Sequence[int], changes: dict[str, Any]) -> Run:
    """Create the run that will change these rows; it does not start by itself.

    `changes` is JSON: ids of category and account, names of `tags`, `add_tags` and `remove_tags`, ISO dates.
    """
    return order_run("bulk_edit", by=by, rows=rows, changes=changes)


def order_delete(*, by: User, rows: Sequence[int]) -> Run:
    """Create the run that will put these rows into the bin; it does not start by itself."""
    return order_run("bulk_delete", by=by, rows=rows)


@transaction.atomic
def order_run(kind: str, *, by: User, rows: Sequence[int], changes: dict[str, Any] | None = None, **about: Any) -> Run:
    """Create a run of a kind whose work is a PlannedWork, with its plan; it does not start by itself.

    `about` are further fields of the run.
    """
    run: Run = Run.objects.create(ledger_id=ledger_id_of(by), user=by, kind=kind, total=len(rows), **about)
    Plan.objects.create(run=run, rows=list(rows), changes=changes or {})
    return run


class PlannedWork(Work):
    """Goes through the rows of its plan. What a chunk did and how far the run is are committed together."""

    def perform(self, run: Run) -> None:
        plan = Plan.objects.get(run=run)
        treat, size = self.prepare(run, plan)
        for start in range(run.done, len(plan.rows), size):
            ids = plan.rows[start : start + size]
            with ledger_write(run.ledger_id) as version:
                advance(run, n_rows=len(ids))
                add_counts(run, treat(ids, version))
            make_room()

    def after_end(self, run: Run) -> None:
        if run.status == RunStatus.SUCCEEDED:
            Plan.objects.filter(run=run).delete()

    @abstractmethod
    def prepare(self, run: Run, plan: Plan) -> tuple[Treat, int]:
        """What is done to the rows of a chunk, by their ids and with the version to stamp, and how many these are."""


class BulkWork(PlannedWork):
    """Does the same to every row that nothing hinders."""

    def prepare(self, run: Run, plan: Plan) -> tuple[Treat, int]:
        return partial(self._treat, run, plan), CHUNK

    def _treat(self, run: Run, plan: Plan, ids: list[int], version: int) -> dict[str, int]:
        found = Transaction.objects.filter(ledger_id=run.ledger_id, pk__in=ids).with_related()
        rows = list(found.select_related("parent").order_by("pk"))
        obstacles = (
            dict.fromkeys(self.missing(plan, ids), GONE)
            | {row.pk: None for row in rows}
            | self.obstacles(run, plan, rows)
        )
        left = {pk: obstacle for pk, obstacle in obstacles.items() if obstacle is not None}
        note_omissions(run, ((pk, obstacle.code, obstacle.detail) for pk, obstacle in left.items()))
        counts = self.change(run, plan, [row for row in rows if row.pk not in left], version)
        return counts | {"left_alone": len(left)}

    def missing(self, plan: Plan, ids: list[int]) -> list[int]:
        """Those that are reported as gone when they are not there."""
        return ids

    @abstractmethod
    def obstacles(self, run: Run, plan: Plan, rows: list[Transaction]) -> dict[int, Obstacle]:
        """Why some of the rows are left alone, by id."""

    @abstractmethod
    def change(self, run: Run, plan: Plan, rows: list[Transaction], version: int) -> dict[str, int]:
        """Do it to rows without obstacles, and count."""


class BulkDelete(BulkWork):
    """Into the bin; the parts of a split go and count with the whole."""

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
    """The same new values for every row."""

    def obstacles(self, run: Run, plan: Plan, rows: list[Transaction]) -> dict[int, Obstacle]:
        return obstacles_to_edit(rows, fields=planned_values(plan), user=run.user)

    def change(self, run: Run, plan: Plan, rows: list[Transaction], version: int) -> dict[str, int]:
        fields = planned_values(plan)
        tags = _tags(plan, version=version)
        for row in rows:
            leave_transfer(row, fields, author=Author.ordering(run), known=rows)
        with editing(rows, version=version, author=Author.ordering(run)):
            for row in rows:
                _write(row, fields)
                _retag(row, tags)
        changed = [row for row in rows if row.version == version]
        restamp_transfers(changed, fields, version=version)
        call_edit_hooks(ledger_id=run.ledger_id, ids=[row.pk for row in changed], version=version, run=run)
        return {"changed": len(changed), "unchanged": len(rows) - len(changed)}


def planned_values(plan: Plan) -> dict[str, Any]:
    """Field → value for the rows. Raises Refusal when category or account went after the run was ordered."""
    values = {name: value for name, value in plan.changes.items() if name not in TAGS}
    if values.get("category") is not None:
        categories = Category.objects.in_ledger(plan.run.ledger_id)
        values["category"] = _found(categories.filter(pk=values["category"]).first(), "category")
    if values.get("account") is not None:
        accounts = Account.objects.filter(ledger_id=plan.run.ledger_id)
        values["account"] = _found(accounts.filter(pk=values["account"]).first(), "account")
    if "date" in values:
        values["date"] = date.fromisoformat(values["date"])
    return values


def _found(row: Any, what: str) -> Any:
    if row is None:
        raise Refusal(f"The {what} that was to be set is gone; revert this run, and order another.", code=what)
    return row


def _tags(plan: Plan, *, version: int) -> dict[str, list[Tag]]:
    """The lists of tags that the plan has; tags to be taken away need not exist."""
    lists = {name: plan.changes[name] for name in TAGS if name in plan.changes}
    wanted = [name for key, names in lists.items() if key != "remove_tags" for name in names]
    known = find_or_create_tags(ledger_id=plan.run.ledger_id, names=wanted, version=version)
    if "remove_tags" in lists:
        known = {tag.name.casefold(): tag for tag in Tag.objects.filter(ledger_id=plan.run.ledger_id)}
    return {key: [known[n.casefold()] for n in names if n.casefold() in known] for key, names in lists.items()}


def _write(row: Transaction, fields: dict[str, Any]) -> None:
    for name, value in fields.items():
        setattr(row, name, value)
    if "category" in fields:
        apply_choice(row, fields["category"])
        row.review = fields.get("review", row.review)
    if row.category is None and "category" in fields and not row.is_kind_stated:
        row.kind = derive_kind(row.direction, None) or row.kind
    refit(row)
    follow_category(row)


def _retag(row: Transaction, tags: dict[str, list[Tag]]) -> None:
    current = set(row.tags.all())
    wanted = set(tags["tags"]) if "tags" in tags else current
    wanted = (wanted | set(tags.get("add_tags", ()))) - set(tags.get("remove_tags", ()))
    if wanted != current:
        give_tags(row, wanted)
