"""Filters of lists and the query parameters that every address takes."""

import re
from calendar import monthrange
from datetime import date
from typing import Any, ClassVar

from django import forms
from django.db.models import Q
from django_filters import rest_framework as filters
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.misspellings import did_you_mean, no_currency
from accounts.models import User
from expenses.categorization.catalog import Catalog
from expenses.ledger.dates import EARLIEST, LATEST, since, until
from expenses.ledger.money import currency_codes
from expenses.models import Account, CategorizationStatus, Category, Review, Tag, Transaction
from expenses.models.rates import ExchangeRate, ExchangeRateQuerySet, RateSource
from expenses.querysets import AWAITING_MODEL, CategoryQuerySet, TransactionQuerySet, paid_to
from expenses.reports.totals import COLUMNS
from expenses.serializers.fields import DayField, as_id_or_name

MONTH = re.compile(r"(?:(?P<year>[12]\d{3})-)?(?P<month>0?[1-9]|1[0-2])", re.ASCII)


KINDS = [(kind, kind) for kind in ("expense", "income", "refund", "transfer")]
#: Other names of filters, which clients of other APIs send.
SYNONYMS = {"category_id": "category", "type": "kind", "start": "start_date", "end": "end_date"}
SAME_AS = {other: f"Another name of `{name}`." for other, name in SYNONYMS.items()}


class HelpfulFilterSet(filters.FilterSet):  # type: ignore[misc]
    """Filters that answer a wrong choice with the known ones."""

    def get_form_class(self) -> Any:
        """Return the form; its fields answer a wrong choice with the known ones."""
        form: Any = super().get_form_class()
        for field in form.base_fields.values():
            if isinstance(field, forms.ChoiceField):
                choices: Any = field.choices
                known = ", ".join(str(choice) for choice, _ in choices if choice)
                field.error_messages["invalid_choice"] = f"There is no such choice; known are {known}."
        return form


class DayFormField(forms.DateField):
    """A day of a query, read like that of a body."""

    def to_python(self, value: Any) -> date | None:
        try:
            return DayField().run_validation(value) if value else None
        except serializers.ValidationError as error:
            raise forms.ValidationError([forms.ValidationError(str(e), e.code) for e in error.detail]) from None  # type: ignore[union-attr]


class DayFilter(filters.DateFilter):  # type: ignore[misc]
    """A filter of rows by a day as YYYY-MM-DD."""

    field_class = DayFormField


