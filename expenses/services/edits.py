"""Edits of transactions: in memory, written with version, journal and tags, and how long users may make them."""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from django.conf import settings
from django.db import connection
from django.db.models import prefetch_related_objects
from django.utils import timezone

from accounts.models import User
from accounts.roles import is_admin
from expenses.models import CategorizationStatus, Change, Run, Tag, Transaction
from expenses.models.bulk_insert import insert_ignoring_known
from expenses.models.ledgers import may_edit_as_admin
from expenses.querysets import searchable
from expenses.services.journal import Fields, differences, snapshot
from expenses.services.ledger_lock import NotAllowed
from providers.interface import EFFECT_FIELDS

CHANGE_COLUMNS = ["ledger_id", "transaction_id", "run_id", "user_id", "source", "version", "at", "fields"]
#: From so many rows with equal values on, one statement writes them all.
ALIKE = 10


@dataclass(frozen=True, slots=True)
class Author:
    """The user, link of the chain, or run that changes rows; `source` is its name in the journal."""

    source: str
    user: User | None = None
    run: Run | None = None
    #: From then on the rows are the owner's work, which the revert of an import leaves alone.
    touches: bool = False
    #: The written fields are the owner's, and machines leave them alone.
    holds: bool = False
    #: The edit window applies.
    is_bound_by_window: bool = False

    @classmethod
    def person(cls, user: User) -> "Author":
        """Return a user who edits, splits or deletes by hand."""
        return cls("user", user, touches=True, holds=True, is_bound_by_window=True)

    @classmethod
    def answering(cls, user: User) -> "Author":
        """Return a user who confirms a machine's answer, or restores what was deleted."""
        return cls("user", user, touches=True)

    @classmethod
    def ordering(cls, run: Run) -> "Author":
        """Return a user whose run changes many rows. The run leaves out rows outside of the edit window itself."""
        return cls(run.kind, run.user, run, touches=True, holds=True)


class RowWrite(NamedTuple):
    """The new values of one transaction. Rows may share `columns` and `journal`.

    `columns` maps columns to values as the database keeps them, `journal` maps fields to [before, after].
    """

    id: int
    columns: Mapping[str, Any]
    journal: Fields
    new_tags: Collection[int] = ()
    lost_tags: Collection[int] = ()


def write_rows(
    writes: Sequence[RowWrite], *, ledger_id: int, version: int, author: Author, at: datetime | None = None
) -> None:
    """Write rows of one ledger, stamped with the version, and their journal. The caller holds the ledger's lock.

    A row without a journal is stamped all the same.
    """
    now = connection.ops.adapt_datetimefield_value(at or timezone.now())
    _update(writes, {"version": version, "updated_at": now})
    run, user = author.run and author.run.pk, author.user and author.user.pk
    texts: dict[int, str] = {}
    changes: list[list[Any]] = []
    for write in writes:
        if write.journal:
            text = texts.get(id(write.journal)) or texts.setdefault(id(write.journal), json.dumps(write.journal))
            changes.append([ledger_id, write.id, run, user, author.source, version, now, text])
    if changes:
        insert_ignoring_known(Change, CHANGE_COLUMNS, changes)
    link_tags((write.id, tag) for write in writes for tag in write.new_tags)
    if lost := [(write.id, tag) for write in writes for tag in write.lost_tags]:
        table = connection.ops.quote_name(Transaction.tags.through._meta.db_table)
        with connection.cursor() as cursor:
            cursor.executemany(f"DELETE FROM {table} WHERE transaction_id = %s AND tag_id = %s", lost)  # noqa: S608


def link_tags(links: Iterable[tuple[int, int]]) -> None:
    """Link pairs of a transaction's and a tag's id, unless they are linked already."""
    if rows := list(links):
        insert_ignoring_known(Transaction.tags.through, ["transaction_id", "tag_id"], rows)


def _update(writes: Sequence[RowWrite], stamp: dict[str, Any]) -> None:
    """Write the columns: one statement for many rows with equal values, or else one for equal columns."""
    alike: dict[tuple[tuple[str, Any], ...], list[int]] = defaultdict(list)
    for write in writes:
        alike[tuple(write.columns.items())].append(write.id)
    quote = connection.ops.quote_name
    single: dict[str, list[list[Any]]] = defaultdict(list)
    with connection.cursor() as cursor:
        for items, ids in alike.items():
            columns = dict(items) | stamp
            sets = ", ".join(f"{quote(name)} = %s" for name in columns)
            update = f"UPDATE {quote(Transaction._meta.db_table)} SET {sets} WHERE id "  # noqa: S608 - our columns
            if len(ids) < ALIKE:
                single[f"{update}= %s"] += [[*columns.values(), pk] for pk in ids]
            else:
                cursor.execute(f"{update}IN ({', '.join(['%s'] * len(ids))})", [*columns.values(), *ids])
        for sql, parameters in single.items():
            cursor.executemany(sql, parameters)


FIELDS: dict[str, Any] = {field.attname: field for field in Transaction._meta.concrete_fields}
#: What a block may change beside the fields of the journal.
UNJOURNALED = ("decision_id", "awaits_model", "is_touched", "match_text", "match_prefix", "parent_id", "run_id")
#: The code of an error or omission for rows that were recorded too long ago.
EDIT_WINDOW_CLOSED = "edit_window_closed"


