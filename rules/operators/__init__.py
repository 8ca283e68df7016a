"""What conditions can ask: each field has a sort, each sort its operators. Pure: values in, predicates out.

`rules/schema/`, the checks at save, the compiler and the linter all read these tables.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from rules.operators import dates, numbers, patterns, sets, texts

Test = Callable[[Any], bool]


class Shape(StrEnum):
    """The value that an operator takes."""

    NONE = "none"
    ONE = "one"
    TWO = "two"
    MANY = "many"


class FieldType(StrEnum):
    """What a field holds."""

    TEXT = "text"
    NUMBER = "number"
    DATE = "date"
    ID = "id"
    TAGS = "tags"


@dataclass(frozen=True, slots=True)
class Operator:
    """`make` gets the checked value, and the options by name, and gives the test of one field's value."""

    shape: Shape
    make: Callable[..., Test]
    #: What a condition may say besides the value → what counts where it does not.
    options: Mapping[str, Any] = field(default_factory=dict)


CASE = {"case_sensitive": False}
TEXT = {
    "equals": Operator(Shape.ONE, texts.equals, CASE),
    "contains": Operator(Shape.ONE, texts.contains, CASE),
    "starts_with": Operator(Shape.ONE, texts.starts_with, CASE),
    "ends_with": Operator(Shape.ONE, texts.ends_with, CASE),
    "contains_any": Operator(Shape.MANY, texts.contains_any, CASE),
    "contains_all": Operator(Shape.MANY, texts.contains_all, CASE),
    "regex": Operator(Shape.ONE, patterns.matches, CASE),
    "fuzzy": Operator(Shape.ONE, texts.fuzzy, {**CASE, "threshold": 85}),
    "is_empty": Operator(Shape.NONE, texts.is_empty, CASE),
}
NUMBER = {
    "eq": Operator(Shape.ONE, numbers.eq),
    "lt": Operator(Shape.ONE, numbers.lt),
    "lte": Operator(Shape.ONE, numbers.lte),
    "gt": Operator(Shape.ONE, numbers.gt),
    "gte": Operator(Shape.ONE, numbers.gte),
    "between": Operator(Shape.TWO, numbers.between),
    "approx": Operator(Shape.ONE, numbers.approx, {"tolerance": "5"}),
}
DATE = {
    "on": Operator(Shape.ONE, dates.on),
    "before": Operator(Shape.ONE, dates.before),
    "after": Operator(Shape.ONE, dates.after),
    "between": Operator(Shape.TWO, dates.between),
    "day_of_month": Operator(Shape.MANY, dates.day_of_month),
    "weekday": Operator(Shape.MANY, dates.weekday),
}
ID = {
    "in": Operator(Shape.MANY, sets.is_in),
    "is_empty": Operator(Shape.NONE, sets.is_missing),
}
TAGS = {
    "has_any": Operator(Shape.MANY, sets.has_any),
    "has_all": Operator(Shape.MANY, sets.has_all),
    "has_none": Operator(Shape.MANY, sets.has_none),
    "is_empty": Operator(Shape.NONE, sets.is_empty),
}
#: Field of a condition → what it holds.
FIELD_TYPES: dict[str, FieldType] = {
    "raw_description": FieldType.TEXT,
    "description": FieldType.TEXT,
    "merchant": FieldType.TEXT,
    "amount": FieldType.NUMBER,
    "direction": FieldType.TEXT,
    "currency": FieldType.TEXT,
    "account": FieldType.ID,
    "category": FieldType.ID,
    "date": FieldType.DATE,
    "tags": FieldType.TAGS,
    "payment_method": FieldType.TEXT,
    "notes": FieldType.TEXT,
    "iban": FieldType.TEXT,
    "mcc": FieldType.TEXT,
    "source": FieldType.TEXT,
}
_OF_SORT = {
    FieldType.TEXT: TEXT,
    FieldType.NUMBER: NUMBER,
    FieldType.DATE: DATE,
    FieldType.ID: ID,
    FieldType.TAGS: TAGS,
}
#: Field of a condition → the operators that it knows.
OPERATORS: dict[str, dict[str, Operator]] = {name: _OF_SORT[sort] for name, sort in FIELD_TYPES.items()}
