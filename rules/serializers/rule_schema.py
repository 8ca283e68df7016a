"""The language of rules as JSON, for programs that show an editor of rules.

The tables and fields that check and compile rules make this body, so the two always agree.
"""

from typing import Any

from django.db.models import NOT_PROVIDED
from rest_framework import serializers

from expenses.models import Transaction
from expenses.serializers.fields import MAX_TAGS, CategoryReference, TagsField
from rules.models import TRIGGERS, Rule
from rules.operators import ANY_OF, FIELD_TYPES, OPERATORS, Operator, Shape, ValueType
from rules.operators.magnitudes import LAST_DAY
from rules.serializers.actions import ACTIONS
from rules.serializers.conditions import DIRECTIONS, MAX_CONDITIONS, MAX_TEXTS, MAX_VALUES, ConditionSerializer
from rules.serializers.rules import RuleSerializer

JsonSchema = dict[str, Any]
#: A text that is not blank.
FILLED = r"\S"
TAG: JsonSchema = {"type": "string", "minLength": 1, "maxLength": 50, "examples": ["food"]}
ID_OR_NAME: JsonSchema = {
    "oneOf": [{"type": "integer", "minimum": 1}, {"type": "string", "minLength": 1, "maxLength": 100}]
}
#: Type of a value that an operator compares with → its schema.
VALUES: dict[ValueType, JsonSchema] = {
    ValueType.TEXT: {
        "type": "string", "pattern": FILLED, "maxLength": MAX_TEXTS[ValueType.TEXT], "examples": ["rewe"],
    },
    ValueType.FUZZY_TEXT: {
        "type": "string", "pattern": FILLED, "maxLength": MAX_TEXTS[ValueType.FUZZY_TEXT], "examples": ["netflix"],
    },
    ValueType.PATTERN: {
        "type": "string", "format": "regex", "minLength": 1, "maxLength": MAX_TEXTS[ValueType.PATTERN],
        "examples": ["rewe|edeka"],
    },
    ValueType.NUMBER: {
        "type": "string", "format": "decimal", "pattern": r"^\d{1,9}(\.\d{1,4})?$", "examples": ["12.50"],
    },
    ValueType.DATE: {"type": "string", "format": "date", "examples": ["2026-11-02"]},
    ValueType.WEEKDAY: {"type": "integer", "minimum": 1, "maximum": 7, "examples": [1]},
    ValueType.DAY_OF_MONTH: {"type": "integer", "enum": [*range(1, 32), LAST_DAY], "examples": [1]},
    ValueType.ID: ID_OR_NAME,
    ValueType.TAG: TAG,
}  # fmt: skip
#: Field or action that takes ids → the path of the list of names.
ADDRESSES = {"account": "accounts/", "category": "categories/", "set_category": "categories/"}


def describe_rules() -> dict[str, Any]:
    """Return the fields of a rule with their bounds and defaults, and all operators and actions."""
    rule: dict[str, JsonSchema] = {}
    for name, field in RuleSerializer().fields.items():
        if not field.read_only:
            default = TRIGGERS if name == "triggers" else Rule._meta.get_field(name).default  # type: ignore[union-attr]
            rule[name] = _schema_of(field) | ({} if default is NOT_PROVIDED else {"default": default})
    fields: list[dict[str, Any]] = []
    for name, by_name in OPERATORS.items():
        operators = [_describe_operator(name, op, operator) for op, operator in by_name.items()]
        fields.append({"name": name, "sort": FIELD_TYPES[name].value, "operators": operators})
        if name in ANY_OF:
            fields[-1]["any_of"] = list(ANY_OF[name])
        if name in ADDRESSES:
            fields[-1]["ids_from"] = ADDRESSES[name]
        if name == "direction":
            choices = Transaction._meta.get_field(name).flatchoices  # type: ignore[union-attr]
            fields[-1]["known_values"] = [value for value, _ in choices]
    return {
        "rule": rule,
        "conditions": {"max_conditions": MAX_CONDITIONS, "max_values": MAX_VALUES, "levels_of_groups": 1},
        "fields": fields,
        "actions": [
            {"name": name, "value": _schema_of(action.field()), "value_may_be_left_out": action.is_flag}
            | ({"ids_from": ADDRESSES[name]} if name in ADDRESSES else {})
            for name, action in ACTIONS.items()
        ],
    }


def _describe_operator(name: str, op: str, operator: Operator) -> dict[str, Any]:
    fields = ConditionSerializer().fields
    options = {
        option: _schema_of(fields[option]) | {"default": default} for option, default in operator.options.items()
    }
    item = {"enum": list(DIRECTIONS)} if (name, op) == ("direction", "equals") else VALUES[operator.value]
    least, most = (2, 2) if operator.shape is Shape.TWO else (1, MAX_VALUES)
    value: JsonSchema = {"type": "array", "items": item, "minItems": least, "maxItems": most}
    if operator.shape is Shape.NONE:
        value = {"type": "null"}
    elif operator.shape is Shape.ONE:
        value = item
    return {"name": op, "value": value, "options": options}


def _schema_of(field: Any) -> JsonSchema:
    """Return the JSON schema of a serializer field."""
    if isinstance(field, CategoryReference):
        return ID_OR_NAME
    if isinstance(field, TagsField):
        return {"type": "array", "items": TAG, "minItems": 1, "maxItems": MAX_TAGS}
    if isinstance(field, serializers.ListSerializer):
        return {"type": "array", "minItems": 1} | _bounds(field, {"max_length": "maxItems"})
    if isinstance(field, serializers.ListField):
        return {"type": "array", "items": _schema_of(field.child), "minItems": 1}
    if isinstance(field, serializers.ChoiceField):
        return {"enum": list(field.choices)}
    if isinstance(field, serializers.BooleanField):
        return {"type": "boolean"}
    limits = {"min_value": "minimum", "max_value": "maximum"}
    if isinstance(field, serializers.IntegerField):
        return {"type": "integer"} | _bounds(field, limits)
    if isinstance(field, serializers.DecimalField):
        return {"type": "string", "format": "decimal"} | _bounds(field, limits)
    least = 0 if field.allow_blank else 1
    return {"type": "string", "minLength": least} | _bounds(field, {"max_length": "maxLength"})


def _bounds(field: Any, names: dict[str, str]) -> JsonSchema:
    """Return the bounds of a field under their names in JSON Schema."""
    found = {word: getattr(field, name, None) for name, word in names.items()}
    return {word: bound for word, bound in found.items() if bound is not None}
