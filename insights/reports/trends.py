"""Compares the spending of a month with the months before it."""

import datetime as dt
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from statistics import median
from typing import Any, Literal

from expenses.categorization.catalog import Catalog
from expenses.ledger.dates import since, until, within_any
from expenses.ledger.money import round_to_minor_units
from expenses.rates.book import RateUsage
from expenses.reports.totals import add_groups, currency_groups, load_book
from insights.calendars import Calendar, later_month
from insights.querysets import counted_rows
from insights.reports.periods import ONE_DAY, Period
from insights.reports.sums import AmountChange, CategoryLabel, label_category, percent
from insights.reports.timeseries import column_of, first_day

#: How many months before it a month is compared with, in three lengths.
WINDOWS = (3, 6, 12)
N_MONTHS = max(WINDOWS) + 1
#: Changes of less than 10 % are flat: 10 % of a month is three days of spending.
FLAT_BELOW_PERCENT = Decimal("10.00")
Amounts = list[Decimal]


@dataclass(frozen=True, slots=True)
class Trend:
    """A month's amount beside those before it; None where the ledger does not reach back so far."""

    amount: Decimal
    previous: Decimal
    mean: dict[str, Decimal | None]
    median: dict[str, Decimal | None]
    same_month_last_year: Decimal | None
    change: AmountChange
    direction: Literal["up", "down", "flat"]
    label: CategoryLabel | None


@dataclass(frozen=True, slots=True)
class Trends:
    """Trends of a month, of its income, its expense, and of every category with spending."""

    period: Period
    today: dt.date
    #: The last day that is compared.
    compared_through: dt.date
    currency: str
    n_months_before: int
    expense: Trend
    income: Trend
    #: The category that moved most comes first.
    results: list[Trend]
    rates: dict[str, Any]
    n_unconverted: int
    flat_below_percent: Decimal = FLAT_BELOW_PERCENT

    @property
    def n_days_elapsed(self) -> int:
        return self.period.n_days_elapsed(self.today)

    @property
    def is_over(self) -> bool:
        return self.period.end < self.today


def spans_of(month: Period, *, today: dt.date) -> list[tuple[dt.date, dt.date]]:
    """Return the compared days of the month and of each one before it, the newest first.

    A month that is not over has its days until today, and so have the months before it.
    """
    n_days = month.n_days_elapsed(today) or month.n_days
    found = []
    for age in range(N_MONTHS):
        first = later_month(month.start, -age)
        last = later_month(first, 1) - ONE_DAY
        found.append((first, last if n_days == month.n_days else min(first + (n_days - 1) * ONE_DAY, last)))
    return found


def find_trends(
    *, ledger_id: int, month: Period, calendar: Calendar, today: dt.date, to: str, catalog: Catalog
) -> Trends:
    """Compare the month in the currency `to`. Takes two queries; three more where there are other currencies."""
    spans = spans_of(month, today=today)
    rows = counted_rows(ledger_id)
    within = within_any(until(since(rows, spans[-1][0]), spans[0][1]), spans)
    groups = currency_groups(within, by=(column_of("month", calendar), "category", "kind"), to=to)
    rates = RateUsage(load_book([groups], to=to, ledger_id=ledger_id))
    expense, income = [Decimal(0)] * N_MONTHS, [Decimal(0)] * N_MONTHS
    by_category: dict[int | None, Amounts] = defaultdict(lambda: [Decimal(0)] * N_MONTHS)
    firsts, n_unconverted = [first for first, _ in reversed(spans)], 0
    for (on, category, kind, _), total in add_groups(groups, to=to, rates=rates).items():
        age = N_MONTHS - bisect_right(firsts, first_day(on))
        n_unconverted += total.n_unconverted
        if kind == "income":
            income[age] += total.income
        else:
            expense[age] += total.expense
            by_category[category][age] += total.expense
    oldest: dt.date | None = rows.order_by("date").values_list("date", flat=True).first()
    n_known = 0 if oldest is None else sum(first >= calendar.month_of(oldest) for first, _ in spans[1:])
    moved_most = sorted(by_category.items(), key=lambda item: (-abs(item[1][0] - item[1][1]), item[0] is None, item[0]))
    return Trends(
        period=month,
        today=today,
        compared_through=spans[0][1],
        currency=to,
        n_months_before=n_known,
        expense=_trend(expense, to, n_known),
        income=_trend(income, to, n_known),
        results=[_trend(amounts, to, n_known, label_category(key, catalog)) for key, amounts in moved_most],
        rates=rates.describe(),
        n_unconverted=n_unconverted,
    )


def _trend(amounts: Sequence[Decimal], currency: str, n_known: int, label: CategoryLabel | None = None) -> Trend:
    """Compare the first of the unrounded amounts with the others, which are of months before it."""

    def known(n: int, amount: Decimal) -> Decimal | None:
        return round_to_minor_units(amount, currency) if n <= n_known else None

    amount, previous = (round_to_minor_units(one, currency) for one in amounts[:2])
    change = amounts[0] - amounts[1]
    share = percent(change, amounts[1])
    is_flat = not change or (share is not None and abs(share) < FLAT_BELOW_PERCENT)
    return Trend(
        amount=amount,
        previous=previous,
        mean={str(n): known(n, sum(amounts[1 : n + 1], Decimal(0)) / n) for n in WINDOWS},
        median={str(n): known(n, median(amounts[1 : n + 1])) for n in WINDOWS},
        same_month_last_year=known(N_MONTHS - 1, amounts[-1]),
        change=AmountChange.between(previous, amount),
        direction="flat" if is_flat else "up" if change > 0 else "down",
        label=label,
    )
