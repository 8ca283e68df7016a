"""Query parameters and body of the seasonal decomposition of weekly spending."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from rest_framework import serializers

from expenses.ledger.money import format_amount
from expenses.serializers.rates import AllRatesInput, RatesUsedSerializer
from insights.anomalies.decomposition import PERIODS
from insights.calendars import DAYS_OF_A_WEEK
from insights.models import WeeklySpending
from insights.serializers.freshness import ComparedWithSerializer
from insights.serializers.parameters import NO_CATEGORY_HELP, CategoryOrNone

#: Amounts of each week in the body.
AMOUNTS = ("observed", "trend", "seasonal", "residual", "known_bills")
#: Weeks of a picture of anomalies unless its ends are given.
N_WEEKS_DRAWN = 52


class DecompositionQuery(AllRatesInput):
    """Query parameters of a decomposition."""

    category = CategoryOrNone(required=False, help_text=f"All spending unless given. {NO_CATEGORY_HELP}")


@dataclass(frozen=True, slots=True)
class DecompositionReport:
    """A stored decomposition, None before there is spending, and the fields that say how fresh it is."""

    category: int | None
    category_name: str | None
    is_overall: bool
    stored: WeeklySpending | None
    freshness: dict[str, Any]

    @property
    def rates(self) -> dict[str, Any]:
        return self.freshness

    @property
    def period_weeks(self) -> int | None:
        return self.stored.period_weeks if self.stored else None

    @property
    def method(self) -> str:
        return "seasonal_decompose" if self.period_weeks else "insufficient_history"

    @property
    def weight(self) -> float | None:
        return self.stored.weight if self.stored else None

    @property
    def weeks(self) -> Iterator[dict[str, Any]]:
        """Yield each whole week. Its parts are None with too few weeks to decompose them."""
        if self.stored is None:
            return
        for i in range(self.stored.n_weeks):
            week: dict[str, Any] = {"week": self.stored.first + dt.timedelta(DAYS_OF_A_WEEK * i)}
            for name in AMOUNTS:
                amounts = self.stored.figures.get(name)
                week[name] = format_amount(Decimal(amounts[i]), self.stored.currency) if amounts else None
            yield week


class DecomposedWeekSerializer(serializers.Serializer[Any]):
    """A week of spending, less known bills. Observed is trend plus seasonal plus residual, but for rounding."""

    week = serializers.DateField(help_text="Its first day.")
    observed = serializers.CharField()
    trend = serializers.CharField(allow_null=True)
    seasonal = serializers.CharField(allow_null=True)
    residual = serializers.CharField(allow_null=True)
    known_bills = serializers.CharField(help_text="Bills that were known to come; part of no other amount.")


class DecompositionSerializer(RatesUsedSerializer):
    """Weekly spending as trend, season and residual. The parts are null with less than 26 weeks."""

    category = serializers.IntegerField(allow_null=True)
    category_name = serializers.CharField(allow_null=True)
    is_overall = serializers.BooleanField(help_text="True if it is about all spending.")
    period_weeks = serializers.ChoiceField(choices=PERIODS, allow_null=True)
    method = serializers.ChoiceField(choices=["seasonal_decompose", "insufficient_history"])
    weight = serializers.FloatField(
        min_value=0, max_value=1, allow_null=True, help_text="The share of the season that anomalies count on."
    )
    weeks = DecomposedWeekSerializer(many=True)
    currency = serializers.CharField(source="freshness.currency", allow_null=True)
    computed_at = serializers.DateTimeField(source="freshness.computed_at", allow_null=True)
    is_stale = serializers.BooleanField(
        source="freshness.is_stale", help_text="The ledger has changed since; a worker is at it. Ask again soon."
    )
    n_unconverted = serializers.IntegerField(
        source="freshness.n_unconverted", help_text="Transactions left out because a rate is missing."
    )
    history = ComparedWithSerializer(source="freshness.history")


def weeks_between(stored: WeeklySpending, start: dt.date | None, end: dt.date | None) -> list[dict[str, Any]]:
    """Return the weeks that begin between two days, with their expected range; the last N_WEEKS_DRAWN without days.

    The range is None for the first weeks of a series.
    """
    names = ("observed", "low", "high")
    weeks = [
        {"week": stored.first + dt.timedelta(DAYS_OF_A_WEEK * i)} | {name: stored.figures[name][i] for name in names}
        for i in range(stored.n_weeks)
    ]
    if start is None and end is None:
        return weeks[-N_WEEKS_DRAWN:]
    return [week for week in weeks if (start or dt.date.min) <= week["week"] <= (end or dt.date.max)]
