"""Reviews: one answer for many rows, as a run that can be reverted."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from accounts.models import User
from expenses.categorization.review_groups import OpenRow, direction_of
from expenses.hooks import call_edit_hooks
from expenses.models import CategorizationStatus, Category, Plan, Run, Transaction
from expenses.services.bulk_runs import BulkWork, Obstacle, obstacles_to_edit, order_run, planned_values
from expenses.services.edits import Author, editing
from expenses.services.row_category import accept_answer, answer_of, apply_choice, note_review

WHOLE = Obstacle("split", "It is split, so its parts are looked at instead.")
PAIRED = Obstacle("transfer", "It is half of a transfer; confirm or reject that at transfers/.")
DECIDED = Obstacle("decided", "Its category was chosen, confirmed or taken away by hand; edit it by itself.")
NOT_OPEN = Obstacle("not_open", "It needs no review: it was reviewed, or a link was sure of its category.")
NO_ANSWER = Obstacle("nothing_to_confirm", "There is no answer to confirm yet; give a category.")


@dataclass(frozen=True, slots=True)
class Selection:
    """The rows of one answer: ids in the order of the work, and the rows that are in review."""

    ids: list[int]
    open: list[OpenRow]
    n_similar: int = 0


def read_open(rows: Any) -> Iterator[OpenRow]:
    """A queryset's rows for grouping, the newest first, in one query of few columns."""
    return map(OpenRow._make, rows.order_by("-date", "-id").values_list(*OpenRow._fields))


def keys_of(*, user: User, ids: Iterable[int]) -> dict[int, str]:
    """Id → key of the person's rows, in the order of the ids, once each; rows in the bin and outside the queue, too."""
    wanted = list(ids)
    found = {row.id: row.key for row in read_open(Transaction.everything.for_user(user).filter(pk__in=wanted))}
    return {pk: found[pk] for pk in wanted if pk in found}


def select_group(*, user: User, key: str) -> Selection:
    """The whole group as it is now."""
    rows = Transaction.objects.for_user(user).in_review().filter(direction=direction_of(key))
    found = [row for row in read_open(rows) if row.key == key]
    return Selection([row.id for row in found], found)


def select_named(*, user: User, keys: dict[int, str], also_similar: bool) -> Selection:
    """The rows that `keys` names, and, with `also_similar`, those in the queue that have the same keys."""
    rows = Transaction.objects.for_user(user).in_review()
    if not also_similar:
        return Selection(list(keys), list(read_open(rows.filter(pk__in=list(keys)))))
    wanted = set(keys.values())
    found = [row for row in read_open(rows) if row.key in wanted]
    similar = [row.id for row in found if row.id not in keys]
    return Selection([*keys, *similar], found, len(similar))


def order_review(*, by: User, rows: Sequence[int], category: Category | None) -> Run:
    """Create the run that gives rows the category, or, with None, says that the machine's answers are right.

    It does not start by itself.
    """
    return order_run("review", by=by, rows=rows, changes={"category": category.pk} if category is not None else {})


class ReviewWork(BulkWork):
    """Settles rows of the queue; whatever is not in it stays as it is."""

    def obstacles(self, run: Run, plan: Plan, rows: list[Transaction]) -> dict[int, Obstacle]:
        fields = planned_values(plan)
        looked_at = Transaction.objects.filter(pk__in=[row.pk for row in rows]).in_review()
        is_open = set(looked_at.order_by().values_list("pk", flat=True))
        if fields:
            # One answer for many does not replace what the owner said of a single row.
            category = fields["category"]
            found = {row.pk: DECIDED for row in rows if _is_by_hand(row) and row.category_id != category.pk}
            found |= obstacles_to_edit(rows, fields=fields, user=run.user, keeps_kinds=False)
        else:
            found = {row.pk: NO_ANSWER for row in rows if not _is_by_hand(row) and answer_of(row) is None}
        return found | {row.pk: _reason_outside(row) for row in rows if row.pk not in is_open}

    def change(self, run: Run, plan: Plan, rows: list[Transaction], version: int) -> dict[str, int]:
        category = planned_values(plan).get("category")
        with editing(rows, version=version, author=Author.ordering(run)):
            for row in rows:
                answer = None if _is_by_hand(row) else answer_of(row)
                if category is not None:
                    apply_choice(row, category)
                elif answer is not None:
                    accept_answer(row, answer)
                else:
                    note_review(row)  # the owner's choice is right
        call_edit_hooks(ledger_id=run.ledger_id, ids=[row.pk for row in rows], version=version, run=run)
        return {"resolved": len(rows)}


def _is_by_hand(row: Transaction) -> bool:
    return row.category_source == "user" or row.review_status == CategorizationStatus.CONFIRMED


def _reason_outside(row: Transaction) -> Obstacle:
    if row.is_split:
        return WHOLE
    if row.transfer_id is not None:
        return PAIRED
    return DECIDED if _is_by_hand(row) else NOT_OPEN
