"""What is asked about one payment, and what is said of it."""

from decimal import Decimal
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.models import User
from accounts.strict_serializer import StrictSerializer
from expenses.ledger.dates import today_of
from expenses.ledger.kinds import derive_kind
from expenses.ledger.money import Money, format_amount
from expenses.models import DESCRIPTION_LENGTH, Transaction
from expenses.serializers.fields import AmountField, CategoryReference, CurrencyField, DayField, user_of
from insights.amounts.judging import Expected
from insights.services.scoring import Asked, Scored
from providers.interface import matching_text
from providers.normalization import normalize

#: Digits of a score that mean anything.
_PLACES = 4
NOT_A_TRANSFER = "A transfer is neither spent nor received; there is nothing to compare it with."


@extend_schema_field(int)
class TransactionReference(serializers.Field[Transaction, Any, int, Any]):
    """Reads an id as a transaction of the ledger that is no transfer."""

    def to_internal_value(self, data: Any) -> Transaction:
        wanted = serializers.IntegerField(min_value=1, max_value=2**63 - 1).run_validation(data)
        row: Transaction | None = Transaction.objects.for_user(user_of(self)).filter(pk=wanted).first()
        if row is None:
            raise serializers.ValidationError(f"There is no transaction {wanted}.", code="does_not_exist")
        if row.kind == "transfer":
            raise serializers.ValidationError(NOT_A_TRANSFER, code="transfer")
        return row

    def to_representation(self, value: Transaction) -> int:
        return value.pk


class ScoreInput(StrictSerializer):
    """A payment that may still be made, or the id of one that is in the ledger."""

    transaction = TransactionReference(required=False, help_text="The id of one in your ledger; then nothing else.")
    description = serializers.CharField(max_length=DESCRIPTION_LENGTH, required=False)
    amount = AmountField(required=False)
    date = DayField(required=False, help_text="Today if not given.")
    category = CategoryReference(required=False, allow_null=True)
    merchant = serializers.CharField(max_length=200, required=False, allow_blank=True)
    currency = CurrencyField(required=False, help_text="Your base currency if not given.")
    direction = serializers.ChoiceField(
        choices=["in", "out"], required=False, help_text="If not given, as the category is."
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if "transaction" in attrs:
            more = dict.fromkeys(attrs.keys() - {"transaction"}, "Give this or `transaction`.")
            if more:
                raise serializers.ValidationError(more, code="ambiguous")
            return attrs
        missing = {"description", "amount"} - attrs.keys()
        if missing:
            detail = "Give this, or `transaction`."
            raise serializers.ValidationError(dict.fromkeys(sorted(missing), detail), code="required")
        return attrs | {"kind": _kind(attrs)}

    def asked(self) -> Asked:
        """What is valid, as services take it."""
        fields = self.validated_data
        return _of_row(fields["transaction"]) if "transaction" in fields else _of_fields(fields, user_of(self))


def _kind(fields: dict[str, Any]) -> str:
    """Raises ValidationError for what is neither spent nor received, and for income that goes out."""
    category = fields.get("category")
    kind_of_category = category.kind if category else None
    usual = "in" if kind_of_category == "income" else "out"
    kind = derive_kind(fields.get("direction") or usual, kind_of_category)
    if kind is None:
        raise serializers.ValidationError({"direction": "What is in a category of income comes in."}, "wrong_direction")
    if kind == "transfer":
        raise serializers.ValidationError({"category": NOT_A_TRANSFER}, code="transfer")
    return kind


def _of_row(row: Transaction) -> Asked:
    return Asked(
        kind=row.kind,
        amount=Money(row.amount, row.currency),
        date=row.date,
        match_text=row.match_text,
        merchant=row.merchant,
        category=row.category_id,
        row=row,
    )


def _of_fields(fields: dict[str, Any], user: User) -> Asked:
    merchant, category = fields.get("merchant", ""), fields.get("category")
    return Asked(
        kind=fields["kind"],
        amount=Money(fields["amount"], fields.get("currency") or user.base_currency),
        date=fields.get("date") or today_of(user),
        match_text=normalize(matching_text(merchant, fields["description"])),
        merchant=merchant,
        category=category.pk if category else None,
    )


class ExpectedSerializer(serializers.Serializer[Any]):
    """Amounts in the answer's currency; eight of ten ordinary payments lie from `low` to `high`."""

    usual = serializers.CharField()
    low = serializers.CharField()
    high = serializers.CharField()


class ScoreAnswer(serializers.Serializer[Any]):
    """How unusual it is, and why."""

    score = serializers.FloatField(
        allow_null=True,
        help_text="What share of ordinary payments is less unusual, 0 to 1; null with nothing to compare with.",
    )
    is_anomalous = serializers.BooleanField(help_text="At most one ordinary payment in a hundred is as unusual.")
    insufficient_history = serializers.BooleanField()
    reasons = serializers.ListField(child=serializers.CharField())
    n_history = serializers.IntegerField(help_text="Payments to the same payee.")
    expected = ExpectedSerializer(allow_null=True)
    compared_with = serializers.ChoiceField(choices=["payee", "name", "category", "all"], allow_null=True)
    duplicate_of = serializers.IntegerField(
        allow_null=True, help_text="A payment a few days before that this one may repeat by mistake."
    )
    is_left_out = serializers.BooleanField(
        allow_null=True,
        help_text="Of a transaction: whether what it is compared with is certain not to hold the transaction itself.",
    )
    currency = serializers.CharField()
    computed_at = serializers.DateTimeField(allow_null=True)
    is_stale = serializers.BooleanField(help_text="The ledger has changed since; what is new is being computed.")


def describe_score(scored: Scored) -> dict[str, Any]:
    """The body, without how fresh it is."""
    judgment = scored.judgment
    return {
        "score": None if judgment.score is None else round(judgment.score, _PLACES),
        "is_anomalous": judgment.is_anomalous,
        "insufficient_history": judgment.score is None,
        "reasons": scored.reasons,
        "n_history": judgment.n_history,
        "expected": judgment.expected and _describe_expected(judgment.expected, scored.currency),
        "compared_with": judgment.compared_with,
        "duplicate_of": scored.duplicate_of,
        "is_left_out": scored.is_left_out,
        "currency": scored.currency,
    }


def _describe_expected(expected: Expected, currency: str) -> dict[str, str]:
    amounts = {"usual": expected.usual, "low": expected.low, "high": expected.high}
    return {name: format_amount(Decimal(amount), currency) for name, amount in amounts.items()}
