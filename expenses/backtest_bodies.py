"""Shapes of backtests: what is ordered, and what is found."""

import math
from typing import Any

from rest_framework import serializers

from accounts.known_fields import KnownFields
from expenses.inputs import DayField
from expenses.services.backtesting import Order

LEAST_PRECISION, MOST_PRECISION, USUAL_PRECISION = 0.5, 0.999, 0.95


class ShareField(serializers.FloatField):
    """A number from 0 to 1, or from narrower limits."""

    def __init__(self, *, min_value: float = 0.0, max_value: float = 1.0, **kwargs: Any) -> None:
        super().__init__(min_value=min_value, max_value=max_value, **kwargs)

    def to_internal_value(self, data: Any) -> float:
        value = super().to_internal_value(data)
        if isinstance(data, bool) or not math.isfinite(value):
            self.fail("invalid")
        return value


class BacktestInput(KnownFields):
    """Which confirmed transactions are played again, and which share of right answers is wanted."""

    target_precision = ShareField(min_value=LEAST_PRECISION, max_value=MOST_PRECISION, default=USUAL_PRECISION)

    def get_fields(self) -> dict[str, Any]:
        day = {"required": False, "allow_null": True}
        return {"from": DayField(**day), "to": DayField(**day)} | super().get_fields()

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        start, end = attrs.get("from"), attrs.get("to")
        if start is not None and end is not None and start > end:
            raise serializers.ValidationError({"to": "It is before `from`."}, code="not_a_range")
        return attrs

    def order(self) -> Order:
        """What is ordered. Call it after `is_valid`."""
        fields = self.validated_data
        return Order(fields.get("from"), fields.get("to"), fields["target_precision"])


class FiguresSerializer(serializers.Serializer[Any]):
    """How a link did, or the chain: at its threshold, and at the one that the wanted precision needs."""

    asked = serializers.IntegerField()
    answered = serializers.IntegerField(help_text="How many of its answers are taken: at or above the threshold.")
    coverage = serializers.FloatField(allow_null=True, help_text="Answered, as a share of asked.")
    precision = serializers.FloatField(allow_null=True, help_text="The share of right ones among those.")
    threshold = serializers.FloatField(allow_null=True, help_text="In your ledger now; null for several links at once.")
    threshold_for_target = serializers.FloatField(
        allow_null=True, help_text="Null where no threshold reaches the precision. A link of rules keeps its own."
    )
    coverage_at_target = serializers.FloatField(allow_null=True)
    precision_at_target = serializers.FloatField(allow_null=True)


class BacktestSerializer(serializers.Serializer[Any]):
    """What a backtest found. The threshold of `chain` and `new_merchants` is one for all links."""

    n = serializers.IntegerField()
    target_precision = serializers.FloatField()
    links = serializers.DictField(child=FiguresSerializer(), help_text="By the names of the links, in their order.")
    chain = FiguresSerializer()
    new_merchants = FiguresSerializer(help_text="The same for transactions whose text had not been confirmed before.")

    def get_fields(self) -> dict[str, Any]:
        day = {"help_text": "The day of the first transaction, or of the last."}
        return {"from": serializers.DateField(**day), "to": serializers.DateField(**day)} | super().get_fields()  # type: ignore[arg-type]
