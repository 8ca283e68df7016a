"""Calendar days: the ones that the ledger takes, and filters by months and days."""

import datetime as dt
import re
from collections.abc import Iterable
from typing import Any, TypeVar

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper

EARLIEST, LATEST = dt.date(1900, 1, 1), dt.date(2199, 12, 31)

ISO_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_YEAR_FIRST = re.compile(r"(\d{4})(?:([-/.])(\d\d?)\2(\d\d?)|(\d\d)(\d\d))(?:[T ]\d\d.*)?", re.ASCII | re.DOTALL)
_YEAR_LAST = re.compile(r"(\d\d?)([-/.])(\d\d?)\2(\d{4})", re.ASCII)


def intended_day(text: str) -> dt.date | None:
    """Return the day that a text in another form than YYYY-MM-DD means, or None if it may mean none or several."""
    possible: set[dt.date | None] = set()
    if match := _YEAR_FIRST.fullmatch(text.strip()):
        year, _, *parts = match.groups()
        month, day = filter(None, parts)
        possible = {_day(year, month, day)}
    elif match := _YEAR_LAST.fullmatch(text.strip()):
        first, separator, second, year = match.groups()
        possible = {_day(year, second, first)}
        if separator != ".":  # with points, the day comes first everywhere
            possible.add(_day(year, first, second))
    possible.discard(None)
    return possible.pop() if len(possible) == 1 else None


def advice_on_day(text: str) -> str:
    """Return what to write instead of a text that is no day as YYYY-MM-DD."""
    day = intended_day(text)
    if day is not None:
        return f"Write {day}."
    if ISO_DAY.fullmatch(text):
        return "There is no such day; write it as YYYY-MM-DD."
    return "Write the day as YYYY-MM-DD, such as 2026-11-02."


def _day(year: str, month: str, day: str) -> dt.date | None:
    try:
        return dt.date(int(year), int(month), int(day))
    except ValueError:
        return None


Rows = TypeVar("Rows", bound="models.QuerySet[Any]")


class Month(models.Func):
    """The month of a day as 2026-11.

    Django's TruncMonth calls Python for every row on SQLite, and binds its numbers as parameters, which no index of an
    expression matches: here they are part of the text.
    """

    template = "substr(%(expressions)s, 1, 7)"
    arity = 1

    def __init__(self, day: Any) -> None:
        super().__init__(day, output_field=models.CharField())

    def as_postgresql(self, compiler: Any, connection: BaseDatabaseWrapper, **context: Any) -> Any:
        """Cast to a timestamp: the month of a date depends on the session's time zone, and could not be indexed."""
        template = "date_trunc('month', (%(expressions)s)::timestamp)::date"
        return self.as_sql(compiler, connection, template=template, **context)

    def convert_value(self, value: Any, expression: Any, connection: BaseDatabaseWrapper) -> str | None:
        return None if value is None else str(value)[:7]


class DayOfMonth(models.Func):
    """The day of a day's month as 09, for the same reason."""

    template = "substr(%(expressions)s, 9, 2)"
    arity = 1

    def __init__(self, day: Any) -> None:
        super().__init__(day, output_field=models.CharField())

    def as_postgresql(self, compiler: Any, connection: BaseDatabaseWrapper, **context: Any) -> Any:
        """Use a pattern that no setting of the session changes."""
        return self.as_sql(compiler, connection, template="to_char(%(expressions)s, 'DD')", **context)


class Unindexed(models.Func):
    """A column that SQLite's planner shall not look for in an index.

    It takes the index of days where that of months, which holds all that is asked for, is ten times as fast.
    """

    template = "+%(expressions)s"
    arity = 1

    def as_postgresql(self, compiler: Any, connection: BaseDatabaseWrapper, **context: Any) -> Any:
        """Leave the column as it is: PostgreSQL chooses well by its statistics."""
        return self.as_sql(compiler, connection, template="%(expressions)s", **context)


def since(rows: Rows, day: dt.date) -> Rows:
    """Keep rows of the day and later, looked up by month, as the index of totals has them."""
    return _by_month(rows, "gte", day, is_whole=day.day == 1)


def until(rows: Rows, day: dt.date) -> Rows:
    """Keep rows of the day and earlier, looked up in the same way."""
    is_whole = day == dt.date.max or (day + dt.timedelta(1)).day == 1
    return _by_month(rows, "lte", day, is_whole=is_whole)


def _by_month(rows: Rows, comparison: str, day: dt.date, *, is_whole: bool) -> Rows:
    """`is_whole`: all days of the month are meant, so none needs to be looked at."""
    value = models.Value(day, models.DateField())
    found: Rows = rows.alias(within=Month("date")).filter(**{f"within__{comparison}": Month(value)})
    if is_whole:
        return found
    narrowed: Rows = found.alias(on=Unindexed("date")).filter(**{f"on__{comparison}": value})
    return narrowed


def within_any(rows: Rows, spans: Iterable[tuple[dt.date, dt.date]]) -> Rows:
    """Keep rows of days in one of the spans, both ends included. Narrow them by `since` and `until` as well."""
    wanted = models.Q()
    for first, last in spans:
        wanted |= models.Q(on__gte=first, on__lte=last)
    found: Rows = rows.alias(on=Unindexed("date")).filter(wanted)
    return found
