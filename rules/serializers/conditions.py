"""The serializer of conditions; every error is named by its path, such as `conditions.0.op`."""

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import regex
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.strict_serializer import MISSING, StrictSerializer
from expenses.ledger.money import MAX_AMOUNT, SCALE
from expenses.serializers.fields import DECIMAL, AccountReference, CategoryReference, DayField, TagsField
from rules.operators import FIELD_TYPES, OPERATOR_NAMES, OPERATORS, FieldType, Shape, ValueType
from rules.operators.magnitudes import LAST_DAY
from rules.operators.pattern_size import Unsupported
from rules.operators.patterns import MAX_LENGTH, compile_pattern

#: Tests of a rule, including those in groups.
MAX_CONDITIONS = 100
MAX_VALUES = 200
#: Longest text that a test of texts compares with. A longer fuzzy text would take milliseconds for each transaction.
MAX_TEXTS = {ValueType.TEXT: 200, ValueType.FUZZY_TEXT: 64, ValueType.PATTERN: MAX_LENGTH}
VALUE_SCHEMA = {
    "oneOf": [{"type": "string"}, {"type": "number"}, {"type": "array", "items": {}}],
    "nullable": True,
    "description": "A string, a decimal, two decimals or a list, as the operator requires.",
}
DIRECTIONS = ("in", "out")


@extend_schema_field(VALUE_SCHEMA)
class ConditionValue(serializers.JSONField):
    """A value whose type the operator decides."""


