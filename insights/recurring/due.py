"""What is still to come. Pure."""

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from insights.recurring.model import Recurring
from insights.recurring.rhythms import RHYTHM_NAMED, n_days_of_month


@dataclass(frozen=True, slots=True)
class Expected:
    """One payment that should come on a day, within the recurring one's `window_days`."""

    day: dt.date
    amount: Decimal
    low: Decimal
    high: Decimal
    #: Due before the time that was asked for, and not yet missed.
    is_late: bool
    of: Recurring


def due_between(recurring: Iterable[Recurring], start: dt.date, end: dt.date) -> list[Expected]:
    """What is due from start to end, both included, in the order of days; first what is late but not yet missed.

    Which of them to count on is the caller's choice: `[one for one in found if one.status == "mature"]`.
    """
    expected = [
        Expected(day, one.amount, one.low, one.high, day < start, one)
        for one in recurring
        for day in _due_days(one, start, end)
    ]
    return sorted(expected, key=lambda one: (one.day, one.of.payments))


def _due_days(one: Recurring, start: dt.date, end: dt.date) -> Iterator[dt.date]:
    if one.next_on is None:
        return
    if one.next_on <= end:
        yield one.next_on
    n, day = 1, _due_after(one, one.next_on, 1)
    while day <= end:
        if day >= start:
            yield day
        n, day = n + 1, _due_after(one, one.next_on, n + 1)


def _due_after(one: Recurring, next_on: dt.date, n: int) -> dt.date:
    """The due day `n` turns after the next one; by months, the day of the month that is nearest."""
    target = next_on.toordinal() + round(n * RHYTHM_NAMED[one.rhythm].length)
    if one.day_of_month is None:
        return dt.date.fromordinal(target)
    this = dt.date.fromordinal(target).replace(day=1)
    before, after = _month_beside(this, -1), _month_beside(this, 32)
    days = [_day_of(month, one.day_of_month) for month in (before, this, after)]
    return min(days, key=lambda day: abs(day.toordinal() - target))


def _month_beside(first: dt.date, days: int) -> dt.date:
    return (first + dt.timedelta(days)).replace(day=1)


def _day_of(first: dt.date, day: int) -> dt.date:
    return first.replace(day=min(day, n_days_of_month(first.toordinal())))
