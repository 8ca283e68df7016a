"""What was spent on each day of each month, laid out for arithmetic."""

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from insights.calendars import Calendar, later_month

Floats = NDArray[np.float64]
#: No month has more days, wherever it begins.
LONGEST_MONTH = 31
#: Older months say little of this one, and cost time.
MAX_MONTHS = 24

#: What a day and a category came to; less than 0 where more was refunded than spent.
Spent = Mapping[tuple[dt.date, int | None], Decimal]


@dataclass(frozen=True, slots=True)
class Spending:
    """By category, month and day of the month. The last month is the one that is forecast, known until `today`, or
    not at all where that lies before it.

    `daily` is categories x months x 31, in the currency of all. Months are laid side by side by the day of the calendar
    that bills come on: where months begin on the 25th, the 3rd has the same place whether the 31st came before or not.
    """

    categories: tuple[int | None, ...]
    months: tuple[dt.date, ...]
    daily: Floats
    today: dt.date

    @property
    def day(self) -> int:
        """How many places of the month are over; 0 where nothing of it is known."""
        return 0 if self.today < self.months[-1] else self.place_of(self.today) + 1

    def place_of(self, day: dt.date) -> int:
        """Of a day within its month, from 0."""
        return (day.day - self.months[-1].day) % LONGEST_MONTH

    @property
    def first_due(self) -> dt.date:
        """Bills that were due before are of other months. What was late when the month began may come in it."""
        return self.months[-1] if self.today < self.months[-1] else dt.date.min

    @property
    def last_day(self) -> dt.date:
        """The last of the month that is forecast."""
        return later_month(self.months[-1], 1) - dt.timedelta(1)

    def remaining(self) -> Floats:
        """What was spent after the same day of each month: categories x months. After the last day, nothing is."""
        return rest_of(self, self.daily)


def rest_of(spending: Spending, daily: Floats) -> Floats:
    """The same of a part of the spending."""
    n_left = 0 if spending.today == spending.last_day else LONGEST_MONTH - spending.day
    found: Floats = daily[:, :, LONGEST_MONTH - n_left :].sum(axis=2)
    return found


def lay_out(
    spent: Spent, *, recorded: Collection[dt.date], month: dt.date, calendar: Calendar, today: dt.date
) -> Spending:
    """A month, known until `today`, and those before it that tell something, at most two years.

    `recorded`: days on which the ledger has anything at all. A month without one is a month without statements, not one
    without spending; and the month in which the ledger begins counts only if it had begun by the same day of it.
    """
    months = (*_past_months(recorded, month, calendar, today), month)
    columns = {first: i for i, first in enumerate(months)}
    firsts = {day: calendar.month_of(day) for day, _ in spent if day < month or day <= today}
    known = {key: amount for key, amount in spent.items() if firsts.get(key[0]) in columns}
    categories = tuple(sorted({category for _, category in known}, key=lambda c: (c is None, c or 0)))
    rows = {category: i for i, category in enumerate(categories)}
    found = Spending(categories, months, np.zeros((len(categories), len(months), LONGEST_MONTH)), today)
    for (day, category), amount in known.items():
        found.daily[rows[category], columns[firsts[day]], found.place_of(day)] += float(amount)
    return found


def _past_months(recorded: Collection[dt.date], month: dt.date, calendar: Calendar, today: dt.date) -> list[dt.date]:
    earliest = later_month(month, -MAX_MONTHS)
    days = [day for day in recorded if day < month]
    if not days:
        return []
    begun = min(days)
    first = calendar.month_of(begun)
    found = {calendar.month_of(day) for day in days if day >= earliest}
    if (begun - first).days > max((today - month).days, 0):
        found.discard(first)
    return sorted(found)
