"""Kinds of shops in the API: their body, their mapping and the query parameters of their list."""

from typing import Any

from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers

from accounts.strict_serializer import HelpfulSerializer, StrictSerializer
from expenses.categorization.shop_kinds import GROUPS, MappedKind
from expenses.models import Category, KindMapping
from expenses.serializers.fields import CategoryReference


class ShopKindSerializer(serializers.Serializer[MappedKind]):
    """A kind of shop, or a group of kinds, and its category; null: its payments stay uncategorized."""

    kind = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    group = serializers.CharField(help_text="The key of the system's category; equal to `kind` for a whole group.")
    category = serializers.IntegerField(allow_null=True, source="category.pk")
    category_name = serializers.CharField(allow_null=True, source="category.display_name")
    is_mapped = serializers.BooleanField(help_text="Whether you mapped it; otherwise it follows its group.")


class KindMappingSerializer(serializers.ModelSerializer[KindMapping]):
    """A kind of shop, or a group of kinds, that the ledger has mapped to a category."""

    category_name = serializers.CharField(allow_null=True, source="category.display_name", default=None)

    class Meta:
        model = KindMapping
        fields = ["id", "kind", "category", "category_name", "version"]


@extend_schema_serializer(many=False)
class ShopKindsSerializer(serializers.Serializer[Any]):
    """All kinds and groups, each group before its kinds."""

    results = ShopKindSerializer(many=True)


class ShopKindInput(StrictSerializer):
    """The category to map a kind to."""

    body_class = ShopKindSerializer

    category = CategoryReference(allow_null=True, help_text="An id or a name; null: leave this kind uncategorized.")

    def validate_category(self, value: Category | None) -> Category | None:
        if value is not None and value.is_hidden:
            detail = f"“{value}” is hidden, so it is never suggested; show it again, or name another category."
            raise serializers.ValidationError(detail, code="hidden")
        return value


class ShopKindsInput(HelpfulSerializer):
    """Query parameters of the list of kinds."""

    group = serializers.ChoiceField(choices=GROUPS, required=False)
    mapped = serializers.BooleanField(required=False, default=None, help_text="true lists the kinds that you mapped.")
    search = serializers.CharField(
        required=False, max_length=200, help_text="Every word is in the kind, its label, its group or its category."
    )

    def matches(self, kind: MappedKind) -> bool:
        """Return True if the list shows the kind. Call it after `is_valid`."""
        query = self.validated_data
        category_name = kind.category.display_name if kind.category else None
        text = f"{kind.kind} {kind.label} {kind.group} {category_name}".casefold()
        return (
            query.get("group") in (None, kind.group)
            and query["mapped"] in (None, kind.is_mapped)
            and all(word in text for word in query.get("search", "").casefold().split())
        )
