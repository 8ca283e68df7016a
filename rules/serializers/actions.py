"""Shape of what a rule does."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rest_framework import serializers

from accounts.strict_serializer import StrictSerializer
from expenses.models import DESCRIPTION_LENGTH
from expenses.serializers.fields import CategoryReference, TagsField
from rules.serializers.conditions import ConditionValue, with_context


@dataclass(frozen=True, slots=True)
class Action:
    """How an action's value is checked, and how it is kept."""

    field: Callable[[], serializers.Field[Any, Any, Any, Any]]
    keep: Callable[[Any], Any] = lambda value: value
    #: Its value may be left out, and is true.
    is_flag: bool = False


def _flag() -> serializers.Field[Any, Any, Any, Any]:
    return serializers.ChoiceField(choices=[True])


ACTIONS: dict[str, Action] = {
    "set_category": Action(CategoryReference, lambda category: category.pk),
    "add_tags": Action(lambda: TagsField(allow_empty=False)),
    "remove_tags": Action(lambda: TagsField(allow_empty=False)),
    "set_merchant": Action(lambda: serializers.CharField(max_length=200)),
    "set_description": Action(lambda: serializers.CharField(max_length=DESCRIPTION_LENGTH)),
    "set_notes": Action(lambda: serializers.CharField(max_length=5000)),
    "mark_reviewed": Action(_flag, is_flag=True),
    "needs_review": Action(_flag, is_flag=True),
    "exclude_from_budget": Action(_flag, is_flag=True),
}


class ActionSerializer(StrictSerializer):
    """One thing that a rule does, such as `set_category` with an id or name, or `add_tags` with a list of names."""

    ignored_fields = frozenset({"value_name"})

    type = serializers.ChoiceField(choices=list(ACTIONS))
    value = ConditionValue(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if "type" not in attrs:  # a PATCH of the rule requires no part of it
            raise serializers.ValidationError({"type": "This field is required."}, code="required")
        action = ACTIONS[attrs["type"]]
        if "value" not in attrs and not action.is_flag:
            raise serializers.ValidationError({"value": "This field is required."}, code="required")
        return {"type": attrs["type"], "value": self._value(action, attrs.get("value", True))}

    def _value(self, action: Action, value: Any) -> Any:
        try:
            return action.keep(with_context(action.field(), self.context).run_validation(value))
        except serializers.ValidationError as error:
            raise serializers.ValidationError({"value": error.detail}) from None


def check_actions(actions: Sequence[Mapping[str, Any]]) -> None:
    """Raises ValidationError where a rule does a thing twice, or one thing and its opposite."""
    types = [action["type"] for action in actions]
    if len(set(types)) < len(types):
        raise serializers.ValidationError("A rule does each thing once.", code="repeated")
    if {"mark_reviewed", "needs_review"} <= set(types):
        raise serializers.ValidationError("It is either reviewed or to be reviewed.", code="contradictory")
    tags = {action["type"]: {name.casefold() for name in action["value"]} for action in actions if _is_of_tags(action)}
    if both := tags.get("add_tags", set()) & tags.get("remove_tags", set()):
        detail = f"It adds and removes the tag {min(both)}; leave one of the two out."
        raise serializers.ValidationError(detail, code="contradictory")


def _is_of_tags(action: Mapping[str, Any]) -> bool:
    return action["type"] in {"add_tags", "remove_tags"}
