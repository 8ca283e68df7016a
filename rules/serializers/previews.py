"""Shapes of testing and applying rules."""

from copy import copy
from typing import Any

from rest_framework import serializers

from accounts.strict_serializer import StrictSerializer
from expenses.ledger.money import format_amount
from expenses.serializers.fields import DayField
from providers.interface import EFFECT_FIELDS
from rules.engine.evaluation import REASONS
from rules.engine.evaluator import Evaluator
from rules.engine.movements import Movement
from rules.engine.rule_sets import CompiledRule
from rules.engine.stored_rows import StoredRow
from rules.models import Rule
from rules.serializers.rules import RuleSerializer
from rules.services.previews import FieldConflict, Preview, PreviewedRow
from rules.services.runs import KEPT, RunScope

SHOWN, MOST_SHOWN = 50, 500


class OrderInput(StrictSerializer):
    """Which transactions a run asks about: those of the days from `start` to `end`."""

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

    def order(self) -> RunScope:
        """What is ordered. Call it after `is_valid`."""
        fields = self.validated_data
        return RunScope(fields.get("start"), fields.get("end"), force=fields.get("force", False))


class TestOptions(OrderInput):
    """What to test a rule on, and how many transactions to show."""

    limit = serializers.IntegerField(min_value=0, max_value=MOST_SHOWN, default=SHOWN)

    changes_only = serializers.BooleanField(
        default=False, help_text="Show those that would change, instead of all that match."
    )

    @property
    def n_shown(self) -> int:
        """How many transactions to show. Call it after `is_valid`."""
        return int(self.validated_data.get("limit", SHOWN))


class TestInput(TestOptions, RuleSerializer):
    """A rule that is not saved, and what to test it on; of one with an `id`, what is not given is as it is saved."""

    name = serializers.CharField(max_length=100, default="This rule")
    id = serializers.IntegerField(required=False)

    class Meta(RuleSerializer.Meta):
        fields = [*RuleSerializer.Meta.fields, "start", "end", "force", "limit", "changes_only"]

    def validate_name(self, value: str) -> str:
        """Whatever it is called, it is not saved."""
        return value

    def validate_id(self, value: int) -> int:
        """It names the instance: what names nothing would be left out without a word."""
        if self.instance is None:
            raise serializers.ValidationError("Give the id of a saved rule as a number.", code="invalid")
        return value

    def rule(self) -> Rule:
        """The rule, not saved. Call it after `is_valid`."""
        rule: Rule = copy(self.instance) if self.instance is not None else Rule()
        for name in KEPT & self.validated_data.keys() - {"id"}:
            setattr(rule, name, self.validated_data[name])
        return rule


class SpanSerializer(serializers.Serializer[Any]):
    """A part of a text that the rule's conditions match; `start` counts from 0, `end` is the place behind it."""

    field = serializers.CharField()
    start = serializers.IntegerField()
    end = serializers.IntegerField()
    text = serializers.CharField()


class ResultSerializer(serializers.Serializer[Any]):
    """A transaction that the rule matches: the fields that it is about, and what stays for which reason."""

    transaction = serializers.IntegerField()
    date = serializers.DateField()
    amount = serializers.CharField()
    currency = serializers.CharField()
    description = serializers.CharField()
    merchant = serializers.CharField()
    direction = serializers.CharField()
    before = serializers.DictField()
    after = serializers.DictField()
    locked = serializers.DictField(child=serializers.CharField())
    matched_on = SpanSerializer(many=True)


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
    """What the rule would do; `results` and `conflicts` are of the newest matches, up to the limit."""

    n_rows = serializers.IntegerField(help_text="Transactions that it was tested on.")
    matched = serializers.IntegerField()
    would_change = serializers.IntegerField()
    locked = serializers.IntegerField()
    timeouts = serializers.IntegerField(help_text="Matches of its patterns that took too long, and count as none.")
    results = ResultSerializer(many=True)
    conflicts = ConflictSerializer(many=True)


def describe_preview(preview: Preview) -> dict[str, Any]:
    """The body of `rules/test/`."""
    return {
        "n_rows": preview.n_rows,
        "matched": preview.n_matched,
        "would_change": preview.n_changing,
        "locked": preview.n_locked,
        "timeouts": preview.n_timeouts,
        "results": [_result(shown, _fields_of(preview.tested), preview.evaluator) for shown in preview.shown],
        "conflicts": [_conflict(conflict, preview.evaluator) for conflict in preview.conflicts],
    }


def _result(shown: PreviewedRow, fields: list[str], evaluator: Evaluator) -> dict[str, Any]:
    record, evaluation = shown.record, shown.evaluation
    return {
        "transaction": record.id,
        "date": record.day,
        "amount": format_amount(record.money, record.currency),
        "currency": record.currency,
        "description": record.description,
        "merchant": record.merchant,
        "direction": record.direction,
        "before": _values(evaluation.before, fields, record, evaluator),
        "after": _values(evaluation.after, fields, record, evaluator),
        "locked": {_told(name, evaluator): REASONS[code] for name, code in evaluation.locked.items()},
        "matched_on": [span._asdict() for span in shown.spans],
    }


def _fields_of(rule: CompiledRule) -> list[str]:
    """What the rule is about, whether it may write it or not."""
    tags = ["tags"] if rule.add_tags or rule.remove_tags else []
    return [name for name in ("category", *EFFECT_FIELDS) if name in rule.writes] + tags


def _values(state: Movement, fields: list[str], record: StoredRow, evaluator: Evaluator) -> dict[str, Any]:
    values: dict[str, Any] = {name: getattr(state, name) for name in fields if name in EFFECT_FIELDS}
    if "category" in fields:
        values |= {"category": state.category, "category_name": evaluator.catalog.name(state.category) or None}
        values |= {"status": state.status, "suggestion": evaluator.catalog.name(state.suggested) or None}
        values["kind"] = evaluator.kind_of(record, state.category)
    if "tags" in fields:
        values["tags"] = evaluator.spelled(state.tags)
    return values


def _told(name: str, evaluator: Evaluator) -> str:
    """The name of a field; that of a tag as the ledger writes it."""
    return f"tags: {evaluator.spelled([name.removeprefix('tag:')])[0]}" if name.startswith("tag:") else name


def _conflict(conflict: FieldConflict, evaluator: Evaluator) -> dict[str, Any]:
    return {
        "transaction": conflict.transaction,
        "field": _told(conflict.field, evaluator),
        "wins_today": {"id": conflict.wins_today.id, "name": conflict.wins_today.name},
        "would_win": conflict.would_win,
    }
