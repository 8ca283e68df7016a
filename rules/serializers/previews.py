"""Serializers for tests and runs of rules."""

from copy import copy
from typing import Any

from rest_framework import serializers

from accounts.strict_serializer import StrictSerializer
from expenses.serializers.fields import DayField
from rules.models import Rule
from rules.serializers.rules import RuleSerializer
from rules.services.runs import KEPT, RunScope

LISTED, MOST_LISTED = 50, 500


class OrderInput(StrictSerializer):
    """The transactions of a run: those from `start` to `end`."""

    start = DayField(required=False, allow_null=True)
    end = DayField(required=False, allow_null=True)
    force = serializers.BooleanField(
        default=False, help_text="Rules with overwrite `always` also replace what you wrote yourself."
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        start, end = attrs.get("start"), attrs.get("end")
        if start is not None and end is not None and start > end:
            raise serializers.ValidationError({"end": "It is before the start."}, code="not_a_range")
        return attrs

    def scope(self) -> RunScope:
        """Return the scope. Call it after `is_valid`."""
        fields = self.validated_data
        return RunScope(fields.get("start"), fields.get("end"), force=fields.get("force", False))


class TestInput(OrderInput, RuleSerializer):
    """A rule that is not saved, and its test; with an `id`, omitted fields are those of the saved rule."""

    body_class = RuleSerializer

    limit = serializers.IntegerField(min_value=0, max_value=MOST_LISTED, default=LISTED)
    changes_only = serializers.BooleanField(
        default=False, help_text="Show those that would change, instead of all that match."
    )
    name = serializers.CharField(max_length=100, default="This rule")
    id = serializers.IntegerField(required=False)

    class Meta(RuleSerializer.Meta):
        fields = [*RuleSerializer.Meta.fields, "start", "end", "force", "limit", "changes_only"]

    def validate_name(self, value: str) -> str:
        """Accept any name, as the rule is not saved."""
        return value

    def validate_id(self, value: int) -> int:
        """Refuse an id that names no rule; without this check it would be ignored."""
        if self.instance is None:
            raise serializers.ValidationError("Give the id of a saved rule as a number.", code="invalid")
        return value

    def rule(self) -> Rule:
        """Return the rule, not saved. Call it after `is_valid`."""
        rule: Rule = copy(self.instance) if self.instance is not None else Rule()
        for name in KEPT & self.validated_data.keys() - {"id"}:
            setattr(rule, name, self.validated_data[name])
        return rule


class SpanSerializer(serializers.Serializer[Any]):
    """A part of a text that the rule's conditions match; `start` counts from 0, `end` is the place after it."""

    field = serializers.CharField()
    start = serializers.IntegerField()
    end = serializers.IntegerField()
    text = serializers.CharField()


class ResultSerializer(serializers.Serializer[Any]):
    """A transaction that the rule matches: the values of the rule's fields, and why some of them stay."""

    transaction = serializers.IntegerField(source="row.id")
    date = serializers.DateField(source="row.day")
    amount = serializers.CharField(source="row.formatted_amount")
    currency = serializers.CharField(source="row.currency")
    description = serializers.CharField(source="row.description")
    merchant = serializers.CharField(source="row.merchant")
    direction = serializers.CharField(source="row.direction")
    before = serializers.DictField()
    after = serializers.DictField()
    locked = serializers.DictField(child=serializers.CharField())
    matched_on = SpanSerializer(many=True, source="spans")


class RuleReference(serializers.Serializer[Any]):
    """A rule by id and name."""

    id = serializers.IntegerField()
    name = serializers.CharField()


class ConflictSerializer(serializers.Serializer[Any]):
    """A field that another rule writes today, and whether the tested one would once it is saved."""

    transaction = serializers.IntegerField()
    field = serializers.CharField()
    wins_today = RuleReference()
    would_win = serializers.BooleanField()


class TestAnswer(serializers.Serializer[Any]):
    """The effect of a rule; `results` and `conflicts` list the newest matches, up to the limit."""

    n_rows = serializers.IntegerField(help_text="Transactions that it was tested on.")
    matched = serializers.IntegerField(source="n_matched")
    would_change = serializers.IntegerField(source="n_changing")
    locked = serializers.IntegerField(source="n_locked")
    timeouts = serializers.IntegerField(
        source="n_timeouts", help_text="Matches of its patterns that took too long, and count as none."
    )
    results = ResultSerializer(many=True, source="rows")
    conflicts = ConflictSerializer(many=True)
