"""Weeks and months as their owner counts them. Pure."""

import datetime as dt
from dataclasses import dataclass

DAYS_OF_A_WEEK, MONTHS_OF_A_YEAR = 7, 12


@dataclass(frozen=True, slots=True)
class Calendar:
    """The first day of the week (1 is Monday, as ISO 8601 has it) and of the month (1 to 28).

    A month is called as the calendar's in which it begins: from the 25th on, 2026-11 is 25 November to 24 December.
    """

    week_start: int = 1
    month_start: int = 1

    def week_of(self, day: dt.date) -> dt.date:
        """The first day of the day's week."""
        return day - dt.timedelta((day.isoweekday() - self.week_start) % DAYS_OF_A_WEEK)

    def month_of(self, day: dt.date) -> dt.date:
        """The first day of the day's month."""
        first = day.replace(day=self.month_start)
        return first if first <= day else later_month(first, -1)

    def month_named(self, year: int, month: int) -> dt.date:
        """The first day of the month that is called so."""
        return dt.date(year, month, self.month_start)


def later_month(first: dt.date, n: int) -> dt.date:
    """The same day, which every month has, `n` months later."""
    months = first.year * MONTHS_OF_A_YEAR + first.month - 1 + n
    return first.replace(year=months // MONTHS_OF_A_YEAR, month=months % MONTHS_OF_A_YEAR + 1)
