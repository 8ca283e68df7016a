"""The review queue in the API: groups of rows to look at, and the answer of a client."""

from collections.abc import Sequence
from typing import Any

from rest_framework import serializers

from accounts.strict_serializer import StrictSerializer
from expenses.categorization.review_groups import DIRECTIONS, CommonAnswer, OpenRow, ReviewGroup, direction_of
from expenses.ledger.kinds import derive_kind
from expenses.models import Category
from expenses.serializers.bulk import fits_none, refuse_missing
from expenses.serializers.fields import CategoryNameField, CategoryReference, DecimalMoneyField, user_of
from expenses.services.review import keys_of, select_group, select_named


class GroupTotalSerializer(serializers.Serializer[Any]):
    """A sum in one currency."""

    currency = serializers.CharField()
    amount = DecimalMoneyField(max_digits=20, decimal_places=4)


class ReasonsSerializer(serializers.Serializer[Any]):
    """The number of rows for each reason; a row may have two reasons."""

    suggested = serializers.IntegerField(help_text="A machine suggests a category, but is not sure.")
    uncategorized = serializers.IntegerField(help_text="There is no suggestion, or the model has not been asked yet.")
    needs_review = serializers.IntegerField(help_text="A rule asks for a review.")


class GroupSuggestionSerializer(serializers.Serializer[CommonAnswer]):
    """The most common answer of the machines, given for `n` rows; `confidence` is its mean."""

    category = serializers.IntegerField()
    category_name = CategoryNameField(source="category")
    confidence = serializers.FloatField(allow_null=True, min_value=0, max_value=1)
    source = serializers.CharField()  # type: ignore[assignment]
    n = serializers.IntegerField()


class DescriptionField(serializers.CharField):
    """The description of a row, from the context; "" if the row has disappeared meanwhile."""

    def get_attribute(self, instance: OpenRow) -> str:
        descriptions: dict[int, str] = self.context["descriptions"]
        return descriptions.get(instance.id, "")


class ReviewExampleSerializer(serializers.Serializer[OpenRow]):
    """One of the newest rows of a group."""

    id = serializers.IntegerField()
    date = serializers.DateField()
    amount = DecimalMoneyField(max_digits=13, decimal_places=4)
    currency = serializers.CharField()
    description = DescriptionField()


class ReviewGroupSerializer(serializers.Serializer[Any]):
    """Rows of one merchant that need a review; the context has the catalog and the examples' descriptions."""

    key = serializers.CharField(help_text="The name of the whole group for `review/resolve/`.")
    merchant = serializers.SerializerMethodField()
    direction = serializers.ChoiceField(choices=DIRECTIONS)
    n = serializers.IntegerField()
    totals = GroupTotalSerializer(many=True)
    first = serializers.DateField()
    last = serializers.DateField()
    reasons = ReasonsSerializer()
    suggestion = GroupSuggestionSerializer(allow_null=True)
    examples = ReviewExampleSerializer(many=True, help_text="The newest three.")
    ids = serializers.ListField(child=serializers.IntegerField(), help_text="The newest 500.")

    def get_merchant(self, instance: ReviewGroup) -> str:
        """Return the name as a person would write it."""
        return instance.name(self.context["descriptions"])


class ResolveInput(StrictSerializer):
    """The rows to resolve and their category; without a category, each keeps the machine's answer."""

    ids = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=2**63 - 1),
        required=False, allow_empty=False, max_length=1000,
    )  # fmt: skip
    key = serializers.CharField(max_length=1000, required=False, help_text="A whole group, instead of `ids`.")
    category = CategoryReference(required=False, allow_null=True)
    also_similar = serializers.BooleanField(
        default=False, help_text="With `ids`: resolve the other rows of the same groups, too."
    )

    def validate_key(self, value: str) -> str:
        if direction_of(value) is None:
            raise serializers.ValidationError("Give the `key` of a group of review/.", code="invalid")
        return value

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("ids" in attrs) == ("key" in attrs):
            raise serializers.ValidationError({"ids": "Give either `ids` or `key`."}, code="required")
        user, category = user_of(self), attrs.get("category")
        if "key" in attrs:
            chosen = select_group(user=user, key=attrs["key"])
            if not chosen.ids:
                detail = "No transaction in review has this key; read review/ again."
                raise serializers.ValidationError({"key": detail}, code="does_not_exist")
        else:
            keys = keys_of(user=user, ids=attrs["ids"])
            refuse_missing(pk for pk in attrs["ids"] if pk not in keys)
            chosen = select_named(user=user, keys=keys, also_similar=attrs["also_similar"])
        if category is not None and chosen.open and not _suits_any(category, chosen.open):
            raise serializers.ValidationError({"category": fits_none(category)}, code="wrong_kind")
        return {**attrs, "chosen": chosen, "category": category}


def _suits_any(category: Category, rows: Sequence[OpenRow]) -> bool:
    """Return True if the money of any of the rows can have the category: money that comes in may be a refund."""
    return any(derive_kind(row.direction, category.kind) is not None for row in rows)


def example_descriptions(groups: Sequence[ReviewGroup], *, rows: Any) -> dict[int, str]:
    """Return the descriptions of the groups' samples by row id; `rows` is a queryset that finds them. One query."""
    ids = [row.id for group in groups for row in group.sample]
    return dict(rows.filter(pk__in=ids).order_by().values_list("pk", "description"))
