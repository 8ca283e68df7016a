"""How often a payment comes. Pure."""

import calendar
import datetime as dt
import itertools
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

RhythmName = Literal["weekly", "biweekly", "four_weekly", "monthly", "bimonthly", "quarterly", "half_yearly", "yearly"]
DAYS_OF_A_YEAR, MONTHS_OF_A_YEAR = 365.2425, 12
LONGEST_MONTH = 31


@dataclass(frozen=True, slots=True)
class Rhythm:
    """A step in days or in months of the calendar; one of the two is 0."""

    name: RhythmName
    days: int
    months: int
    #: Weekends, holidays and slow banks: how far from its day a payment still belongs to it.
    slack: int
    #: The least that is waited until a payment counts as missed.
    patience: int
    #: Days in one step.
    length: float

    def steps(self, gap: int) -> int:
        """How many steps a gap in days comes to; 0 where it fits none. One payment may have been missed."""
        n = round(gap / self.length)
        return n if 1 <= n <= 2 and abs(gap - n * self.length) <= self.slack else 0

    def start_of(self, first: int, slot: int) -> int:
        """The day from which the due day of a slot is counted, as an ordinal; slot 0 is that of the day `first`."""
        return _month_start(first, slot * self.months) if self.months else first + slot * self.days

    def slots_of(self, days: list[int]) -> list[int]:
        """The number of each day's turn, counted from the first day's."""
        slots = [0]
        for before, day in itertools.pairwise(days):
            slots.append(slots[-1] + max(round((day - before) / self.length), 1))
        return slots


def _by_days(name: RhythmName, days: int, *, slack: int, patience: int) -> Rhythm:
    return Rhythm(name, days, 0, slack, patience, days)


def _by_months(name: RhythmName, months: int, *, slack: int, patience: int) -> Rhythm:
    return Rhythm(name, 0, months, slack, patience, months * DAYS_OF_A_YEAR / MONTHS_OF_A_YEAR)


RHYTHMS = (
    _by_days("weekly", 7, slack=2, patience=2),
    _by_days("biweekly", 14, slack=3, patience=3),
    _by_days("four_weekly", 28, slack=3, patience=4),
    _by_months("monthly", 1, slack=6, patience=4),
    _by_months("bimonthly", 2, slack=8, patience=7),
    _by_months("quarterly", 3, slack=10, patience=7),
    _by_months("half_yearly", 6, slack=14, patience=10),
    _by_months("yearly", 12, slack=18, patience=15),
)
RHYTHM_NAMED = {rhythm.name: rhythm for rhythm in RHYTHMS}


def rhythms_near(gap: float) -> list[Rhythm]:
    """Those of which a gap in days may be one step."""
    return [rhythm for rhythm in RHYTHMS if abs(gap - rhythm.length) <= rhythm.slack]


def times_a_year(name: RhythmName) -> float:
    return DAYS_OF_A_YEAR / RHYTHM_NAMED[name].length


@lru_cache(maxsize=4096)
def n_days_of_month(start: int) -> int:
    """Of the month that begins on the ordinal."""
    day = dt.date.fromordinal(start)
    return calendar.monthrange(day.year, day.month)[1]


@lru_cache(maxsize=4096)
def _month_start(first: int, n: int) -> int:
    day = dt.date.fromordinal(first)
    months = day.year * MONTHS_OF_A_YEAR + day.month - 1 + n
    return dt.date(months // MONTHS_OF_A_YEAR, months % MONTHS_OF_A_YEAR + 1, 1).toordinal()
