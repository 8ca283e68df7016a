"""What runs did, as the API shows it."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from expenses.backtest_bodies import BacktestSerializer
from expenses.histories import FieldChangeSerializer, action_of, describe_fields
from expenses.models import Change, Omission, Run
from expenses.serializers import RunSerializer
from expenses.services.backtesting import KIND as BACKTEST
from expenses.services.reverting import Reverted


class RunWithResultSerializer(RunSerializer):
    """The run, and of a backtest what it found."""

    result = serializers.SerializerMethodField(help_text="Of backtests alone; null until it has succeeded.")

    class Meta(RunSerializer.Meta):
        fields = [*RunSerializer.Meta.fields, "result"]

    @extend_schema_field(BacktestSerializer(allow_null=True, required=False))
    def get_result(self, run: Run) -> dict[str, Any] | None:
        found = getattr(run, "backtest", None)
        return found.body if found is not None and run.status == Run.Status.SUCCEEDED else None

    def to_representation(self, instance: Run) -> dict[str, Any]:
        body = super().to_representation(instance)
        return body if instance.kind == BACKTEST else {name: value for name, value in body.items() if name != "result"}


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
