"""Tests of days. A missing day passes none."""

import datetime as dt
from calendar import monthrange
from collections.abc import Callable

DateTest = Callable[[dt.date | None], bool]
#: The number of a month's last day in conditions.
LAST_DAY = -1


def on(value: str) -> DateTest:
    day = dt.date.fromisoformat(value)
    return lambda date: date == day


def before(value: str) -> DateTest:
    day = dt.date.fromisoformat(value)
    return lambda date: date is not None and date < day


def after(value: str) -> DateTest:
    day = dt.date.fromisoformat(value)
    return lambda date: date is not None and date > day


def between(values: list[str]) -> DateTest:
    """Return a test that includes both days."""
    first, last = map(dt.date.fromisoformat, values)
    return lambda date: date is not None and first <= date <= last


def day_of_month(values: list[int]) -> DateTest:
    days = frozenset(values)
    if LAST_DAY not in days:
        return lambda date: date is not None and date.day in days
    return lambda date: date is not None and (date.day in days or date.day == monthrange(date.year, date.month)[1])


def weekday(values: list[int]) -> DateTest:
    """Return a test of the ISO weekday: 1 is Monday."""
    days = frozenset(values)
    return lambda date: date is not None and date.isoweekday() in days
