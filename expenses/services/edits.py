"""Edits of transactions in memory, saved and journaled together, and how long users may make them."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import prefetch_related_objects
from django.utils import timezone

from accounts.models import User
from accounts.roles import is_admin
from expenses.ledger.search_text import searchable
from expenses.models import Tag, Transaction
from expenses.services.journal import differences, snapshot
from expenses.services.ledger_lock import NotAllowed
from expenses.services.row_writer import Author, RowWrite, write_rows
from providers.interface import EFFECT_FIELDS

FIELDS: dict[str, Any] = {field.attname: field for field in Transaction._meta.concrete_fields}
#: What a block may change beside the fields of the journal.
UNJOURNALED = ("decision_id", "is_touched", "match_text", "match_prefix", "parent_id", "run_id")
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
    at = timezone.now()
    writes: list[RowWrite] = []
    for row, journaled, values, old_tags in before:
        tags = frozenset(row.tags.all())
        if author.holds:
            written = {name for name in EFFECT_FIELDS if getattr(row, name) != values[name]}
            written |= {held_tag(tag.pk) for tag in tags ^ old_tags}
            row.held = row.held if written <= set(row.held) else sorted({*row.held, *written})
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


def held_tag(pk: int) -> str:
    """Return how the column `held` names a tag that the owner gave or took away."""
    return f"tag:{pk}"


def check_edit_window(rows: Iterable[Transaction], *, user: User) -> None:
    """Raise NotAllowed if the user cannot edit one of the rows any more. Call it under the ledger's lock."""
    for row in closed_rows(rows, user=user):
        raise NotAllowed(closed_detail(row), code=EDIT_WINDOW_CLOSED)


def closed_rows(rows: Iterable[Transaction], *, user: User) -> list[Transaction]:
    """Return the rows recorded before the edit window. Admins have no edit window."""
    if not settings.EXPENSE_EDIT_WINDOW:
        return []
    now = timezone.now()
    closed = [row for row in rows if now - recorded_at(row) > settings.EXPENSE_EDIT_WINDOW]
    return [] if closed and is_admin(user) else closed


def edit_window_bound(user: User) -> datetime | None:
    """Return the instant before which recorded rows are closed to the user. Return None without such a bound."""
    if not settings.EXPENSE_EDIT_WINDOW or is_admin(user):
        return None
    return timezone.now() - settings.EXPENSE_EDIT_WINDOW


def closed_detail(row: Transaction) -> str:
    """Return the sentence that says since when the row is closed, and who can edit it."""
    since = recorded_at(row) + settings.EXPENSE_EDIT_WINDOW
    hours = int(settings.EXPENSE_EDIT_WINDOW.total_seconds() // 3600)
    return (
        f"It was recorded more than {hours} hours ago, so it cannot be edited, split or deleted since "
        f"{since:%Y-%m-%d %H:%M} UTC. Ask an admin to do it."
    )


def recorded_at(row: Transaction) -> datetime:
    """Return when the row was recorded. A part of a split is as old as its whole."""
    whole = row.parent if row.parent_id is not None else row
    at: datetime = (whole or row).created_at
    return at
