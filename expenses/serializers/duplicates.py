"""Possible duplicates in the API."""

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from expenses.models import Duplicate, Transaction
from expenses.serializers.fields import MoneyField

REASONS = {
    "same_bank_id": "The bank gave both the same id.",
    "pending": "The bank called the older one pending.",
    "similar_text": "Their texts are alike.",
    "same_category": "They have the same category, and the older one was recorded by hand.",
}


class DuplicateRowSerializer(serializers.Serializer[Transaction]):
    """One of two transactions that may be one movement."""

    id = serializers.IntegerField()
    date = serializers.DateField()
    direction = serializers.ChoiceField(choices=["in", "out"])
    amount = MoneyField(read_only=True)
    currency = serializers.CharField()
    description = serializers.CharField()
    merchant = serializers.CharField()
    account = serializers.IntegerField(source="account_id", allow_null=True)
    account_name = serializers.CharField(source="account.name", default=None, allow_null=True)
    is_by_hand = serializers.SerializerMethodField(help_text="No statement brought it.")

    def get_is_by_hand(self, row: Transaction) -> bool:
        return row.fingerprint is None


class ReasonSerializer(serializers.Serializer[dict[str, str]]):
    """A sign that two transactions are one movement."""

    code = serializers.ChoiceField(choices=list(REASONS))
    detail = serializers.CharField()


class DuplicateSerializer(serializers.ModelSerializer[Duplicate]):
    """Two transactions that may be one movement, with what speaks for it."""

    older = DuplicateRowSerializer()
    newer = DuplicateRowSerializer()
    days_apart = serializers.SerializerMethodField()
    likeness = serializers.FloatField(min_value=0, max_value=1, help_text="The likeness of both texts.")
    reasons = serializers.SerializerMethodField()
    kept = serializers.IntegerField(source="kept_id", allow_null=True, help_text="The transaction that a merge left.")
    run = serializers.IntegerField(
        source="run_id", allow_null=True, help_text="The run of the merge; revert it to have two transactions again."
    )

    class Meta:
        model = Duplicate
        fields = [
            "id", "status", "older", "newer", "days_apart", "likeness", "reasons", "kept", "run", "version",
            "created_at",
        ]  # fmt: skip
        read_only_fields = fields

    def get_days_apart(self, offer: Duplicate) -> int:
        return abs((offer.newer.date - offer.older.date).days)

    @extend_schema_field(ReasonSerializer(many=True))
    def get_reasons(self, offer: Duplicate) -> list[dict[str, str]]:
        return [{"code": code, "detail": REASONS[code]} for code in offer.reasons]
