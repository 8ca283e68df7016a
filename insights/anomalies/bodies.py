"""How findings and what is said of them are shown."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from drf_spectacular.utils import extend_schema_field, extend_schema_serializer
from rest_framework import serializers

from accounts.strict_serializer import StrictSerializer
from expenses.categorization.catalog import Catalog
from expenses.ledger.money import format_amount
from expenses.models import Transaction
from expenses.serializers.fields import DayField
from insights.anomalies.reasons import Told, reason_of
from insights.anomalies.silence import DISMISSED_DAYS, Said
from insights.models import Anomaly, AnomalyFeedback, Kind, Verdict
from insights.serializers.parameters import NO_CATEGORY_HELP, NUMBERED_LIST_PARAMETERS, CategoryOrNone

STATUSES = ["open", *Verdict.values]
#: What is shown unless somebody asks for more.
SHOWN = frozenset({"open", Verdict.USEFUL})
AMOUNTS = ("trend", "seasonal", "residual", "known_bills")
UNCATEGORIZED, EVERYTHING = "What has no category", "All spending"


class AnomalyQuery(StrictSerializer):
    """What narrows the list."""

    ignored_fields = NUMBERED_LIST_PARAMETERS

    start = DayField(required=False, help_text="Of weeks that begin on this day or later.")
    end = DayField(required=False, help_text="Of weeks that begin on this day or earlier.")
    kind = serializers.ChoiceField(choices=Kind.choices, required=False)
    category = CategoryOrNone(required=False, help_text=NO_CATEGORY_HELP)
    status = serializers.ChoiceField(
        choices=[*STATUSES, "all"], required=False, help_text="Without it, what is open, and what was useful."
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs.get("start", dt.date.min) > attrs.get("end", dt.date.max):
            raise serializers.ValidationError({"end": "The period ends before it starts."}, code="ends_before_start")
        return attrs


class FeedbackInput(StrictSerializer):
    """What a person says of a finding."""

    verdict = serializers.ChoiceField(
        choices=Verdict.choices,
        help_text="`normal`: nothing odd about it, for good, nor about later ones like it; `dismissed`: not for 60 "
        "days; `useful`: well seen.",
    )


class FeedbackSerializer(serializers.Serializer[AnomalyFeedback]):
    """What a person said of a finding, and until when that holds."""

    id = serializers.IntegerField()
    key = serializers.CharField()
    kind = serializers.ChoiceField(choices=Kind.choices)
    category = serializers.IntegerField(source="category_id", allow_null=True)
    is_overall = serializers.BooleanField()
    payee = serializers.CharField(allow_blank=True)
    day = serializers.DateField()
    observed = serializers.SerializerMethodField()
    currency = serializers.CharField()
    verdict = serializers.ChoiceField(choices=Verdict.choices)
    given_at = serializers.DateTimeField()
    until = serializers.SerializerMethodField()

    def get_observed(self, feedback: AnomalyFeedback) -> str:
        return format_amount(feedback.observed, feedback.currency)

    @extend_schema_field(serializers.DateField(allow_null=True))
    def get_until(self, feedback: AnomalyFeedback) -> str | None:
        if feedback.verdict != Verdict.DISMISSED:
            return None
        return (feedback.given_on + dt.timedelta(DISMISSED_DAYS)).isoformat()


class PartsSerializer(serializers.Serializer[Any]):
    """Of what the amount of an unusual week is made: expected is trend plus seasonal, the residual is the excess."""

    trend = serializers.CharField()
    seasonal = serializers.CharField()
    residual = serializers.CharField()
    known_bills = serializers.CharField(help_text="Paid besides, and known to come: in none of the other amounts.")


class OddTransactionSerializer(serializers.Serializer[Any]):
    """A transaction that made the finding."""

    id = serializers.IntegerField()
    date = serializers.DateField()
    amount = serializers.CharField()
    currency = serializers.CharField()
    description = serializers.CharField()
    merchant = serializers.CharField()


class NamedCategorySerializer(serializers.Serializer[Any]):
    """A category, or null for what has none."""

    category = serializers.IntegerField(allow_null=True)
    category_name = serializers.CharField(allow_null=True)


class AnomalySerializer(serializers.Serializer[Any]):
    """Something odd, why it is, and what was said of it."""

    key = serializers.CharField(help_text="Stays the same whenever it is found again.")
    kind = serializers.ChoiceField(choices=Kind.choices)
    category = serializers.IntegerField(allow_null=True)
    category_name = serializers.CharField(allow_null=True)
    is_overall = serializers.BooleanField(help_text="It is about all spending of the week.")
    payee = serializers.CharField()
    day = serializers.DateField()
    week = serializers.DateField(help_text="The first day of its week.")
    currency = serializers.CharField()
    observed = serializers.CharField()
    expected = serializers.CharField()
    interval = serializers.ListField(
        child=serializers.CharField(), min_length=2, max_length=2, help_text="Four of five such weeks lie in it."
    )
    score = serializers.FloatField(help_text="The excess, in units of what is an ordinary difference.")
    severity = serializers.FloatField(min_value=0, max_value=1)
    reason = serializers.CharField()
    method = serializers.CharField(help_text="stl, robust_level, recurring, repeats or first_payments.")
    parts = PartsSerializer(allow_null=True)
    also = NamedCategorySerializer(many=True, help_text="Further categories that were unusual in that week.")
    transactions = OddTransactionSerializer(many=True)
    status = serializers.ChoiceField(choices=STATUSES)
    feedback = FeedbackSerializer(
        allow_null=True, help_text="What was said, of this finding or of one like it: its `key` says which."
    )


class ComparedWithSerializer(serializers.Serializer[Any]):
    """How much is known to compare with."""

    weeks = serializers.IntegerField()
    is_sufficient = serializers.BooleanField()
    note = serializers.CharField(allow_null=True)


@extend_schema_serializer(many=False)
class AnomalyListSerializer(serializers.Serializer[Any]):
    """A page of findings, the newest first, and how fresh they are."""

    count = serializers.IntegerField()
    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    results = AnomalySerializer(many=True)
    currency = serializers.CharField(allow_null=True)
    computed_at = serializers.DateTimeField(allow_null=True)
    is_stale = serializers.BooleanField(help_text="Something was written since; a worker is at it. Ask again soon.")
    n_unconverted = serializers.IntegerField(help_text="Transactions left out because a rate is missing.")
    history = ComparedWithSerializer()


@dataclass(frozen=True, slots=True)
class Shown:
    """What bodies of findings need besides: names of categories, and the transactions by id."""

    catalog: Catalog
    transactions: Mapping[int, Transaction]

    def category_name(self, pk: int | None) -> str | None:
        category = self.catalog.categories.get(pk) if pk else None
        return category.display_name if category else None


def describe_anomaly(anomaly: Anomaly, said: Said, shown: Shown) -> dict[str, Any]:
    """The body of a finding."""
    rows = [shown.transactions[pk] for pk in anomaly.transactions if pk in shown.transactions]
    payee = _payee_name(anomaly, rows)
    parts = {name: value for name, value in anomaly.parts.items() if name in AMOUNTS}
    return {
        "key": anomaly.key,
        "kind": anomaly.kind,
        "category": anomaly.category_id,
        "category_name": shown.category_name(anomaly.category_id),
        "is_overall": anomaly.is_overall,
        "payee": payee,
        "day": anomaly.day,
        "week": anomaly.week,
        "currency": anomaly.currency,
        "observed": format_amount(anomaly.observed, anomaly.currency),
        "expected": format_amount(anomaly.expected, anomaly.currency),
        "interval": [format_amount(amount, anomaly.currency) for amount in (anomaly.low, anomaly.high)],
        "score": round(anomaly.score, 2),
        "severity": round(anomaly.severity, 3),
        "reason": reason_of(_told(anomaly, payee or _subject_name(anomaly, shown))),
        "method": anomaly.method,
        "parts": {name: format_amount(Decimal(value), anomaly.currency) for name, value in parts.items()} or None,
        "also": [{"category": pk, "category_name": shown.category_name(pk)} for pk in anomaly.parts.get("also", [])],
        "transactions": [_describe_transaction(row) for row in rows],
        "status": said.status,
        "feedback": FeedbackSerializer(said.feedback).data if said.feedback else None,
    }


def _payee_name(anomaly: Anomaly, rows: list[Transaction]) -> str:
    """As the ledger writes it; the key that it is matched by has lost its capitals."""
    if not anomaly.payee:
        return ""
    return next((row.merchant or row.description for row in rows), anomaly.payee)


def _subject_name(anomaly: Anomaly, shown: Shown) -> str:
    if anomaly.is_overall:
        return EVERYTHING
    return shown.category_name(anomaly.category_id) or UNCATEGORIZED


def _told(anomaly: Anomaly, name: str) -> Told:
    return Told(
        kind=anomaly.kind,
        name=name,
        day=anomaly.day,
        currency=anomaly.currency,
        observed=anomaly.observed,
        expected=anomaly.expected,
        low=anomaly.low,
        high=anomaly.high,
        severity=anomaly.severity,
        known_bills=Decimal(anomaly.parts.get("known_bills", 0)),
        n_weeks=anomaly.parts.get("n_weeks", 0),
    )


def _describe_transaction(row: Transaction) -> dict[str, Any]:
    return {
        "id": row.pk,
        "date": row.date,
        "amount": format_amount(row.amount, row.currency),
        "currency": row.currency,
        "description": row.description,
        "merchant": row.merchant,
    }
