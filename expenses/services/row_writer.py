"""Writes of many transactions at once: values, version, journal and tags, in statements for whole sets of rows."""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from django.db import connection
from django.utils import timezone

from accounts.models import User
from expenses.models import Change, Run, Transaction
from expenses.models.bulk_insert import insert_ignoring_known
from expenses.services.journal import Fields

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
    lost: dict[int, list[int]] = defaultdict(list)
    for write in writes:
        for tag in write.lost_tags:
            lost[tag].append(write.id)
    for tag, ids in lost.items():
        Transaction.tags.through.objects.filter(tag=tag, transaction__in=ids).delete()


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
