"""The fields that a condition can look at, and the operators of each. Pure.

To add an operator, write its test into the module of its field type and list it in `_BY_TYPE`. A test is False for an
empty text. The engine, the checks of the API and `rules/schema/` are built from these tables. The linter takes apart
only the operators that `linting/formulas.py` names.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum
from operator import eq, ge, gt, le, lt
from typing import Any

from rules.operators import magnitudes, patterns, sets, texts

Test = Callable[[Any], bool]


class FieldType(StrEnum):
    """The type of a field's content."""

    TEXT = "text"
    NUMBER = "number"
    DATE = "date"
    ID = "id"
    TAGS = "tags"


class Shape(StrEnum):
    """The number of values that an operator takes."""

    NONE = "none"
    ONE = "one"
    TWO = "two"
    MANY = "many"


class ValueType(StrEnum):
    """The type of one value that an operator compares with."""

    TEXT = "text"
    FUZZY_TEXT = "fuzzy text"
    PATTERN = "pattern"
    NUMBER = "number"
    DATE = "date"
    WEEKDAY = "weekday"
    DAY_OF_MONTH = "day of month"
    ID = "id"
    TAG = "tag"


@dataclass(frozen=True, slots=True)
class Operator:
    """One test of a field. `make` takes the checked value and the options, and returns the test."""

    shape: Shape
    value: ValueType
    make: Callable[..., Test]
    #: Option that a condition can give besides the value → its default.
    options: Mapping[str, Any] = field(default_factory=dict)
    #: Returns the places in a text where the value matches; takes the value, the text and the options.
    find: Callable[..., texts.Places] = lambda value, text: []
    #: Returns texts of which one occurs wherever the test holds, or None if there are none such.
    needles: Callable[[Any], list[str] | None] = lambda value: None


def _one_needle(value: str) -> list[str]:
    return [value]


_CASE = {"case_sensitive": False}
_ONE, _MANY, _NONE, _TWO = Shape.ONE, Shape.MANY, Shape.NONE, Shape.TWO
_BY_TYPE: dict[FieldType, dict[str, Operator]] = {
    FieldType.TEXT: {
        "equals": Operator(_ONE, ValueType.TEXT, texts.equals, _CASE, texts.find_start, _one_needle),
        "contains": Operator(_ONE, ValueType.TEXT, texts.contains, _CASE, texts.find_values, _one_needle),
        "starts_with": Operator(_ONE, ValueType.TEXT, texts.starts_with, _CASE, texts.find_start, _one_needle),
        "ends_with": Operator(_ONE, ValueType.TEXT, texts.ends_with, _CASE, texts.find_end, _one_needle),
        "contains_any": Operator(_MANY, ValueType.TEXT, texts.contains_any, _CASE, texts.find_values, list),
        "contains_all": Operator(
            _MANY, ValueType.TEXT, texts.contains_all, _CASE, texts.find_values, lambda values: [max(values, key=len)]
        ),
        "regex": Operator(_ONE, ValueType.PATTERN, patterns.matches, _CASE, patterns.find_match),
        "fuzzy": Operator(
            _ONE, ValueType.FUZZY_TEXT, texts.fuzzy, {**_CASE, "threshold": texts.ALIKE}, texts.find_alike
        ),
        "is_empty": Operator(_NONE, ValueType.TEXT, texts.is_empty, _CASE),
    },
    FieldType.NUMBER: {
        "eq": Operator(_ONE, ValueType.NUMBER, magnitudes.comparison(Decimal, eq)),
        "lt": Operator(_ONE, ValueType.NUMBER, magnitudes.comparison(Decimal, lt)),
        "lte": Operator(_ONE, ValueType.NUMBER, magnitudes.comparison(Decimal, le)),
        "gt": Operator(_ONE, ValueType.NUMBER, magnitudes.comparison(Decimal, gt)),
        "gte": Operator(_ONE, ValueType.NUMBER, magnitudes.comparison(Decimal, ge)),
        "between": Operator(_TWO, ValueType.NUMBER, magnitudes.between(Decimal)),
        "approx": Operator(_ONE, ValueType.NUMBER, magnitudes.approx, {"tolerance": "5"}),
    },
    FieldType.DATE: {
        "on": Operator(_ONE, ValueType.DATE, magnitudes.comparison(date.fromisoformat, eq)),
        "before": Operator(_ONE, ValueType.DATE, magnitudes.comparison(date.fromisoformat, lt)),
        "after": Operator(_ONE, ValueType.DATE, magnitudes.comparison(date.fromisoformat, gt)),
        "between": Operator(_TWO, ValueType.DATE, magnitudes.between(date.fromisoformat)),
        "day_of_month": Operator(_MANY, ValueType.DAY_OF_MONTH, magnitudes.day_of_month),
        "weekday": Operator(_MANY, ValueType.WEEKDAY, magnitudes.weekday),
    },
    FieldType.ID: {
        "in": Operator(_MANY, ValueType.ID, sets.is_in),
        "is_empty": Operator(_NONE, ValueType.ID, sets.is_missing),
    },
    FieldType.TAGS: {
        "has_any": Operator(_MANY, ValueType.TAG, sets.has_any),
        "has_all": Operator(_MANY, ValueType.TAG, sets.has_all),
        "has_none": Operator(_MANY, ValueType.TAG, sets.has_none),
        "is_empty": Operator(_NONE, ValueType.TAG, texts.is_empty),
    },
}
#: Field of a condition → its type.
FIELD_TYPES: dict[str, FieldType] = {
    "text": FieldType.TEXT,
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
#: Field that stands for several → these fields.
ANY_OF: dict[str, tuple[str, ...]] = {"text": ("raw_description", "description", "merchant")}
#: Field of a condition → its operators by name.
OPERATORS: dict[str, dict[str, Operator]] = {name: _BY_TYPE[kind] for name, kind in FIELD_TYPES.items()}
OPERATOR_NAMES = sorted({name for operators in OPERATORS.values() for name in operators})


def make_condition(field: str, op: str, value: Any, *, negate: bool = False) -> dict[str, Any]:
    """Return a test of a field as rules store it, with the operator's default options."""
    return {"field": field, "op": op, "value": value, "negate": negate, **OPERATORS[field][op].options}


def expand(conditions: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return the conditions with a group for each test of a field that stands for several.

    One of the fields must pass the test. `is_empty` asks all of them: it denies that there is a text.
    """
    found: list[Mapping[str, Any]] = []
    for condition in conditions:
        if "conditions" in condition:
            found.append({**condition, "conditions": expand(condition["conditions"])})
        elif condition["field"] in ANY_OF:
            tests = [{**condition, "field": name, "negate": False} for name in ANY_OF[condition["field"]]]
            match = "all" if condition["op"] == "is_empty" else "any"
            found.append({"match": match, "negate": condition.get("negate", False), "conditions": tests})
        else:
            found.append(condition)
    return found
