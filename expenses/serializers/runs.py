"""What runs did, as the API shows it."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from expenses.models import Change, Omission, Run, RunStatus
from expenses.serializers.calibration import BacktestSerializer
from expenses.serializers.history import FieldChangeSerializer, action_of, describe_fields
from expenses.services.backtests import KIND as BACKTEST
from expenses.services.reverting import Reverted


@extend_schema_field({"type": "object", "additionalProperties": True})
class AboutField(serializers.JSONField):
    """What was ordered."""


class RunSerializer(serializers.ModelSerializer[Run]):
    """How far a run is, and how it ended."""

    progress = serializers.SerializerMethodField()
    error = serializers.SerializerMethodField()
    about = AboutField(
        required=False,
        help_text="What was ordered of rules or of a backtest: which days, which rules, and so on.",
    )

    class Meta:
        model = Run
        fields = [
            "id", "kind", "status", "progress", "counts", "created_at", "started_at", "finished_at", "error", "about",
        ]  # fmt: skip
        read_only_fields = fields

    @extend_schema_field({"type": "object", "properties": {"done": {"type": "integer"}, "total": {"type": "integer"}}})
    def get_progress(self, run: Run) -> dict[str, int]:
        return {"done": run.done, "total": run.total}

    def get_error(self, run: Run) -> str | None:
        return run.error or None

    def to_representation(self, instance: Run) -> dict[str, Any]:
        body = super().to_representation(instance)
        return body if instance.about else {name: value for name, value in body.items() if name != "about"}


@extend_schema_field(BacktestSerializer)
class ResultField(serializers.JSONField):
    """What a backtest found, as it is kept."""


class RunWithResultSerializer(RunSerializer):
    """The run, and of a backtest what it found."""

    result = ResultField(
        source="backtest.body", required=False, allow_null=True, help_text="Of backtests alone; null until it succeeds."
    )

    class Meta(RunSerializer.Meta):
        fields = [*RunSerializer.Meta.fields, "result"]

    def to_representation(self, instance: Run) -> dict[str, Any]:
        body = super().to_representation(instance)
        found = body.pop("result")
        if instance.kind == BACKTEST:
            body["result"] = found if instance.status == RunStatus.SUCCEEDED else None
        return body


class RunChangeSerializer(serializers.Serializer[Any]):
    """What a run changed of one transaction."""

    transaction = serializers.IntegerField()
    action = serializers.ChoiceField(choices=["changed", "deleted", "restored"])
    at = serializers.DateTimeField()
    version = serializers.IntegerField()
    fields = FieldChangeSerializer(many=True)  # type: ignore[assignment]


def describe_run_change(change: Change) -> dict[str, Any]:
    """The body of a change among those of its run."""
    return {
        "transaction": change.transaction_id,
        "action": action_of(change),
        "at": change.at,
        "version": change.version,
        "fields": describe_fields(change),
    }


class OmissionSerializer(serializers.ModelSerializer[Omission]):
    """A transaction that a run left as it was, and why."""

    class Meta:
        model = Omission
        fields = ["transaction", "code", "detail"]


class KeptSerializer(serializers.Serializer[Any]):
    """What a revert left alone: a field of a row, or the row."""

    transaction = serializers.IntegerField()
    field = serializers.CharField(required=False)
    reason = serializers.CharField()


class RevertedSerializer(RunSerializer):
    """The run, and what stays because it was changed since."""

    kept = KeptSerializer(many=True, read_only=True)

    class Meta(RunSerializer.Meta):
        fields = [*RunSerializer.Meta.fields, "kept"]


def describe_reverted(reverted: Reverted) -> dict[str, Any]:
    """The body of `revert/`."""
    kept = [
        {"transaction": kept.transaction, **({"field": kept.field} if kept.field else {}), "reason": kept.reason}
        for kept in reverted.kept
    ]
    return {**RunSerializer(reverted.run).data, "kept": kept}
