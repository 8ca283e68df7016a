"""Periods of reports, and the buckets of a time series. Pure."""

import datetime as dt
from dataclasses import dataclass

from insights.calendars import Calendar, Unit, later

ONE_DAY = dt.timedelta(1)
#: The buckets that a time series may be cut into.
BUCKETS: dict[str, Unit] = {"daily": "day", "weekly": "week", "monthly": "month", "yearly": "year"}
#: Three years of days.
MAX_BUCKETS = 1_100


@dataclass(frozen=True, slots=True)
class Period:
    """The days from `start` to `end`, both included. `unit` is None unless they are one day, week, month or year."""

    start: dt.date
    end: dt.date
    unit: Unit | None = None

    @property
    def n_days(self) -> int:
        return (self.end - self.start).days + 1

    def n_days_elapsed(self, today: dt.date) -> int:
        """Return how many of its days have begun: today counts."""
        return min(max((today - self.start).days + 1, 0), self.n_days)

    @property
    def previous(self) -> "Period":
        """The period before it: the month before a month, as many days before any other period."""
        start = self.start - dt.timedelta(self.n_days) if self.unit is None else later(self.unit, self.start, -1)
        return Period(start, self.start - ONE_DAY, self.unit)

    @property
    def name(self) -> str:
        """The name: 2026, 2026-11 or 2026-11-20. A week has the name of its first day, other periods of both ends."""
        return f"{self.start}/{self.end}" if self.unit is None else name_of(self.unit, self.start)


@dataclass(frozen=True, slots=True)
class Bucket:
    """One of the periods that a time series is cut into. `first`: its first day if nothing cut it."""

    first: dt.date
    start: dt.date
    end: dt.date
    is_partial: bool


def name_of(unit: Unit, first: dt.date) -> str:
    """Return the name of the unit that begins on a day."""
    return str(first)[: {"year": 4, "month": 7}.get(unit)]


def period_around(unit: Unit, day: dt.date, calendar: Calendar) -> Period:
    """Return the unit that the day lies in."""
    first = calendar.first_of(unit, day)
    return Period(first, later(unit, first, 1) - ONE_DAY, unit)


def buckets_of(unit: Unit, period: Period, calendar: Calendar, *, limit: int = MAX_BUCKETS) -> list[Bucket] | None:
    """Cut the period into units; return None if they are more than the limit."""
    buckets, first = list[Bucket](), calendar.first_of(unit, period.start)
    while first <= period.end:
        if len(buckets) == limit:
            return None
        following = later(unit, first, 1)
        start, end = max(first, period.start), min(following - ONE_DAY, period.end)
        buckets.append(Bucket(first, start, end, is_partial=start > first or end < following - ONE_DAY))
        first = following
    return buckets
