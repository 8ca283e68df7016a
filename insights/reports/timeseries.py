"""Time series of income and expense by day, week, month or year."""

import datetime as dt
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from expenses.categorization.catalog import Catalog
from expenses.ledger.dates import since, until
from expenses.querysets import TransactionQuerySet
from expenses.rates.book import RateUsage
from expenses.reports.totals import ConvertedTotal, add_groups, currency_groups, load_book
from insights.calendars import Calendar, Unit
from insights.reports.periods import BUCKETS, Bucket, Period, name_of
from insights.reports.sums import CategoryLabel, Sums, label_category, rounded_parts


@dataclass(frozen=True, slots=True, kw_only=True)
class BucketSums(Sums):
    """The sums of one bucket."""

    name: str
    bucket: Bucket


@dataclass(frozen=True, slots=True)
class CategorySeries:
    """Spending of a category, less refunds: in all buckets, and in each."""

    label: CategoryLabel
    expense: Decimal
    n: int
    expenses: list[Decimal]


@dataclass(frozen=True, slots=True)
class TimeSeries:
    """Sums in one currency, one for each bucket. Buckets add up to the whole to the cent, whatever was converted."""

    #: As `BUCKETS` name it.
    bucket: str
    period: Period
    currency: str
    results: list[BucketSums]
    #: None without a catalog.
    by_category: list[CategorySeries] | None
    rates: dict[str, Any]
    n_unconverted: int


def time_series(
    rows: TransactionQuerySet,
    *,
    ledger_id: int,
    bucket: str,
    period: Period,
    buckets: Sequence[Bucket],
    calendar: Calendar,
    to: str,
    catalog: Catalog | None = None,
) -> TimeSeries:
    """Add up the rows of a period, which is cut into the buckets; with a catalog, by category, too.

    Takes one query; two more for rates and one for days of other currencies.
    """
    unit = BUCKETS[bucket]
    by = (column_of(unit, calendar), *(("category", "kind") if catalog else ()))
    groups = currency_groups(rows_within(rows, period), by=by, to=to)
    rates = RateUsage(load_book([groups], to=to, ledger_id=ledger_id))
    totals = [ConvertedTotal() for _ in buckets]
    by_category: dict[int | None, list[ConvertedTotal]] = defaultdict(lambda: [ConvertedTotal() for _ in buckets])
    firsts = [bucket.first for bucket in buckets]
    for (on, *of, _), total in add_groups(groups, to=to, rates=rates).items():
        place = bisect_right(firsts, first_day(on)) - 1
        totals[place] += total
        if of and of[1] != "income":
            by_category[of[0]][place] += total
    income = rounded_parts([total.income for total in totals], to)
    expense = rounded_parts([total.expense for total in totals], to)
    return TimeSeries(
        bucket=bucket,
        period=period,
        currency=to,
        results=[
            BucketSums(
                name=name_of(unit, one.first),
                bucket=one,
                income=came,
                expense=went,
                n=total.n,
                n_unconverted=total.n_unconverted,
            )
            for one, came, went, total in zip(buckets, income, expense, totals, strict=True)
        ],
        by_category=_category_series(by_category, to, catalog) if catalog else None,
        rates=rates.describe(),
        n_unconverted=sum(total.n_unconverted for total in totals),
    )


def rows_within(rows: TransactionQuerySet, period: Period) -> TransactionQuerySet:
    """Return the rows of the period, looked up by month."""
    return until(since(rows, period.start), period.end)


def column_of(unit: Unit, calendar: Calendar) -> str:
    """Return what the database groups by: calendar months where these are fine enough, else days."""
    return "month" if unit in {"month", "year"} and calendar.month_start == 1 else "date"


def first_day(on: Any) -> dt.date:
    """Return a day, or the first one of a month that is written as 2026-11."""
    return on if isinstance(on, dt.date) else dt.date.fromisoformat(f"{on}-01")


def _category_series(
    by_category: dict[int | None, list[ConvertedTotal]], currency: str, catalog: Catalog
) -> list[CategorySeries]:
    """Sort categories: the one where most was spent first, no category last."""
    wholes = [sum((total.expense for total in totals), Decimal(0)) for totals in by_category.values()]
    found = zip(rounded_parts(wholes, currency), by_category.items(), strict=True)
    return [
        CategorySeries(
            label=label_category(category, catalog),
            expense=whole,
            n=sum(total.n for total in totals),
            expenses=rounded_parts([total.expense for total in totals], currency),
        )
        for whole, (category, totals) in sorted(found, key=lambda item: (item[1][0] is None, -item[0], item[1][0]))
    ]
