"""On which day of its week or month a payment is due. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import median_low
from typing import Literal

from insights.recurring.rhythms import LONGEST_MONTH, Rhythm, n_days_of_month

#: How many of the last payments say on which day the next is due: old habits are forgotten.
N_REMEMBERED = 6
#: So many that never came on a weekend show that somebody moves them.
N_SHOWING_WORKDAYS = 5
SATURDAY = 5
Weekend = Literal["stays", "next", "previous"]


@dataclass(frozen=True, slots=True)
class Schedule:
    """Days are ordinals; a slot is the number of a turn, counted from that of the first day."""

    rhythm: Rhythm
    first: int
    #: Days after the slot's beginning; the 31st of a shorter month is its last day.
    offset: int
    #: What becomes of a due day that is a Saturday or Sunday.
    weekend: Weekend = "stays"

    @classmethod
    def read(cls, rhythm: Rhythm, days: list[int], slots: list[int]) -> "Schedule":
        """From the last few days; their median forgives a weekend."""
        return cls(rhythm, days[0], median_low(offsets_of(rhythm, days, slots)[-N_REMEMBERED:]))

    def due(self, slot: int) -> int:
        start = self.rhythm.start_of(self.first, slot)
        if self.rhythm.months:
            return _moved(start + min(self.offset, n_days_of_month(start) - 1), self.weekend)
        return start + self.offset

    def days_off(self, days: Sequence[int], slots: Sequence[int]) -> list[int]:
        """For each day, how many days it was late; less than 0: early."""
        return [day - self.due(slot) for day, slot in zip(days, slots, strict=True)]

    @property
    def day_of_month(self) -> int | None:
        """1 to 31, or None where weeks are counted."""
        if not self.rhythm.months:
            return None
        return self.offset % LONGEST_MONTH + 1


def offsets_of(rhythm: Rhythm, days: list[int], slots: list[int]) -> list[int]:
    """Where in its turn each day is."""
    return [day - rhythm.start_of(days[0], slot) for day, slot in zip(days, slots, strict=True)]


def best_schedule(rhythm: Rhythm, days: list[int], slots: list[int]) -> Schedule:
    """The schedule from which the last days are off the least; payments by the month may keep off weekends."""
    plain = Schedule.read(rhythm, days, slots)
    recent, turns = days[-2 * N_REMEMBERED :], slots[-2 * N_REMEMBERED :]
    if not rhythm.months or len(recent) < N_SHOWING_WORKDAYS or any(map(_is_weekend, recent)):
        return plain
    offsets = sorted(set(offsets_of(rhythm, days, slots)[-2 * N_REMEMBERED :]))
    weekends: tuple[Weekend, ...] = ("next", "previous")
    moving = [replace(plain, offset=offset, weekend=weekend) for weekend in weekends for offset in offsets]
    return min([plain, *moving], key=lambda one: sum(map(abs, one.days_off(recent, turns))))


def _moved(day: int, weekend: Weekend) -> int:
    if weekend == "stays" or not _is_weekend(day):
        return day
    n_after_friday = _weekday(day) - SATURDAY + 1
    return day - n_after_friday if weekend == "previous" else day + 3 - n_after_friday


def _weekday(day: int) -> int:
    """0 is Monday."""
    return (day - 1) % 7


def _is_weekend(day: int) -> bool:
    return _weekday(day) >= SATURDAY
