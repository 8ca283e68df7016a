"""Spending of a ledger by month and category, before and after the same day of each: the input of a forecast."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple

from django.db.models import Count, F, IntegerField, Max, Min, Q, QuerySet, Sum, Value
from django.db.models.expressions import Combinable

from expenses.ledger.dates import EARLIEST, LATEST, DayOfMonth, Month, since, until
from expenses.rates.book import RateBook, RateUsage
from insights.calendars import Calendar, later_month
from insights.forecast.curve import MONTHS_OF_A_CURVE
from insights.forecast.spending import MAX_MONTHS
from insights.querysets import counted_rows

ONE_DAY = dt.timedelta(1)
#: A weekend with a holiday moves the last payment of a month by three days.
WEEKEND = 3
NOTHING = Decimal(0)
#: The columns of the index of totals, in its order: it is read without sorting.
IN_INDEX = {"month": Month("date"), **{name: F(name) for name in ("category", "currency", "kind", "direction")}}

Spent = dict[tuple[dt.date, int | None], Decimal]


@dataclass(frozen=True, slots=True)
class MonthSpending:
    """Spending in one currency, less refunds. A month is on two days: one until the same day of it, one after."""

    spent: Spent
    #: The first and last day with a row in each month and category; income counts.
    recorded: set[dt.date]
    #: By day, for a curve; None without one.
    by_day: dict[dt.date, Decimal] | None
    rates: RateUsage
    n_unconverted: int

    def of_month(self, first: dt.date) -> dict[int | None, Decimal]:
        """Return the spending of the whole month by category."""
        sums: dict[int | None, Decimal] = defaultdict(Decimal)
        for (day, category), amount in self.spent.items():
            if first <= day < later_month(first, 1):
                sums[category] += amount
        return dict(sums)

    def is_whole(self, month: dt.date, calendar: Calendar) -> bool:
        """Return True if the month is recorded as far as any month before it, give or take a weekend."""
        ends: dict[dt.date, int] = {}
        for day in sorted(self.recorded):
            first = calendar.month_of(day)
            ends[first] = (day - first).days
        end = ends.pop(month, None)
        return end is not None and end + WEEKEND >= min((ends[first] for first in ends if first < month), default=end)

    def recorded_whole(self, newest: dt.date, calendar: Calendar) -> set[dt.date]:
        """Return the recorded days, without those of the newest month if it is recorded in part."""
        if self.is_whole(newest, calendar):
            return self.recorded
        return {day for day in self.recorded if day < newest}


class _Part(NamedTuple):
    """Rows of a month of the calendar: their sum, and how much of it lies on or after two days of the month."""

    month: str
    category: int | None
    currency: str
    kind: str
    direction: str
    amount: Decimal
    from_start: Decimal | None
    later: Decimal | None
    first_on: dt.date
    last_on: dt.date


class _Day(NamedTuple):
    """Rows of one day."""

    date: dt.date
    currency: str
    kind: str
    category: int | None
    amount: Decimal
    n: int


def read_month_spending(
    *, ledger_id: int, to: str, calendar: Calendar, today: dt.date, has_curve: bool = False
) -> MonthSpending:
    """Return the spending of the month of `today`, to its end, and of two years before it.

    Takes one query; one more for a curve, and three where there are other currencies. The database adds up parts of
    months, since rows by day and category would be too many; amounts that need a rate are added up by day.
    """
    month = calendar.month_of(today)
    rows = since(counted_rows(ledger_id), max(later_month(month, -MAX_MONTHS), EARLIEST))
    rows = until(rows, min(later_month(month, 1) - ONE_DAY, LATEST))
    parts = _read_parts(rows, calendar, today)
    foreign: list[_Day] = []
    if any(part.currency != to for part in parts):
        foreign = _read_days(rows.exclude(currency=to).exclude(kind="income"), category=F("category"))
    days = {row.date for row in foreign} or {EARLIEST}
    currencies = {row.currency for row in foreign}
    book = RateBook.load(ledger_id=ledger_id, currencies=currencies, to=to, start=min(days), end=max(days))
    rates = RateUsage(book)
    spent: Spent = defaultdict(Decimal)
    for part in parts:
        if part.currency == to and part.kind != "income":
            for day, amount in _split(part, calendar, today):
                if amount:
                    spent[day, part.category] += -amount if part.kind == "refund" else amount
    for row in foreign:
        spent[row.date, row.category] += _converted(row, rates)
    curve: dict[dt.date, Decimal] | None = None
    if has_curve:
        curve = defaultdict(Decimal)
        of_curve = since(rows, max(later_month(month, -MONTHS_OF_A_CURVE), EARLIEST)).exclude(kind="income")
        for row in _read_days(of_curve, category=Value(None, IntegerField())):
            curve[row.date] += _converted(row, rates)
    return MonthSpending(
        spent=dict(spent),
        recorded={day for part in parts for day in (part.first_on, part.last_on)},
        by_day=None if curve is None else dict(curve),
        rates=rates,
        n_unconverted=sum(row.n for row in foreign if rates.rate(row.currency, row.date) is None),
    )


def _read_parts(rows: QuerySet[Any], calendar: Calendar, today: dt.date) -> list[_Part]:
    named = {f"_{name}": column for name, column in IN_INDEX.items()}
    groups = rows.order_by().values(**named).alias(number=DayOfMonth("date"))
    sums = {
        "_sum": Sum("amount"),
        "_from_start": Sum("amount", filter=Q(number__gte=f"{calendar.month_start:02}")),
        "_later": Sum("amount", filter=Q(number__gt=f"{today.day:02}")),
        "_first_on": Min("date"),
        "_last_on": Max("date"),
    }
    return [_Part(*row) for row in groups.annotate(**sums).values_list(*named, *sums)]


def _read_days(rows: QuerySet[Any], *, category: Combinable) -> list[_Day]:
    named = {"_date": F("date"), "_currency": F("currency"), "_kind": F("kind"), "_category": category}
    groups = rows.order_by().values(**named).annotate(_sum=Sum("amount"), _n=Count("*"))
    return [_Day(*row) for row in groups.values_list(*named, "_sum", "_n")]


def _split(part: _Part, calendar: Calendar, today: dt.date) -> Iterator[tuple[dt.date, Decimal]]:
    """Yield the amount until the same day of a month, as of its first day, and the rest, as of its last.

    A month of the calendar has rows of two months where these begin on another day than the 1st.
    """
    begun = calendar.month_named(int(part.month[:4]), int(part.month[5:]))
    before, from_start, later = later_month(begun, -1), part.from_start or NOTHING, part.later or NOTHING
    if today.day >= calendar.month_start:
        yield begun, from_start - later
        yield later_month(begun, 1) - ONE_DAY, later
        yield begun - ONE_DAY, part.amount - from_start
    else:
        yield begun, from_start
        yield before, part.amount - later
        yield begun - ONE_DAY, later - from_start


def _converted(row: _Day, rates: RateUsage) -> Decimal:
    """Return what was spent on the day, less refunds; nothing where there is no rate."""
    amount = rates.exact(row.amount, row.currency, row.date) or NOTHING
    return -amount if row.kind == "refund" else amount