class ConditionSerializer(StrictSerializer):
    """A test of one field, or a group of such tests under `conditions` with a `match` of its own."""

    field = serializers.ChoiceField(choices=list(OPERATORS), required=False)
    op = serializers.ChoiceField(choices=OPERATOR_NAMES, required=False)
    value = ConditionValue(required=False, allow_null=True)
    case_sensitive = serializers.BooleanField(required=False)
    threshold = serializers.IntegerField(
        min_value=50, max_value=100, required=False, help_text="For `fuzzy`: similarity to the value in percent; 85."
    )
    tolerance = serializers.DecimalField(
        max_digits=5, decimal_places=2, min_value=0, max_value=100, required=False,
        help_text="For `approx`: distance from the value in percent; 5.",
    )  # fmt: skip
    negate = serializers.BooleanField(required=False)
    match = serializers.ChoiceField(choices=["all", "any"], required=False)
    conditions = serializers.ListField(child=serializers.DictField(), required=False, max_length=MAX_CONDITIONS)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if "conditions" in attrs:
            return self._group(attrs)
        missing = {name: MISSING for name in ("field", "op") if name not in attrs}
        if missing:
            raise serializers.ValidationError(missing, code="required")
        name, op = attrs["field"], attrs["op"]
        if op not in OPERATORS[name]:
            detail = f"“{name}” has no operator {op}; choose one of {', '.join(OPERATORS[name])}."
            raise serializers.ValidationError({"op": detail}, code="unknown_op")
        if "match" in attrs:
            raise serializers.ValidationError({"match": "Only a rule or a group takes `match`."}, code="not_a_group")
        options = _options(attrs, OPERATORS[name][op].options)
        try:
            value = self._value(name, op, attrs.get("value"))
            _check_meaning(name, op, value, options)
        except serializers.ValidationError as error:
            raise serializers.ValidationError({"value": error.detail}) from None
        return {"field": name, "op": op, "value": value, "negate": attrs.get("negate", False), **options}

    def _group(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if self.context.get("is_nested"):
            detail = "Groups have one level; write deeper conditions as a separate rule."
            raise serializers.ValidationError({"conditions": detail}, code="too_deep")
        if not attrs["conditions"]:
            raise serializers.ValidationError({"conditions": "A group has at least one condition."}, code="empty")
        if stray := set(attrs) - {"conditions", "match", "negate"}:
            detail = "A group does not take this field; put the test among its conditions."
            raise serializers.ValidationError(dict.fromkeys(sorted(stray), detail), code="in_group")
        context = {**self.context, "is_nested": True}
        inner = type(self)(data=attrs["conditions"], many=True, context=context)
        if not inner.is_valid():
            raise serializers.ValidationError({"conditions": inner.errors})
        return {
            "match": attrs.get("match", "all"),
            "negate": attrs.get("negate", False),
            "conditions": inner.validated_data,
        }

    def _value(self, name: str, op: str, value: Any) -> Any:
        """Return the checked value as it is stored."""
        operator = OPERATORS[name][op]
        if operator.shape is Shape.NONE:
            if value is not None:
                raise serializers.ValidationError("This operator takes no value.", code="not_null")
            return None
        if operator.shape is Shape.ONE:
            return self._item(name, operator.value, value)
        is_range = operator.shape is Shape.TWO
        if not isinstance(value, list) or not value or len(value) > MAX_VALUES:
            wanted = "two values, the smaller first" if is_range else f"1 to {MAX_VALUES} values"
            raise serializers.ValidationError(f"Give a list of {wanted}.", code="not_a_list")
        items = [self._item(name, operator.value, one) for one in value]
        bound: Any = Decimal if operator.value is ValueType.NUMBER else str
        if is_range and (len(items) != 2 or bound(items[0]) > bound(items[1])):
            raise serializers.ValidationError("Give two values, the smaller first.", code="not_a_range")
        return items

    def _item(self, name: str, kind: ValueType, value: Any) -> Any:
        """Return one checked value as it is stored."""
        if kind is ValueType.TAG:
            [tag] = with_context(TagsField(), self.context).run_validation([value])
            return str(tag)
        if kind is ValueType.ID:
            reference = AccountReference() if name == "account" else CategoryReference()
            return int(with_context(reference, self.context).run_validation(value).pk)
        if kind is ValueType.NUMBER:
            return _decimal(value)
        if kind is ValueType.DATE:
            day: dt.date = DayField().run_validation(value)
            return day.isoformat()
        if kind is ValueType.WEEKDAY:
            return _whole_number(value, range(1, 8), "Give days of the week, 1 for Monday to 7 for Sunday.")
        if kind is ValueType.DAY_OF_MONTH:
            days = [*range(1, 32), LAST_DAY]
            return _whole_number(value, days, "Give days from 1 to 31, or -1 for a month's last day.")
        if not isinstance(value, str):
            raise serializers.ValidationError("Write a text.", code="invalid")
        return str(serializers.CharField(max_length=MAX_TEXTS[kind], trim_whitespace=False).run_validation(value))


def with_context(field: Any, context: Mapping[str, Any]) -> Any:
    """Give a context to a field that has no parent serializer."""
    field._context = context  # noqa: SLF001 - DRF has no other way
    return field


def _options(attrs: Mapping[str, Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
    """Return the condition's options. Raises ValidationError for options that the operator does not have."""
    given = {name: attrs[name] for name in ("case_sensitive", "threshold", "tolerance") if name in attrs}
    if stray := sorted(set(given) - set(defaults)):
        known = ", ".join(defaults) or "none"
        raise serializers.ValidationError({stray[0]: f"This operator has no such option; it has {known}."}, "unknown")
    if "tolerance" in given:
        given["tolerance"] = f"{given['tolerance'].normalize():f}"
    return {**defaults, **given}


def _check_meaning(name: str, op: str, value: Any, options: Mapping[str, Any]) -> None:
    """Raise ValidationError for broken patterns, and for texts that would match nothing, or everything."""
    if op == "regex":
        try:
            compile_pattern(value, case_sensitive=options["case_sensitive"])
        except Unsupported as error:
            raise serializers.ValidationError(str(error), code="unsupported_pattern") from None
        except (regex.error, ValueError, LookupError) as error:  # the library stumbles over some: IndexError
            at = getattr(error, "pos", None)
            where = f" at position {at}" if at is not None else ""
            detail = f"This is not a regular expression{where}: {getattr(error, 'msg', error)}."
            raise serializers.ValidationError(detail, code="bad_pattern") from None
    elif FIELD_TYPES[name] is FieldType.TEXT:
        texts = value if isinstance(value, list) else [value]
        if any(text is not None and not text.strip() for text in texts):
            detail = "Give letters or digits; use is_empty to find what has no text."
            raise serializers.ValidationError(detail, code="blank")
        if (name, op) == ("direction", "equals") and value.casefold() not in DIRECTIONS:
            detail = f"A direction is one of {', '.join(DIRECTIONS)}."
            raise serializers.ValidationError(detail, code="invalid_choice")


def _decimal(value: Any) -> str:
    if isinstance(value, str) and not DECIMAL.fullmatch(value.strip()):
        raise serializers.ValidationError("Write a number with a point, such as 12.50.", code="invalid")
    digits = len(str(MAX_AMOUNT)) + SCALE
    serializers.DecimalField(digits, SCALE, min_value=0, max_value=MAX_AMOUNT).run_validation(value)
    return f"{Decimal(str(value).strip()):f}"  # as it was written, not filled up with zeros


def _whole_number(value: Any, allowed: Any, detail: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value not in allowed:
        raise serializers.ValidationError(detail, code="invalid")
    return value
