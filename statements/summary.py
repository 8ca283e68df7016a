"""What a statement comes to: counted in one pass over its rows."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal

from expenses.ledger.money import format_amount
from statements.entries import Entry
from statements.importer import RowError, Skipped


@dataclass
class Summary:
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

    def add(self, entry: Entry) -> None:
        """Count one entry."""
        date = entry.row.date
        self.first_date = min(self.first_date or date, date)
        self.last_date = max(self.last_date or date, date)
        self.fingerprints.add(entry.fingerprint)
        self.sums[entry.currency][entry.direction] += entry.amount


def summarize(records: Iterable[Entry | RowError | Skipped]) -> Summary:
    """Read all records once."""
    summary = Summary()
    for record in records:
        if isinstance(record, Entry):
            summary.add(record)
        elif isinstance(record, RowError):
            summary.n_errors += 1
        else:
            summary.n_skipped += 1
    return summary