class TransactionFilter(HelpfulFilterSet):
    """Filters of transactions. A category includes its children; names are accepted wherever ids are."""

    start_date = DayFilter("date", "gte")
    end_date = DayFilter("date", "lte")
    start = DayFilter("date", "gte", help_text=SAME_AS["start"])
    end = DayFilter("date", "lte", help_text=SAME_AS["end"])
    year = filters.NumberFilter(method="by_year", min_value=EARLIEST.year, max_value=LATEST.year, decimal_places=0)
    month = filters.CharFilter(method="by_month", help_text="A month as 2026-11, or 1 to 12 beside `year`.")
    category = filters.CharFilter(method="by_category", help_text="An id or a name; those below it are included.")
    category_id = filters.CharFilter(method="by_category", help_text=SAME_AS["category_id"])
    account = filters.CharFilter(method="by_account")
    tag = filters.CharFilter(method="by_tag")
    merchant = filters.CharFilter("merchant", "icontains")
    payee = filters.CharFilter(
        method="by_payee",
        max_length=200,
        help_text="Text in the name of the merchant; of rows that name none, in what was written.",
    )
    subcategories = filters.CharFilter(
        method="unchanged_by_flag", help_text="With `category`: false leaves out those below it."
    )
    min_amount = filters.NumberFilter("amount", "gte", max_digits=13, decimal_places=4)
    max_amount = filters.NumberFilter("amount", "lte", max_digits=13, decimal_places=4)
    search = filters.CharFilter(
        method="by_search", max_length=200, help_text="Every word occurs in description, merchant or notes."
    )
    kind = filters.MultipleChoiceFilter(choices=KINDS)
    type = filters.MultipleChoiceFilter("kind", choices=KINDS, help_text=SAME_AS["type"])
    status = filters.MultipleChoiceFilter("review_status", choices=CategorizationStatus.choices)
    awaits_model = filters.CharFilter(
        method="by_awaits_model", help_text="true keeps rows that the model is still to be asked about."
    )
    source = filters.CharFilter("category_source")
    review = filters.MultipleChoiceFilter(choices=[*Review.choices, ("none", "No review")], null_value="none")
    is_excluded_from_budget = filters.CharFilter(method="by_flag")
    iban = filters.CharFilter(method="by_iban", help_text="With or without spaces.")
    mcc = filters.CharFilter("mcc")
    is_split = filters.CharFilter(method="by_flag", help_text="false leaves out what is counted by its parts.")
    parent = filters.NumberFilter("parent", min_value=1, max_digits=18, decimal_places=0)
    uncategorized = filters.CharFilter(method="by_uncategorized")
    external_id = filters.CharFilter("external_id")
    ordering = filters.OrderingFilter(
        fields=[("date", "date"), ("amount", "amount"), ("created_at", "created_at"), ("id", "id")]
    )

    class Meta:
        model = Transaction
        fields: ClassVar[list[str]] = []

    def __init__(self, data: Any = None, *args: Any, **kwargs: Any) -> None:
        super().__init__(data, *args, **kwargs)
        for other, name in SYNONYMS.items():
            if {other, name} <= {*(data or ())}:
                detail = f"It is another name of `{name}`; give one of the two."
                raise serializers.ValidationError({other: detail}, code="contradictory")

    def is_valid(self) -> bool:
        """Return True for filters that a row can pass: a bound above the other one is an error, not an empty list."""
        valid: bool = super().is_valid()
        given = self.form.cleaned_data if valid else {}
        for low, high in (("start_date", "end_date"), ("start", "end"), ("min_amount", "max_amount")):
            first, last = given.get(low), given.get(high)
            if first is not None and last is not None and first > last:
                raise serializers.ValidationError({high: f"It lies before `{low}`; swap the two."}, "ends_before_start")
        return valid

    @property
    def qs(self) -> Any:
        """Return the rows in an order that ends with the id, so that pages never overlap."""
        rows = super().qs
        order = [str(name) for name in rows.query.order_by or ("-date",)]
        if {"id", "-id"}.isdisjoint(order):
            order.append("-id" if order[-1].startswith("-") else "id")
        return rows.order_by(*order)

    def by_year(self, rows: TransactionQuerySet, name: str, value: Any) -> TransactionQuerySet:
        return self.between(rows, date(int(value), 1, 1), date(int(value), 12, 31))

    def by_month(self, rows: TransactionQuerySet, name: str, value: str) -> TransactionQuerySet:
        match = MONTH.fullmatch(value)
        if match is None:
            raise serializers.ValidationError({"month": "Give a month as 2026-11, or 1 to 12."}, code="invalid")
        year, month = match["year"], int(match["month"])
        if year is None:
            return rows.filter(date__month=month)
        last_day = monthrange(int(year), month)[1]
        return self.between(rows, date(int(year), month, 1), date(int(year), month, last_day))

    def between(self, rows: TransactionQuerySet, start: date, end: date) -> TransactionQuerySet:
        """Both days included."""
        return rows.between(start, end)

    def by_category(self, rows: TransactionQuerySet, name: str, value: str) -> TransactionQuerySet:
        catalog: Catalog = Catalog.load_for(self.request.user)
        category = catalog.find(as_id_or_name(value)) or catalog.find(value)
        if category is None:
            detail = f"There is no category “{value}”.{did_you_mean(value, catalog.names())}"
            raise serializers.ValidationError({name: detail}, code="does_not_exist")
        is_alone = not _is_true("subcategories", self.data.get("subcategories") or "true")
        return rows.filter(category__in=[category.pk] if is_alone else catalog.with_children(category))

    def by_account(self, rows: TransactionQuerySet, name: str, value: str) -> TransactionQuerySet:
        return rows.filter(account=find_account(value, user=self.request.user))

    def by_tag(self, rows: TransactionQuerySet, name: str, value: str) -> TransactionQuerySet:
        tags = Tag.objects.for_user(self.request.user)
        return rows.filter(tags__in=[tag.pk for tag in tags if tag.name.casefold() == value.strip().casefold()])

    @extend_schema_field(OpenApiTypes.BOOL)
    def by_uncategorized(self, rows: TransactionQuerySet, name: str, value: str) -> TransactionQuerySet:
        is_open = Q(category__isnull=True, is_split=False)
        return rows.filter(is_open if _is_true(name, value) else ~is_open)

    @extend_schema_field(OpenApiTypes.BOOL)
    def by_awaits_model(self, rows: TransactionQuerySet, name: str, value: str) -> TransactionQuerySet:
        return rows.filter(AWAITING_MODEL if _is_true(name, value) else ~AWAITING_MODEL)

    @extend_schema_field(OpenApiTypes.BOOL)
    def by_flag(self, rows: TransactionQuerySet, name: str, value: str) -> TransactionQuerySet:
        return rows.filter(**{name: _is_true(name, value)})

    def by_iban(self, rows: TransactionQuerySet, name: str, value: str) -> TransactionQuerySet:
        return rows.filter(iban="".join(value.split()).upper())

    def by_payee(self, rows: TransactionQuerySet, name: str, value: str) -> TransactionQuerySet:
        return rows.filter(paid_to(value))

    @extend_schema_field(OpenApiTypes.BOOL)
    def unchanged_by_flag(self, rows: TransactionQuerySet, name: str, value: str) -> TransactionQuerySet:
        _is_true(name, value)
        return rows

    def by_search(self, rows: TransactionQuerySet, name: str, value: str) -> TransactionQuerySet:
        return rows.search(value)


