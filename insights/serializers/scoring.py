"""Input and body of the score of one payment."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.strict_serializer import QuickSerializer, StrictSerializer
from expenses.ledger.kinds import derive_kind
from expenses.ledger.money import Money
from expenses.models import DESCRIPTION_LENGTH, Transaction
from expenses.serializers.fields import AmountField, CategoryReference, CurrencyField, DayField, user_of
from insights.services.scoring import PaymentToScore
from providers.interface import matching_text
from providers.normalization import normalize

NOT_A_TRANSFER = "A transfer is neither spent nor received; there is nothing to compare it with."


@extend_schema_field(int)
class TransactionReference(serializers.Field[Transaction, Any, int, Any]):
    """Id of a transaction of the ledger that is no transfer."""

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
    """A payment that may still be made, or the id of one in the ledger."""

    transaction = TransactionReference(
        required=False, help_text="The id of a transaction of your ledger. Give no other field with it."
    )
    description = serializers.CharField(max_length=DESCRIPTION_LENGTH, required=False)
    amount = AmountField(required=False)
    date = DayField(required=False, help_text="Default: today.")
    category = CategoryReference(required=False, allow_null=True)
    merchant = serializers.CharField(max_length=200, required=False, allow_blank=True)
    currency = CurrencyField(required=False, help_text="Default: your base currency.")
    direction = serializers.ChoiceField(
        choices=["in", "out"], required=False, help_text="Default: the direction of the category."
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
        category = attrs.get("category")
        kind_of_category = category.kind if category else None
        direction = attrs.get("direction") or ("in" if kind_of_category == "income" else "out")
        kind = derive_kind(direction, kind_of_category)
        if kind is None:
            detail = "What is in a category of income comes in."
            raise serializers.ValidationError({"direction": detail}, "wrong_direction")
        if kind == "transfer":
            raise serializers.ValidationError({"category": NOT_A_TRANSFER}, code="transfer")
        return attrs | {"kind": kind}

    def payment(self) -> PaymentToScore:
        """Return the valid payment."""
        fields, user = self.validated_data, user_of(self)
        if "transaction" in fields:
            row = fields["transaction"]
            return PaymentToScore(
                kind=row.kind,
                amount=Money(row.amount, row.currency),
                date=row.date,
                match_text=row.match_text,
                merchant=row.merchant,
                category=row.category_id,
                row=row,
            )
        merchant, category = fields.get("merchant", ""), fields.get("category")
        return PaymentToScore(
            kind=fields["kind"],
            amount=Money(fields["amount"], fields.get("currency") or user.base_currency),
            date=fields.get("date") or user.today(),
            match_text=normalize(matching_text(merchant, fields["description"])),
            merchant=merchant,
            category=category.pk if category else None,
        )


class ExpectedSerializer(QuickSerializer):
    """Amounts in the answer's currency; eight of ten ordinary payments lie from `low` to `high`."""

    usual = serializers.CharField()
    low = serializers.CharField()
    high = serializers.CharField()


class ScoreAnswer(QuickSerializer):
    """How unusual a payment is, and why."""

    score = serializers.FloatField(
        allow_null=True,
        help_text="The share of ordinary payments that are less unusual, 0 to 1; null with too little history.",
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
        help_text="True if the transaction is certainly no part of what it is compared with; null without one.",
    )
    currency = serializers.CharField()
    computed_at = serializers.DateTimeField(allow_null=True)
    is_stale = serializers.BooleanField(help_text="The ledger has changed since; the changes are being computed.")
