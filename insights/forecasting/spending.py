"""What was spent on each day of each month, laid out for arithmetic."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from insights.calendars import Calendar, later_month

Floats = NDArray[np.float64]
#: No month has more days, wherever it begins.
LONGEST_MONTH = 31
#: Older months say little of this one, and cost time.
MAX_MONTHS = 36

#: What a day and a category came to; less than 0 where more was refunded than spent.
Spent = Mapping[tuple[dt.date, int | None], Decimal]


@dataclass(frozen=True, slots=True)
class Spending:
    """By category, month and day of the month. The last month is the one that is forecast, known until `today`.

    `daily` is categories × months × 31, in the currency of all.
    """

    categories: tuple[int | None, ...]
    months: tuple[dt.date, ...]
    daily: Floats
    today: dt.date

    @property
    def day(self) -> int:
        """How many days of the month are over."""
        return (self.today - self.months[-1]).days + 1

    @property
    def last_day(self) -> dt.date:
        """The last of the month that is forecast."""
        return later_month(self.months[-1], 1) - dt.timedelta(1)

    def spent(self, day: int) -> Floats:
        """What each month had come to after so many days: categories × months."""
        found: Floats = self.daily[:, :, :day].sum(axis=2)
        return found

    def remaining(self, day: int) -> Floats:
        """What was spent afterwards."""
        found: Floats = self.daily[:, :, day:].sum(axis=2)
        return found


def lay_out(spent: Spent, *, recorded: Sequence[dt.date], calendar: Calendar, today: dt.date) -> Spending:
    """The month of `today` and those before it that tell something, at most three years; later days are not looked at.

    `recorded`: days on which the ledger has anything at all. A month without one is a month without statements, not one
    without spending; and the month in which the ledger begins counts only if it had begun by the same day of it.
    """
    known = {key: amount for key, amount in spent.items() if key[0] <= today}
    month = calendar.month_of(today)
    months = (*_past_months(recorded, calendar, today), month)
    categories = tuple(sorted({category for _, category in known}, key=lambda c: (c is None, c or 0)))
    rows, columns = ({value: i for i, value in enumerate(values)} for values in (categories, months))
    daily = np.zeros((len(categories), len(months), LONGEST_MONTH))
    for (day, category), amount in known.items():
        first = calendar.month_of(day)
        if first in columns:
            daily[rows[category], columns[first], (day - first).days] += float(amount)
    return Spending(categories, months, daily, today)


def _past_months(recorded: Sequence[dt.date], calendar: Calendar, today: dt.date) -> list[dt.date]:
    month = calendar.month_of(today)
    days = [day for day in recorded if day < month]
    if not days:
        return []
    begun, n_days = min(days), (today - month).days + 1
    first = calendar.month_of(begun)
    found = {calendar.month_of(day) for day in days}
    if (begun - first).days >= n_days:
        found.discard(first)
    return [each for each in sorted(found) if each >= later_month(month, -MAX_MONTHS)]
