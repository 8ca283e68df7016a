"""Shapes of kinds of shops: what narrows their list, what is written of one, and what is shown."""

from typing import Any

from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers

from accounts.strict_serializer import StrictSerializer
from expenses.categorization.shop_kinds import GROUPS
from expenses.models import Category
from expenses.serializers.fields import CategoryReference
from expenses.serializers.filters import COMMON_PARAMETERS


class ShopKindSerializer(serializers.Serializer[Any]):
    """A kind of shop, or a group of them, and the category that it belongs to; null: no answer is wanted for it."""

    kind = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    group = serializers.CharField(help_text="The key of the system's category; equal to `kind` for a whole group.")
    category = serializers.IntegerField(allow_null=True)
    category_name = serializers.CharField(allow_null=True)
    is_mapped = serializers.BooleanField(help_text="Whether you put it there; else it follows its group.")


@extend_schema_serializer(many=False)
class ShopKindsSerializer(serializers.Serializer[Any]):
    """All kinds and groups, each group before its kinds."""

    results = ShopKindSerializer(many=True)


class ShopKindInput(StrictSerializer):
    """Where a kind is put."""

    ignored_fields = frozenset(ShopKindSerializer().fields)

    category = CategoryReference(allow_null=True, help_text="An id or a name; null: no answer is wanted for this kind.")

    def validate_category(self, value: Category | None) -> Category | None:
        if value is not None and value.is_hidden:
            detail = f"“{value}” is hidden, so nothing answers with it; show it again, or name another category."
            raise serializers.ValidationError(detail, code="hidden")
        return value


class ShopKindsInput(serializers.Serializer[Any]):
    """What the list can be narrowed by."""

    group = serializers.ChoiceField(choices=GROUPS, required=False)
    mapped = serializers.BooleanField(required=False, default=None, help_text="True: those that you put somewhere.")
    search = serializers.CharField(
        required=False, max_length=200, help_text="Every word is in the kind, its label, its group or its category."
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if unknown := sorted(set(self.initial_data) - set(self.fields) - COMMON_PARAMETERS):
            detail = f"There is no such filter; known are {', '.join(sorted(self.fields))}."
            raise serializers.ValidationError({unknown[0]: detail}, code="unknown")
        return attrs

    def fits(self, kind: dict[str, Any]) -> bool:
        """Whether the body of a kind is asked for. Call it after `is_valid`."""
        asked = self.validated_data
        text = " ".join(str(kind[name]) for name in ("kind", "label", "group", "category_name")).casefold()
        return (
            asked.get("group") in (None, kind["group"])
            and asked["mapped"] in (None, kind["is_mapped"])
            and all(word in text for word in asked.get("search", "").casefold().split())
        )
