"""How the spending of a month compares with the months before it."""

import datetime as dt
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from statistics import median
from typing import Literal

from expenses.ledger.dates import since, until, within_any
from expenses.querysets import TransactionQuerySet
from expenses.rates.usage import RateUsage
from expenses.reports.totals import add_groups, group_rows, load_book
from insights.calendars import Calendar, later_month
from insights.querysets import counted_rows
from insights.reports.periods import ONE_DAY, Period
from insights.reports.shares import percent
from insights.reports.timeseries import column_of, first_day

#: How many months before it a month is compared with, in three lengths.
WINDOWS = (3, 6, 12)
N_MONTHS = max(WINDOWS) + 1
#: What changed by less than so many percent is flat: 10 % of a month is three days of spending.
FLAT_BELOW_PERCENT = Decimal("10.00")

Direction = Literal["up", "down", "flat"]


@dataclass(slots=True)
class Trend:
    """The amounts of a month and of those before it, the newest first; unrounded."""

    amounts: list[Decimal] = field(default_factory=lambda: [Decimal(0)] * N_MONTHS)

    @property
    def change(self) -> Decimal:
        return self.amounts[0] - self.amounts[1]

    @property
    def change_percent(self) -> Decimal | None:
        return percent(self.change, self.amounts[1])

    @property
    def direction(self) -> Direction:
        share = self.change_percent
        if not self.change or (share is not None and abs(share) < FLAT_BELOW_PERCENT):
            return "flat"
        return "up" if self.change > 0 else "down"

    def mean(self, n: int) -> Decimal:
        """Of the `n` months before."""
        return sum(self.amounts[1 : n + 1], Decimal(0)) / n

    def median(self, n: int) -> Decimal:
        return median(self.amounts[1 : n + 1])

    def add(self, age: int, amount: Decimal) -> None:
        self.amounts[age] += amount


@dataclass(frozen=True, slots=True)
class Trends:
    """Trends of every category with spending, and of all; `n_known`: how many months before have a history."""

    currency: str
    spans: Sequence[tuple[dt.date, dt.date]]
    n_known: int
    expense: Trend
    income: Trend
    by_category: dict[int | None, Trend]
    rates: RateUsage
    n_unconverted: int


def spans_of(month: Period, *, today: dt.date) -> list[tuple[dt.date, dt.date]]:
    """The days of the month and of those before it that are compared, the newest first.

    Of a month that is not over, its days until today, and as many of each month before.
    """
    n_days = month.n_days_elapsed(today) or month.n_days
    found = []
    for age in range(N_MONTHS):
        first = later_month(month.start, -age)
        last = later_month(first, 1) - ONE_DAY
        found.append((first, last if n_days == month.n_days else min(first + (n_days - 1) * ONE_DAY, last)))
    return found


def find_trends(*, ledger_id: int, month: Period, calendar: Calendar, today: dt.date, to: str) -> Trends:
    """Two queries; two more for rates and one for days of other currencies."""
    spans = spans_of(month, today=today)
    rows = counted_rows(ledger_id)
    within = within_any(until(since(rows, spans[-1][0]), spans[0][1]), spans)
    groups = group_rows(within, by=(column_of("month", calendar), "category", "kind"), to=to)
    rates = RateUsage(load_book([groups], to=to, ledger_id=ledger_id))
    expense, income, by_category = Trend(), Trend(), defaultdict[int | None, Trend](Trend)
    firsts, n_unconverted = [first for first, _ in reversed(spans)], 0
    for (on, category, kind, _), total in add_groups(groups, to=to, rates=rates).items():
        age = N_MONTHS - bisect_right(firsts, first_day(on))
        n_unconverted += total.n_unconverted
        if kind == "income":
            income.add(age, total.income)
        else:
            expense.add(age, total.expense)
            by_category[category].add(age, total.expense)
    n_known = _n_known(rows, spans, calendar)
    return Trends(to, spans, n_known, expense, income, dict(by_category), rates, n_unconverted)


def _n_known(rows: TransactionQuerySet, spans: Sequence[tuple[dt.date, dt.date]], calendar: Calendar) -> int:
    """How many of the months before do not lie before the first row of all."""
    oldest: dt.date | None = rows.order_by("date").values_list("date", flat=True).first()
    return 0 if oldest is None else sum(first >= calendar.month_of(oldest) for first, _ in spans[1:])
