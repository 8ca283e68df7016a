"""What a client writes to change or delete many transactions: which ones, and what they are to get."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django.db.models import prefetch_related_objects
from django.utils.datastructures import MultiValueDict
from django_filters.utils import translate_validation
from drf_spectacular.utils import extend_schema_field
from drf_standardized_errors.formatter import flatten_errors
from rest_framework import serializers

from accounts.models import User
from expenses.models import DESCRIPTION_LENGTH, Account, Category, Review, Transaction
from expenses.models.ledgers import ledger_id_of
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
from expenses.serializers.filters import LIST_PARAMETERS, TransactionFilter
from expenses.serializers.transaction_input import TransactionInput
from expenses.serializers.transactions import TransactionBody, describe_transaction
from expenses.services.row_category import fits
from expenses.services.transactions import record_transactions

MAX_IDS = 100_000
CHUNK = 500
#: Names of the list's parameters that do not narrow it.
NO_FILTERS = {"ordering", *LIST_PARAMETERS}
EVERYTHING = 'No filter means every transaction; if you mean that, say {"all": true}.'


@extend_schema_field({"type": "object", "additionalProperties": True})
class FilterField(serializers.JSONField):
    """The filters of the list, by the same names; `{"all": true}` for every transaction."""


class BulkSelection(serializers.Serializer[Any]):
    """Which transactions: `ids`, or all that a `filter` finds."""

    ids = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=2**63 - 1),
        required=False, allow_empty=False, max_length=MAX_IDS,
    )  # fmt: skip
    filter = FilterField(
        required=False, help_text="The filters of the list by the same names, or `all`: true for every transaction."
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("ids" in attrs) == ("filter" in attrs):
            raise serializers.ValidationError({"ids": "Give either `ids` or `filter`."}, code="required")
        rows = self._named(attrs["ids"]) if "ids" in attrs else self._filtered(attrs["filter"])
        return {**attrs, "rows": rows}

    def _named(self, ids: list[int]) -> list[int]:
        wanted = list(dict.fromkeys(ids))
        mine = Transaction.objects.for_user(user_of(self)).order_by()
        found = {pk for part in _parts(wanted) for pk in mine.filter(pk__in=part).values_list("pk", flat=True)}
        refuse_missing(pk for pk in wanted if pk not in found)
        return wanted

    def _filtered(self, wanted: Any) -> list[int]:
        mine = Transaction.objects.for_user(user_of(self))
        try:
            found = mine if _is_all(wanted) else self._narrowed(mine, _as_parameters(wanted))
        except serializers.ValidationError as error:
            detail = error.detail
            raise serializers.ValidationError({"filter": detail}) from None
        return list(dict.fromkeys(found.order_by("pk").values_list("pk", flat=True)))

    def _narrowed(self, rows: Any, parameters: MultiValueDict[str, str]) -> Any:
        narrowed = TransactionFilter(parameters, rows, request=self.context["request"])
        if not narrowed.is_valid():
            raise translate_validation(narrowed.errors)
        return narrowed.qs


def refuse_missing(ids: Iterable[int]) -> None:
    """Raises ValidationError that names them, if there are any."""
    missing = list(ids)
    if missing:
        shown = ", ".join(map(str, missing[:5])) + (f" and {len(missing) - 5} more" if len(missing) > 5 else "")
        raise serializers.ValidationError({"ids": f"There is no transaction {shown}."}, code="does_not_exist")


def _is_all(wanted: Any) -> bool:
    return isinstance(wanted, dict) and set(wanted) == {"all"} and wanted["all"] is True


def _as_parameters(wanted: Any) -> MultiValueDict[str, str]:
    """Filters as the list reads them from its address. A blank one would find everything, so it is refused."""
    if not isinstance(wanted, dict):
        raise serializers.ValidationError("Give an object of filters.", code="not_an_object")
    if not wanted:
        raise serializers.ValidationError(EVERYTHING, code="empty_filter")
    known = set(TransactionFilter.base_filters) - NO_FILTERS
    if unknown := sorted(set(wanted) - known):
        detail = f"There is no such filter; known are {', '.join(sorted(known))}, or all alone."
        raise serializers.ValidationError({unknown[0]: detail}, code="unknown")
    return MultiValueDict({name: list(_as_texts(name, value)) for name, value in wanted.items()})


def _as_texts(name: str, value: Any) -> Iterator[str]:
    values = value if isinstance(value, list) else [value]
    if not values:
        raise serializers.ValidationError({name: EVERYTHING}, code="blank")
    for item in values:
        if isinstance(item, dict | list):
            raise serializers.ValidationError({name: "Give a text, a number, or a list of texts."}, code="invalid")
        text = str(item).lower() if isinstance(item, bool) else str(item if item is not None else "")
        if not text.strip("\x00 \t\r\n"):
            raise serializers.ValidationError({name: EVERYTHING}, code="blank")
        yield text


class BulkChanges(serializers.Serializer[Any]):
    """The new values; what is not named stays."""

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

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        if isinstance(data, dict) and (unknown := sorted(set(data) - set(self.fields))):
            detail = f"This cannot be set for many at once; what can is {', '.join(self.fields)}."
            raise serializers.ValidationError({unknown[0]: detail}, code="unknown")
        values: dict[str, Any] = super().to_internal_value(data)
        return values

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if not attrs:
            raise serializers.ValidationError("Say what to set.", code="required")
        if "tags" in attrs and {"add_tags", "remove_tags"} & attrs.keys():
            detail = "Give `tags` for exactly these, or `add_tags` and `remove_tags`, but not both."
            raise serializers.ValidationError({"tags": detail}, code="ambiguous")
        return attrs


class BulkEditInput(BulkSelection):
    """Which transactions, and their new values."""

    set = BulkChanges()

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        attrs = super().validate(attrs)
        category: Category | None = attrs["set"].get("category")
        if category is not None and attrs["rows"] and not fits_any(category, attrs["rows"]):
            raise serializers.ValidationError({"set": {"category": fits_none(category)}}, code="wrong_kind")
        return attrs

    def changes(self) -> dict[str, Any]:
        """The new values as JSON. Call it after `is_valid`."""
        values: dict[str, Any] = dict(self.validated_data["set"])
        for name in {"category", "account"} & values.keys():
            values[name] = values[name] and values[name].pk
        if "date" in values:
            values["date"] = values["date"].isoformat()
        return values


def fits_none(category: Category) -> str:
    """What is said of a category when `fits_any` is False."""
    return f"“{category}” is a category of kind {category.kind}, which fits none of these transactions."


def fits_any(category: Category, ids: list[int]) -> bool:
    """Whether any of the transactions could have the category."""
    sorts = ("direction", "kind", "is_kind_stated")
    for part in _parts(ids):
        found = Transaction.objects.filter(pk__in=part).order_by().values(*sorts).distinct()
        if any(fits(Transaction(**values), category) for values in found):
            return True
    return False


def _parts(ids: list[int]) -> Iterable[list[int]]:
    return (ids[start : start + CHUNK] for start in range(0, len(ids), CHUNK))


MAX_ROWS = 1000


class BulkInput(serializers.Serializer[Any]):
    """Up to 1,000 transactions."""

    transactions = TransactionInput(many=True)

    @staticmethod
    def rows_of(data: Any) -> list[Any]:
        """The rows, unchecked. Raises ValidationError when there is no list, or too long a one."""
        rows = data.get("transactions") if isinstance(data, dict) else None
        if not isinstance(rows, list):
            raise serializers.ValidationError({"transactions": "Give a list of transactions."}, code="not_a_list")
        if len(rows) > MAX_ROWS:
            detail = f"{len(rows)} transactions are too many; send at most {MAX_ROWS} at a time."
            raise serializers.ValidationError({"transactions": detail}, code="max_length")
        return rows


class BulkFieldError(serializers.Serializer[Any]):
    """One wrong field of one row."""

    attr = serializers.CharField(allow_null=True)
    code = serializers.CharField()
    detail = serializers.CharField()


class BulkError(serializers.Serializer[Any]):
    """What is wrong with the row at `index`, counted from 0."""

    index = serializers.IntegerField()
    errors = BulkFieldError(many=True)  # type: ignore[assignment]


class BulkAnswer(serializers.Serializer[Any]):
    """What became of the rows."""

    created = TransactionBody(many=True)
    updated = TransactionBody(many=True)
    duplicates = TransactionBody(many=True)
    errors = BulkError(many=True)  # type: ignore[assignment]


def record_bulk(*, by: User, rows: Sequence[Any], context: dict[str, Any]) -> dict[str, Any]:
    """Record the rows that are right, and name what is wrong with the others. The body of the answer."""
    inputs = [TransactionInput(data=row, context=context) for row in rows]
    right = [body for body in inputs if body.is_valid()]
    recorded = record_transactions(
        ledger_id=ledger_id_of(by), drafts=[body.draft() for body in right], catalog=context["catalog"]
    )
    prefetch_related_objects([r.transaction for r in recorded], "tags")
    return {
        "created": [describe_transaction(r.transaction) for r in recorded if r.is_new],
        "updated": [],
        "duplicates": [describe_transaction(r.transaction) for r in recorded if not r.is_new],
        "errors": [
            {"index": i, "errors": [_error(e) for e in flatten_errors(body.errors)]}
            for i, body in enumerate(inputs)
            if body.errors
        ],
    }


def _error(error: Any) -> dict[str, Any]:
    attr = None if error.attr == "non_field_errors" else error.attr
    return {"attr": attr, "code": error.code, "detail": error.detail}
