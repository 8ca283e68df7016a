"""What a condition can ask of a field. Pure: values in, predicates out.

Each operator has the shape of value it takes and a function that turns a checked value into a test of the field.
"""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any

Test = Callable[[Any], bool]


class Shape(StrEnum):
    """The value that an operator takes."""

    NONE = "none"
    ONE = "one"
    TWO = "two"
    MANY = "many"


@dataclass(frozen=True, slots=True)
class Operator:
    """`make` gets the checked value and gives the test of one field's value."""

    shape: Shape
    make: Callable[[Any], Test]


def _contains_any(needles: list[str]) -> Test:
    wanted = tuple(needles)
    return lambda text: any(needle in text for needle in wanted)


def _contains_all(needles: list[str]) -> Test:
    wanted = tuple(needles)
    return lambda text: all(needle in text for needle in wanted)


def _between(bounds: list[Decimal]) -> Test:
    low, high = bounds
    return lambda number: number is not None and low <= number <= high


def _compare(name: str) -> Callable[[Decimal], Test]:
    return lambda bound: lambda number: number is not None and bool(getattr(number, name)(bound))


TEXT = {
    "equals": Operator(Shape.ONE, lambda value: lambda text: text == value),
    "contains": Operator(Shape.ONE, lambda value: lambda text: value in text),
    "starts_with": Operator(Shape.ONE, lambda value: lambda text: text.startswith(value)),
    "ends_with": Operator(Shape.ONE, lambda value: lambda text: text.endswith(value)),
    "contains_any": Operator(Shape.MANY, _contains_any),
    "contains_all": Operator(Shape.MANY, _contains_all),
    "is_empty": Operator(Shape.NONE, lambda _: lambda text: not text),
}
NUMBER = {
    "eq": Operator(Shape.ONE, _compare("__eq__")),
    "lt": Operator(Shape.ONE, _compare("__lt__")),
    "lte": Operator(Shape.ONE, _compare("__le__")),
    "gt": Operator(Shape.ONE, _compare("__gt__")),
    "gte": Operator(Shape.ONE, _compare("__ge__")),
    "between": Operator(Shape.TWO, _between),
}
ID = {
    "in": Operator(Shape.MANY, lambda value: frozenset(value).__contains__),
    "is_empty": Operator(Shape.NONE, lambda _: lambda found: found is None),
}

TEXT_FIELDS = ("raw_description", "description", "merchant", "direction", "currency")
#: Field of a condition → the operators that it knows.
OPERATORS: dict[str, dict[str, Operator]] = {
    **dict.fromkeys(TEXT_FIELDS, TEXT),
    "amount": NUMBER,
    "account": ID,
}
