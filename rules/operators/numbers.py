"""What a condition can ask of an amount. A missing one satisfies nothing."""

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
    """Both bounds included."""
    low, high = map(Decimal, values)
    return lambda number: number is not None and low <= number <= high


def approx(value: str, *, tolerance: str) -> NumberTest:
    """Within `tolerance` percent of the value, bounds included."""
    return between([str(bound) for bound in bounds_of_approx(value, tolerance)])


def bounds_of_approx(value: str, tolerance: str) -> tuple[Decimal, Decimal]:
    """The interval that `approx` means."""
    middle = Decimal(value)
    margin = middle * Decimal(tolerance) / 100
    return middle - margin, middle + margin
