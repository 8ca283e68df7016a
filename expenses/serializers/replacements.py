"""Input that names what takes the place of a category or a tag."""

from typing import Any

from rest_framework import serializers

from expenses.models import Category, Tag
from expenses.serializers.fields import CategoryReference, as_id_or_name, user_of
from expenses.serializers.resources import CategorySerializer, TagSerializer


class ReplacementInput(serializers.Serializer[Any]):
    """What takes the place of the context's `category` in the query of a deletion."""

    replacement = CategoryReference(
        required=False, help_text="The category that takes its place: an id or a name; needed while it is in use."
    )

    def validate_replacement(self, into: Category) -> Category:
        return _checked(self.context["category"], into)


class CategoryMergeInput(serializers.Serializer[Any]):
    """What takes the place of the context's `category`."""

    into = CategoryReference()

    def validate_into(self, into: Category) -> Category:
        return _checked(self.context["category"], into)


class TagMergeInput(serializers.Serializer[Any]):
    """What takes the place of the context's `tag`."""

    into = serializers.JSONField(help_text="The id or the name of another tag.")

    def validate_into(self, value: Any) -> Tag:
        wanted = as_id_or_name(value)
        tags = list(Tag.objects.for_user(user_of(self)))
        by_name = {tag.name.casefold(): tag for tag in tags}
        by_id: dict[int | str, Tag] = {tag.pk: tag for tag in tags}
        into: Tag | None = by_id.get(wanted) or by_name.get(str(value).strip().casefold())
        if into is None:
            raise serializers.ValidationError(f"There is no tag “{value}”.", code="does_not_exist")
        if into == self.context["tag"]:
            raise serializers.ValidationError("Name another tag: a tag cannot take its own place.", code="itself")
        return into


class MergedCategorySerializer(CategorySerializer):
    """The category that stays."""

    moved = serializers.DictField(
        child=serializers.IntegerField(),
        read_only=True,
        help_text="How many transactions, suggestions, categories below it, kinds of shops and rules moved; the bin is "
        "not counted.",
    )

    class Meta(CategorySerializer.Meta):
        fields = [*CategorySerializer.Meta.fields, "moved"]


class MergedTagSerializer(TagSerializer):
    """The tag that stays."""

    moved = serializers.DictField(child=serializers.IntegerField(), read_only=True)

    class Meta(TagSerializer.Meta):
        fields = [*TagSerializer.Meta.fields, "moved"]


def _checked(category: Category, into: Category) -> Category:
    if into == category:
        raise serializers.ValidationError("Name another category: none can take its own place.", code="itself")
    if into.parent_id == category.pk:
        raise serializers.ValidationError(f"“{into}” is below “{category}”; move it out first.", code="below")
    if into.kind != category.kind:
        detail = f"“{into}” is of kind {into.kind}; it takes one of kind {category.kind}."
        raise serializers.ValidationError(detail, code="wrong_kind")
    if into.parent_id is not None and category.children.exists():
        detail = f"“{into}” is below another category, so those below “{category}” cannot move to it."
        raise serializers.ValidationError(detail, code="not_a_parent")
    return into
