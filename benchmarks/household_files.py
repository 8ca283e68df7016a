"""Reader of households from CSV files: date, amount (negative is money out), payee or description, category."""

import csv
import datetime as dt
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from pathlib import Path

from benchmarks.households import Household
from insights.payments import Payment, PaymentKind
from providers.normalization import normalize

#: Day, amount, payee, category.
_Row = tuple[dt.date, Decimal, str, str]


def read_households(folder: Path) -> list[Household]:
    """Read one CSV file, or all of a folder in the order of names."""
    paths = [folder] if folder.is_file() else sorted(folder.glob("*.csv"))
    return [read_household(path) for path in paths]


def read_household(path: Path) -> Household:
    """Read a file without its zero amounts. Money in is a refund if its category has mostly money out, else income."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        lines = [{key.strip().casefold(): value for key, value in line.items() if key} for line in csv.DictReader(file)]
    rows = sorted((row for row in map(_read_line, lines) if row), key=lambda row: row[0])
    incomes = _income_categories(rows)
    numbers = {name: number for number, name in enumerate(sorted({row[3] for row in rows if row[3]}), 1)}
    payments = (_payment(number, row, incomes, numbers) for number, row in enumerate(rows, 1))
    return Household(path.stem, tuple(payments))


def _read_line(line: Mapping[str, str]) -> _Row | None:
    try:
        day, amount = dt.date.fromisoformat(line["date"][:10]), Decimal(line["amount"].replace(",", ""))
    except (InvalidOperation, ValueError):
        return None
    payee = line.get("payee") or normalize(line.get("description") or "")
    return (day, amount, payee.strip().casefold(), (line.get("category") or "").strip()) if amount else None


def _income_categories(rows: list[_Row]) -> set[str]:
    """Return the categories with more rows in than out."""
    balance: dict[str, int] = {}
    for _, amount, _, category in rows:
        balance[category] = balance.get(category, 0) + (1 if amount > 0 else -1)
    return {category for category, more in balance.items() if more > 0 or not category}


def _payment(number: int, row: _Row, incomes: set[str], numbers: Mapping[str, int]) -> Payment:
    day, amount, payee, category = row
    kind: PaymentKind = "expense" if amount < 0 else "income" if category in incomes else "refund"
    return Payment(number, day, abs(amount), kind, payee, numbers.get(category))
