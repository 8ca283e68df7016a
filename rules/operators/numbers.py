"""Tests of amounts. A missing amount passes none."""

from collections.abc import Callable
from decimal import Decimal

NumberTest = Callable[[Decimal | None], bool]


def eq(value: str) -> NumberTest:
    bound = Decimal(value)
    return lambda number: number == bound


def lt(value: str) -> NumberTest:
    bound = Decimal(value)
    return lambda number: number is not None and number < bound


def lte(value: str) -> NumberTest:
    bound = Decimal(value)
    return lambda number: number is not None and number <= bound


def gt(value: str) -> NumberTest:
    bound = Decimal(value)
    return lambda number: number is not None and number > bound


def gte(value: str) -> NumberTest:
    bound = Decimal(value)
    return lambda number: number is not None and number >= bound


def between(values: list[str]) -> NumberTest:
    """Return a test that includes both bounds."""
    low, high = map(Decimal, values)
    return lambda number: number is not None and low <= number <= high


def approx(value: str, *, tolerance: str) -> NumberTest:
    """Return a test for values within `tolerance` percent, including both bounds."""
    return between([str(bound) for bound in bounds_of_approx(value, tolerance)])


def bounds_of_approx(value: str, tolerance: str) -> tuple[Decimal, Decimal]:
    """Return the bounds of `approx`."""
    middle = Decimal(value)
    margin = middle * Decimal(tolerance) / 100
    return middle - margin, middle + margin
