"""Tests of amounts and days. A missing value passes none."""

from calendar import monthrange
from collections.abc import Callable
from decimal import Decimal
from typing import Any

MagnitudeTest = Callable[[Any], bool]
#: The number of a month's last day in conditions.
LAST_DAY = -1


def comparison(read: Callable[[str], Any], compare: Callable[[Any, Any], bool]) -> Callable[[str], MagnitudeTest]:
    """Return the maker of a test that compares with one value; `read` turns the stored value into a number or a day."""

    def make(value: str) -> MagnitudeTest:
        bound = read(value)
        return lambda found: found is not None and compare(found, bound)

    return make


def between(read: Callable[[str], Any]) -> Callable[[list[str]], MagnitudeTest]:
    """Return the maker of a test that includes both bounds."""

    def make(values: list[str]) -> MagnitudeTest:
        low, high = map(read, values)
        return lambda found: found is not None and low <= found <= high

    return make


def approx(value: str, *, tolerance: str) -> MagnitudeTest:
    """Return a test for amounts within `tolerance` percent, including both bounds."""
    low, high = bounds_of_approx(value, tolerance)
    return lambda amount: amount is not None and low <= amount <= high


def bounds_of_approx(value: str, tolerance: str) -> tuple[Decimal, Decimal]:
    """Return the bounds of `approx`."""
    middle = Decimal(value)
    margin = middle * Decimal(tolerance) / 100
    return middle - margin, middle + margin


def day_of_month(values: list[int]) -> MagnitudeTest:
    days = frozenset(values)
    if LAST_DAY not in days:
        return lambda date: date is not None and date.day in days
    return lambda date: date is not None and (date.day in days or date.day == monthrange(date.year, date.month)[1])


def weekday(values: list[int]) -> MagnitudeTest:
    """Return a test of the ISO weekday: 1 is Monday."""
    days = frozenset(values)
    return lambda date: date is not None and date.isoweekday() in days
