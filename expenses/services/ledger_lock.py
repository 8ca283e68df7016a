"""The lock and the version that every write of a ledger shares."""

import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar

from django.db import connection, models, transaction

from accounts.models import User
from expenses.models import Tombstone, Transaction
from expenses.models.journal import tombstone_type
from expenses.models.ledgers import Ledger, ledger_id_of

Row = TypeVar("Row", bound=models.Model)
SQLITE_TRIES_EVERY_S = 0.1
#: Rows that share a version: a client that follows the changes is given whole versions.
ROWS_OF_A_VERSION = 1000


class Refusal(Exception):
    """A write that contradicts the present state. The sentence tells the user what to do."""

    def __init__(self, detail: str, *, code: str) -> None:
        super().__init__(detail)
        self.code = code


class NotAllowed(Refusal):
    """A write that other users may do, but not this one."""


@contextmanager
def ledger_write(ledger_id: int) -> Iterator[int]:
    """Open a database transaction, take the ledger's lock, and give the version to stamp on what is written.

    The update locks the row until commit, so versions commit in order and nobody else writes to this ledger meanwhile.
    """
    with transaction.atomic():
        yield next_version(ledger_id)


def write_nothing() -> None:
    """Take the present `ledger_write` back, its version included: it was a trial, or changed nothing."""
    transaction.set_rollback(True)


def lock_ledger(ledger_id: int) -> None:
    """Take the ledger's lock within an open database transaction, and write nothing. SQLite has taken it already."""
    if connection.features.has_select_for_update:
        Ledger.objects.select_for_update().values_list("pk").get(pk=ledger_id)


def make_room() -> None:
    """Let others write between two parts of long work.

    PostgreSQL queues those who wait for a lock. SQLite has them try again now and then, at most a tenth of a second
    apart, so a writer who takes the lock at once again would shut them out.
    """
    if connection.vendor == "sqlite" and not connection.in_atomic_block:
        time.sleep(SQLITE_TRIES_EVERY_S)


def next_version(ledger_id: int) -> int:
    """Raise the ledger's version once more within a write, for each thousand rows of a large one."""
    table = connection.ops.quote_name(Ledger._meta.db_table)
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE {table} SET version = version + 1 WHERE id = %s RETURNING version", [ledger_id])  # noqa: S608
        found = cursor.fetchone()
    if found is None:
        raise Ledger.DoesNotExist
    version: int = found[0]
    return version


def in_versions(ids: Iterable[int], *, ledger_id: int) -> Iterator[tuple[list[int], int]]:
    """Yield the ids in parts, each with a version of its own to stamp."""
    rest = list(ids)
    for start in range(0, len(rest), ROWS_OF_A_VERSION):
        yield rest[start : start + ROWS_OF_A_VERSION], next_version(ledger_id)


def add_row(model: type[Row], *, by: User, fields: Mapping[str, Any]) -> Row:
    """Insert a row of the person's ledger, stamped with the version of the write."""
    ledger_id = ledger_id_of(by)
    with ledger_write(ledger_id) as version:
        row: Row = model._default_manager.create(ledger_id=ledger_id, version=version, **fields)
        return row


def change_row(row: Row, *, by: User, fields: Mapping[str, Any]) -> Row:
    """Change fields of a row as it is now, which may not be what was checked. Raises DoesNotExist when it is gone."""
    with ledger_write(ledger_id_of(by)) as version:
        current: Row = type(row)._default_manager.get(pk=row.pk)
        for name, value in {**fields, "version": version}.items():
            setattr(current, name, value)
        current.save()
        return current


def remove_row(row: models.Model, *, ledger_id: int, version: int) -> None:
    """Delete a row for good and leave a tombstone. Raises ProtectedError while something refers to it."""
    bury(type(row), [row.pk], ledger_id=ledger_id, version=version)
    row.delete()


def bury(model: type[models.Model], ids: Iterable[int], *, ledger_id: int, version: int) -> None:
    """Leave tombstones of rows that go; repeating it moves them to the newer version."""
    kind = tombstone_type(model)
    stones = [Tombstone(ledger_id=ledger_id, type=kind, object_id=pk, version=version) for pk in ids]
    Tombstone.objects.bulk_create(
        stones,
        batch_size=500,
        update_conflicts=True,
        unique_fields=["ledger", "type", "object_id"],
        update_fields=["version"],
    )


def exhume(model: type[models.Model], ids: Iterable[int], *, ledger_id: int) -> None:
    """Take away the tombstones of rows that are back."""
    stones = Tombstone.objects.filter(ledger_id=ledger_id, type=tombstone_type(model))
    stones.filter(object_id__in=list(ids)).delete()


def restamp(rows: "models.QuerySet[Transaction]", *, ledger_id: int) -> None:
    """Give transactions a new version because something that they show, a name, has changed."""
    ids = list(rows.order_by("pk").values_list("pk", flat=True))
    for part, version in in_versions(ids, ledger_id=ledger_id):
        Transaction.everything.filter(pk__in=part).update(version=version)
