"""Requests that change or delete many transactions in the same way."""

from collections.abc import Iterable, Iterator
from typing import Any

from django.utils.datastructures import MultiValueDict
from django_filters import MultipleChoiceFilter
from django_filters.utils import translate_validation
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.strict_serializer import StrictSerializer, refuse_unknown
from expenses.models import DESCRIPTION_LENGTH, Account, Category, Review, Transaction
from expenses.serializers.fields import (
    AccountReference,
    CategoryReference,
    DayField,
    IbanField,
    MccField,
    TagsField,
    refuse_closed,
    user_of,
)
from expenses.serializers.filters import TransactionFilter
from expenses.services.row_category import fits

MAX_IDS = 100_000
CHUNK = 500
EVERYTHING = 'No filter means every transaction; if you mean that, say {"all": true}.'


@extend_schema_field({"type": "object", "additionalProperties": True})
class FilterField(serializers.JSONField):
    """Filters of the list by name, or `{"all": true}` for every transaction."""


class BulkSelection(StrictSerializer):
    """A selection of transactions by `ids` or by `filter`."""

    ids = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=2**63 - 1),
        required=False, allow_empty=False, max_length=MAX_IDS,
    )  # fmt: skip
    filter = FilterField(required=False, help_text="Filters of the list by name, or `all`: true for every transaction.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("ids" in attrs) == ("filter" in attrs):
            raise serializers.ValidationError({"ids": "Give either `ids` or `filter`."}, code="required")
        rows = self._named(attrs["ids"]) if "ids" in attrs else self._filtered(attrs["filter"])
        return {**attrs, "rows": rows}

    def _named(self, ids: list[int]) -> list[int]:
        wanted = list(dict.fromkeys(ids))
        mine = Transaction.objects.for_user(user_of(self)).order_by()
        found = {pk for chunk in _chunks(wanted) for pk in mine.filter(pk__in=chunk).values_list("pk", flat=True)}
        refuse_missing(pk for pk in wanted if pk not in found)
        return wanted

    def _filtered(self, wanted: Any) -> list[int]:
        mine = Transaction.objects.for_user(user_of(self))
        is_all = isinstance(wanted, dict) and set(wanted) == {"all"} and wanted["all"] is True
        try:
            if is_all:
                found = mine
            else:
                narrowed = TransactionFilter(_as_parameters(wanted), mine, request=self.context["request"])
                if not narrowed.is_valid():
                    raise translate_validation(narrowed.errors)
                found = narrowed.qs
        except serializers.ValidationError as error:
            detail = error.detail
            raise serializers.ValidationError({"filter": detail}) from None
        return list(dict.fromkeys(found.order_by("pk").values_list("pk", flat=True)))


def refuse_missing(ids: Iterable[int]) -> None:
    """Raises ValidationError that names the ids, if there are any."""
    missing = list(ids)
    if missing:
        shown = ", ".join(map(str, missing[:5])) + (f" and {len(missing) - 5} more" if len(missing) > 5 else "")
        raise serializers.ValidationError({"ids": f"There is no transaction {shown}."}, code="does_not_exist")


def _as_parameters(wanted: Any) -> MultiValueDict[str, str]:
    """Return filters as query parameters. A blank filter would find everything, so it is refused."""
    if not isinstance(wanted, dict):
        raise serializers.ValidationError("Give an object of filters.", code="not_an_object")
    if not wanted:
        raise serializers.ValidationError(EVERYTHING, code="empty_filter")
    refuse_unknown(wanted, sorted(TransactionFilter.base_filters.keys() - {"ordering"}), what="filter")
    return MultiValueDict({name: list(_as_texts(name, value)) for name, value in wanted.items()})


def _as_texts(name: str, value: Any) -> Iterator[str]:
    values = value if isinstance(value, list) else [value]
    if len(values) > 1 and not isinstance(TransactionFilter.base_filters[name], MultipleChoiceFilter):
        raise serializers.ValidationError({name: "Give it once."}, code="repeated")
    if not values:
        raise serializers.ValidationError({name: EVERYTHING}, code="blank")
    for item in values:
        if isinstance(item, dict | list):
            raise serializers.ValidationError({name: "Give a text, a number, or a list of texts."}, code="invalid")
        text = str(item).lower() if isinstance(item, bool) else str(item if item is not None else "")
        if not text.strip("\x00 \t\r\n"):
            raise serializers.ValidationError({name: EVERYTHING}, code="blank")
        yield text


class BulkChanges(StrictSerializer):
    """The new values; other fields keep theirs."""

    category = CategoryReference(required=False, allow_null=True)
    account = AccountReference(required=False, allow_null=True)
    date = DayField(required=False)
    description = serializers.CharField(max_length=DESCRIPTION_LENGTH, required=False)
    merchant = serializers.CharField(max_length=200, required=False, allow_blank=True)
    notes = serializers.CharField(max_length=5000, required=False, allow_blank=True)
    payment_method = serializers.CharField(max_length=50, required=False, allow_null=True)
    iban = IbanField(required=False, allow_blank=True)
    mcc = MccField(required=False, allow_blank=True)
    review = serializers.ChoiceField(choices=Review.choices, required=False, allow_null=True)
    is_excluded_from_budget = serializers.BooleanField(required=False)
    tags = TagsField(required=False)
    add_tags = TagsField(required=False)
    remove_tags = TagsField(required=False)

    def validate_account(self, value: Account | None) -> Account | None:
        return refuse_closed(value)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if not attrs:
            raise serializers.ValidationError("Name at least one field to set.", code="required")
        if "tags" in attrs and {"add_tags", "remove_tags"} & attrs.keys():
            detail = "Give `tags` for exactly these, or `add_tags` and `remove_tags`, but not both."
            raise serializers.ValidationError({"tags": detail}, code="ambiguous")
        return attrs


class BulkEditInput(BulkSelection):
    """A selection of transactions and their new values."""

    set = BulkChanges()

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        attrs = super().validate(attrs)
        category: Category | None = attrs["set"].get("category")
        if category is not None and attrs["rows"] and not fits_any(category, attrs["rows"]):
            raise serializers.ValidationError({"set": {"category": fits_none(category)}}, code="wrong_kind")
        return attrs

    def changes(self) -> dict[str, Any]:
        """Return the new values as JSON. Call it after `is_valid`."""
        values: dict[str, Any] = dict(self.validated_data["set"])
        for name in {"category", "account"} & values.keys():
            values[name] = values[name] and values[name].pk
        if "date" in values:
            values["date"] = values["date"].isoformat()
        return values


def fits_none(category: Category) -> str:
    """Return the error for a category that fits none of the transactions."""
    return f"“{category}” is a category of kind {category.kind}, which fits none of these transactions."


def fits_any(category: Category, ids: list[int]) -> bool:
    """Return True if any of the transactions could have the category."""
    columns = ("direction", "kind", "is_kind_stated")
    for chunk in _chunks(ids):
        found = Transaction.objects.filter(pk__in=chunk).order_by().values(*columns).distinct()
        if any(fits(Transaction(**values), category) for values in found):
            return True
    return False


def _chunks(ids: list[int]) -> Iterator[list[int]]:
    return (ids[start : start + CHUNK] for start in range(0, len(ids), CHUNK))
