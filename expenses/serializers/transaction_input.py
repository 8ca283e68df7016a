"""What a client may write of a transaction, checked field by field and then as a whole."""

from dataclasses import replace
from typing import Any

from rest_framework import serializers

from accounts.strict_serializer import StrictSerializer
from expenses.ledger.dates import today_of
from expenses.ledger.kinds import CATEGORY_KIND, DIRECTION, derive_kind
from expenses.models import DESCRIPTION_LENGTH, Account, Category, Review
from expenses.serializers.fields import (
    AccountReference,
    AmountField,
    CategoryReference,
    CurrencyField,
    DayField,
    IbanField,
    MccField,
    TagsField,
    refuse_closed,
    user_of,
)
from expenses.serializers.splits import PartInput, check_minor_units, check_parts, check_total, drafts_of_parts
from expenses.serializers.transactions import TransactionBody
from expenses.services.drafts import TransactionDraft


class TransactionInput(StrictSerializer):
    """A transaction as a client writes it. The context's `kind` is the kind that the address fixes, if it does."""

    ignored_fields = frozenset(TransactionBody().fields)

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
        attrs = {**self._defaults(attrs), **attrs}
        attrs["kind"], attrs["direction"] = self._kind_and_direction(attrs)
        self._check_category(attrs)
        check_minor_units(attrs["amount"], attrs["currency"])
        if "parts" in attrs:
            self._check_parts(attrs)
        return attrs

    def draft(self) -> TransactionDraft:
        """What to record. Call it after `is_valid`."""
        fields = dict(self.validated_data)
        whole = TransactionDraft(
            **{k: v for k, v in fields.items() if k not in {"tags", "ai_classify", "parts"}},
            tags=tuple(fields.get("tags", ())),
            asks_chain=fields["ai_classify"],
        )
        return replace(whole, parts=drafts_of_parts(fields.get("parts", ()), whole=whole))

    def changes(self) -> dict[str, Any]:
        """The fields to write into the instance, without tags; `kind` and `direction` as they follow."""
        sent = {*self.initial_data, "kind", "direction"} - {"tags", "ai_classify", "parts"}
        changes = {name: value for name, value in self.validated_data.items() if name in sent}
        return changes | ({"is_kind_stated": True} if "kind" in self.initial_data else {})

    def _defaults(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """What is not sent: the instance's own values when editing, else account, preferences and today."""
        if self.instance is not None:
            return {"currency": self.instance.currency, "amount": self.instance.amount}
        user, account = user_of(self), attrs.get("account")
        return {"currency": account.currency if account else user.base_currency, "date": today_of(user)}

    def _kind_and_direction(self, attrs: dict[str, Any]) -> tuple[str | None, str]:
        kind, direction = self._stated_kind(attrs), attrs.get("direction")
        if kind is None and self.instance is not None:
            return self._kind_of_instance(attrs)
        if kind is None and direction is None:
            raise serializers.ValidationError({"kind": "Give `kind` or `direction`."}, code="required")
        implied = DIRECTION.get(kind or "")
        if implied and direction and implied != direction:
            raise serializers.ValidationError({"direction": f"An {kind} is money {implied}."}, code="wrong_direction")
        return kind, direction or implied or str(getattr(self.instance, "direction", "out"))

    def _stated_kind(self, attrs: dict[str, Any]) -> str | None:
        fixed: str | None = self.context.get("kind")
        stated: str | None = attrs.get("kind")
        if fixed and stated and fixed != stated:
            raise serializers.ValidationError({"kind": f"At this address the kind is {fixed}."}, code="wrong_kind")
        return stated or fixed

    def _kind_of_instance(self, attrs: dict[str, Any]) -> tuple[str | None, str]:
        """The kind follows direction and category; None where these two do not fit."""
        row = self.instance
        assert row is not None  # noqa: S101 - said to the type checker; the caller has looked
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
            detail = "The parts have the categories; what they make up has none of its own."
            raise serializers.ValidationError({"category": detail}, code="not_with_parts")
        check_parts(attrs["parts"], currency=attrs["currency"], direction=attrs["direction"])
        check_total(attrs["parts"], amount=attrs["amount"], currency=attrs["currency"])
