"""Periods that summaries are of, and the buckets of a time series. Pure."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from insights.calendars import Calendar, Unit, later

ONE_DAY = dt.timedelta(1)


@dataclass(frozen=True, slots=True)
class Period:
    """From a day to a day, both included. `unit`: what it is one of; None for any other period."""

    start: dt.date
    end: dt.date
    unit: Unit | None = None

    @property
    def n_days(self) -> int:
        return (self.end - self.start).days + 1

    def n_days_elapsed(self, today: dt.date) -> int:
        """How many of its days have begun: today counts."""
        return min(max((today - self.start).days + 1, 0), self.n_days)

    @property
    def previous(self) -> "Period":
        """The one before it: of a month the month before, of any other period as many days."""
        start = self.start - dt.timedelta(self.n_days) if self.unit is None else later(self.unit, self.start, -1)
        return Period(start, self.start - ONE_DAY, self.unit)

    @property
    def name(self) -> str:
        """As 2026, 2026-11 or 2026-11-20; a week is called by its first day, any other period by both ends."""
        if self.unit is None:
            return f"{self.start}/{self.end}"
        return name_of(self.unit, self.start)


@dataclass(frozen=True, slots=True)
class Bucket:
    """One of the periods that a time series is cut into. `first`: its first day if nothing cut it."""

    first: dt.date
    start: dt.date
    end: dt.date
    is_partial: bool


def name_of(unit: Unit, first: dt.date) -> str:
    """What the unit that begins on a day is called."""
    return str(first)[: {"year": 4, "month": 7}.get(unit)]


def period_around(unit: Unit, day: dt.date, calendar: Calendar) -> Period:
    """The unit that the day lies in."""
    first = calendar.first_of(unit, day)
    return Period(first, later(unit, first, 1) - ONE_DAY, unit)


def buckets_of(unit: Unit, period: Period, calendar: Calendar, *, limit: int) -> list[Bucket] | None:
    """The period cut into units; None if these are more than the limit."""
    found = list(islice(_buckets(unit, period, calendar), limit + 1))
    return found if len(found) <= limit else None


def _buckets(unit: Unit, period: Period, calendar: Calendar) -> Iterator[Bucket]:
    first = calendar.first_of(unit, period.start)
    while first <= period.end:
        following = later(unit, first, 1)
        start, end = max(first, period.start), min(following - ONE_DAY, period.end)
        yield Bucket(first, start, end, is_partial=start > first or end < following - ONE_DAY)
        first = following
