"""Days as rules of other products write them, and the conditions that ask the same of a date."""

import calendar
import datetime as dt
import re

from rules.exchange.conversion import Condition, NotCarried

ISO_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
NO_SUCH_DAY = "There is no such day."


def read_day(text: str) -> dt.date:
    """An ISO day. Raises NotCarried."""
    if not ISO_DAY.fullmatch(text):
        raise NotCarried("Only a day written as 2026-11-20 can be carried over.")
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise NotCarried(NO_SUCH_DAY) from None


def shift(day: dt.date, days: int) -> dt.date:
    """So many days later. Raises NotCarried at the end of the calendar."""
    try:
        return day + dt.timedelta(days=days)
    except OverflowError:
        raise NotCarried(NO_SUCH_DAY) from None


def on(day: dt.date) -> Condition:
    """The row is of this day."""
    return {"field": "date", "op": "on", "value": day.isoformat()}


def before(day: dt.date) -> Condition:
    """The row is of an earlier day."""
    return {"field": "date", "op": "before", "value": day.isoformat()}


def after(day: dt.date) -> Condition:
    """The row is of a later day."""
    return {"field": "date", "op": "after", "value": day.isoformat()}


def until(day: dt.date) -> Condition:
    """The row is of this day or an earlier one. Raises NotCarried."""
    return before(shift(day, 1))


def since(day: dt.date) -> Condition:
    """The row is of this day or a later one. Raises NotCarried."""
    return after(shift(day, -1))


def between(first: dt.date, last: dt.date) -> Condition:
    """The row is of one of these days, both included."""
    return {"field": "date", "op": "between", "value": [first.isoformat(), last.isoformat()]}


def in_year(year: int) -> Condition:
    """The row is of this year. Raises NotCarried."""
    return between(_first(year, 1), _first(year, 12).replace(day=31))


def in_month(year: int, month: int) -> Condition:
    """The row is of this month. Raises NotCarried."""
    first = _first(year, month)
    return between(first, first.replace(day=calendar.monthrange(year, month)[1]))


def _first(year: int, month: int) -> dt.date:
    try:
        return dt.date(year, month, 1)
    except ValueError:
        raise NotCarried(NO_SUCH_DAY) from None
