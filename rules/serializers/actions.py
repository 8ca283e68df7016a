"""The serializer of actions."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from rest_framework import serializers

from accounts.strict_serializer import MISSING, StrictSerializer
from expenses.models import DESCRIPTION_LENGTH
from expenses.serializers.fields import CategoryReference, TagsField
from rules.serializers.conditions import ConditionValue, with_context


@dataclass(frozen=True, slots=True)
class Action:
    """The field that checks an action's value, and the function that stores it."""

    field: Callable[[], serializers.Field[Any, Any, Any, Any]]
    keep: Callable[[Any], Any] = lambda value: value
    #: The value may be omitted, and is true.
    is_flag: bool = False


_FLAG = partial(
    serializers.ChoiceField, choices=[True], error_messages={"invalid_choice": "Write true, or leave `value` out."}
)
_TAGS = partial(TagsField, allow_empty=False)
ACTIONS: dict[str, Action] = {
    "set_category": Action(CategoryReference, lambda category: category.pk),
    "add_tags": Action(_TAGS),
    "remove_tags": Action(_TAGS),
    "set_merchant": Action(lambda: serializers.CharField(max_length=200)),
    "set_description": Action(lambda: serializers.CharField(max_length=DESCRIPTION_LENGTH)),
    "set_notes": Action(lambda: serializers.CharField(max_length=5000)),
    "mark_reviewed": Action(_FLAG, is_flag=True),
    "needs_review": Action(_FLAG, is_flag=True),
    "exclude_from_budget": Action(_FLAG, is_flag=True),
}


class ActionSerializer(StrictSerializer):
    """One action of a rule, such as `set_category` with an id or name, or `add_tags` with a list of names."""

    ignored_fields = frozenset({"value_name"})

    type = serializers.ChoiceField(choices=list(ACTIONS))
    value = ConditionValue(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if "type" not in attrs:  # a PATCH of the rule requires no part of it
            raise serializers.ValidationError({"type": MISSING}, code="required")
        action = ACTIONS[attrs["type"]]
        if "value" not in attrs and not action.is_flag:
            raise serializers.ValidationError({"value": MISSING}, code="required")
        try:
            value = with_context(action.field(), self.context).run_validation(attrs.get("value", True))
        except serializers.ValidationError as error:
            raise serializers.ValidationError({"value": error.detail}) from None
        return {"type": attrs["type"], "value": action.keep(value)}
