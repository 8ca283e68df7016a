"""Brings the ECB's rates into the database: what is missing is added, and nothing is changed."""

import datetime as dt
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Count

from expenses.models.bulk_insert import insert_ignoring_known
from expenses.models.rates import ExchangeRate, RateSource
from expenses.rates.conversion import PIVOT
from expenses.rates.currencies import forget_reference_days
from expenses.rates.ecb import ReferenceRate

COLUMNS = ["base", "quote", "date", "rate", "source", "version"]
#: Rates between two messages of progress.
STEP = 20_000


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
        if not is_rehearsal:
            _insert(missing, say)
    if missing and not is_rehearsal:
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


def _insert(missing: Sequence[ReferenceRate], say: Callable[[str], None]) -> None:
    for start in range(0, len(missing), STEP):
        part = missing[start : start + STEP]
        rows = [(PIVOT, rate.quote, str(rate.date), rate.rate, RateSource.ECB.value, 0) for rate in part]
        insert_ignoring_known(ExchangeRate, COLUMNS, rows)
        say(f"{start + len(part):,} of {len(missing):,} rates")
