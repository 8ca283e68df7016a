"""What the list of rates can be narrowed by."""

from typing import Any, ClassVar

from django_filters import rest_framework as filters
from rest_framework import serializers

from expenses.ledger.money import currency_codes
from expenses.models.rates import ExchangeRate, ExchangeRateQuerySet, RateSource
from expenses.views.filters import KnownFilters


class CurrencyFilter(filters.CharFilter):  # type: ignore[misc]
    """A code in any case; one that does not exist is refused, as a misspelled one would show nothing."""

    def filter(self, qs: ExchangeRateQuerySet, value: str) -> ExchangeRateQuerySet:
        code = value.upper()
        if code and code not in currency_codes():
            detail = f"“{value}” is not an ISO 4217 currency code."
            raise serializers.ValidationError({self.field_name: detail}, code="unknown_currency")
        found: ExchangeRateQuerySet = super().filter(qs, code)
        return found


class RateFilter(KnownFilters):
    """Filters of rates; days include both ends."""

    base = CurrencyFilter("base")
    quote = CurrencyFilter("quote")
    start_date = filters.DateFilter("date", "gte")
    end_date = filters.DateFilter("date", "lte")
    source = filters.ChoiceFilter(choices=RateSource.choices)

    class Meta:
        model = ExchangeRate
        fields: ClassVar[list[Any]] = []
