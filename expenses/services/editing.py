"""The one way to change transactions that are there: journaled, stamped, and found by what they say now."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.db.models import prefetch_related_objects

from accounts.models import User
from expenses.journal import differences, snapshot
from expenses.models import Change, Run, Transaction
from expenses.searching import search_text_of
from expenses.services.edit_window import check_edit_window
from expenses.services.holding import hold

#: What a block may change beside the fields of the journal.
UNJOURNALED = ("decision", "is_touched", "match_text", "match_prefix", "parent", "run")


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

    The rows come `with_related()`, the caller holds the ledger's lock, and `tags` are set by their manager. Raises
    NotAllowed where the edit window is closed to the author.
    """
    if author.is_bound_by_window and author.user is not None:
        check_edit_window(rows, user=author.user)
    before = [(snapshot(row), _unjournaled(row)) for row in rows]
    tags = [frozenset(row.tags.all()) for row in rows]
    yield
    prefetch_related_objects(rows, "tags")
    if author.holds:
        for row, (was, _), had in zip(rows, before, tags, strict=True):
            hold(row, was, tags=had)
    changes = [_save(row, *was, version=version, author=author) for row, was in zip(rows, before, strict=True)]
    Change.objects.bulk_create([change for change in changes if change is not None], batch_size=500)


def _save(
    row: Transaction, before: dict[str, Any], unjournaled: list[Any], *, version: int, author: Author
) -> Change | None:
    fields = differences(before, snapshot(row))
    if not fields and unjournaled == _unjournaled(row):
        return None
    row.version = version
    if author.touches and not row.is_touched:
        row.is_touched = True
        fields |= {"is_touched": [False, True]} if author.run else {}  # so that a revert can tell
    row.search_text = search_text_of(row)
    row.save()
    return change_of(row, fields, author) if fields else None


def _unjournaled(row: Transaction) -> list[Any]:
    return [getattr(row, Transaction._meta.get_field(name).attname) for name in UNJOURNALED]  # type: ignore[union-attr]


def change_of(row: Transaction, fields: dict[str, Any], author: Author) -> Change:
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
