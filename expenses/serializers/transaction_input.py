"""Transactions and their parts as clients send them, validated field by field and then as a whole."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail

from accounts.strict_serializer import StrictSerializer
from expenses.ledger.kinds import CATEGORY_KIND, DIRECTION, derive_kind
from expenses.ledger.money import has_minor_units
from expenses.models import DESCRIPTION_LENGTH, Account, Category, Review, Transaction
from expenses.models.transactions import TransactionDraft
from expenses.serializers.fields import (
    AccountReference,
    AmountField,
    CategoryReference,
    CurrencyField,
    DayField,
    IbanField,
    MccField,
    TagsField,
    check_minor_units,
    refuse_closed,
    too_many_places,
    user_of,
)
from expenses.serializers.transactions import TransactionBody
from expenses.services.split_parts import MAX_PARTS, describe_gap

MIN_PARTS = 2
#: Fields of a whole that its parts take over unless they have their own.
INHERITED_BY_PARTS = (
    "amount", "currency", "date", "description", "direction", "merchant", "account", "payment_method", "iban", "mcc",
    "is_excluded_from_budget",
)  # fmt: skip


class PartList(serializers.ListSerializer[Any]):
    """A list of 2 to 50 parts; its length is checked before the parts are."""

    def run_validation(self, data: Any = serializers.empty) -> Any:
        if data is not serializers.empty and data is not None:
            if not isinstance(data, list):
                raise serializers.ValidationError("Give a list of parts.", code="not_a_list")
            if not MIN_PARTS <= len(data) <= MAX_PARTS:
                code = "min_length" if len(data) < MIN_PARTS else "max_length"
                raise serializers.ValidationError(f"Give {MIN_PARTS} to {MAX_PARTS} parts.", code=code)
        return super().run_validation(data)


class PartInput(StrictSerializer):
    """A part of a transaction. Direction, currency, date and account are those of the whole.

    Texts that are left out are those of the whole, too.
    """

    body_class = TransactionBody

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

    def shown_row(self, data: dict[str, Any]) -> Transaction | None:
        """Return the part that the client sends back, or else the whole, which a new part has its other fields of."""
        if "whole" not in self.context:
            return None
        whole: Transaction = self.context["whole"]
        return next((part for part in self.context["parts"] if part.pk == data.get("id")), whole)


class SplitInput(StrictSerializer):
    """All parts of a transaction; the context's `whole` is the transaction, and `parts` are its parts until now."""

    parts = PartInput(many=True)
    ai_classify = serializers.BooleanField(
        required=False, allow_null=True, default=None, help_text="Whether parts without a category are categorized."
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        whole = self.context["whole"]
        check_parts(attrs["parts"], currency=whole.currency, direction=whole.direction)
        return attrs

    def drafts(self) -> tuple[TransactionDraft, ...]:
        """Return the parts to record. Call it after `is_valid`."""
        row = self.context["whole"]
        whole = TransactionDraft(
            **{name: getattr(row, name) for name in INHERITED_BY_PARTS}, asks_chain=self.validated_data["ai_classify"]
        )
        return drafts_of_parts(self.validated_data["parts"], whole=whole)


class SplitBody(serializers.Serializer[Any]):
    """A transaction and the parts that count instead of it; the list is empty if it is not split."""

    parent = TransactionBody()
    parts = TransactionBody(many=True)


def check_parts(parts: Sequence[dict[str, Any]], *, currency: str, direction: str) -> None:
    """Raises ValidationError that names the wrong fields as parts.<index>.<field>."""
    errors: list[dict[str, list[ErrorDetail]]] = []
    for part in parts:
        wrong: dict[str, list[ErrorDetail]] = {}
        if not has_minor_units(part["amount"], currency):
            wrong["amount"] = [too_many_places(currency)]
        category = part.get("category")
        if category is not None and derive_kind(direction, category.kind) is None:
            detail = f"“{category}” is a category of kind {category.kind}, which does not fit money {direction}."
            wrong["category"] = [ErrorDetail(detail, code="wrong_kind")]
        errors.append(wrong)
    if any(errors):
        raise serializers.ValidationError({"parts": errors})


def drafts_of_parts(parts: Sequence[dict[str, Any]], *, whole: TransactionDraft) -> tuple[TransactionDraft, ...]:
    """Return drafts of validated parts; fields that a part does not have are those of the whole."""
    own = replace(whole, kind=None, category=None, notes="", review=None, tags=(), external_id=None, parts=())
    return tuple(replace(own, **{**part, "tags": tuple(part.get("tags", ()))}) for part in parts)


class TransactionInput(StrictSerializer):
    """A transaction as a client sends it. The context's `kind` is the kind that the address fixes, if it does."""

    body_class = TransactionBody

    kind = serializers.ChoiceField(choices=list(CATEGORY_KIND), required=False)
    direction = serializers.ChoiceField(choices=["in", "out"], required=False)
    amount = AmountField()
    currency = CurrencyField(required=False)
    date = DayField(required=False)
    description = serializers.CharField(max_length=DESCRIPTION_LENGTH)
    merchant = serializers.CharField(max_length=200, required=False, allow_blank=True)
    account = AccountReference(required=False, allow_null=True)
    category = CategoryReference(required=False, allow_null=True)
    tags = TagsField(required=False)
    payment_method = serializers.CharField(max_length=50, required=False, allow_null=True)
    notes = serializers.CharField(max_length=5000, required=False, allow_blank=True)
    iban = IbanField(required=False, allow_blank=True)
    mcc = MccField(required=False, allow_blank=True)
    review = serializers.ChoiceField(choices=Review.choices, required=False, allow_null=True)
    is_excluded_from_budget = serializers.BooleanField(required=False)
    external_id = serializers.CharField(max_length=200, required=False, allow_null=True)
    ai_classify = serializers.BooleanField(required=False, allow_null=True, write_only=True, default=None)
    parts = PartInput(many=True, required=False, write_only=True)

    def validate_account(self, value: Account | None) -> Account | None:
        stays = self.instance is not None and value is not None and self.instance.account_id == value.pk
        return value if stays else refuse_closed(value)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if self.instance is not None:
            attrs = {"currency": self.instance.currency, "amount": self.instance.amount, **attrs}
        else:
            user, account = user_of(self), attrs.get("account")
            currency = account.currency if account else user.base_currency
            attrs = {"currency": currency, "date": user.today(), **attrs}
        attrs["kind"], attrs["direction"] = self._kind_and_direction(attrs)
        self._check_category(attrs)
        check_minor_units(attrs["amount"], attrs["currency"])
        if "parts" in attrs:
            self._check_parts(attrs)
        return attrs

    def draft(self) -> TransactionDraft:
        """Return the transaction to record. Call it after `is_valid`."""
        fields = dict(self.validated_data)
        whole = TransactionDraft(
            **{k: v for k, v in fields.items() if k not in {"tags", "ai_classify", "parts"}},
            tags=tuple(fields.get("tags", ())),
            asks_chain=fields["ai_classify"],
        )
        return replace(whole, parts=drafts_of_parts(fields.get("parts", ()), whole=whole))

    def changes(self) -> dict[str, Any]:
        """Return the fields to write into the instance, without tags, with the derived `kind` and `direction`."""
        sent = {*self.initial_data, "kind", "direction"} - {"tags", "ai_classify", "parts"}
        changes = {name: value for name, value in self.validated_data.items() if name in sent}
        return changes | ({"is_kind_stated": True} if "kind" in self.initial_data else {})

    def _kind_and_direction(self, attrs: dict[str, Any]) -> tuple[str | None, str]:
        fixed, kind, direction = self.context.get("kind"), attrs.get("kind"), attrs.get("direction")
        if fixed and kind and fixed != kind:
            raise serializers.ValidationError({"kind": f"At this address the kind is {fixed}."}, code="wrong_kind")
        kind = kind or fixed
        if kind is None and self.instance is not None:
            return self._kind_of_instance(attrs)
        if kind is None and direction is None:
            raise serializers.ValidationError({"kind": "Give `kind` or `direction`."}, code="required")
        implied = DIRECTION.get(kind or "")
        if implied and direction and implied != direction:
            raise serializers.ValidationError({"direction": f"An {kind} is money {implied}."}, code="wrong_direction")
        return kind, direction or implied or str(getattr(self.instance, "direction", "out"))

    def _kind_of_instance(self, attrs: dict[str, Any]) -> tuple[str | None, str]:
        """Return the kind that follows from direction and category, None if these two do not fit."""
        row = self.instance
        assert row is not None  # noqa: S101 - tells the type checker what the caller has checked
        direction: str = attrs.get("direction", row.direction)
        category: Category | None = attrs.get("category", row.category)
        if category is not None:
            return derive_kind(direction, category.kind), direction
        stays = row.is_kind_stated or "category" not in attrs
        if stays and DIRECTION.get(row.kind, direction) == direction:
            return row.kind, direction
        return derive_kind(direction, None), direction

    def _check_category(self, attrs: dict[str, Any]) -> None:
        category: Category | None = attrs.get("category", getattr(self.instance, "category", None))
        if category is None:
            return
        kind = attrs["kind"]
        fits = CATEGORY_KIND[kind] == category.kind if kind else derive_kind(attrs["direction"], category.kind)
        if not fits:
            what = kind or f"money {attrs['direction']}"
            detail = f"“{category}” is a category of kind {category.kind}, which does not fit {what}."
            raise serializers.ValidationError({"category": detail}, code="wrong_kind")

    def _check_parts(self, attrs: dict[str, Any]) -> None:
        if self.instance is not None:
            raise serializers.ValidationError({"parts": "Change the parts at split/."}, code="use_split")
        if attrs.get("category") is not None:
            detail = "The parts have the categories; the whole has none of its own."
            raise serializers.ValidationError({"category": detail}, code="not_with_parts")
        check_parts(attrs["parts"], currency=attrs["currency"], direction=attrs["direction"])
        total = sum((part["amount"] for part in attrs["parts"]), Decimal(0))
        if total != attrs["amount"]:
            detail = describe_gap(total, attrs["amount"], attrs["currency"])
            raise serializers.ValidationError({"parts": detail}, code="wrong_sum")
