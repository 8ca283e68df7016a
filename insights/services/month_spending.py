"""What a ledger spent by month and category, before and after the same day of each: what a forecast looks at."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple

from django.db.models import Count, F, IntegerField, Max, Min, Q, QuerySet, Sum, Value

from expenses.ledger.dates import EARLIEST, LATEST, DayOfMonth, Month, since, until
from expenses.querysets import TransactionQuerySet
from expenses.rates.book import RateBook
from expenses.rates.usage import RateUsage
from insights.calendars import Calendar, later_month
from insights.forecast.month import MONTHS_OF_A_CURVE
from insights.forecast.spending import MAX_MONTHS
from insights.querysets import counted_rows

ONE_DAY = dt.timedelta(1)
#: So many days a weekend with a holiday moves what comes last in a month.
WEEKEND = 3
NOTHING = Decimal(0)
#: What parts of months are grouped by: the order of the index of totals, which is read without sorting.
IN_INDEX = {"month": Month("date"), **{name: F(name) for name in ("category", "currency", "kind", "direction")}}
BY_DAY = {name: F(name) for name in ("date", "currency", "kind")}

Spent = dict[tuple[dt.date, int | None], Decimal]


@dataclass(frozen=True, slots=True)
class MonthSpending:
    """In one currency, less what was refunded. A month is on two days, one until the same day of it and one after."""

    spent: Spent
    #: Of each month and category, the first and last day on which there is anything; income counts.
    recorded: set[dt.date]
    #: By day, for a curve; None where none was asked for.
    by_day: dict[dt.date, Decimal] | None
    rates: RateUsage
    n_unconverted: int

    def of_month(self, first: dt.date) -> dict[int | None, Decimal]:
        """By category, the whole month."""
        sums: dict[int | None, Decimal] = defaultdict(Decimal)
        for (day, category), amount in self.spent.items():
            if first <= day < later_month(first, 1):
                sums[category] += amount
        return dict(sums)

    def is_whole(self, month: dt.date, calendar: Calendar) -> bool:
        """Whether the month is recorded as far as one of those before it; as far as nothing, if it is the only one."""
        ends: dict[dt.date, int] = {}
        for day in sorted(self.recorded):
            first = calendar.month_of(day)
            ends[first] = (day - first).days
        end = ends.pop(month, None)
        return end is not None and end + WEEKEND >= min((ends[first] for first in ends if first < month), default=end)

    def recorded_whole(self, newest: dt.date, calendar: Calendar) -> set[dt.date]:
        """Without the newest month where that is recorded in part."""
        if self.is_whole(newest, calendar):
            return self.recorded
        return {day for day in self.recorded if day < newest}


class _Part(NamedTuple):
    """Rows of a month of the calendar, and what of their sum lies on or after two days of it."""

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
    """The month of `today` to its end, and two years before it.

    One query; one more for a curve, and three where there are other currencies. The database adds up parts of months,
    since rows by day and category would be too many to look at; what needs a rate is added up by day.
    """
    month = calendar.month_of(today)
    rows = _within(counted_rows(ledger_id), later_month(month, -MAX_MONTHS), later_month(month, 1))
    parts = _parts(rows, calendar, today)
    foreign = _foreign(rows, to) if any(part.currency != to for part in parts) else []
    rates = _rates(foreign, to=to, ledger_id=ledger_id)
    spent = _halved([part for part in parts if part.currency == to], calendar, today)
    for row in foreign:
        spent[row.date, row.category] += _converted(row, rates)
    curve = _by_day(_within(rows, later_month(month, -MONTHS_OF_A_CURVE), None), rates) if has_curve else None
    recorded = {day for part in parts for day in (part.first_on, part.last_on)}
    lacking = [row.n for row in foreign if rates.rate(row.currency, row.date) is None]
    return MonthSpending(dict(spent), recorded, curve, rates, sum(lacking))


def _within(rows: TransactionQuerySet, first: dt.date, end: dt.date | None) -> TransactionQuerySet:
    found = since(rows, max(first, EARLIEST))
    return found if end is None else until(found, min(end - ONE_DAY, LATEST))


def _parts(rows: QuerySet[Any], calendar: Calendar, today: dt.date) -> list[_Part]:
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


def _halved(parts: Sequence[_Part], calendar: Calendar, today: dt.date) -> Spent:
    spent: Spent = defaultdict(Decimal)
    for part in parts:
        for day, amount in _halves(part, calendar, today):
            if amount and part.kind != "income":
                spent[day, part.category] += _signed(part.kind, amount)
    return spent


def _halves(part: _Part, calendar: Calendar, today: dt.date) -> Iterator[tuple[dt.date, Decimal]]:
    """What lies until the same day of a month, as of its first day, and after it, as of its last.

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


def _foreign(rows: QuerySet[Any], to: str) -> list[_Day]:
    return _days(rows.exclude(currency=to).exclude(kind="income"), category=F("category"))


def _days(rows: QuerySet[Any], **besides: Any) -> list[_Day]:
    named = {f"_{name}": column for name, column in {**BY_DAY, **besides}.items()}
    groups = rows.order_by().values(**named).annotate(_sum=Sum("amount"), _n=Count("*"))
    return [_Day(*row) for row in groups.values_list(*named, "_sum", "_n")]


def _by_day(rows: TransactionQuerySet, rates: RateUsage) -> dict[dt.date, Decimal]:
    sums: dict[dt.date, Decimal] = defaultdict(Decimal)
    for row in _days(rows.exclude(kind="income"), category=Value(None, IntegerField())):
        sums[row.date] += _converted(row, rates)
    return dict(sums)


def _rates(days: Sequence[_Day], *, to: str, ledger_id: int) -> RateUsage:
    on = {row.date for row in days} or {EARLIEST}
    currencies = {row.currency for row in days}
    return RateUsage(RateBook.load(ledger_id=ledger_id, currencies=currencies, to=to, start=min(on), end=max(on)))


def _converted(row: _Day, rates: RateUsage) -> Decimal:
    """Nothing where there is no rate."""
    amount = rates.exact(row.amount, row.currency, row.date)
    return NOTHING if amount is None else _signed(row.kind, amount)


def _signed(kind: str, amount: Decimal) -> Decimal:
    return -amount if kind == "refund" else amount
