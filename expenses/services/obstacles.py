"""Why rows cannot take a change that many are to get: such rows are left alone and named."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from accounts.models import User
from expenses.models import Account, Category, Omission, Run, Transaction
from expenses.models.bulk_insert import insert_ignoring_known
from expenses.services.edit_window import CODE, closed_detail, closed_rows
from expenses.services.split_parts import FIXED_ON_PART, HELD_BY_WHOLE
from expenses.services.standing import fits

OMISSION_COLUMNS = ["run_id", "transaction", "code", "detail"]
DETAIL_LENGTH = Omission._meta.get_field("detail").max_length or 0


@dataclass(frozen=True, slots=True)
class Obstacle:
    """A word for programs and a sentence for people."""

    code: str
    detail: str


GONE = Obstacle("gone", "It was deleted meanwhile.")
WHOLE = Obstacle("split", "It is split, so its parts have that; edit them, or the whole by itself.")
PART = Obstacle("split", "It is a part of a split, which has that from its whole.")
ALONE = Obstacle("split", "It is a part of a split; delete the whole, or change its parts by split/.")
TAKEN = Obstacle("duplicate", "Another transaction of that account has the same external id or statement row.")


def note_omissions(run: Run, left: Iterable[tuple[int, str, str]]) -> int:
    """Keep which rows the run left as they were: id, code and sentence. Returns how many."""
    rows = [[run.pk, pk, code, detail[:DETAIL_LENGTH]] for pk, code, detail in left]
    insert_ignoring_known(Omission, OMISSION_COLUMNS, rows)
    return len(rows)


def obstacles_to_delete(rows: Sequence[Transaction], *, chosen: Collection[int], user: User) -> dict[int, Obstacle]:
    """By id of row; `chosen` are the ids of all that are to go. A part goes with its whole, not without."""
    found = {row.pk: ALONE for row in rows if row.parent_id is not None and row.parent_id not in chosen}
    return found | _closed(rows, user)


def obstacles_to_edit(rows: Sequence[Transaction], *, fields: dict[str, Any], user: User) -> dict[int, Obstacle]:
    """By id of row; `fields` are the new values. Call it under the ledger's lock."""
    found = dict(_misfits(rows, fields.get("category")))
    if "account" in fields:
        found |= _taken(rows, fields["account"])
    found |= {row.pk: WHOLE for row in rows if row.is_split and HELD_BY_WHOLE & fields.keys()}
    if not fields.keys().isdisjoint(FIXED_ON_PART):
        found |= {row.pk: PART for row in rows if row.parent_id is not None}
    return found | _closed(rows, user)


def _closed(rows: Sequence[Transaction], user: User) -> dict[int, Obstacle]:
    return {row.pk: Obstacle(CODE, closed_detail(row)) for row in closed_rows(rows, user=user)}


def _misfits(rows: Iterable[Transaction], category: Category | None) -> Iterator[tuple[int, Obstacle]]:
    if category is None:
        return
    for row in rows:
        if not fits(row, category):
            what = row.kind if row.is_kind_stated else f"money {row.direction}"
            detail = f"“{category}” is a category of kind {category.kind}, which does not fit {what}."
            yield row.pk, Obstacle("wrong_kind", detail)


def _taken(rows: Sequence[Transaction], account: Account | None) -> dict[int, Obstacle]:
    """Rows that cannot lie in the account, because one that is there, or comes before them, is the same."""
    moving = [row for row in rows if row.account_id != (account and account.pk)]
    taken = _identities_in(account, moving)
    found: dict[int, Obstacle] = {}
    for row in moving:
        own = _identities(row.external_id, row.fingerprint)
        if own & taken:
            found[row.pk] = TAKEN
        taken |= own
    return found


Identity = tuple[Literal["external_id", "fingerprint"], str]


def _identities_in(account: Account | None, rows: Sequence[Transaction]) -> set[Identity]:
    """What the account has of the rows' identities; deleted rows keep their fingerprint."""
    if not rows:
        return set()
    named = [row.external_id for row in rows if row.external_id is not None]
    stamped = [row.fingerprint for row in rows if row.fingerprint is not None]
    there = Transaction.everything.filter(ledger_id=rows[0].ledger_id, account=account).order_by()
    found: set[Identity] = set()
    if named:
        live = there.filter(external_id__in=named, deleted_at=None).values_list("external_id", flat=True)
        found |= {("external_id", value) for value in live}
    if stamped:
        same = there.filter(fingerprint__in=stamped).values_list("fingerprint", flat=True)
        found |= {("fingerprint", value) for value in same}
    return found


def _identities(external_id: str | None, fingerprint: str | None) -> set[Identity]:
    own: set[Identity] = {("external_id", external_id)} if external_id is not None else set()
    return own | {("fingerprint", fingerprint)} if fingerprint is not None else own
