"""Saves what changed of many rows: the columns that differ, in one statement for all rows with the same ones."""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import prefetch_related_objects
from django.utils import timezone

from accounts.models import User
from expenses.ledger.search_text import search_text_of
from expenses.models import Change, Run, Tag, Transaction
from expenses.models.bulk_insert import insert_ignoring_known
from expenses.services.edit_window import check_edit_window
from expenses.services.journal import Fields, Snapshot, differences, snapshot
from expenses.services.tagging import save_tags
from expenses.services.user_fields import hold

FIELDS: dict[str, Any] = {field.attname: field for field in Transaction._meta.concrete_fields}
Values = dict[str, Any]


def values_of(row: Transaction) -> Values:
    """Every column's value as the row has it."""
    return {name: getattr(row, name) for name in FIELDS}


def save_differences(rows: Sequence[tuple[Transaction, Values]]) -> None:
    """Write what differs from the values that each row had. The caller holds the ledger's lock."""
    groups: dict[tuple[str, ...], list[list[Any]]] = defaultdict(list)
    for row, before in rows:
        names = tuple(name for name, value in before.items() if getattr(row, name) != value)
        values = [FIELDS[name].get_db_prep_save(getattr(row, name), connection) for name in names]
        groups[names].append([*values, row.pk])
    quote = connection.ops.quote_name
    with connection.cursor() as cursor:
        for names, parameters in groups.items():
            sets = ", ".join(f"{quote(FIELDS[name].column)} = %s" for name in names)
            sql = f"UPDATE {quote(Transaction._meta.db_table)} SET {sets} WHERE id = %s"  # noqa: S608 - our columns
            cursor.executemany(sql, parameters)


CHANGE_COLUMNS = ["ledger_id", "transaction_id", "run_id", "user_id", "source", "version", "at", "fields"]
#: What a block may change beside the fields of the journal.
UNJOURNALED = ("decision_id", "is_touched", "match_text", "match_prefix", "parent_id", "run_id")


@dataclass(frozen=True, slots=True)
class Author:
    """Who changes rows: a person, or a machine by the name of its link or run."""

    source: str
    user: User | None = None
    run: Run | None = None
    #: The rows are its owner's work from then on, which taking an import back leaves alone.
    touches: bool = False
    #: What they write is their own, which machines leave alone.
    holds: bool = False
    #: Edits by hand end with the edit window.
    is_bound_by_window: bool = False

    @classmethod
    def person(cls, user: User) -> "Author":
        """Somebody who edits, splits or deletes."""
        return cls("user", user, touches=True, holds=True, is_bound_by_window=True)

    @classmethod
    def answering(cls, user: User) -> "Author":
        """Somebody who says that a machine was right, or wants back what was deleted."""
        return cls("user", user, touches=True)

    @classmethod
    def ordering(cls, run: Run) -> "Author":
        """Somebody who had a run change many rows; the run has left out those that the edit window closes."""
        return cls(run.kind, run.user, run, touches=True, holds=True)


@contextmanager
def editing(rows: Sequence[Transaction], *, version: int, author: Author) -> Iterator[None]:
    """Save what the block changes of the rows, and write it down; rows that stay as they are keep their version.

    The rows come `with_related()`, the caller holds the ledger's lock, and tags are given by `give_tags`. Raises
    NotAllowed where the edit window is closed to the author.
    """
    if author.is_bound_by_window and author.user is not None:
        check_edit_window(rows, user=author.user)
    before = [_Before(snapshot(row), values_of(row), frozenset(row.tags.all())) for row in rows]
    yield
    prefetch_related_objects(rows, "tags")
    save_tags([(row, was.tags) for row, was in zip(rows, before, strict=True)])
    written: list[tuple[Transaction, Values]] = []
    changes: list[Change] = []
    for row, was in zip(rows, before, strict=True):
        fields = _stamp(row, was, version=version, author=author)
        if fields is not None:
            written.append((row, was.values))
            changes += [change_of(row, fields, author)] if fields else []
    save_differences(written)
    Change.objects.bulk_create(changes, batch_size=500)


class _Before(NamedTuple):
    """A row as it was."""

    snapshot: Snapshot
    values: Values
    tags: frozenset[Tag]


def _stamp(row: Transaction, before: _Before, *, version: int, author: Author) -> Fields | None:
    """What the journal is to say of the row, which gets the version; None where nothing has changed."""
    if author.holds:
        hold(row, before.snapshot, tags=before.tags)
    fields = differences(before.snapshot, snapshot(row))
    if not fields and all(getattr(row, name) == before.values[name] for name in UNJOURNALED):
        return None
    row.version, row.updated_at = version, timezone.now()
    if author.touches and not row.is_touched:
        row.is_touched = True
        fields |= {"is_touched": [False, True]} if author.run else {}  # so that a revert can tell
    row.search_text = search_text_of(row)
    return fields


def change_of(row: Transaction, fields: Fields, author: Author) -> Change:
    """What the journal is to say of a row that is stamped already; not saved."""
    return Change(
        ledger_id=row.ledger_id,
        transaction=row,
        run=author.run,
        user=author.user,
        source=author.source,
        version=row.version,
        fields=fields,
    )


def write_down(changes: Mapping[int, Fields], *, ledger_id: int, version: int, author: Author) -> None:
    """Write the journal of rows that were stamped already: by id, what became of the fields; rows may share it."""
    now = connection.ops.adapt_datetimefield_value(timezone.now())
    run, user = author.run and author.run.pk, author.user and author.user.pk
    distinct = {id(fields): fields for fields in changes.values()}
    texts = {key: json.dumps(fields) for key, fields in distinct.items()}
    rows: list[list[Any]] = [
        [ledger_id, pk, run, user, author.source, version, now, texts[id(fields)]] for pk, fields in changes.items()
    ]
    insert_ignoring_known(Change, CHANGE_COLUMNS, rows)
