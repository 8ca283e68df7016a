"""Query parameters, input and bodies of anomalies and the feedback on them."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers

from accounts.strict_serializer import StrictSerializer
from expenses.categorization.catalog import Catalog
from expenses.ledger.money import format_amount
from expenses.models import Transaction
from expenses.serializers.fields import DayField
from expenses.serializers.rates import AllRatesInput, RatesUsedSerializer
from insights.anomalies.decomposition import PERIODS
from insights.anomalies.reasons import reason_of
from insights.models import Anomaly, AnomalyFeedback, AnomalyKind, AnomalyVerdict
from insights.querysets import payee_of_row
from insights.serializers.amounts import FormattedAmount
from insights.serializers.freshness import ComparedWithSerializer
from insights.serializers.parameters import NO_CATEGORY_HELP, CategoryOrNone

STATUSES = ["open", *AnomalyVerdict.values]


class AnomalyQuery(AllRatesInput):
    """Query parameters of the list."""

    start = DayField(required=False, help_text="Only weeks that begin on this day or later.")
    end = DayField(required=False, help_text="Only weeks that begin on this day or earlier.")
    kind = serializers.ChoiceField(choices=AnomalyKind.choices, required=False)
    category = CategoryOrNone(required=False, help_text=NO_CATEGORY_HELP)
    status = serializers.ChoiceField(
        choices=[*STATUSES, "all"], required=False, help_text="Default: open and useful anomalies."
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs.get("start", dt.date.min) > attrs.get("end", dt.date.max):
            raise serializers.ValidationError({"end": "The period ends before it starts."}, code="ends_before_start")
        return attrs


class FeedbackInput(StrictSerializer):
    """A user's verdict on an anomaly."""

    verdict = serializers.ChoiceField(
        choices=AnomalyVerdict.choices,
        help_text="`normal`: not unusual, for good, nor are later ones like it; `dismissed`: not for 60 days; "
        "`useful`: well found.",
    )


class FeedbackSerializer(serializers.Serializer[AnomalyFeedback]):
    """Feedback on an anomaly, and until when it holds."""

    id = serializers.IntegerField()
    key = serializers.CharField()
    kind = serializers.ChoiceField(choices=AnomalyKind.choices)
    category = serializers.IntegerField(source="category_id", allow_null=True)
    is_overall = serializers.BooleanField()
    payee = serializers.CharField(allow_blank=True)
    day = serializers.DateField()
    observed = FormattedAmount(read_only=True)
    currency = serializers.CharField()
    verdict = serializers.ChoiceField(choices=AnomalyVerdict.choices)
    given_at = serializers.DateTimeField()
    until = serializers.DateField(source="expires_on", read_only=True, allow_null=True)


@dataclass(frozen=True, slots=True)
class AnomalyEntry:
    """An anomaly of the list, with the feedback that holds for it and its transactions."""

    anomaly: Anomaly
    feedback: AnomalyFeedback | None
    rows: Sequence[Transaction]
    catalog: Catalog

    @property
    def currency(self) -> str:
        return self.anomaly.currency

    @property
    def status(self) -> str:
        return self.feedback.verdict if self.feedback else "open"

    @property
    def category_name(self) -> str | None:
        return self._name_of(self.anomaly.category_id)

    @property
    def payee(self) -> str:
        """The payee as the ledger writes it; the stored key has no capitals."""
        if not self.anomaly.payee:
            return ""
        return next(map(payee_of_row, self.rows), self.anomaly.payee)

    @property
    def interval(self) -> list[str]:
        return [format_amount(amount, self.anomaly.currency) for amount in (self.anomaly.low, self.anomaly.high)]

    @property
    def score(self) -> float:
        return round(self.anomaly.score, 2)

    @property
    def severity(self) -> float:
        return round(self.anomaly.severity, 3)

    @property
    def reason(self) -> str:
        subject = "All spending" if self.anomaly.is_overall else self.category_name or "What has no category"
        return reason_of(self.anomaly, name=self.payee or subject)

    @property
    def parts(self) -> dict[str, Any] | None:
        stored = self.anomaly.parts
        names = ("trend", "seasonal", "residual", "known_bills")
        amounts = {name: Decimal(stored[name]) for name in names if name in stored}
        if not amounts:
            return None
        how = {"method": self.anomaly.method} | {name: stored.get(name) for name in ("period_weeks", "weight")}
        return {name: format_amount(amount, self.anomaly.currency) for name, amount in amounts.items()} | how

    @property
    def in_base(self) -> dict[str, str]:
        """Its amounts in the currency of the ledger's founder."""
        base = self.anomaly.parts.get("base", {"currency": self.anomaly.currency, "rate": 1})
        amounts = {"observed": self.anomaly.observed, "expected": self.anomaly.expected}
        rate, currency = Decimal(str(base["rate"])), base["currency"]
        return {"currency": currency} | {
            name: format_amount(amount * rate, currency) for name, amount in amounts.items()
        }

    @property
    def also(self) -> list[dict[str, Any]]:
        ids = self.anomaly.parts.get("also", [])
        return [{"category": pk, "category_name": self._name_of(pk)} for pk in ids]

    def _name_of(self, category: int | None) -> str | None:
        found = self.catalog.categories.get(category) if category else None
        return found.display_name if found else None


