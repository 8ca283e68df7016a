"""Whether tests of one day can hold together. Pure: it answers True only where no day passes them all."""

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from itertools import pairwise

from rules.linting.asking import holds
from rules.linting.formulas import Test

#: Tests that come round again, instead of cutting time in two.
RECURRING = {"day_of_month", "weekday"}
ONE_DAY = dt.timedelta(days=1)
#: Stretches up to this long are asked day by day; in longer ones any kind of day is taken to occur.
MAX_ASKED = dt.timedelta(days=800)
#: Weekdays and leap days meet in every way within these years.
CYCLE = (dt.date(2000, 1, 1), dt.date(2027, 12, 31))


def clash_in_date(tests: Sequence[Test]) -> bool:
    """Whether no day passes these tests, nor a missing one."""
    recurring = [test for test in tests if test.op in RECURRING]
    others = [test for test in tests if test.op not in RECURRING]
    if all(holds(test, None) for test in tests):
        return False
    return not any(
        all(holds(test, first) for test in others) and _has_day(first, last, recurring)
        for first, last in _stretches(others)
    )


def _stretches(tests: Sequence[Test]) -> Iterator[tuple[dt.date, dt.date]]:
    """First and last days of the stretches of time in which each of these tests answers alike."""
    named = {day for test in tests for day in _named(test)}
    after = {day + ONE_DAY for day in named if day < dt.date.max}
    starts = sorted({dt.date.min} | named | after)
    yield from ((start, following - ONE_DAY) for start, following in pairwise(starts))
    yield starts[-1], dt.date.max


def _named(test: Test) -> Iterable[dt.date]:
    if test.value is None:
        return []
    return map(dt.date.fromisoformat, test.value if isinstance(test.value, tuple) else [test.value])


def _has_day(first: dt.date, last: dt.date, tests: Sequence[Test]) -> bool:
    if not tests:
        return True
    days = _days(first, last) if last - first <= MAX_ASKED else _kinds_of_days()
    return any(all(holds(test, day) for test in tests) for day in days)


def _days(first: dt.date, last: dt.date) -> Iterator[dt.date]:
    return (first + dt.timedelta(days=n) for n in range((last - first).days + 1))


@cache
def _kinds_of_days() -> list[dt.date]:
    """One day for each weekday, day of the month, and whether the month ends with it."""
    kinds = {(day.weekday(), day.day, (day + ONE_DAY).day == 1): day for day in _days(*CYCLE)}
    return list(kinds.values())
