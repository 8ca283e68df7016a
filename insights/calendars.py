"""Weeks and months as the user counts them. Pure."""

import datetime as dt
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

Unit = Literal["day", "week", "month", "year"]
DAYS_OF_A_WEEK, WEEKS_OF_A_YEAR, MONTHS_OF_A_YEAR = 7, 52, 12


@dataclass(frozen=True, slots=True)
class Calendar:
    """The first day of the week (1 is Monday, as in ISO 8601) and of the month (1 to 28).

    A month has the name of the calendar month in which it begins: from the 25th on, 2026-11 ends on 24 December.
    """

    week_start: int = 1
    month_start: int = 1

    def week_of(self, day: dt.date) -> dt.date:
        """Return the first day of the day's week."""
        return day - dt.timedelta((day.isoweekday() - self.week_start) % DAYS_OF_A_WEEK)

    def month_of(self, day: dt.date) -> dt.date:
        """Return the first day of the day's month."""
        first = day.replace(day=self.month_start)
        return first if first <= day else later_month(first, -1)

    def month_named(self, year: int, month: int) -> dt.date:
        """Return the first day of the month with a name."""
        return dt.date(year, month, self.month_start)

    def year_of(self, day: dt.date) -> dt.date:
        """Return the first day of the day's year: that of the month named January."""
        return self.month_of(day).replace(month=1)

    def first_of(self, unit: Unit, day: dt.date) -> dt.date:
        """Return the first day of the unit that the day lies in."""
        if unit == "day":
            return day
        return {"week": self.week_of, "month": self.month_of, "year": self.year_of}[unit](day)

    def months_between(self, start: dt.date, end: dt.date) -> Fraction:
        """Return how many months the days from `start` to `end` are, both included. A cut month counts in part."""
        first, last = self.month_of(start), self.month_of(end)
        whole = (last.year - first.year) * MONTHS_OF_A_YEAR + last.month - first.month
        return whole + _part(last, end) - _part(first, start - dt.timedelta(1))


def _part(month: dt.date, until: dt.date) -> Fraction:
    """Return how much of the month is over at the end of a day."""
    return Fraction((until - month).days + 1, (later_month(month, 1) - month).days)


def later(unit: Unit, first: dt.date, n: int) -> dt.date:
    """Return the first day of the unit that begins `n` units later."""
    if unit in {"day", "week"}:
        return first + dt.timedelta(n * (DAYS_OF_A_WEEK if unit == "week" else 1))
    return later_month(first, n * (MONTHS_OF_A_YEAR if unit == "year" else 1))


def later_month(first: dt.date, n: int) -> dt.date:
    """Return the same day `n` months later. Every month must have it."""
    months = first.year * MONTHS_OF_A_YEAR + first.month - 1 + n
    return first.replace(year=months // MONTHS_OF_A_YEAR, month=months % MONTHS_OF_A_YEAR + 1)