class PartsSerializer(serializers.Serializer[Any]):
    """Parts of the amount of an unusual week: expected is trend plus seasonal, the residual is the excess."""

    trend = serializers.CharField()
    seasonal = serializers.CharField()
    residual = serializers.CharField()
    known_bills = serializers.CharField(help_text="Bills that were known to come; part of no other amount.")
    method = serializers.ChoiceField(choices=["seasonal_decompose", "robust_level"])
    period_weeks = serializers.ChoiceField(
        choices=PERIODS, allow_null=True, help_text="The period of the decomposition; null before 26 weeks."
    )
    weight = serializers.FloatField(
        min_value=0,
        max_value=1,
        allow_null=True,
        help_text="The share of the season that counts, by what it was worth before this week.",
    )


class BaseObservationSerializer(serializers.Serializer[Any]):
    """Amounts in the currency of the ledger's founder, at the rate of the payment."""

    currency = serializers.CharField()
    observed = serializers.CharField()
    expected = serializers.CharField()


class OddTransactionSerializer(serializers.Serializer[Transaction]):
    """A transaction that caused the anomaly."""

    id = serializers.IntegerField()
    date = serializers.DateField()
    amount = FormattedAmount()
    currency = serializers.CharField()
    description = serializers.CharField()
    merchant = serializers.CharField()


class NamedCategorySerializer(serializers.Serializer[Any]):
    """A category; null for spending without one."""

    category = serializers.IntegerField(allow_null=True)
    category_name = serializers.CharField(allow_null=True)


class AnomalySerializer(serializers.Serializer[Any]):
    """An anomaly, its reason, and the feedback on it."""

    key = serializers.CharField(source="anomaly.key", help_text="Stays the same whenever it is found again.")
    kind = serializers.ChoiceField(source="anomaly.kind", choices=AnomalyKind.choices)
    category = serializers.IntegerField(source="anomaly.category_id", allow_null=True)
    category_name = serializers.CharField(allow_null=True)
    is_overall = serializers.BooleanField(
        source="anomaly.is_overall", help_text="True if it is about all spending of the week."
    )
    payee = serializers.CharField()
    day = serializers.DateField(source="anomaly.day")
    week = serializers.DateField(source="anomaly.week", help_text="The first day of its week.")
    currency = serializers.CharField(
        source="anomaly.currency", help_text="The founder's; of a price rise, the one in which the bill is paid."
    )
    observed = FormattedAmount(source="anomaly.observed")
    expected = FormattedAmount(source="anomaly.expected")
    in_base = BaseObservationSerializer()
    interval = serializers.ListField(
        child=serializers.CharField(), min_length=2, max_length=2, help_text="Four of five such weeks lie in it."
    )
    score = serializers.FloatField(help_text="The excess, in units of an ordinary difference.")
    severity = serializers.FloatField(min_value=0, max_value=1)
    reason = serializers.CharField()
    method = serializers.CharField(
        source="anomaly.method", help_text="seasonal_decompose, robust_level, recurring, repeats or first_payments."
    )
    parts = PartsSerializer(allow_null=True)
    also = NamedCategorySerializer(many=True, help_text="Further categories that were unusual in that week.")
    transactions = OddTransactionSerializer(source="rows", many=True)
    status = serializers.ChoiceField(choices=STATUSES)
    feedback = FeedbackSerializer(
        allow_null=True, help_text="Feedback on this anomaly or on one like it: its `key` says on which."
    )


@extend_schema_serializer(many=False)
class AnomalyListSerializer(RatesUsedSerializer):
    """A page of anomalies, the newest first, and how fresh they are."""

    count = serializers.IntegerField()
    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    results = AnomalySerializer(many=True)
    currency = serializers.CharField(allow_null=True)
    computed_at = serializers.DateTimeField(allow_null=True)
    is_stale = serializers.BooleanField(help_text="The ledger has changed since; a worker is at it. Ask again soon.")
    n_unconverted = serializers.IntegerField(help_text="Transactions left out because a rate is missing.")
    history = ComparedWithSerializer()
