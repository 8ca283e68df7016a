"""Categories in the API, and the input that replaces one by another."""

from typing import Any

from django.db.models import Q
from rest_framework import serializers

from accounts.strict_serializer import HelpfulSerializer, StrictSerializer
from expenses.categorization.keywords import complaint_of_keyword, fold_keyword
from expenses.models import Category, Transaction
from expenses.serializers.fields import CategoryReference
from providers.damaged_names.index import MOST_WORDS

#: Keywords of a category unless a merge gave it more, characters of a keyword, and its letters and digits at least.
MAX_KEYWORDS, MAX_KEYWORD_LENGTH, MIN_KEYWORD_LETTERS = 100, 50, 2


class CategorySerializer(StrictSerializer, serializers.ModelSerializer[Category]):
    """A category; a system category has a key and cannot be changed."""

    name = serializers.CharField(max_length=100)
    parent = CategoryReference(required=False, allow_null=True, default=None)  # type: ignore[assignment]
    parent_name = serializers.CharField(source="parent.display_name", read_only=True, default=None, allow_null=True)
    is_system = serializers.SerializerMethodField()
    is_hidden = serializers.BooleanField(
        required=False, help_text="A hidden category stays where it is used, but is never suggested."
    )
    description = serializers.CharField(
        max_length=200,
        required=False,
        allow_blank=True,
        allow_null=True,
        help_text=(
            "What belongs here, for you and the local model. You may describe a system category in your own words, in "
            "your ledger alone; null returns to the shipped description."
        ),
    )
    keywords = serializers.ListField(
        child=serializers.CharField(max_length=MAX_KEYWORD_LENGTH),
        required=False,
        help_text=(
            "Payments with these words and phrases belong here, in your ledger alone. "
            f"There are at most {MAX_KEYWORDS} unless a merge moved more."
        ),
    )
    version = serializers.IntegerField(source="seen_version", read_only=True)

    class Meta:
        model = Category
        fields = [
            "id", "key", "name", "kind", "parent", "parent_name", "icon", "color_token", "description", "is_system",
            "is_hidden", "keywords", "version",
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
            detail = "Transactions (perhaps in the bin) or child categories use this category, so its kind stays."
            raise serializers.ValidationError(detail, code="in_use")
        return value

    def validate_keywords(self, value: list[str]) -> list[str]:
        """Return each keyword once. Raise ValidationError for one too many, without words, or of another category."""
        keywords = {fold_keyword(text): " ".join(text.split()) for text in reversed(value)}
        present = {fold_keyword(text) for text in getattr(self.instance, "keywords", None) or []}
        if len(keywords) > MAX_KEYWORDS and not keywords.keys() <= present:
            detail = f"A category has at most {MAX_KEYWORDS} keywords; only a merge gives it more."
            raise serializers.ValidationError(detail, code="max_length")
        for folded, text in keywords.items():
            if sum(map(str.isalnum, folded)) < MIN_KEYWORD_LETTERS:
                detail = f"“{text}” is too short: a keyword has at least {MIN_KEYWORD_LETTERS} letters or digits."
                raise serializers.ValidationError(detail, code="invalid")
            if folded.count(" ") >= MOST_WORDS:
                detail = f"“{text}” is too long: a keyword has at most {MOST_WORDS} words."
                raise serializers.ValidationError(detail, code="invalid")
            if folded not in present and (complaint := complaint_of_keyword(folded)):
                raise serializers.ValidationError(f"“{text}” {complaint}", code="invalid")
            taken = self.context["catalog"].keywords.get(folded)
            if taken is not None and taken.category != getattr(self.instance, "pk", None):
                name = self.context["catalog"].name(taken.category)
                detail = f"“{text}” is a keyword of {name} already. Remove it there first."
                raise serializers.ValidationError(detail, code="unique")
        return list(reversed(keywords.values()))

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        parent: Category | None = attrs.get("parent", getattr(self.instance, "parent", None))
        if parent is None:
            return attrs
        has_children = self.instance is not None and self.instance.children.exists()
        if parent.parent_id is not None or parent == self.instance or has_children:
            raise serializers.ValidationError(
                {"parent": "Categories have two levels: a parent has no parent, and a child has no children."},
                code="invalid",
            )
        if parent.kind != attrs.get("kind", getattr(self.instance, "kind", parent.kind)):
            raise serializers.ValidationError({"parent": f"“{parent}” is of kind {parent.kind}."}, code="wrong_kind")
        return attrs

    def to_representation(self, instance: Category) -> dict[str, Any]:
        return {
            **super().to_representation(instance),
            "name": instance.display_name,
            "description": instance.seen_description,
            "keywords": instance.keywords or [],
        }


class KeywordSuggestionSerializer(serializers.Serializer[Any]):
    """A suggested keyword, and the confirmed transactions that speak for it."""

    keyword = serializers.CharField()
    n = serializers.IntegerField(help_text="Confirmed transactions of this category with the keyword.")
    n_elsewhere = serializers.IntegerField(help_text="Confirmed transactions of other categories with it.")
    examples = serializers.ListField(child=serializers.CharField(), help_text="Up to three texts of the bank.")


class KeywordSuggestionsSerializer(serializers.Serializer[Any]):
    """Suggested keywords, those with most transactions first."""

    results = KeywordSuggestionSerializer(many=True)


class ReplacementInput(HelpfulSerializer):
    """The query parameter of a deletion that replaces the context's `category`."""

    replacement = CategoryReference(
        required=False, help_text="The replacing category by id or name; required while the category is in use."
    )

    def validate_replacement(self, into: Category) -> Category:
        return _check_replacement(self.context["category"], into)


class CategoryMergeInput(StrictSerializer):
    """The category that replaces the context's `category`."""

    into = CategoryReference()

    def validate_into(self, into: Category) -> Category:
        return _check_replacement(self.context["category"], into)


class MergedCategorySerializer(CategorySerializer):
    """The category that remains."""

    moved = serializers.DictField(
        child=serializers.IntegerField(),
        read_only=True,
        help_text="Number of moved transactions, suggestions, child categories, kinds, keywords and rules.",
    )

    class Meta(CategorySerializer.Meta):
        fields = [*CategorySerializer.Meta.fields, "moved"]


def _check_replacement(category: Category, into: Category) -> Category:
    if into == category:
        raise serializers.ValidationError("Name another category: a category cannot replace itself.", code="itself")
    if into.parent_id == category.pk:
        raise serializers.ValidationError(f"“{into}” is below “{category}”; move it first.", code="below")
    if into.kind != category.kind:
        detail = f"“{into}” is of kind {into.kind}; it takes one of kind {category.kind}."
        raise serializers.ValidationError(detail, code="wrong_kind")
    if into.parent_id is not None and category.children.exists():
        detail = f"“{into}” is below another category, so those below “{category}” cannot move to it."
        raise serializers.ValidationError(detail, code="not_a_parent")
    return into
