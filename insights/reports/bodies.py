"""How reports show amounts, categories, periods and what they lack."""

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from rest_framework import serializers

from expenses.categorization.catalog import Catalog
from expenses.ledger.money import apportion, minor_units, round_to_minor_units
from expenses.reports.totals import ConvertedTotal
from expenses.serializers.totals import N_MISSING_SHOWN, MissingRateSerializer, UsedRatesSerializer
from insights.reports.periods import Period
from insights.reports.shares import percent


class ReportPeriodSerializer(serializers.Serializer[Any]):
    """From a day to a day, both included."""

    unit = serializers.ChoiceField(choices=["day", "week", "month", "year"], allow_null=True)
    name = serializers.CharField(help_text="As 2026, 2026-11, 2026-11-20 (day or first of the week), or both ends.")
    start = serializers.DateField()
    end = serializers.DateField()
    n_days = serializers.IntegerField()
    n_days_elapsed = serializers.IntegerField(help_text="How many of them have begun.")
    is_over = serializers.BooleanField()


class SumsSerializer(serializers.Serializer[Any]):
    """What came in and went out."""

    income = serializers.CharField()
    expense = serializers.CharField(help_text="Less what was refunded, so it may be negative.")
    savings = serializers.CharField(help_text="Income less expense.")


class CategorySerializer(serializers.Serializer[Any]):
    """A category and the one above it; all null for what has none."""

    category = serializers.IntegerField(allow_null=True)
    category_name = serializers.CharField(allow_null=True)
    parent = serializers.IntegerField(allow_null=True)  # type: ignore[assignment]
    parent_name = serializers.CharField(allow_null=True)


class RatesSerializer(serializers.Serializer[Any]):
    """Which rates the sums took, and which they lack."""

    is_complete = serializers.BooleanField(help_text="False where a rate is missing.")
    n_unconverted = serializers.IntegerField(help_text="How many transactions the sums lack, since no rate is known.")
    rates = serializers.DictField(child=UsedRatesSerializer(), help_text="By currency, which rates were taken.")
    n_missing = serializers.IntegerField(help_text="How many currencies and days have no rate.")
    missing = MissingRateSerializer(
        many=True, help_text=f"The oldest {N_MISSING_SHOWN} of these; each can be added to `rates/`."
    )


def describe_period(period: Period, *, today: dt.date) -> dict[str, Any]:
    return {
        "unit": period.unit,
        "name": period.name,
        "start": period.start,
        "end": period.end,
        "n_days": period.n_days,
        "n_days_elapsed": period.n_days_elapsed(today),
        "is_over": period.end < today,
    }


def describe_sums(income: Decimal, expense: Decimal, currency: str) -> dict[str, str]:
    """Rounded first, so that what is shown can be checked by hand."""
    income, expense = round_to_minor_units(income, currency), round_to_minor_units(expense, currency)
    return {"income": f"{income:f}", "expense": f"{expense:f}", "savings": f"{income - expense:f}"}


def describe_total(total: ConvertedTotal, currency: str) -> dict[str, str]:
    return describe_sums(total.income, total.expense, currency)


def describe_category(category: int | None, catalog: Catalog) -> dict[str, Any]:
    found = catalog.categories.get(category or 0)
    parent = found.parent_id if found else None
    return {
        "category": category,
        "category_name": catalog.name(category) or None,
        "parent": parent,
        "parent_name": catalog.name(parent) or None,
    }


def describe_change(new: Decimal, old: Decimal, currency: str) -> dict[str, str | None]:
    """Absolute and in percent, which is null where there was nothing or less before."""
    new, old = round_to_minor_units(new, currency), round_to_minor_units(old, currency)
    return {"amount": f"{new - old:f}", "percent": text_of(percent(new - old, old))}


def text_of(value: Decimal | None) -> str | None:
    return None if value is None else f"{value:f}"


def rounded_parts(amounts: Sequence[Decimal], currency: str) -> list[Decimal]:
    """In minor units, so that they add up to their rounded sum."""
    return apportion(amounts, unit=Decimal(1).scaleb(-minor_units(currency)))
