"""How often a payment comes, and on which day of its week or month it is due. Pure; days are ordinals."""

import calendar
import datetime as dt
import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from statistics import median_low
from typing import Literal

from insights.calendars import MONTHS_OF_A_YEAR, later_month

RhythmName = Literal["weekly", "biweekly", "four_weekly", "monthly", "bimonthly", "quarterly", "half_yearly", "yearly"]
Weekend = Literal["stays", "next", "previous"]
DAYS_OF_A_YEAR = 365.2425
LONGEST_MONTH = 31
SATURDAY = 5
#: The last six payments say on which day the next is due: old habits are forgotten.
N_REMEMBERED = 6
#: Five payments that never came on a weekend show that weekends move them.
N_SHOWING_WORKDAYS = 5


@dataclass(frozen=True)
class Rhythm:
    """A step in days or in months of the calendar; one of the two is 0."""

    name: RhythmName
    days: int
    months: int
    #: How many days a weekend, a holiday or a slow bank may move a payment.
    slack: int
    #: How many days to wait at least until a payment counts as missed.
    patience: int

    @cached_property
    def length(self) -> float:
        """Days in one step."""
        return self.months * DAYS_OF_A_YEAR / MONTHS_OF_A_YEAR if self.months else self.days

    def steps(self, gap: int) -> int:
        """Return how many steps a gap in days is; 0 if it fits none. One payment may have been missed."""
        n = round(gap / self.length)
        return n if 1 <= n <= 2 and abs(gap - n * self.length) <= self.slack else 0

    def start_of(self, first: int, slot: int) -> int:
        """Return the day from which the due day of a slot is counted; slot 0 is that of the day `first`."""
        return _month_start(first, slot * self.months) if self.months else first + slot * self.days

    def slots_of(self, days: list[int]) -> list[int]:
        """Return the number of each day's turn, counted from the first day's."""
        slots = [0]
        for before, day in itertools.pairwise(days):
            slots.append(slots[-1] + max(round((day - before) / self.length), 1))
        return slots

    def offsets_of(self, days: list[int], slots: list[int]) -> list[int]:
        """Return where in its turn each day is."""
        return [day - self.start_of(days[0], slot) for day, slot in zip(days, slots, strict=True)]


RHYTHMS = (
    Rhythm("weekly", 7, 0, slack=2, patience=2),
    Rhythm("biweekly", 14, 0, slack=3, patience=3),
    Rhythm("four_weekly", 28, 0, slack=3, patience=4),
    Rhythm("monthly", 0, 1, slack=6, patience=4),
    Rhythm("bimonthly", 0, 2, slack=8, patience=7),
    Rhythm("quarterly", 0, 3, slack=10, patience=7),
    Rhythm("half_yearly", 0, 6, slack=14, patience=10),
    Rhythm("yearly", 0, 12, slack=18, patience=15),
)
RHYTHM_NAMED = {rhythm.name: rhythm for rhythm in RHYTHMS}


def times_a_year(name: RhythmName) -> float:
    return DAYS_OF_A_YEAR / RHYTHM_NAMED[name].length


@dataclass(frozen=True, slots=True)
class Schedule:
    """Due days of a rhythm; a slot is the number of a turn, counted from that of the first day."""

    rhythm: Rhythm
    first: int
    #: Days after the slot's beginning; the 31st of a shorter month is its last day.
    offset: int
    #: Where a due day on a Saturday or Sunday moves.
    weekend: Weekend = "stays"

    @classmethod
    def read(cls, rhythm: Rhythm, days: list[int], slots: list[int]) -> "Schedule":
        """Return the schedule of the last few days; their median forgives a weekend."""
        return cls(rhythm, days[0], median_low(rhythm.offsets_of(days, slots)[-N_REMEMBERED:]))

    @classmethod
    def best(cls, rhythm: Rhythm, days: list[int], slots: list[int]) -> "Schedule":
        """Return the schedule from which the last days are off the least; monthly payments may avoid weekends."""
        plain = cls.read(rhythm, days, slots)
        recent, turns = days[-2 * N_REMEMBERED :], slots[-2 * N_REMEMBERED :]
        if not rhythm.months or len(recent) < N_SHOWING_WORKDAYS or any(_weekday(day) >= SATURDAY for day in recent):
            return plain
        offsets = sorted(set(rhythm.offsets_of(days, slots)[-2 * N_REMEMBERED :]))
        weekends: tuple[Weekend, ...] = ("next", "previous")
        moving = [replace(plain, offset=offset, weekend=weekend) for weekend in weekends for offset in offsets]
        return min([plain, *moving], key=lambda one: sum(map(abs, one.days_off(recent, turns))))

    def due(self, slot: int) -> int:
        """Return the due day of a turn."""
        start = self.rhythm.start_of(self.first, slot)
        if not self.rhythm.months:
            return start + self.offset
        day = start + min(self.offset, _n_days_of_month(start) - 1)
        if self.weekend == "stays" or _weekday(day) < SATURDAY:
            return day
        n_after_friday = _weekday(day) - SATURDAY + 1
        return day - n_after_friday if self.weekend == "previous" else day + 3 - n_after_friday

    def days_off(self, days: Sequence[int], slots: Sequence[int]) -> list[int]:
        """Return for each day how many days it was late; less than 0 is early."""
        return [day - self.due(slot) for day, slot in zip(days, slots, strict=True)]

    @property
    def day_of_month(self) -> int | None:
        """1 to 31, or None where weeks are counted."""
        return self.offset % LONGEST_MONTH + 1 if self.rhythm.months else None


def _weekday(day: int) -> int:
    """Return 0 for Monday."""
    return (day - 1) % 7


@lru_cache(maxsize=4096)
def _n_days_of_month(start: int) -> int:
    day = dt.date.fromordinal(start)
    return calendar.monthrange(day.year, day.month)[1]


@lru_cache(maxsize=4096)
def _month_start(first: int, n: int) -> int:
    return later_month(dt.date.fromordinal(first).replace(day=1), n).toordinal()
