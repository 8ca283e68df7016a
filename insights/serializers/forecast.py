"""JSON body of a forecast."""

from typing import Any

from rest_framework import serializers

from expenses.rates.book import N_MISSING_SHOWN
from expenses.serializers.rates import RatesUsedSerializer
from expenses.serializers.totals import MissingRateSerializer

#: Forecasts use `combined`, `last_month` and `insufficient_history`; the others stay for clients that know them.
METHODS = ["combined", "year_median", "recent_median", "last_year", "last_month", "insufficient_history"]


class OutlookSerializer(serializers.Serializer[Any]):
    """A category: until the day, at the end of the month, and the interval that holds the truth in 80 % of cases."""

    category = serializers.IntegerField(source="outlook.category", allow_null=True)
    category_name = serializers.CharField(source="name", allow_null=True)
    spent = serializers.CharField(source="outlook.spent", help_text="Less what was refunded, so it may be negative.")
    predicted = serializers.CharField(source="outlook.predicted")
    interval = serializers.ListField(
        source="outlook.interval",
        child=serializers.CharField(),
        allow_null=True,
        help_text="Null where there is too little to tell from.",
    )
    method = serializers.ChoiceField(source="outlook.method", choices=METHODS)
    actual = serializers.CharField(allow_null=True, help_text="What was spent in the end; null while the month lasts.")


class DueSerializer(serializers.Serializer[Any]):
    """A recurring payment that is expected before the month is over; it is part of what is predicted."""

    recurring = serializers.IntegerField(source="bill.id")
    payee = serializers.CharField(source="bill.payee")
    name = serializers.CharField(source="bill.name")
    amount = serializers.CharField(source="bill.amount")
    low = serializers.CharField(source="bill.low")
    high = serializers.CharField(source="bill.high")
    due_on = serializers.DateField()
    is_late = serializers.BooleanField(help_text="It was due before, and may still come.")
    category = serializers.IntegerField(source="bill.category", allow_null=True)
    category_name = serializers.CharField(allow_null=True)


class PastErrorSerializer(serializers.Serializer[Any]):
    """How far the same forecast, made on the same day of past months of yours, was off."""

    percent = serializers.FloatField(help_text="Of what was spent in these months.")
    n_months = serializers.IntegerField()


class CurveDaySerializer(serializers.Serializer[Any]):
    """The spending of the month by the end of a day."""

    date = serializers.DateField(source="day")
    spent = serializers.CharField(allow_null=True, help_text="Null after the last recorded day until `as_of`.")
    typical = serializers.CharField(allow_null=True, help_text="The median of the last twelve months.")
    expected = serializers.CharField(
        allow_null=True, help_text="From the last recorded day on: what will probably have been spent."
    )
    low = serializers.CharField(
        allow_null=True, help_text="The least of what is expected, in four of five months; null without an interval."
    )
    high = serializers.CharField(allow_null=True, help_text="The most of it.")


class ForecastSerializer(RatesUsedSerializer):
    """The forecast of a month's end. In `spent` and `predicted`, categories add up to the total."""

    month = serializers.CharField(source="name", help_text="As 2026-11.")
    start = serializers.DateField(source="month")
    end = serializers.DateField()
    as_of = serializers.DateField(help_text="Nothing later was looked at.")
    recorded_until = serializers.DateField(
        allow_null=True,
        help_text="The last day, until today, that has a row. What came later is not yet known.",
    )
    day = serializers.IntegerField(help_text="The number of that day in the month, from 1.")
    is_over = serializers.BooleanField()
    currency = serializers.CharField()
    spent = serializers.CharField(source="forecast.total.spent")
    predicted_total = serializers.CharField(source="forecast.total.predicted")
    interval = serializers.ListField(source="forecast.total.interval", child=serializers.CharField(), allow_null=True)
    actual_total = serializers.CharField(
        allow_null=True, help_text="Null while the month lasts, and where it is not recorded to its end."
    )
    method = serializers.ChoiceField(source="forecast.total.method", choices=METHODS)
    months_used = serializers.IntegerField(
        source="forecast.months_used", help_text="How many past months it was made of, at most 24."
    )
    past_error = PastErrorSerializer(source="forecast.past_error", allow_null=True)
    explanation = serializers.CharField()
    by_category = OutlookSerializer(many=True)
    still_to_come = DueSerializer(many=True)
    bills_computed_at = serializers.DateTimeField(
        allow_null=True, help_text="When bills were looked for; null: not yet, and none is known. Ask again soon."
    )
    is_stale = serializers.BooleanField(
        help_text="Something was written since bills were looked for; a worker is at it. Ask again soon."
    )
    curve = CurveDaySerializer(
        many=True, allow_null=True, help_text="Every day of the month; null without `curve=true`."
    )
    is_complete = serializers.BooleanField(source="rates.is_complete", help_text="False where a rate is missing.")
    n_unconverted = serializers.IntegerField(help_text="How many transactions are left out, since no rate is known.")
    n_missing = serializers.IntegerField(source="rates.n_missing")
    missing = MissingRateSerializer(
        source="rates.missing", many=True, help_text=f"The oldest {N_MISSING_SHOWN} of these rates."
    )
