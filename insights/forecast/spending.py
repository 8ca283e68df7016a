"""Lays out the spending of each day of each month for arithmetic."""

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from insights.calendars import MONTHS_OF_A_YEAR, Calendar, later_month

Floats = NDArray[np.float64]
#: No month has more days, wherever it begins.
LONGEST_MONTH = 31
#: Older months say little of this one, and cost time.
MAX_MONTHS = 24

#: The sum of a day and a category; less than 0 where more was refunded than spent.
Spent = Mapping[tuple[dt.date, int | None], Decimal]


@dataclass(frozen=True, slots=True)
class Spending:
    """Amounts by category, month and day of the month; `daily` is categories x months x 31, in one currency.

    The last month is forecast. It is known until `today`, or not at all where that lies before it. Months lie side by
    side by the day of the calendar that bills come on: where months begin on the 25th, the 3rd has the same place in
    all of them.
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
        """Return the place of a day within its month, from 0."""
        return (day.day - self.months[-1].day) % LONGEST_MONTH

    @property
    def first_due(self) -> dt.date:
        """The day from which due bills belong to this month. Late bills may come in a month that has begun."""
        return self.months[-1] if self.today < self.months[-1] else dt.date.min

    @property
    def last_day(self) -> dt.date:
        """The last day of the month that is forecast."""
        return later_month(self.months[-1], 1) - dt.timedelta(1)

    @property
    def gap(self) -> tuple[dt.date, dt.date] | None:
        """The first and last day of the months without a row directly before the last month; None: there are none."""
        if len(self.months) == 1 or later_month(self.months[-2], 1) == self.months[-1]:
            return None
        return later_month(self.months[-2], 1), self.months[-1] - dt.timedelta(1)

    @property
    def n_missing(self) -> int:
        """How many months the gap has."""
        if self.gap is None:
            return 0
        first, month = self.gap[0], self.months[-1]
        return (month.year - first.year) * MONTHS_OF_A_YEAR + month.month - first.month

    def rest_of(self, daily: Floats) -> Floats:
        """Return what of some spending came after the same day of each month: categories x months."""
        n_left = 0 if self.today == self.last_day else LONGEST_MONTH - self.day
        found: Floats = daily[:, :, LONGEST_MONTH - n_left :].sum(axis=2)
        return found


def lay_out(
    spent: Spent, *, recorded: Collection[dt.date], month: dt.date, calendar: Calendar, today: dt.date
) -> Spending:
    """Lay out a month, known until `today`, and those before it that tell something, at most two years.

    `recorded`: days on which the ledger has a row of any kind. A month without one is a month without statements, not
    one without spending. The month in which the ledger begins counts only if it had begun by the same day of it.
    """
    past: set[dt.date] = set()
    if days := [day for day in recorded if day < month]:
        earliest, begun = later_month(month, -MAX_MONTHS), min(days)
        past = {calendar.month_of(day) for day in days if day >= earliest}
        if (begun - calendar.month_of(begun)).days > max((today - month).days, 0):
            past.discard(calendar.month_of(begun))
    months = (*sorted(past), month)
    columns = {first: i for i, first in enumerate(months)}
    firsts = {day: calendar.month_of(day) for day, _ in spent if day < month or day <= today}
    known = {key: amount for key, amount in spent.items() if firsts.get(key[0]) in columns}
    categories = tuple(sorted({category for _, category in known}, key=lambda c: (c is None, c or 0)))
    rows = {category: i for i, category in enumerate(categories)}
    found = Spending(categories, months, np.zeros((len(categories), len(months), LONGEST_MONTH)), today)
    for (day, category), amount in known.items():
        found.daily[rows[category], columns[firsts[day]], found.place_of(day)] += float(amount)
    return found
