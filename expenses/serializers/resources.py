"""Shapes of accounts, categories and runs. Transactions have rooms of their own: bodies.py out, inputs.py in."""

from decimal import Decimal
from typing import Any

from django.db.models import Q
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.strict_serializer import StrictSerializer
from expenses.ledger.money import format_amount, has_minor_units, minor_units
from expenses.models import Account, Attachment, Category, Run, Tag, Transaction
from expenses.serializers.fields import BalanceField, CategoryReference, CurrencyField, user_of


class AccountSerializer(StrictSerializer, serializers.ModelSerializer[Account]):
    """An account; its currency is the default of what is recorded in it."""

    currency = CurrencyField(required=False)
    opening_balance = BalanceField(required=False)

    class Meta:
        model = Account
        fields = ["id", "name", "type", "currency", "country", "opening_balance", "is_active", "version", "created_at"]
        read_only_fields = ["version"]
        extra_kwargs = {
            "country": {"help_text": "ISO 3166 alpha-2; helps to tell merchants of one name apart."},
            "is_active": {"help_text": "False once it is closed: nothing new is recorded in it."},
        }

    def validate_name(self, value: str) -> str:
        others = Account.objects.for_user(user_of(self))
        if self.instance is not None:
            others = others.exclude(pk=self.instance.pk)
        if value.casefold() in {other.name.casefold() for other in others}:
            raise serializers.ValidationError("Another account has this name.", code="unique")
        return value

    def validate_currency(self, value: str) -> str:
        """What lies in it would be counted in a currency that it is not in."""
        account = self.instance
        if account is not None and value != account.currency and account.transactions.exists():
            detail = f"Transactions lie in “{account}”, so its currency stays; open another account."
            raise serializers.ValidationError(detail, code="in_use")
        return value

    def validate_country(self, value: str) -> str:
        if value and not (len(value) == 2 and value.isascii() and value.isalpha()):
            raise serializers.ValidationError("Give a two-letter country code, such as DE.", code="invalid")
        return value.upper()

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if self.instance is None:
            attrs.setdefault("currency", user_of(self).base_currency)
        currency = str(attrs.get("currency") or getattr(self.instance, "currency", ""))
        balance = attrs.get("opening_balance", getattr(self.instance, "opening_balance", Decimal(0)))
        if not has_minor_units(balance, currency):
            detail = f"{currency} has {minor_units(currency)} decimal places."
            raise serializers.ValidationError({"opening_balance": detail}, code="too_many_places")
        return attrs

    def to_representation(self, instance: Account) -> dict[str, Any]:
        body = super().to_representation(instance)
        return {**body, "opening_balance": format_amount(instance.opening_balance, instance.currency)}


class CategorySerializer(StrictSerializer, serializers.ModelSerializer[Category]):
    """A category; system ones have a key and cannot be changed."""

    name = serializers.CharField(max_length=100)
    parent = CategoryReference(required=False, allow_null=True, default=None)  # type: ignore[assignment]
    parent_name = serializers.CharField(source="parent.display_name", read_only=True, default=None, allow_null=True)
    is_system = serializers.SerializerMethodField()
    is_hidden = serializers.BooleanField(
        required=False, help_text="Hidden ones stay where they are used, and no machine answers with them any more."
    )
    version = serializers.IntegerField(source="seen_version", read_only=True)

    class Meta:
        model = Category
        fields = [
            "id", "key", "name", "kind", "parent", "parent_name", "icon", "color_token", "description", "is_system",
            "is_hidden", "version",
        ]  # fmt: skip
        read_only_fields = ["key"]

    def get_is_system(self, category: Category) -> bool:
        return category.ledger_id is None

    def validate_name(self, value: str) -> str:
        taken = self.context["catalog"].find(value)
        if taken is not None and taken != self.instance:
            raise serializers.ValidationError("Another category has this name.", code="unique")
        return value

    def validate_kind(self, value: str) -> str:
        if self.instance is None or value == self.instance.kind:
            return value
        shows_it = Q(category=self.instance) | Q(suggested_category=self.instance)
        if self.instance.children.exists() or Transaction.everything.filter(shows_it).exists():
            detail = "Transactions, if only in the bin, or categories below it use this category, so its kind stays."
            raise serializers.ValidationError(detail, code="in_use")
        return value

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        parent: Category | None = attrs.get("parent", getattr(self.instance, "parent", None))
        if parent is None:
            return attrs
        has_children = self.instance is not None and self.instance.children.exists()
        if parent.parent_id is not None or parent == self.instance or has_children:
            raise serializers.ValidationError(
                {"parent": "Categories have one level of parents: a parent has none, a child no children."},
                code="invalid",
            )
        if parent.kind != attrs.get("kind", getattr(self.instance, "kind", parent.kind)):
            raise serializers.ValidationError({"parent": f"“{parent}” is of kind {parent.kind}."}, code="wrong_kind")
        return attrs

    def to_representation(self, instance: Category) -> dict[str, Any]:
        return {**super().to_representation(instance), "name": instance.display_name}


class TagSerializer(StrictSerializer, serializers.ModelSerializer[Tag]):
    """A label across categories."""

    class Meta:
        model = Tag
        fields = ["id", "name", "version"]
        read_only_fields = ["version"]

    def validate_name(self, value: str) -> str:
        others = [tag for tag in Tag.objects.for_user(user_of(self)) if tag != self.instance]
        if value.casefold() in {tag.name.casefold() for tag in others}:
            raise serializers.ValidationError("Another tag has this name; merge the two.", code="unique")
        return value


class AttachmentSerializer(serializers.ModelSerializer[Attachment]):
    """A file beside a transaction; its type is what its content says."""

    class Meta:
        model = Attachment
        fields = ["id", "transaction", "name", "media_type", "size", "sha256", "version", "created_at"]
        read_only_fields = fields


@extend_schema_field({"type": "object", "additionalProperties": True})
class AboutField(serializers.JSONField):
    """What was ordered."""


class RunSerializer(serializers.ModelSerializer[Run]):
    """How far a run is, and how it ended."""

    progress = serializers.SerializerMethodField()
    error = serializers.SerializerMethodField()
    about = AboutField(
        required=False,
        help_text="What was ordered of rules or of a backtest: which days, which rules, and so on.",
    )

    class Meta:
        model = Run
        fields = [
            "id", "kind", "status", "progress", "counts", "created_at", "started_at", "finished_at", "error", "about",
        ]  # fmt: skip
        read_only_fields = fields

    @extend_schema_field({"type": "object", "properties": {"done": {"type": "integer"}, "total": {"type": "integer"}}})
    def get_progress(self, run: Run) -> dict[str, int]:
        return {"done": run.done, "total": run.total}

    def get_error(self, run: Run) -> str | None:
        return run.error or None

    def to_representation(self, instance: Run) -> dict[str, Any]:
        body = super().to_representation(instance)
        return body if instance.about else {name: value for name, value in body.items() if name != "about"}
