"""How groups of rows to look at are shown, and what a client says of them."""

from collections.abc import Iterable, Sequence
from typing import Any

from rest_framework import serializers

from accounts.strict_serializer import StrictSerializer
from expenses.categorization.catalog import Catalog
from expenses.categorization.review_groups import DIRECTIONS, CommonAnswer, OpenRow, ReviewGroup, direction_of
from expenses.ledger.money import format_amount
from expenses.serializers.bulk import fits_any, fits_none, refuse_missing
from expenses.serializers.fields import CategoryReference, user_of
from expenses.services.review import Selection, keys_of, select_group, select_named

MAX_IDS = 1000
#: Ids that a group shows; `key` stands for all of them.
SHOWN_IDS = 500
N_EXAMPLES = 3


class GroupTotalSerializer(serializers.Serializer[Any]):
    """A sum in one currency."""

    currency = serializers.CharField()
    amount = serializers.DecimalField(max_digits=20, decimal_places=4)


class ReasonsSerializer(serializers.Serializer[Any]):
    """How many rows are there for which reason; one may be there for two."""

    suggested = serializers.IntegerField(help_text="A machine has an answer, but is not sure of it.")
    uncategorized = serializers.IntegerField(help_text="Nothing has an answer, or the model has not been asked yet.")
    needs_review = serializers.IntegerField(help_text="A rule says that somebody should look.")


class GroupSuggestionSerializer(serializers.Serializer[Any]):
    """The commonest answer of the machines, which `n` of the rows have; `confidence` is their mean."""

    category = serializers.IntegerField()
    category_name = serializers.CharField()
    confidence = serializers.FloatField(allow_null=True, min_value=0, max_value=1)
    source = serializers.CharField()  # type: ignore[assignment]
    n = serializers.IntegerField()


class ReviewExampleSerializer(serializers.Serializer[Any]):
    """One of the newest rows of a group."""

    id = serializers.IntegerField()
    date = serializers.DateField()
    amount = serializers.DecimalField(max_digits=13, decimal_places=4)
    currency = serializers.CharField()
    description = serializers.CharField()


class ReviewGroupSerializer(serializers.Serializer[Any]):
    """Rows of one merchant that somebody should look at."""

    key = serializers.CharField(help_text="Names the whole group to `review/resolve/`.")
    merchant = serializers.CharField()
    direction = serializers.ChoiceField(choices=DIRECTIONS)
    n = serializers.IntegerField()
    totals = GroupTotalSerializer(many=True)
    first = serializers.DateField()
    last = serializers.DateField()
    reasons = ReasonsSerializer()
    suggestion = GroupSuggestionSerializer(allow_null=True)
    examples = ReviewExampleSerializer(many=True, help_text="The newest three.")
    ids = serializers.ListField(child=serializers.IntegerField(), help_text="The newest 500.")


class ResolveInput(StrictSerializer):
    """Which rows, and what they are: a category, or none to accept what the machine says of each."""

    ids = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=2**63 - 1),
        required=False, allow_empty=False, max_length=MAX_IDS,
    )  # fmt: skip
    key = serializers.CharField(max_length=1000, required=False, help_text="A whole group, instead of `ids`.")
    category = CategoryReference(required=False, allow_null=True)
    also_similar = serializers.BooleanField(
        default=False, help_text="With `ids`: also the other rows in the queue that are of the same groups."
    )

    def validate_key(self, value: str) -> str:
        if direction_of(value) is None:
            raise serializers.ValidationError("Give the `key` of a group as review/ shows it.", code="invalid")
        return value

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("ids" in attrs) == ("key" in attrs):
            raise serializers.ValidationError({"ids": "Give either `ids` or `key`."}, code="required")
        chosen, category = self._select(attrs), attrs.get("category")
        if category is not None and chosen.open and not fits_any(category, [row.id for row in chosen.open]):
            raise serializers.ValidationError({"category": fits_none(category)}, code="wrong_kind")
        return {**attrs, "chosen": chosen, "category": category}

    def _select(self, attrs: dict[str, Any]) -> Selection:
        user = user_of(self)
        if "key" in attrs:
            return select_group(user=user, key=attrs["key"])
        keys = keys_of(user=user, ids=attrs["ids"])
        refuse_missing(pk for pk in attrs["ids"] if pk not in keys)
        return select_named(user=user, keys=keys, also_similar=attrs["also_similar"])


def describe_groups(groups: Sequence[ReviewGroup], *, catalog: Catalog, rows: Any) -> list[dict[str, Any]]:
    """The bodies of groups; `rows` is a queryset that finds their rows. One query, however many groups."""
    shown = [row.id for group in groups for row in group.rows[:N_EXAMPLES]]
    texts = dict(rows.filter(pk__in=shown).order_by().values_list("pk", "description"))
    return [_describe(group, catalog, texts) for group in groups]


def _describe(group: ReviewGroup, catalog: Catalog, texts: dict[int, str]) -> dict[str, Any]:
    examples = list(_examples(group.rows[:N_EXAMPLES], texts))
    return {
        "key": group.key,
        "merchant": group.merchant or examples[0]["description"],
        "direction": group.direction,
        "n": len(group.rows),
        "totals": [
            {"currency": currency, "amount": format_amount(amount, currency)}
            for currency, amount in group.totals.items()
        ],
        "first": group.rows[-1].date,
        "last": group.rows[0].date,
        "reasons": group.reasons,
        "suggestion": _suggestion(group.suggestion, catalog),
        "examples": examples,
        "ids": [row.id for row in group.rows[:SHOWN_IDS]],
    }


def _examples(rows: Iterable[OpenRow], texts: dict[int, str]) -> Iterable[dict[str, Any]]:
    for row in rows:
        amount = format_amount(row.amount, row.currency)
        text = texts.get(row.id, "")  # gone since the groups were read
        yield {"id": row.id, "date": row.date, "amount": amount, "currency": row.currency, "description": text}


def _suggestion(answer: CommonAnswer | None, catalog: Catalog) -> dict[str, Any] | None:
    return answer and {
        "category": answer.category,
        "category_name": catalog.name(answer.category),
        "confidence": answer.confidence,
        "source": answer.source,
        "n": answer.n,
    }
