"""Tags in the API, and the input that merges two."""

from typing import Any

from rest_framework import serializers

from accounts.misspellings import did_you_mean
from accounts.strict_serializer import StrictSerializer
from expenses.models import Tag
from expenses.serializers.fields import IdOrName, as_id_or_name, user_of


class TagSerializer(StrictSerializer, serializers.ModelSerializer[Tag]):
    """A label of transactions, independent of their category."""

    class Meta:
        model = Tag
        fields = ["id", "name", "version"]
        read_only_fields = ["version"]

    def validate_name(self, value: str) -> str:
        others = [tag for tag in Tag.objects.for_user(user_of(self)) if tag != self.instance]
        if value.casefold() in {tag.name.casefold() for tag in others}:
            raise serializers.ValidationError("Another tag has this name; merge the two.", code="unique")
        return value


class TagMergeInput(StrictSerializer):
    """The tag that replaces the context's `tag`."""

    into = IdOrName(help_text="The id or the name of another tag.")

    def validate_into(self, value: Any) -> Tag:
        wanted = as_id_or_name(value)
        tags = list(Tag.objects.for_user(user_of(self)))
        by_name = {tag.name.casefold(): tag for tag in tags}
        by_id: dict[int | str, Tag] = {tag.pk: tag for tag in tags}
        into: Tag | None = by_id.get(wanted) or by_name.get(str(value).strip().casefold())
        if into is None:
            raise serializers.ValidationError(
                f"There is no tag “{value}”.{did_you_mean(value, [tag.name for tag in tags])}", code="does_not_exist"
            )
        if into == self.context["tag"]:
            raise serializers.ValidationError("Name another tag: a tag cannot replace itself.", code="itself")
        return into


class MergedTagSerializer(TagSerializer):
    """The tag that remains."""

    moved = serializers.DictField(child=serializers.IntegerField(), read_only=True)

    class Meta(TagSerializer.Meta):
        fields = [*TagSerializer.Meta.fields, "moved"]
