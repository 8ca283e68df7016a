"""Rows of a statement as the ledger wants them: checked, rounded, and with a fingerprint. Pure but for its inputs."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from expenses.ledger.dates import EARLIEST, LATEST
from expenses.ledger.money import MAX_AMOUNT, currency_codes, round_to_minor_units
from expenses.models import DESCRIPTION_LENGTH, Account
from expenses.services.drafts import TransactionDraft
from providers.interface import Direction
from statements.importer import Row, RowError, Skipped


@dataclass(frozen=True, slots=True)
class Entry:
    """A row that can be recorded. `amount` is positive, in minor units of `currency`."""

    row: Row
    amount: Decimal
    direction: Direction
    currency: str
    fingerprint: str

    def draft(self, account: Account | None) -> TransactionDraft:
        """What to record in the account."""
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


def read_entries(records: Iterable[Row | RowError | Skipped], *, currency: str) -> Iterator[Entry | RowError | Skipped]:
    """Check each row against the ledger's limits; `currency` is that of rows that name none.

    Equal rows of one file are counted, so that two equal coffees on one day are two entries, and the same two again in
    another statement of the account are recognized.
    """
    seen: Counter[tuple[object, ...]] = Counter()
    for record in records:
        if not isinstance(record, Row):
            yield record
            continue
        amount = round_to_minor_units(abs(record.amount), record.currency or currency)
        fault = _fault(record, amount, record.currency or currency)
        if fault is not None:
            yield fault
        elif not amount:
            yield Skipped(record.line, "zero", record.raw, record.date)
        else:
            key = (
                record.date,
                record.amount.normalize(),
                record.currency or currency,
                record.external_id,
                _text(record),
            )
            yield _entry(record, amount, key, seen[key])
            seen[key] += 1


def _entry(row: Row, amount: Decimal, key: tuple[object, ...], n: int) -> Entry:
    digest = hashlib.sha256("\x1f".join(map(str, (*key, n))).encode()).hexdigest()[:32]
    return Entry(row, amount, "in" if row.amount > 0 else "out", str(key[2]), digest)


def _text(row: Row) -> str:
    return " ".join(f"{row.merchant} {row.description}".casefold().split())


def _fault(row: Row, amount: Decimal, currency: str) -> RowError | None:
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
