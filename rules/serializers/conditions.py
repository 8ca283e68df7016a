"""Shape of conditions; every fault is named by its path, such as `conditions.0.op`."""

import datetime as dt
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

import regex
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.strict_serializer import StrictSerializer
from expenses.ledger.money import MAX_AMOUNT, SCALE
from expenses.serializers.fields import DECIMAL, AccountReference, CategoryReference, DayField, TagsField
from rules.operators import FIELD_TYPES, OPERATORS, FieldType, Operator, Shape
from rules.operators.dates import LAST_DAY
from rules.operators.pattern_size import Unsupported
from rules.operators.patterns import MAX_LENGTH, compile_pattern

#: Tests of a rule, those in groups included.
MAX_CONDITIONS = 100
MAX_VALUES = 200
MAX_TEXT = 200
#: Likeness to a longer text would take milliseconds for each transaction.
MAX_ALIKE = 64
VALUE_SCHEMA = {
    "oneOf": [{"type": "string"}, {"type": "number"}, {"type": "array", "items": {}}],
    "nullable": True,
    "description": "A string, a decimal, two decimals or a list, as the operator wants it.",
}
DIRECTIONS = ("in", "out")
TOO_DEEP = "Groups have one level; write what is deeper as a rule of its own."
GROUP_HAS_NONE = "A group has none; put the test among its conditions."


@extend_schema_field(VALUE_SCHEMA)
class ConditionValue(serializers.JSONField):
    """A value whose type the operator decides."""


