"""The lock and the version that every write of a ledger shares."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar

from django.db import models, transaction
from django.db.models import F

from accounts.models import User
from expenses.membership import Ledger, ledger_id_of

Row = TypeVar("Row", bound=models.Model)


class Refused(Exception):
    """What is asked for does not go together with what is there; the sentence tells the user what to do."""

    def __init__(self, detail: str, *, code: str) -> None:
        super().__init__(detail)
        self.code = code


@contextmanager
def ledger_write(ledger_id: int) -> Iterator[int]:
    """Open a database transaction, take the ledger's lock, and give the version to stamp on what is written.

    The update locks the row until commit, so versions commit in order and nobody else writes to this ledger meanwhile.
    """
    with transaction.atomic():
        Ledger.objects.filter(pk=ledger_id).update(version=F("version") + 1)
        yield Ledger.objects.values_list("version", flat=True).get(pk=ledger_id)


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
