"""The serializer of a rule: ids or names in, ids and names out."""

from typing import Any

from rest_framework import serializers

from accounts.strict_serializer import StrictSerializer
from expenses.serializers.fields import user_of
from rules.engine.conditions import leaves_of
from rules.models import TRIGGERS, Rule
from rules.serializers.actions import ActionSerializer
from rules.serializers.conditions import MAX_CONDITIONS, ConditionSerializer
from rules.services.statistics import Statistics

#: Limit for all conditions of a rule as text, so that many rules fit into a file.
MAX_LENGTH = 50_000


class StatisticsSerializer(serializers.Serializer[Any]):
    """Numbers of a rule, counted from the present transactions."""

    matched = serializers.IntegerField(allow_null=True, help_text="Null if its patterns take too long.")
    applied = serializers.IntegerField(help_text="Transactions with a category from this rule.")
    overridden = serializers.IntegerField(help_text="Those where you chose another category.")
    precision = serializers.FloatField(allow_null=True, help_text="Share of the `n` that it was right about.")
    n = serializers.IntegerField(help_text="Transactions that you confirmed or corrected.")
    last_matched_at = serializers.DateTimeField(allow_null=True)
    timeouts = serializers.IntegerField(read_only=True, help_text="Matches of its patterns that took too long.")


class RuleSerializer(StrictSerializer, serializers.ModelSerializer[Rule]):
    """A rule. Categories and accounts may be named; they are stored and returned as ids."""

    #: Fields of a proposed rule, and what changes without the rule; they may be sent back.
    ignored_fields = frozenset({"because", "blast_radius", "stats"})

    triggers = serializers.ListField(
        child=serializers.ChoiceField(choices=TRIGGERS), default=lambda: list(TRIGGERS), allow_empty=False
    )
    conditions = ConditionSerializer(many=True, allow_empty=False, max_length=MAX_CONDITIONS)  # type: ignore[call-arg]
    actions = ActionSerializer(many=True, allow_empty=False)

    stats = StatisticsSerializer(read_only=True)

    class Meta:
        model = Rule
        fields = [
            "id", "name", "group", "is_active", "priority", "stop_processing", "mode", "triggers", "overwrite", "match",
            "conditions", "actions", "origin", "stats", "version", "created_at", "updated_at",
        ]  # fmt: skip
        read_only_fields = ["origin", "stats", "version"]

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
        if len(str(value)) > MAX_LENGTH:
            detail = (
                f"These conditions are too long; all together have at most {MAX_LENGTH} characters. Make two rules."
            )
            raise serializers.ValidationError(detail, code="max_length")
        return value

    def validate_actions(self, value: list[dict[str, Any]]) -> list[dict[str, Any]]:
        values = {action["type"]: action["value"] for action in value}
        if len(values) < len(value):
            raise serializers.ValidationError("A rule does each thing once.", code="repeated")
        if {"mark_reviewed", "needs_review"} <= values.keys():
            raise serializers.ValidationError("It is either reviewed or to be reviewed.", code="contradictory")
        added, removed = ({name.casefold() for name in values.get(kind, ())} for kind in ("add_tags", "remove_tags"))
        if both := added & removed:
            detail = f"It adds and removes the tag {min(both)}; leave one of the two out."
            raise serializers.ValidationError(detail, code="contradictory")
        return value

    def to_representation(self, instance: Rule) -> dict[str, Any]:
        found = self.context["statistics"].get(instance.pk, Statistics())
        stats = dict(StatisticsSerializer(found).data) | {"timeouts": instance.n_timeouts}
        body = {name: stats if name == "stats" else getattr(instance, name) for name in RuleSerializer.Meta.fields}
        return body | {"actions": [self._action(action) for action in instance.actions]}

    def _action(self, action: dict[str, Any]) -> dict[str, Any]:
        if action["type"] != "set_category":
            return action
        category = self.context["catalog"].categories.get(action["value"])
        return {**action, "value_name": category.display_name if category else None}


class StoredRuleSerializer(RuleSerializer):
    """A rule without its statistics, which change with every transaction."""

    class Meta(RuleSerializer.Meta):
        fields = [name for name in RuleSerializer.Meta.fields if name != "stats"]
        read_only_fields = ["origin", "version"]

    def to_representation(self, instance: Rule) -> dict[str, Any]:
        body = {name: getattr(instance, name) for name in StoredRuleSerializer.Meta.fields}
        return body | {"actions": [self._action(action) for action in instance.actions]}
