"""How often a payment comes, and when it is due next. Pure."""

import calendar
import datetime as dt
from dataclasses import dataclass
from functools import lru_cache
from statistics import median_low
from typing import Literal

Name = Literal["weekly", "biweekly", "four_weekly", "monthly", "bimonthly", "quarterly", "half_yearly", "yearly"]
DAYS_OF_A_MONTH = 365.2425 / 12
#: How many of the last payments say on which day the next is due: old habits are forgotten.
N_REMEMBERED = 6


@dataclass(frozen=True, slots=True)
class Rhythm:
    """A step in days or in months of the calendar; one of the two is 0."""

    name: Name
    days: int
    months: int
    #: Weekends, holidays and slow banks: how far from its day a payment still belongs to it.
    slack: int
    #: The least that is waited before a payment counts as missed.
    patience: int

    @property
    def length(self) -> float:
        """Of one step, in days."""
        return self.days or self.months * DAYS_OF_A_MONTH

    @property
    def per_year(self) -> float:
        return 365.2425 / self.length

    def steps(self, gap: int) -> int:
        """How many steps a gap in days comes to; 0 where it fits none. One may have been missed."""
        n = round(gap / self.length)
        return n if 1 <= n <= 2 and abs(gap - n * self.length) <= self.slack else 0

    def start_of(self, first: int, slot: int) -> int:
        """The day from which the slot's due day is counted, as an ordinal."""
        return _month_start(first, slot * self.months) if self.months else first + slot * self.days

    def due(self, first: int, slot: int, offset: int) -> int:
        """The due day of a slot as an ordinal; the 31st of a shorter month is its last day."""
        start = self.start_of(first, slot)
        if not self.months:
            return start + offset
        return start + min(offset, _n_days(start) - 1)


RHYTHMS = (
    Rhythm("weekly", 7, 0, 2, 2),
    Rhythm("biweekly", 14, 0, 3, 3),
    Rhythm("four_weekly", 28, 0, 3, 4),
    Rhythm("monthly", 0, 1, 6, 4),
    Rhythm("bimonthly", 0, 2, 8, 7),
    Rhythm("quarterly", 0, 3, 10, 7),
    Rhythm("half_yearly", 0, 6, 14, 10),
    Rhythm("yearly", 0, 12, 18, 15),
)
RHYTHM_NAMED = {rhythm.name: rhythm for rhythm in RHYTHMS}


def rhythms_near(gap: float) -> list[Rhythm]:
    """Those that a gap in days may be one step of."""
    return [rhythm for rhythm in RHYTHMS if abs(gap - rhythm.length) <= rhythm.slack]


@dataclass(frozen=True, slots=True)
class Schedule:
    """On which day of its week or month a payment is due, read from the days on which it came."""

    rhythm: Rhythm
    #: The first day, as an ordinal; slots are counted from it.
    first: int
    offset: int

    @classmethod
    def read(cls, rhythm: Rhythm, days: list[int], slots: list[int]) -> "Schedule":
        """From the last few days; the median forgives a weekend."""
        recent = zip(days[-N_REMEMBERED:], slots[-N_REMEMBERED:], strict=True)
        offsets = [day - rhythm.start_of(days[0], slot) for day, slot in recent]
        return cls(rhythm, days[0], median_low(offsets))

    def due(self, slot: int) -> int:
        return self.rhythm.due(self.first, slot, self.offset)


def slots_of(rhythm: Rhythm, days: list[int]) -> list[int]:
    """The number of each day's turn, counted from the first day's."""
    slots = [0]
    for before, day in zip(days, days[1:], strict=False):
        slots.append(slots[-1] + max(round((day - before) / rhythm.length), 1))
    return slots


@lru_cache(maxsize=4096)
def _month_start(first: int, n: int) -> int:
    day = dt.date.fromordinal(first)
    months = day.year * 12 + day.month - 1 + n
    return dt.date(months // 12, months % 12 + 1, 1).toordinal()


@lru_cache(maxsize=4096)
def _n_days(start: int) -> int:
    day = dt.date.fromordinal(start)
    return calendar.monthrange(day.year, day.month)[1]
