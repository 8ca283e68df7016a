"""What came in and went out in each day, week, month or year."""

import datetime as dt
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from expenses.querysets import TransactionQuerySet
from expenses.rates.usage import RateUsage
from expenses.reports.totals import ConvertedTotal, add_groups, group_rows, load_book
from insights.calendars import Calendar, Unit
from insights.reports.periods import Bucket


@dataclass(frozen=True, slots=True)
class TimeSeries:
    """Totals in one currency, as many as there are buckets, of everything and of what was spent in each category."""

    currency: str
    buckets: Sequence[Bucket]
    totals: list[ConvertedTotal]
    by_category: dict[int | None, list[ConvertedTotal]]
    rates: RateUsage


def time_series(
    rows: TransactionQuerySet,
    *,
    ledger_id: int,
    unit: Unit,
    buckets: Sequence[Bucket],
    calendar: Calendar,
    to: str,
    is_by_category: bool = False,
) -> TimeSeries:
    """The rows are all within the buckets. One query; two more for rates and one for days of other currencies."""
    by = (column_of(unit, calendar), *(("category", "kind") if is_by_category else ()))
    groups = group_rows(rows, by=by, to=to)
    rates = RateUsage(load_book([groups], to=to, ledger_id=ledger_id))
    totals = [ConvertedTotal() for _ in buckets]
    by_category: dict[int | None, list[ConvertedTotal]] = defaultdict(lambda: [ConvertedTotal() for _ in buckets])
    firsts = [bucket.first for bucket in buckets]
    for (on, *of, _), total in add_groups(groups, to=to, rates=rates).items():
        place = bisect_right(firsts, first_day(on)) - 1
        totals[place] += total
        if of and of[1] != "income":
            by_category[of[0]][place] += total
    return TimeSeries(to, buckets, totals, dict(by_category), rates)


def column_of(unit: Unit, calendar: Calendar) -> str:
    """What the database groups by: months where they are its own and as long as that is fine enough, else days."""
    return "month" if unit in {"month", "year"} and calendar.month_start == 1 else "date"


def first_day(on: Any) -> dt.date:
    """A day, or the first one of a month that is written as 2026-11."""
    return on if isinstance(on, dt.date) else dt.date.fromisoformat(f"{on}-01")
