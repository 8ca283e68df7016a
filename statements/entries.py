"""Rows of a statement as the ledger takes them: checked, rounded, and with a fingerprint against duplicates.

A stored import is read from its file each time: file and profile are the whole truth.
"""

import datetime as dt
import hashlib
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import islice

from expenses.ledger.dates import EARLIEST, LATEST
from expenses.ledger.fingerprints import fingerprint_with_id, is_bank_id
from expenses.ledger.money import MAX_AMOUNT, currency_codes, format_amount, round_to_minor_units
from expenses.models import DESCRIPTION_LENGTH, Account
from expenses.models.transactions import TransactionDraft
from expenses.services.recognition import recognize_rows
from providers.interface import Direction
from statements.formats import importer_named
from statements.importer import RowError, Skipped, StatementRow
from statements.models import Import


@dataclass(frozen=True, slots=True)
class Entry:
    """A row that can be recorded. `amount` is positive, in minor units of `currency`."""

    row: StatementRow
    amount: Decimal
    direction: Direction
    currency: str
    fingerprint: str

    def draft(self, account: Account | None) -> TransactionDraft:
        """Return the draft of a transaction in the account."""
        return TransactionDraft(
            amount=self.amount,
            currency=self.currency,
            date=self.row.date,
            description=self.row.description[:DESCRIPTION_LENGTH],
            direction=self.direction,
            merchant=self.row.merchant[:200],
            iban=self.row.iban,
            mcc=self.row.mcc,
            account=account,
            fingerprint=self.fingerprint,
        )


Record = Entry | RowError | Skipped


def read_entries(records: Iterable[StatementRow | RowError | Skipped], *, currency: str) -> Iterator[Record]:
    """Check each row against the ledger's limits; `currency` is that of rows that name none.

    Equal rows of one file are counted, so that two equal coffees on one day are two entries, and the same two again in
    another statement of the account are recognized.
    """
    seen: Counter[tuple[object, ...]] = Counter()
    for record in records:
        if not isinstance(record, StatementRow):
            yield record
            continue
        code = record.currency or currency
        amount = round_to_minor_units(abs(record.amount), code)
        fault = _fault(record, amount, code)
        if fault is not None:
            yield fault
        elif not amount:
            yield Skipped(record.line, "zero", record.raw, record.date)
        else:
            text = " ".join(f"{record.merchant} {record.description}".casefold().split())
            key = (record.date, record.amount.normalize(), code, record.external_id, text)
            fingerprint = hashlib.sha256("\x1f".join(map(str, (*key, seen[key]))).encode()).hexdigest()[:32]
            if record.external_id and is_bank_id(record.external_id):
                fingerprint = fingerprint_with_id(
                    fingerprint, bank_id=record.external_id, day=record.date, amount=record.amount, currency=code
                )
            yield Entry(record, amount, "in" if record.amount > 0 else "out", code, fingerprint)
            seen[key] += 1


def _fault(row: StatementRow, amount: Decimal, currency: str) -> RowError | None:
    if currency not in currency_codes():
        detail = f"Line {row.line}: “{currency}” is not an ISO 4217 currency code."
        return RowError(row.line, "currency", "unknown_currency", detail, row.raw)
    if amount >= MAX_AMOUNT:
        detail = f"Line {row.line}: {row.amount} is too large; amounts are less than {MAX_AMOUNT}."
        return RowError(row.line, "amount", "max_value", detail, row.raw)
    if not EARLIEST <= row.date <= LATEST:
        detail = f"Line {row.line}: {row.date} is not between {EARLIEST} and {LATEST}."
        return RowError(row.line, "date", "out_of_range", detail, row.raw)
    return None


@dataclass
class StatementSummary:
    """Counts, period and totals by currency; `fingerprints` are those of the entries."""

    n_errors: int = 0
    n_skipped: int = 0
    first_date: dt.date | None = None
    last_date: dt.date | None = None
    fingerprints: set[str] = field(default_factory=set)
    sums: dict[str, dict[str, Decimal]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(Decimal)))

    @property
    def totals(self) -> dict[str, dict[str, str]]:
        """Currency → decimal strings of money in, money out, and in minus out."""
        return {
            currency: {
                "in": format_amount(sums["in"], currency),
                "out": format_amount(sums["out"], currency),
                "sum": format_amount(sums["in"] - sums["out"], currency),
            }
            for currency, sums in self.sums.items()
        }


def summarize(records: Iterable[Record]) -> StatementSummary:
    """Read all records once."""
    summary = StatementSummary()
    for record in records:
        if isinstance(record, Entry):
            date = record.row.date
            summary.first_date = min(summary.first_date or date, date)
            summary.last_date = max(summary.last_date or date, date)
            summary.fingerprints.add(record.fingerprint)
            summary.sums[record.currency][record.direction] += record.amount
        elif isinstance(record, RowError):
            summary.n_errors += 1
        else:
            summary.n_skipped += 1
    return summary


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


def known_fingerprints(statement: Import, fingerprints: Collection[str]) -> dict[str, int]:
    """Return fingerprint → id of transactions in the import's account and period that stand for these rows."""
    if statement.account is None or statement.first_date is None or statement.last_date is None:
        return {}
    return recognize_rows(fingerprints, account=statement.account, start=statement.first_date, end=statement.last_date)