def find_account(value: str, *, user: User) -> Account:
    """Return an account of the user's ledger by its id or name. Raises ValidationError."""
    accounts = Account.objects.for_user(user)
    # Names are compared in Python, because SQLite folds the case of ASCII letters only.
    known: dict[Any, Account] = {a.name.casefold(): a for a in accounts} | {a.pk: a for a in accounts}
    account = known.get(as_id_or_name(value)) or known.get(value.strip().casefold())
    if account is None:
        detail = f"There is no account “{value}”.{did_you_mean(value, [a.name for a in accounts])}"
        raise serializers.ValidationError({"account": detail}, code="does_not_exist")
    return account


class CategoryFilter(HelpfulFilterSet):
    """Filters of categories."""

    hidden = filters.CharFilter(method="by_hidden", help_text="true lists hidden categories only, false the others.")

    class Meta:
        model = Category
        fields: ClassVar[list[str]] = []

    @extend_schema_field(OpenApiTypes.BOOL)
    def by_hidden(self, rows: CategoryQuerySet, name: str, value: str) -> CategoryQuerySet:
        return rows.filter(is_hidden=_is_true(name, value))


def _is_true(name: str, value: str) -> bool:
    if value in serializers.BooleanField.TRUE_VALUES:
        return True
    if value in serializers.BooleanField.FALSE_VALUES:
        return False
    raise serializers.ValidationError({name: "Give true or false."}, code="invalid")


# `import` is a keyword, so no class body can define it.
TransactionFilter.base_filters["import"] = filters.NumberFilter(
    field_name="run__subject", min_value=1, max_digits=18, decimal_places=0
)


class CurrencyFilter(filters.CharFilter):  # type: ignore[misc]
    """A currency code in any case; an unknown code is refused, because it would show nothing."""

    def filter(self, qs: ExchangeRateQuerySet, value: str) -> ExchangeRateQuerySet:
        code = value.upper()
        if code and code not in currency_codes():
            raise serializers.ValidationError({self.field_name: no_currency(value)}, code="unknown_currency")
        found: ExchangeRateQuerySet = super().filter(qs, code)
        return found


class RateFilter(HelpfulFilterSet):
    """Filters of exchange rates; both days are included."""

    base = CurrencyFilter("base")
    quote = CurrencyFilter("quote")
    start_date = DayFilter("date", "gte")
    end_date = DayFilter("date", "lte")
    source = filters.ChoiceFilter(choices=RateSource.choices)

    class Meta:
        model = ExchangeRate
        fields: ClassVar[list[Any]] = []


#: Names that totals can be grouped by.
BY = [*COLUMNS, "currency"]


class TotalsFilter(TransactionFilter):
    """Filters of totals: those of the list, with periods looked up by month, as the index of totals needs."""

    start_date = DayFilter(method="since")
    end_date = DayFilter(method="until")
    start = DayFilter(method="since", help_text=SAME_AS["start"])
    end = DayFilter(method="until", help_text=SAME_AS["end"])
    by = filters.CharFilter(
        method="unchanged",
        help_text=f"Groups, separated by commas: {', '.join(BY)}. Every total is in one currency.",
    )
    convert_to = filters.CharFilter(
        method="unchanged",
        help_text="The currency to convert all totals into, or `base` for your base currency.",
    )
    all_rates = filters.CharFilter(
        method="unchanged_by_flag", help_text="With `convert_to`: true lists all rates in `rates_used`."
    )
    ordering = None

    @property
    def qs(self) -> Any:
        return super().qs.order_by()

    def since(self, rows: TransactionQuerySet, name: str, value: date) -> TransactionQuerySet:
        return since(rows, value)

    def until(self, rows: TransactionQuerySet, name: str, value: date) -> TransactionQuerySet:
        return until(rows, value)

    def between(self, rows: TransactionQuerySet, start: date, end: date) -> TransactionQuerySet:
        return self.until(self.since(rows, "", start), "", end)

    def unchanged(self, rows: TransactionQuerySet, name: str, value: str) -> TransactionQuerySet:
        """Return all rows: grouping and conversion exclude none."""
        return rows


# A filter that no class body defines is not inherited.
TotalsFilter.base_filters["import"] = TransactionFilter.base_filters["import"]
