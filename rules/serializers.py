"""Shape of a rule's body; every fault is named by its path, such as `conditions.0.op`."""

from decimal import Decimal
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.known_fields import KnownFields
from expenses.money import MAX_AMOUNT, SCALE
from expenses.references import AccountReference, CategoryReference, TagsField, user_of
from rules.models import Rule
from rules.operators import OPERATORS, Shape

MAX_CONDITIONS = 100
MAX_VALUES = 200
#: New rows ask the rules with the first two; the others, and `overwrite`, are for runs over rows that are there.
TRIGGERS = ["create", "import", "update", "manual"]
VALUE_SCHEMA = {
    "oneOf": [{"type": "string"}, {"type": "number"}, {"type": "array", "items": {}}],
    "nullable": True,
    "description": "A string, a decimal, two decimals or a list, as the operator wants it.",
}


@extend_schema_field(VALUE_SCHEMA)
class ConditionValue(serializers.JSONField):
    """A value whose type the operator decides."""


class ConditionSerializer(KnownFields):
    """A test of one field, or a group of such tests under `conditions` with a `match` of its own."""

    field = serializers.ChoiceField(choices=list(OPERATORS), required=False)
    op = serializers.ChoiceField(choices=sorted({op for ops in OPERATORS.values() for op in ops}), required=False)
    value = ConditionValue(required=False, allow_null=True)
    case_sensitive = serializers.BooleanField(default=False)
    negate = serializers.BooleanField(default=False)
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
            raise serializers.ValidationError({"conditions": "Groups have one level."}, code="too_deep")
        if not attrs["conditions"]:
            raise serializers.ValidationError({"conditions": "A group has at least one condition."}, code="empty")
        if stray := {"field", "op", "value"} & set(attrs):
            detail = dict.fromkeys(sorted(stray), "A group has none; put the test among its conditions.")
            raise serializers.ValidationError(detail, code="in_group")
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
        operators = OPERATORS[name]
        if op not in operators:
            detail = f"“{name}” knows {', '.join(operators)}; not {op}."
            raise serializers.ValidationError({"op": detail}, code="unknown_op")
        try:
            value = self._value(name, operators[op].shape, attrs.get("value"))
        except serializers.ValidationError as error:
            raise serializers.ValidationError({"value": error.detail}) from None
        # A PATCH of the rule leaves defaults of its parts out.
        kept = {"field": name, "op": op, "value": value, "negate": attrs.get("negate", False)}
        case_sensitive = {"case_sensitive": attrs.get("case_sensitive", False)}
        return kept | (case_sensitive if operators is OPERATORS["description"] else {})

    def _value(self, name: str, shape: Shape, value: Any) -> Any:
        if shape is Shape.NONE:
            return None
        if shape is Shape.ONE:
            return self._item(name, value)
        if not isinstance(value, list) or not value or len(value) > MAX_VALUES:
            raise serializers.ValidationError(f"Give a list of 1 to {MAX_VALUES} values.", code="not_a_list")
        items = [self._item(name, item) for item in value]
        if shape is Shape.TWO and (len(items) != 2 or Decimal(items[0]) > Decimal(items[1])):
            raise serializers.ValidationError("Give two values, the smaller first.", code="not_a_range")
        return items

    def _item(self, name: str, item: Any) -> Any:
        if name == "amount":
            digits = len(str(MAX_AMOUNT)) + SCALE
            bound = serializers.DecimalField(digits, SCALE, min_value=0, max_value=MAX_AMOUNT)
            bound.run_validation(item)
            return f"{Decimal(str(item).strip()):f}"  # as it was written, not filled up with zeros
        if name == "account":
            reference: Any = AccountReference()
            reference._context = self.context  # noqa: SLF001 - a field used by itself has no parent to ask
            return reference.to_internal_value(item).pk
        if not isinstance(item, str):
            raise serializers.ValidationError("Give a string.", code="invalid")
        return serializers.CharField(max_length=200, trim_whitespace=False).run_validation(item)


class ActionSerializer(KnownFields):
    """What a rule does: `set_category` with an id or name, `add_tags` with a list of names."""

    shown = frozenset({"value_name"})

    type = serializers.ChoiceField(choices=["set_category", "add_tags"])
    value = ConditionValue()

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if missing := {name: "This field is required." for name in ("type", "value") if name not in attrs}:
            raise serializers.ValidationError(missing, code="required")  # a PATCH of the rule requires no part of it
        field: Any = CategoryReference() if attrs["type"] == "set_category" else TagsField(allow_empty=False)
        field._context = self.context  # noqa: SLF001 - the same
        try:
            value = field.run_validation(attrs["value"])
        except serializers.ValidationError as error:
            raise serializers.ValidationError({"value": error.detail}) from None
        return {"type": attrs["type"], "value": value.pk if attrs["type"] == "set_category" else value}


class RuleSerializer(KnownFields, serializers.ModelSerializer[Rule]):
    """A rule. Categories and accounts may be named; they are kept and shown as ids."""

    triggers = serializers.ListField(
        child=serializers.ChoiceField(choices=TRIGGERS), default=lambda: list(TRIGGERS), allow_empty=False
    )
    conditions = ConditionSerializer(many=True, allow_empty=False, max_length=MAX_CONDITIONS)  # type: ignore[call-arg]
    actions = ActionSerializer(many=True, allow_empty=False)

    class Meta:
        model = Rule
        fields = [
            "id", "name", "group", "is_active", "priority", "stop_processing", "mode", "triggers", "overwrite", "match",
            "conditions", "actions", "version", "created_at", "updated_at",
        ]  # fmt: skip
        read_only_fields = ["version"]

    def validate_name(self, value: str) -> str:
        others = Rule.objects.for_user(user_of(self)).filter(name=value)
        if self.instance is not None:
            others = others.exclude(pk=self.instance.pk)
        if others.exists():
            raise serializers.ValidationError("Another rule has this name.", code="unique")
        return value

    def validate_triggers(self, value: list[str]) -> list[str]:
        return [trigger for trigger in TRIGGERS if trigger in value]

    def validate_actions(self, value: list[dict[str, Any]]) -> list[dict[str, Any]]:
        types = [action["type"] for action in value]
        if len(set(types)) < len(types):
            raise serializers.ValidationError("A rule does each thing once.", code="repeated")
        return value

    def to_representation(self, instance: Rule) -> dict[str, Any]:
        return {
            **{name: getattr(instance, name) for name in self.Meta.fields if name != "actions"},
            "actions": [self._action(action) for action in instance.actions],
        }

    def _action(self, action: dict[str, Any]) -> dict[str, Any]:
        if action["type"] != "set_category":
            return action
        category = self.context["catalog"].categories.get(action["value"])
        return {**action, "value_name": category.display_name if category else None}