class ConditionSerializer(StrictSerializer):
    """A test of one field, or a group of such tests under `conditions` with a `match` of its own."""

    field = serializers.ChoiceField(choices=list(OPERATORS), required=False)
    op = serializers.ChoiceField(choices=sorted({op for ops in OPERATORS.values() for op in ops}), required=False)
    value = ConditionValue(required=False, allow_null=True)
    case_sensitive = serializers.BooleanField(required=False)
    threshold = serializers.IntegerField(
        min_value=50, max_value=100, required=False, help_text="Of `fuzzy`: how like the value in percent; 85."
    )
    tolerance = serializers.DecimalField(
        max_digits=5, decimal_places=2, min_value=0, max_value=100, required=False,
        help_text="Of `approx`: how far from the value in percent; 5.",
    )  # fmt: skip
    negate = serializers.BooleanField(required=False)
    match = serializers.ChoiceField(choices=["all", "any"], required=False)
    conditions = serializers.ListField(child=serializers.DictField(), required=False, max_length=MAX_CONDITIONS)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if "conditions" in attrs:
            return self._group(attrs)
        missing = {name: "This field is required." for name in ("field", "op") if name not in attrs}
        if missing:
            raise serializers.ValidationError(missing, code="required")
        return self._single(attrs)

    def _group(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if self.context.get("is_nested"):
            raise serializers.ValidationError({"conditions": TOO_DEEP}, code="too_deep")
        if not attrs["conditions"]:
            raise serializers.ValidationError({"conditions": "A group has at least one condition."}, code="empty")
        if stray := set(attrs) - {"conditions", "match", "negate"}:
            raise serializers.ValidationError(dict.fromkeys(sorted(stray), GROUP_HAS_NONE), code="in_group")
        context = {**self.context, "is_nested": True}
        inner = ConditionSerializer(data=attrs["conditions"], many=True, context=context)
        if not inner.is_valid():
            raise serializers.ValidationError({"conditions": inner.errors})
        return {
            "match": attrs.get("match", "all"),
            "negate": attrs.get("negate", False),
            "conditions": inner.validated_data,
        }

    def _single(self, attrs: dict[str, Any]) -> dict[str, Any]:
        name, op = attrs["field"], attrs["op"]
        if op not in OPERATORS[name]:
            detail = f"“{name}” knows {', '.join(OPERATORS[name])}; not {op}."
            raise serializers.ValidationError({"op": detail}, code="unknown_op")
        if "match" in attrs:
            raise serializers.ValidationError({"match": "Only a rule and a group have it."}, code="not_a_group")
        operator = OPERATORS[name][op]
        options = _options(attrs, operator)
        value = self._value(name, op, operator, attrs.get("value"))
        _check_pattern(op, value, options)
        _check_sense(name, op, value)
        return {"field": name, "op": op, "value": value, "negate": attrs.get("negate", False), **options}

    def _value(self, name: str, op: str, operator: Operator, value: Any) -> Any:
        try:
            return self._shaped(name, op, operator.shape, value)
        except serializers.ValidationError as error:
            raise serializers.ValidationError({"value": error.detail}) from None

    def _shaped(self, name: str, op: str, shape: Shape, value: Any) -> Any:
        if shape is Shape.NONE:
            return _nothing(value)
        item = self._item_of(name, op)
        if shape is Shape.ONE:
            return item(value)
        if not isinstance(value, list) or not value or len(value) > MAX_VALUES:
            wanted = (
                f"a list of 1 to {MAX_VALUES} values"
                if shape is Shape.MANY
                else "a list of two values, the smaller first"
            )
            raise serializers.ValidationError(f"Give {wanted}.", code="not_a_list")
        items = [item(one) for one in value]
        if shape is Shape.TWO and (len(items) != 2 or _bound(items[0]) > _bound(items[1])):
            raise serializers.ValidationError("Give two values, the smaller first.", code="not_a_range")
        return items

    def _item_of(self, name: str, op: str) -> Callable[[Any], Any]:
        """Checks one value, and gives it as it is kept."""
        if op in {"weekday", "day_of_month"}:
            return _weekday if op == "weekday" else _day_of_month
        if FIELD_TYPES[name] is FieldType.TAGS:
            return self._tag
        if FIELD_TYPES[name] is FieldType.ID:
            return self._id_in(AccountReference() if name == "account" else CategoryReference())
        if op in {"regex", "fuzzy"}:
            return _pattern if op == "regex" else _alike
        return {FieldType.TEXT: _text, FieldType.NUMBER: _decimal, FieldType.DATE: _day}[FIELD_TYPES[name]]

    def _tag(self, value: Any) -> str:
        [name] = with_context(TagsField(), self.context).run_validation([value])
        return str(name)

    def _id_in(self, reference: Any) -> Callable[[Any], int]:
        return lambda value: int(with_context(reference, self.context).run_validation(value).pk)


def with_context(field: Any, context: Mapping[str, Any]) -> Any:
    """A field used by itself has no parent that it could ask for the context."""
    field._context = context  # noqa: SLF001 - the same
    return field


def _options(attrs: Mapping[str, Any], operator: Operator) -> dict[str, Any]:
    """What the condition says besides the value. Raises ValidationError where the operator knows no such thing."""
    told = {name: attrs[name] for name in ("case_sensitive", "threshold", "tolerance") if name in attrs}
    if stray := sorted(set(told) - set(operator.options)):
        known = ", ".join(operator.options) or "none"
        raise serializers.ValidationError({stray[0]: f"This operator has no such option; it has {known}."}, "unknown")
    if "tolerance" in told:
        told["tolerance"] = f"{told['tolerance'].normalize():f}"
    return {**operator.options, **told}


def _check_sense(name: str, op: str, value: Any) -> None:
    """Raises ValidationError for texts that would match nothing, or everything."""
    texts = value if isinstance(value, list) else [value]
    if (
        FIELD_TYPES[name] is FieldType.TEXT
        and op != "regex"
        and any(text is not None and not text.strip() for text in texts)
    ):
        detail = "Give letters or digits; what has no text at all is found by is_empty."
        raise serializers.ValidationError({"value": detail}, code="blank")
    if (name, op) == ("direction", "equals") and value.casefold() not in DIRECTIONS:
        detail = f"A direction is one of {', '.join(DIRECTIONS)}."
        raise serializers.ValidationError({"value": detail}, code="invalid_choice")


def _check_pattern(op: str, value: Any, options: Mapping[str, Any]) -> None:
    if op != "regex":
        return
    try:
        compile_pattern(value, case_sensitive=options["case_sensitive"])
    except Unsupported as error:
        raise serializers.ValidationError({"value": str(error)}, code="unsupported_pattern") from None
    except (regex.error, ValueError, LookupError) as error:  # the library stumbles over some: IndexError
        at = getattr(error, "pos", None)
        where = f" at position {at}" if at is not None else ""
        detail = f"This is no regular expression{where}: {getattr(error, 'msg', error)}."
        raise serializers.ValidationError({"value": detail}, code="bad_pattern") from None


def _nothing(value: Any) -> None:
    if value is not None:
        raise serializers.ValidationError("This operator takes no value.", code="not_null")


def _string(value: Any, max_length: int) -> str:
    if not isinstance(value, str):
        raise serializers.ValidationError("Give a string.", code="invalid")
    return str(serializers.CharField(max_length=max_length, trim_whitespace=False).run_validation(value))


def _text(value: Any) -> str:
    return _string(value, MAX_TEXT)


def _alike(value: Any) -> str:
    return _string(value, MAX_ALIKE)


def _pattern(value: Any) -> str:
    return _string(value, MAX_LENGTH)


def _decimal(value: Any) -> str:
    if isinstance(value, str) and not DECIMAL.fullmatch(value.strip()):
        raise serializers.ValidationError("A valid number is required.", code="invalid")
    digits = len(str(MAX_AMOUNT)) + SCALE
    serializers.DecimalField(digits, SCALE, min_value=0, max_value=MAX_AMOUNT).run_validation(value)
    return f"{Decimal(str(value).strip()):f}"  # as it was written, not filled up with zeros


def _day(value: Any) -> str:
    day: dt.date = DayField().run_validation(value)
    return day.isoformat()


def _weekday(value: Any) -> int:
    return _whole_number(value, range(1, 8), "Give days of the week, 1 for Monday to 7 for Sunday.")


def _day_of_month(value: Any) -> int:
    return _whole_number(value, [*range(1, 32), LAST_DAY], "Give days from 1 to 31, or -1 for a month's last day.")


def _whole_number(value: Any, allowed: Any, detail: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value not in allowed:
        raise serializers.ValidationError(detail, code="invalid")
    return value


def _bound(value: str) -> Any:
    """A decimal, or an ISO day, to be compared."""
    try:
        return Decimal(value)
    except ArithmeticError:
        return value
