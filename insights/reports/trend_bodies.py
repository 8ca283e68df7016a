"""How trends are shown."""

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from rest_framework import serializers

from expenses.categorization.catalog import Catalog
from expenses.ledger.money import format_amount
from expenses.serializers.totals import describe_rates
from insights.reports.bodies import (
    CategorySerializer,
    RatesSerializer,
    ReportPeriodSerializer,
    describe_category,
    describe_change,
    describe_period,
)
from insights.reports.periods import Period
from insights.reports.summary_bodies import AmountChangeSerializer
from insights.reports.trends import FLAT_BELOW_PERCENT, N_MONTHS, WINDOWS, Trend, Trends


class TrendMonthSerializer(ReportPeriodSerializer):
    """The month, and which of its days are compared with the same days of the months before."""

    compared_through = serializers.DateField(help_text="The last day that counts: today in a month that is not over.")


class WindowsSerializer(serializers.Serializer[Any]):
    """Of as many months before this one; null where the ledger does not reach back so far."""

    def get_fields(self) -> dict[str, Any]:
        return {str(n): serializers.CharField(allow_null=True) for n in WINDOWS}


class TrendSerializer(serializers.Serializer[Any]):
    """A month's sum beside those before it; of a month that is not over, of the same days of each."""

    amount = serializers.CharField()
    previous = serializers.CharField(help_text="In the month before.")
    mean = WindowsSerializer()
    median = WindowsSerializer()
    same_month_last_year = serializers.CharField(allow_null=True)
    change = AmountChangeSerializer(help_text="Since the month before.")
    direction = serializers.ChoiceField(choices=["up", "down", "flat"])


class CategoryTrendSerializer(CategorySerializer, TrendSerializer):
    """What was spent in a category, less what was refunded."""


class TrendsSerializer(RatesSerializer):
    """A month beside those before it, in one currency; what moved most in money comes first."""

    month = TrendMonthSerializer()
    currency = serializers.CharField()
    flat_below_percent = serializers.CharField(help_text="What changed by less is flat.")
    n_months_before = serializers.IntegerField(help_text="How many of the 12 months before the ledger reaches back.")
    expense = TrendSerializer()
    income = TrendSerializer()
    results = CategoryTrendSerializer(many=True)


def describe_trends(found: Trends, catalog: Catalog, *, month: Period, today: dt.date) -> dict[str, Any]:
    rates = describe_rates(found.rates)
    describe = _describer(found)
    items = sorted(found.by_category.items(), key=lambda item: (-abs(item[1].change), item[0] is None, item[0]))
    return {
        "month": {**describe_period(month, today=today), "compared_through": found.spans[0][1]},
        "currency": found.currency,
        "flat_below_percent": f"{FLAT_BELOW_PERCENT:f}",
        "n_months_before": found.n_known,
        "is_complete": rates.pop("is_complete"),
        "n_unconverted": found.n_unconverted,
        "expense": describe(found.expense),
        "income": describe(found.income),
        "results": [{**describe_category(category, catalog), **describe(trend)} for category, trend in items],
        **rates,
    }


def _describer(found: Trends) -> Callable[[Trend], dict[str, Any]]:
    def known(n: int, amount: Decimal) -> str | None:
        return format_amount(amount, found.currency) if n <= found.n_known else None

    def describe(trend: Trend) -> dict[str, Any]:
        return {
            "amount": format_amount(trend.amounts[0], found.currency),
            "previous": format_amount(trend.amounts[1], found.currency),
            "mean": {str(n): known(n, trend.mean(n)) for n in WINDOWS},
            "median": {str(n): known(n, trend.median(n)) for n in WINDOWS},
            "same_month_last_year": known(N_MONTHS - 1, trend.amounts[-1]),
            "change": describe_change(trend.amounts[0], trend.amounts[1], found.currency),
            "direction": trend.direction,
        }

    return describe