@contextmanager
def editing(rows: Sequence[Transaction], *, version: int, author: Author) -> Iterator[None]:
    """Save and journal what the block changes of rows of one ledger. Unchanged rows keep their version.

    The rows come `with_related()`, the caller holds the ledger's lock, and tags are given by `give_tags`. Raises
    NotAllowed if the edit window is closed to the author.
    """
    if author.is_bound_by_window and author.user is not None:
        check_edit_window(rows, user=author.user)
    prefetch_related_objects(rows, "tags")
    before = [
        (row, snapshot(row), {name: getattr(row, name) for name in FIELDS}, frozenset(row.tags.all())) for row in rows
    ]
    yield
    prefetch_related_objects(rows, "tags")  # again, for rows that the block has refreshed
    at = timezone.now()
    writes: list[RowWrite] = []
    for row, journaled, values, old_tags in before:
        tags = frozenset(row.tags.all())
        if author.holds:
            written = {name for name in EFFECT_FIELDS if getattr(row, name) != values[name]}
            written |= {held_tag(tag.pk) for tag in tags ^ old_tags}
            row.held = row.held if written <= set(row.held) else sorted({*row.held, *written})
        if row.review_status == CategorizationStatus.PENDING:
            row.awaits_model = True  # whatever gave the row this status back
        fields = differences(journaled, snapshot(row))
        if not fields and all(getattr(row, name) == values[name] for name in UNJOURNALED):
            continue
        if author.touches and not row.is_touched:
            row.is_touched = True
            fields |= {"is_touched": [False, True]} if author.run else {}  # so that a revert can tell
        row.search_text = search_text_of(row)
        columns = {
            FIELDS[name].column: FIELDS[name].get_db_prep_save(getattr(row, name), connection)
            for name, value in values.items()
            if getattr(row, name) != value
        }
        row.version, row.updated_at = version, at
        new, lost = tags - old_tags, old_tags - tags
        writes.append(RowWrite(row.pk, columns, fields, [tag.pk for tag in new], [tag.pk for tag in lost]))
    if writes:
        write_rows(writes, ledger_id=rows[0].ledger_id, version=version, author=author, at=at)


def search_text_of(row: Transaction) -> str:
    """Return what a search of the row looks at."""
    return searchable(
        description=row.description, raw_description=row.raw_description, merchant=row.merchant, notes=row.notes
    )


def give_tags(row: Transaction, tags: Iterable[Tag]) -> None:
    """Let the row have exactly these tags. `editing` writes them at the end of its block."""
    found = Tag.objects.none()
    found._result_cache = list(tags)  # noqa: SLF001 - as prefetching does
    row._prefetched_objects_cache = {"tags": found}  # type: ignore[attr-defined]  # noqa: SLF001 - as prefetching does


def find_or_create_tags(*, ledger_id: int, names: Iterable[str], version: int) -> dict[str, Tag]:
    """Return the tags of these names, by casefolded name. Missing ones are created, in the spelling that comes first.

    It takes at most two queries. Call it under the ledger's lock.
    """
    wanted = {name.casefold(): name for name in reversed(list(names))}
    if not wanted:
        return {}
    tags = {tag.name.casefold(): tag for tag in Tag.objects.filter(ledger_id=ledger_id)}
    missing = [Tag(ledger_id=ledger_id, name=name, version=version) for key, name in wanted.items() if key not in tags]
    tags |= {tag.name.casefold(): tag for tag in Tag.objects.bulk_create(missing)}
    return {key: tags[key] for key in wanted}


def held_tag(pk: int) -> str:
    """Return how the column `held` names a tag that the owner gave or took away."""
    return f"tag:{pk}"


def check_edit_window(rows: Iterable[Transaction], *, user: User) -> None:
    """Raise NotAllowed if the user cannot edit one of the rows any more. Call it under the ledger's lock."""
    for detail in closed_rows(rows, user=user).values():
        raise NotAllowed(detail, code=EDIT_WINDOW_CLOSED)


def closed_rows(rows: Iterable[Transaction], *, user: User) -> dict[int, str]:
    """Return the rows of one ledger that were recorded before the edit window. Admins have no edit window.

    By id, a sentence says since when the row is closed, and who can help.
    """
    if not settings.EXPENSE_EDIT_WINDOW:
        return {}
    now = timezone.now()
    closed = [row for row in rows if now - recorded_at(row) > settings.EXPENSE_EDIT_WINDOW]
    if not closed or is_admin(user):
        return {}
    hours = int(settings.EXPENSE_EDIT_WINDOW.total_seconds() // 3600)
    can_help = may_edit_as_admin(closed[0].ledger_id)
    way_out = "Ask an admin to do it." if can_help else "The operator can change EXPENSE_EDIT_WINDOW_HOURS."
    return {
        row.pk: f"It was recorded more than {hours} hours ago, so it cannot be edited, split or deleted since "
        f"{recorded_at(row) + settings.EXPENSE_EDIT_WINDOW:%Y-%m-%d %H:%M} UTC. {way_out}"
        for row in closed
    }


def edit_window_bound(user: User) -> datetime | None:
    """Return the instant before which recorded rows are closed to the user. Return None without such a bound."""
    if not settings.EXPENSE_EDIT_WINDOW or is_admin(user):
        return None
    return timezone.now() - settings.EXPENSE_EDIT_WINDOW


def recorded_at(row: Transaction) -> datetime:
    """Return when the row was recorded. A part of a split is as old as its whole."""
    whole = row.parent if row.parent_id is not None else row
    at: datetime = (whole or row).created_at
    return at
