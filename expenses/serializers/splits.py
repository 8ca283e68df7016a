"""What a client may write of the parts of a transaction, and how a split is shown."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail

from accounts.strict_serializer import StrictSerializer
from expenses.ledger.kinds import derive_kind
from expenses.ledger.money import has_minor_units, minor_units
from expenses.models import DESCRIPTION_LENGTH, Review
from expenses.serializers.fields import AmountField, CategoryReference, TagsField
from expenses.serializers.transactions import TransactionBody
from expenses.services.drafts import TransactionDraft
from expenses.services.split_parts import describe_gap

MIN_PARTS, MAX_PARTS = 2, 50
#: What parts have from the whole, where they do not say it of themselves.
OF_THE_WHOLE = (
    "amount", "currency", "date", "description", "direction", "merchant", "account", "payment_method", "iban", "mcc",
    "is_excluded_from_budget",
)  # fmt: skip


class PartList(serializers.ListSerializer[Any]):
    """2 to 50 parts; the number is looked at before the parts are."""

    def run_validation(self, data: Any = serializers.empty) -> Any:
        if data is not serializers.empty and data is not None:
            _check_number(data)
        return super().run_validation(data)


def _check_number(data: Any) -> None:
    if not isinstance(data, list):
        raise serializers.ValidationError("Give a list of parts.", code="not_a_list")
    if not MIN_PARTS <= len(data) <= MAX_PARTS:
        code = "min_length" if len(data) < MIN_PARTS else "max_length"
        raise serializers.ValidationError(f"Give {MIN_PARTS} to {MAX_PARTS} parts.", code=code)


class PartInput(StrictSerializer):
    """A part. Direction, currency, date and account are those of the whole; so are the texts that are left out."""

    ignored_fields = frozenset(TransactionBody().fields)

    amount = AmountField()
    category = CategoryReference(required=False, allow_null=True)
    description = serializers.CharField(max_length=DESCRIPTION_LENGTH, required=False)
    merchant = serializers.CharField(max_length=200, required=False, allow_blank=True)
    notes = serializers.CharField(max_length=5000, required=False, allow_blank=True)
    review = serializers.ChoiceField(choices=Review.choices, required=False, allow_null=True)
    is_excluded_from_budget = serializers.BooleanField(required=False)
    tags = TagsField(required=False)

    class Meta:
        list_serializer_class = PartList


class SplitInput(StrictSerializer):
    """All parts of a transaction; the context's `whole` is the transaction."""

    parts = PartInput(many=True)
    ai_classify = serializers.BooleanField(
        required=False, allow_null=True, default=None, help_text="Whether parts without a category are asked about."
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        whole = self.context["whole"]
        check_parts(attrs["parts"], currency=whole.currency, direction=whole.direction)
        return attrs

    def drafts(self) -> tuple[TransactionDraft, ...]:
        """What to record. Call it after `is_valid`."""
        row = self.context["whole"]
        whole = TransactionDraft(
            **{name: getattr(row, name) for name in OF_THE_WHOLE}, asks_chain=self.validated_data["ai_classify"]
        )
        return drafts_of_parts(self.validated_data["parts"], whole=whole)


class SplitBody(serializers.Serializer[Any]):
    """A transaction and the parts that count instead of it; none where it is not split."""

    parent = TransactionBody()
    parts = TransactionBody(many=True)


def check_parts(parts: Sequence[dict[str, Any]], *, currency: str, direction: str) -> None:
    """Raises ValidationError that names the wrong fields as parts.<index>.<field>."""
    problems = [_problems(part, currency=currency, direction=direction) for part in parts]
    if any(problems):
        raise serializers.ValidationError({"parts": problems})


def check_total(parts: Sequence[dict[str, Any]], *, amount: Decimal, currency: str) -> None:
    """Raises ValidationError where validated parts do not make up the amount."""
    total = sum((part["amount"] for part in parts), Decimal(0))
    if total != amount:
        raise serializers.ValidationError({"parts": describe_gap(total, amount, currency)}, code="wrong_sum")


def check_minor_units(amount: Decimal, currency: str) -> None:
    """Raises ValidationError where the currency has fewer decimal places."""
    if not has_minor_units(amount, currency):
        raise serializers.ValidationError({"amount": [too_many_places(currency)]})


def too_many_places(currency: str) -> ErrorDetail:
    """What is said of an amount that cannot be paid."""
    return ErrorDetail(f"{currency} has {minor_units(currency)} decimal places.", code="too_many_places")


def drafts_of_parts(parts: Sequence[dict[str, Any]], *, whole: TransactionDraft) -> tuple[TransactionDraft, ...]:
    """Drafts of validated parts: as the whole, but for what a part says of itself."""
    own = replace(whole, kind=None, category=None, notes="", review=None, tags=(), external_id=None, parts=())
    return tuple(replace(own, **{**part, "tags": tuple(part.get("tags", ()))}) for part in parts)


def _problems(part: dict[str, Any], *, currency: str, direction: str) -> dict[str, list[ErrorDetail]]:
    """What is wrong with a part of a whole of that currency and direction, by field."""
    problems: dict[str, list[ErrorDetail]] = {}
    if not has_minor_units(part["amount"], currency):
        problems["amount"] = [too_many_places(currency)]
    category = part.get("category")
    if category is not None and derive_kind(direction, category.kind) is None:
        detail = f"“{category}” is a category of kind {category.kind}, which does not fit money {direction}."
        problems["category"] = [ErrorDetail(detail, code="wrong_kind")]
    return problems
