"""Shape of a rule's body; ids or names in, ids and names out."""

from typing import Any

from rest_framework import serializers

from accounts.known_fields import KnownFields
from expenses.references import user_of
from rules.conditions import leaves_of
from rules.models import Rule
from rules.serializers.actions import ActionSerializer, check_actions
from rules.serializers.conditions import MAX_CONDITIONS, ConditionSerializer

#: A rule is asked about what is written by the API, comes from a statement, is edited, and in runs over what is there.
TRIGGERS = ["create", "import", "update", "manual"]


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
            "conditions", "actions", "origin", "version", "created_at", "updated_at",
        ]  # fmt: skip
        read_only_fields = ["origin", "version"]

    def validate_name(self, value: str) -> str:
        others = Rule.objects.for_user(user_of(self)).filter(name=value)
        if self.instance is not None:
            others = others.exclude(pk=self.instance.pk)
        if others.exists():
            raise serializers.ValidationError("Another rule has this name.", code="unique")
        return value

    def validate_triggers(self, value: list[str]) -> list[str]:
        return [trigger for trigger in TRIGGERS if trigger in value]

    def validate_conditions(self, value: list[dict[str, Any]]) -> list[dict[str, Any]]:
        n_leaves = sum(len(leaves_of(condition)) for condition in value)
        if n_leaves > MAX_CONDITIONS:
            detail = f"{n_leaves} conditions are too many; a rule has at most {MAX_CONDITIONS}, groups included."
            raise serializers.ValidationError(detail, code="max_length")
        return value

    def validate_actions(self, value: list[dict[str, Any]]) -> list[dict[str, Any]]:
        check_actions(value)
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
