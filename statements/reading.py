"""The records of a stored import, read from its file each time: file and profile are the whole truth."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from expenses.models import Transaction
from statements.entries import Entry, read_entries
from statements.formats import importer_named
from statements.importer import RowError, Skipped
from statements.models import Import

Record = Entry | RowError | Skipped


def read_records(statement: Import) -> Iterator[Record]:
    """Yield every record of the file in order. Raises UnreadableFile if the profile does not fit."""
    with statement.file.open("rb") as file:
        data = file.read()
    currency = statement.account.currency if statement.account else statement.user.base_currency
    return read_entries(importer_named(statement.format).read(data, statement.profile), currency=currency)


SHOWN: dict[str, tuple[type, ...]] = {
    "rows": (Entry, RowError),
    "errors": (RowError,),
    "skipped": (Skipped,),
}


@dataclass(frozen=True, slots=True)
class RecordList:
    """The records of a kind (a key of SHOWN), sliced like a list; the file is read only as far as a slice needs."""

    statement: Import
    show: str

    def __len__(self) -> int:
        counts = {
            "rows": self.statement.n_rows + self.statement.n_errors,
            "errors": self.statement.n_errors,
            "skipped": self.statement.n_skipped,
        }
        return counts[self.show]

    def __getitem__(self, wanted: slice) -> list[Record]:
        shown = (record for record in read_records(self.statement) if isinstance(record, SHOWN[self.show]))
        return list(islice(shown, wanted.start, wanted.stop))


def known_fingerprints(statement: Import, fingerprints: Sequence[str] | None = None) -> dict[str, int]:
    """Return fingerprint → id of transactions in the import's account and period: of those given, or of all."""
    if statement.account is None or statement.first_date is None or statement.last_date is None:
        return {}
    rows = Transaction.everything.all()  # what was deleted does not come back with the next statement
    if fingerprints is not None:
        rows = rows.filter(fingerprint__in=fingerprints)
    known: dict[str, int] = rows.fingerprints(
        account=statement.account, start=statement.first_date, end=statement.last_date
    )
    return known
