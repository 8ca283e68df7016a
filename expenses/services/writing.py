"""The lock and the version that every write of a ledger shares."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import transaction
from django.db.models import F

from expenses.models import Ledger


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
