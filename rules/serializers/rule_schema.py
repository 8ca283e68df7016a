"""What a rule can ask and do, as JSON that a program can build an editor of rules from.

It is made of the tables and fields that rules are checked and compiled with, so that it cannot say anything else.
"""

from typing import Any

from django.db.models import NOT_PROVIDED
from rest_framework import serializers

from expenses.models import Transaction
from expenses.serializers.fields import MAX_TAGS, CategoryReference, TagsField
from rules.models import TRIGGERS, Rule
from rules.operators import FIELD_TYPES, OPERATORS, FieldType, Operator, Shape
from rules.operators.dates import LAST_DAY
from rules.operators.patterns import MAX_LENGTH
from rules.serializers.actions import ACTIONS, Action
from rules.serializers.conditions import (
    DIRECTIONS,
    MAX_ALIKE,
    MAX_CONDITIONS,
    MAX_TEXT,
    MAX_VALUES,
    ConditionSerializer,
)
from rules.serializers.rules import RuleSerializer

JsonSchema = dict[str, Any]
#: Something else than blanks.
FILLED = r"\S"
DIRECTION: JsonSchema = {"enum": list(DIRECTIONS)}
TAG: JsonSchema = {"type": "string", "minLength": 1, "maxLength": 50, "examples": ["food"]}
ID_OR_NAME: JsonSchema = {
    "oneOf": [{"type": "integer", "minimum": 1}, {"type": "string", "minLength": 1, "maxLength": 100}]
}
#: What a field of a sort is compared with.
ITEMS: dict[FieldType, JsonSchema] = {
    FieldType.TEXT: {"type": "string", "pattern": FILLED, "maxLength": MAX_TEXT, "examples": ["rewe"]},
    FieldType.NUMBER: {
        "type": "string",
        "format": "decimal",
        "pattern": r"^\d{1,9}(\.\d{1,4})?$",
        "examples": ["12.50"],
    },
    FieldType.DATE: {"type": "string", "format": "date", "examples": ["2026-11-02"]},
    FieldType.ID: ID_OR_NAME,
    FieldType.TAGS: TAG,
}
#: What some operators compare with instead.
ITEMS_OF_OPERATORS: dict[str, JsonSchema] = {
    "regex": {"type": "string", "format": "regex", "minLength": 1, "maxLength": MAX_LENGTH, "examples": ["rewe|edeka"]},
    "fuzzy": {"type": "string", "pattern": FILLED, "maxLength": MAX_ALIKE, "examples": ["netflix"]},
    "weekday": {"type": "integer", "minimum": 1, "maximum": 7, "examples": [1]},
    "day_of_month": {"type": "integer", "enum": [*range(1, 32), LAST_DAY], "examples": [1]},
}
#: Where the names of ids are to be had.
ADDRESSES = {"account": "accounts/", "category": "categories/", "set_category": "categories/"}


def describe_rules() -> dict[str, Any]:
    """The fields of a rule with their bounds and defaults, what conditions can ask of which field, and all actions."""
    return {
        "rule": _rule(),
        "conditions": {"max_conditions": MAX_CONDITIONS, "max_values": MAX_VALUES, "levels_of_groups": 1},
        "fields": [_field(name) for name in OPERATORS],
        "actions": [_action(name, action) for name, action in ACTIONS.items()],
    }


def _rule() -> dict[str, JsonSchema]:
    fields = {name: field for name, field in RuleSerializer().fields.items() if not field.read_only}
    return {name: _described(field) | _default(name) for name, field in fields.items()}


def _default(name: str) -> JsonSchema:
    default = TRIGGERS if name == "triggers" else Rule._meta.get_field(name).default  # type: ignore[union-attr]
    return {} if default is NOT_PROVIDED else {"default": default}


def _field(name: str) -> dict[str, Any]:
    operators = [_operator(name, op, operator) for op, operator in OPERATORS[name].items()]
    described: dict[str, Any] = {"name": name, "sort": FIELD_TYPES[name].value, "operators": operators}
    if name in ADDRESSES:
        described["ids_from"] = ADDRESSES[name]
    if name == "direction":
        described["known_values"] = [value for value, _ in Transaction._meta.get_field(name).flatchoices]  # type: ignore[union-attr]
    return described


def _operator(name: str, op: str, operator: Operator) -> dict[str, Any]:
    options = {option: _option(option) | {"default": default} for option, default in operator.options.items()}
    item = DIRECTION if (name, op) == ("direction", "equals") else ITEMS_OF_OPERATORS.get(op, ITEMS[FIELD_TYPES[name]])
    return {"name": op, "value": _shaped(operator.shape, item), "options": options}


def _shaped(shape: Shape, item: JsonSchema) -> JsonSchema:
    if shape is Shape.NONE:
        return {"type": "null"}
    if shape is Shape.ONE:
        return item
    least, most = (2, 2) if shape is Shape.TWO else (1, MAX_VALUES)
    return {"type": "array", "items": item, "minItems": least, "maxItems": most}


def _option(name: str) -> JsonSchema:
    return _described(ConditionSerializer().fields[name])


def _action(name: str, action: Action) -> dict[str, Any]:
    field = action.field()
    described = {"name": name, "value": _described(field), "value_may_be_left_out": action.is_flag}
    return described | ({"ids_from": ADDRESSES[name]} if name in ADDRESSES else {})


def _described(field: Any) -> JsonSchema:
    """The JSON that a field takes."""
    if isinstance(field, CategoryReference):
        return ID_OR_NAME
    if isinstance(field, TagsField):
        return {"type": "array", "items": TAG, "minItems": 1, "maxItems": MAX_TAGS}
    if isinstance(field, serializers.ListSerializer):
        return {"type": "array", "minItems": 1} | _bounds(field, {"max_length": "maxItems"})
    if isinstance(field, serializers.ListField):
        return {"type": "array", "items": _described(field.child), "minItems": 1}
    return _scalar(field)


def _scalar(field: Any) -> JsonSchema:
    if isinstance(field, serializers.ChoiceField):
        return {"enum": list(field.choices)}
    if isinstance(field, serializers.BooleanField):
        return {"type": "boolean"}
    if isinstance(field, serializers.IntegerField):
        return {"type": "integer"} | _bounds(field, {"min_value": "minimum", "max_value": "maximum"})
    if isinstance(field, serializers.DecimalField):
        return {"type": "string", "format": "decimal"} | _bounds(
            field, {"min_value": "minimum", "max_value": "maximum"}
        )
    least = 0 if field.allow_blank else 1
    return {"type": "string", "minLength": least} | _bounds(field, {"max_length": "maxLength"})


def _bounds(field: Any, names: dict[str, str]) -> JsonSchema:
    """The bounds that a field has, in the words of JSON Schema."""
    found = {word: getattr(field, name, None) for name, word in names.items()}
    return {word: bound for word, bound in found.items() if bound is not None}
