"""What a client may write of a transaction, checked field by field and then as a whole."""

import datetime as dt
from decimal import Decimal
from typing import Any, cast

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from expenses.days import EARLIEST, LATEST, today_of
from expenses.kinds import CATEGORY_KIND, DIRECTION, derive_kind
from expenses.models import DESCRIPTION_LENGTH, Category, Tag, Transaction
from expenses.money import has_minor_units, minor_units
from expenses.references import AccountReference, AmountField, CategoryReference, CurrencyField, as_id_or_name, user_of
from expenses.services.drafts import Draft

MAX_TAGS = 20


@extend_schema_field({"type": "array", "items": {"oneOf": [{"type": "integer"}, {"type": "string"}]}})
class TagsField(serializers.ListField):
    """Names of tags, new ones included, or ids of tags that are there; read as names."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(child=serializers.JSONField(), max_length=MAX_TAGS, **kwargs)

    def to_internal_value(self, data: Any) -> list[str]:
        if isinstance(data, list) and len(data) > MAX_TAGS:
            raise serializers.ValidationError(f"Give at most {MAX_TAGS} tags.", code="max_length")
        return list(dict.fromkeys(self._name(item) for item in super().to_internal_value(data)))

    def _name(self, item: Any) -> str:
        if isinstance(item, str):
            return str(serializers.CharField(max_length=50).run_validation(item))
        name = self._names().get(as_id_or_name(item))
        if name is None:
            raise serializers.ValidationError(f"There is no tag {item}.", code="does_not_exist")
        return name

    def _names(self) -> dict[int | str, str]:
        """The names of the ledger's tags by id, looked up once however many rows the request holds."""
        context = cast("dict[str, Any]", self.context)
        if "tag_names" not in context:
            context["tag_names"] = dict(Tag.objects.for_user(user_of(self)).values_list("pk", "name"))
        names: dict[int | str, str] = context["tag_names"]
        return names


class DayField(serializers.DateField):
    """A day of the calendar as YYYY-MM-DD; ISO 8601 has other ways to write one, which nobody means."""

    default_error_messages = {"invalid": "There is no such day; write it as YYYY-MM-DD."}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(input_formats=["%Y-%m-%d"], **kwargs)

    def to_internal_value(self, value: Any) -> dt.date:
        day = super().to_internal_value(value)
        if not EARLIEST <= day <= LATEST:
            raise serializers.ValidationError(f"Give a day from {EARLIEST} to {LATEST}.", code="out_of_range")
        return day


class TransactionInput(serializers.Serializer[Transaction]):
    """A transaction as a client writes it. The context's `kind` is the kind that the address fixes, if it does."""

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
    external_id = serializers.CharField(max_length=200, required=False, allow_null=True)
    ai_classify = serializers.BooleanField(required=False, allow_null=True, write_only=True, default=None)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        attrs = {**self._defaults(attrs), **attrs}
        attrs["kind"], attrs["direction"] = self._kind_and_direction(attrs)
        self._check_category(attrs)
        self._check_minor_units(attrs)
        return attrs

    def draft(self) -> Draft:
        """What to record. Call it after `is_valid`."""
        fields = dict(self.validated_data)
        return Draft(
            **{k: v for k, v in fields.items() if k not in {"tags", "ai_classify"}},
            tags=tuple(fields.get("tags", ())),
            asks_chain=fields["ai_classify"],
        )

    def changes(self) -> dict[str, Any]:
        """The fields to write into the instance, without tags; `kind` and `direction` as they follow."""
        sent = {*self.initial_data, "kind", "direction"} - {"tags", "ai_classify"}
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

    def _check_minor_units(self, attrs: dict[str, Any]) -> None:
        amount: Decimal = attrs["amount"]
        if not has_minor_units(amount, attrs["currency"]):
            places = minor_units(attrs["currency"])
            detail = f"{attrs['currency']} has {places} decimal places."
            raise serializers.ValidationError({"amount": detail}, code="too_many_places")
