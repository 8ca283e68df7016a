"""Runs in the API: their progress, their results and what a revert leaves."""

from typing import Any

from django.utils.functional import cached_property
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from expenses.categorization.training_rows import count_confirmed_since, has_unlearned
from expenses.models import Omission, Run, RunStatus, TrackRecord
from expenses.serializers.calibration import BacktestSerializer
from expenses.services.backtests import KIND as BACKTEST
from expenses.services.life_signs import WORKER, find_held
from expenses.services.runs import UNFINISHED

INTERRUPTED = "Its worker was stopped. What it did stays, and the run goes on by itself."
NO_WORKER = (
    "No worker is running, and the run needs one. `make run` restarts its own; elsewhere, start `manage.py work`."
)

#: What results of earlier releases do not tell.
UNDATED = dict.fromkeys(("measured_at", "ledger_version", "n_confirmed", "evidence"))


@extend_schema_field({"type": "object", "additionalProperties": True})
class AboutField(serializers.JSONField):
    """The order of a run."""


class RunSerializer(serializers.ModelSerializer[Run]):
    """A run, its progress and its outcome."""

    progress = serializers.SerializerMethodField()
    error = serializers.SerializerMethodField()
    note = serializers.SerializerMethodField(
        help_text="What to know about a run that was interrupted, or that no worker can take up; else null."
    )
    about = AboutField(
        required=False,
        help_text="The order of a run of rules, a backtest or its adoption: days, rules, thresholds, and so on.",
    )

    class Meta:
        model = Run
        fields = [
            "id", "kind", "status", "progress", "counts", "created_at", "started_at", "finished_at", "error", "note",
            "about",
        ]  # fmt: skip
        read_only_fields = fields

    @extend_schema_field({"type": "object", "properties": {"done": {"type": "integer"}, "total": {"type": "integer"}}})
    def get_progress(self, run: Run) -> dict[str, int]:
        return {"done": run.done, "total": run.total}

    def get_error(self, run: Run) -> str | None:
        return run.error or None

    def get_note(self, run: Run) -> str | None:
        sentences = [INTERRUPTED] if run.status in UNFINISHED and run.interrupted_at is not None else []
        if run.status == RunStatus.PENDING and not self._has_worker:
            sentences.append(NO_WORKER)
        return " ".join(sentences) or None

    @cached_property
    def _has_worker(self) -> bool:
        """Return True if a worker lives. It is looked up once for all runs of a list."""
        return bool(find_held([WORKER]))

    def to_representation(self, instance: Run) -> dict[str, Any]:
        body = super().to_representation(instance)
        return body if instance.about else {name: value for name, value in body.items() if name != "about"}


@extend_schema_field(BacktestSerializer)
class ResultField(serializers.JSONField):
    """The stored result of a backtest."""


class RunWithResultSerializer(RunSerializer):
    """A run, with the result if it is a backtest."""

    result = ResultField(
        source="backtest.body", required=False, allow_null=True, help_text="Only of a backtest; null until it succeeds."
    )

    class Meta(RunSerializer.Meta):
        fields = [*RunSerializer.Meta.fields, "result"]

    def to_representation(self, instance: Run) -> dict[str, Any]:
        body = super().to_representation(instance)
        found = body.pop("result")
        if instance.kind == BACKTEST:
            has_result = found and instance.status == RunStatus.SUCCEEDED
            body["result"] = {**UNDATED, **found, **_freshness(instance, found)} if has_result else None
        return body


def _freshness(run: Run, result: dict[str, Any]) -> dict[str, Any]:
    """Return what was confirmed since a backtest read its rows, and whether a worker has yet to learn from it."""
    version, record = result.get("ledger_version"), TrackRecord.objects.filter(pk=run.ledger_id).first()
    return {
        "n_since": None if version is None else count_confirmed_since(version, ledger_id=run.ledger_id),
        "is_stale": has_unlearned(record.learned_from if record else "", ledger_id=run.ledger_id),
    }


class OmissionSerializer(serializers.ModelSerializer[Omission]):
    """A transaction that a run left unchanged, and the reason."""

    class Meta:
        model = Omission
        fields = ["transaction", "code", "detail"]


class KeptSerializer(serializers.Serializer[Any]):
    """A field, or a whole transaction, that a revert left unchanged."""

    transaction = serializers.IntegerField()
    field = serializers.CharField(required=False)
    reason = serializers.CharField()

    def to_representation(self, instance: Any) -> dict[str, Any]:
        body: dict[str, Any] = super().to_representation(instance)
        return {name: value for name, value in body.items() if name != "field" or value}


class RevertedSerializer(RunSerializer):
    """A reverted run, and what stays because it was changed afterwards."""

    kept = KeptSerializer(many=True, read_only=True)

    class Meta(RunSerializer.Meta):
        fields = [*RunSerializer.Meta.fields, "kept"]

    def to_representation(self, instance: Any) -> dict[str, Any]:
        return {**RunSerializer(instance.run).data, "kept": KeptSerializer(instance.kept, many=True).data}
