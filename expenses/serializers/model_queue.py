"""The body of the queue of rows that await the model."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from expenses.models import Transaction


class QueueReasonSerializer(serializers.Serializer[Any]):
    """A reason and the number of rows that wait for it."""

    reason = serializers.CharField()
    n = serializers.IntegerField()


class WaitingRowSerializer(serializers.ModelSerializer[Transaction]):
    """A row that awaits the model."""

    transaction = serializers.IntegerField(source="pk")
    reason = serializers.SerializerMethodField(help_text="Why it waits: the last failure, or its place in the queue.")
    since = serializers.SerializerMethodField(help_text="When it was recorded, or when the first try failed.")
    n_tries = serializers.SerializerMethodField(help_text="How often the model could not be asked about it.")

    class Meta:
        model = Transaction
        fields = ("transaction", "date", "description", "reason", "since", "n_tries")

    def get_reason(self, row: Transaction) -> str:
        miss = getattr(row, "model_miss", None)
        return str(miss.reason if miss is not None else self.context["reason"])

    @extend_schema_field(serializers.DateTimeField)
    def get_since(self, row: Transaction) -> Any:
        miss = getattr(row, "model_miss", None)
        at = miss.since if miss is not None else row.created_at
        return serializers.DateTimeField().to_representation(at)

    def get_n_tries(self, row: Transaction) -> int:
        miss = getattr(row, "model_miss", None)
        return miss.n_tries if miss is not None else 0


class QueueStateSerializer(serializers.Serializer[Any]):
    """The state of the queue: how many rows wait, since when, why, and when the model is asked next."""

    waiting = serializers.IntegerField(help_text="Number of rows that await the model.")
    oldest = serializers.DateTimeField(allow_null=True, help_text="When the first of them was recorded.")
    state = serializers.ChoiceField(
        choices=["idle", "asking", "busy", "away", "off"],
        help_text=(
            "`idle`: no row waits; `asking`: the model is asked about one row after the other; "
            "`busy`: it answers a person's question or writes a text first; "
            "`away`: its last call failed; `off`: no model is configured."
        ),
    )
    next_try_at = serializers.DateTimeField(
        allow_null=True, help_text="When the model is asked again; null if that is now, or if no row waits."
    )
    last_error = serializers.CharField(allow_null=True, help_text="Why the last call failed; null if it did not.")
    reasons = QueueReasonSerializer(many=True, help_text="The reasons of all rows, the most frequent first.")


class QueueSerializer(QueueStateSerializer):
    """The state of the queue, and a page of its rows in the order in which they were recorded."""

    results = WaitingRowSerializer(many=True)
