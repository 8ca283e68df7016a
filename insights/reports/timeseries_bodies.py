"""How a time series is shown."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from rest_framework import serializers

from expenses.categorization.catalog import Catalog
from expenses.serializers.totals import describe_rates
from insights.calendars import Unit
from insights.reports.asked import UNITS
from insights.reports.bodies import (
    CategorySerializer,
    RatesSerializer,
    SumsSerializer,
    describe_category,
    rounded_parts,
)
from insights.reports.periods import Period, name_of
from insights.reports.timeseries import TimeSeries


class BucketSerializer(SumsSerializer):
    """One day, week, month or year; zeros where nothing happened."""

    name = serializers.CharField(help_text="As 2026, 2026-11 or 2026-11-20; a week is called by its first day.")
    start = serializers.DateField()
    end = serializers.DateField()
    is_partial = serializers.BooleanField(help_text="Whether the start or end of the series cuts it.")
    n = serializers.IntegerField()


class CategorySeriesSerializer(CategorySerializer):
    """What was spent in a category, less what was refunded."""

    expense = serializers.CharField(help_text="In all buckets.")
    n = serializers.IntegerField()
    expenses = serializers.ListField(child=serializers.CharField(), help_text="In each bucket, in their order.")


class SeriesPeriodSerializer(serializers.Serializer[Any]):
    """From a day to a day, both included."""

    start = serializers.DateField()
    end = serializers.DateField()


class TimeSeriesSerializer(RatesSerializer):
    """Sums in one currency, bucket by bucket."""

    bucket = serializers.ChoiceField(choices=list(UNITS))
    period = SeriesPeriodSerializer()
    currency = serializers.CharField()
    results = BucketSerializer(many=True)
    by_category = CategorySeriesSerializer(many=True, required=False, help_text="With `by=category`.")


def describe_series(
    series: TimeSeries, catalog: Catalog, *, bucket: str, period: Period, is_by_category: bool
) -> dict[str, Any]:
    """The body; buckets add up to the whole to the cent, whatever was converted."""
    rates = describe_rates(series.rates)
    return {
        "bucket": bucket,
        "period": {"start": period.start, "end": period.end},
        "currency": series.currency,
        "is_complete": rates.pop("is_complete"),
        "n_unconverted": sum(total.n_unconverted for total in series.totals),
        "results": describe_buckets(series, UNITS[bucket]),
        **({"by_category": _by_category(series, catalog)} if is_by_category else {}),
        **rates,
    }


def describe_buckets(series: TimeSeries, unit: Unit) -> list[dict[str, Any]]:
    """One body for each bucket."""
    income = rounded_parts([total.income for total in series.totals], series.currency)
    expense = rounded_parts([total.expense for total in series.totals], series.currency)
    return [
        {
            "name": name_of(unit, bucket.first),
            "start": bucket.start,
            "end": bucket.end,
            "is_partial": bucket.is_partial,
            "income": f"{came:f}",
            "expense": f"{went:f}",
            "savings": f"{came - went:f}",
            "n": total.n,
        }
        for bucket, came, went, total in zip(series.buckets, income, expense, series.totals, strict=True)
    ]


def _by_category(series: TimeSeries, catalog: Catalog) -> list[dict[str, Any]]:
    """Where most was spent first."""
    items = list(series.by_category.items())
    wholes = rounded_parts([_whole(totals) for _, totals in items], series.currency)
    found = sorted(zip(wholes, items, strict=True), key=lambda item: (item[1][0] is None, -item[0], item[1][0]))
    return [
        {
            **describe_category(category, catalog),
            "expense": f"{whole:f}",
            "n": sum(total.n for total in totals),
            "expenses": [f"{a:f}" for a in rounded_parts([total.expense for total in totals], series.currency)],
        }
        for whole, (category, totals) in found
    ]


def _whole(totals: Sequence[Any]) -> Decimal:
    return sum((total.expense for total in totals), Decimal(0))
