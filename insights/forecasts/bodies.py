"""How a forecast is asked for and shown."""

import datetime as dt
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from rest_framework import serializers

from accounts.strict_serializer import StrictSerializer
from expenses.categorization.catalog import Catalog
from expenses.ledger.dates import EARLIEST, LATEST
from expenses.ledger.money import format_amount
from expenses.serializers.fields import DayField
from expenses.serializers.filters import COMMON_PARAMETERS
from expenses.serializers.totals import N_MISSING_SHOWN, MissingRateSerializer
from insights.calendars import Calendar, later_month
from insights.forecasting.bills import Due
from insights.forecasting.curves import CurveDay
from insights.forecasting.forecasts import Forecast, Outlook
from insights.forecasts.month_ends import MonthEnd

MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])", re.ASCII)
METHODS = ["combined", "year_median", "recent_median", "last_year", "last_month", "insufficient_history"]


class ForecastAsked(StrictSerializer):
    """Which month, and what of it is looked at."""

    ignored_fields = COMMON_PARAMETERS
    month = serializers.CharField(required=False, help_text="As 2026-11; that of `as_of`, or this one, unless given.")
    as_of = DayField(
        required=False,
        help_text="A day of the month: the forecast as it would have been at its end. Today, or the month's last day.",
    )
    curve = serializers.BooleanField(default=False, help_text="Whether the course of the month is told, day by day.")


def asked_day(asked: dict[str, Any], calendar: Calendar, *, today: dt.date) -> dt.date:
    """The day whose knowledge is asked for; it lies in the month. Raises ValidationError."""
    as_of = asked.get("as_of")
    if as_of is not None and as_of > today:
        raise _refused("as_of", f"This day is still to come; today is {today}.", "in_the_future")
    if "month" not in asked:
        return as_of or today
    month = _month(asked["month"], calendar, today=today)
    last = later_month(month, 1) - dt.timedelta(1)
    if as_of is not None and not month <= as_of <= last:
        raise _refused("as_of", f"Give a day of the month, from {month} to {last}.", "out_of_range")
    return as_of or min(last, today)


def _month(text: str, calendar: Calendar, *, today: dt.date) -> dt.date:
    if not MONTH.fullmatch(text):
        raise _refused("month", "Give a month as 2026-11.", "invalid")
    year, number = int(text[:4]), int(text[5:])
    if not EARLIEST.year <= year <= LATEST.year:
        raise _refused("month", f"Give a month from {EARLIEST:%Y-%m} to {LATEST:%Y-%m}.", "out_of_range")
    month = calendar.month_named(year, number)
    if month > today:
        raise _refused("month", f"This month begins on {month}; a forecast is of one that has begun.", "in_the_future")
    return month


def _refused(name: str, detail: str, code: str) -> serializers.ValidationError:
    return serializers.ValidationError({name: detail}, code=code)


class OutlookSerializer(serializers.Serializer[Any]):
    """A category: until the day, at the end of the month, and the interval that holds the truth in 80 % of cases."""

    category = serializers.IntegerField(allow_null=True)
    category_name = serializers.CharField(allow_null=True)
    spent = serializers.CharField(help_text="Less what was refunded, so it may be negative.")
    predicted = serializers.CharField()
    interval = serializers.ListField(
        child=serializers.CharField(), allow_null=True, help_text="Null where there is too little to tell from."
    )
    method = serializers.ChoiceField(choices=METHODS)
    actual = serializers.CharField(allow_null=True, help_text="What was spent in the end; null while the month lasts.")


class DueSerializer(serializers.Serializer[Any]):
    """A recurring payment that is expected before the month is over; it is part of what is predicted."""

    recurring = serializers.IntegerField()
    payee = serializers.CharField()
    name = serializers.CharField()
    amount = serializers.CharField()
    low = serializers.CharField()
    high = serializers.CharField()
    due_on = serializers.DateField()
    is_late = serializers.BooleanField(help_text="It was due before, and may still come.")
    category = serializers.IntegerField(allow_null=True)
    category_name = serializers.CharField(allow_null=True)


class PastErrorSerializer(serializers.Serializer[Any]):
    """How far the same forecast, made on the same day of past months of yours, was off."""

    percent = serializers.FloatField(help_text="Of what was spent in these months.")
    n_months = serializers.IntegerField()


class CurveDaySerializer(serializers.Serializer[Any]):
    """What had been spent in the month by the end of a day."""

    date = serializers.DateField()
    spent = serializers.CharField(allow_null=True, help_text="Null after `as_of`.")
    typical = serializers.CharField(allow_null=True, help_text="The median of the last twelve months.")


class ForecastSerializer(serializers.Serializer[Any]):
    """What will have been spent when a month is over. In `spent` and `predicted`, categories add up to the total."""

    month = serializers.CharField(help_text="As 2026-11.")
    start = serializers.DateField()
    end = serializers.DateField()
    as_of = serializers.DateField(help_text="Nothing later was looked at.")
    recorded_until = serializers.DateField(
        allow_null=True,
        help_text="The last day, until today, that has a row. What came later is not yet known.",
    )
    day = serializers.IntegerField(help_text="The how manieth of the month that is.")
    is_over = serializers.BooleanField()
    currency = serializers.CharField()
    spent = serializers.CharField()
    predicted_total = serializers.CharField()
    interval = serializers.ListField(child=serializers.CharField(), allow_null=True)
    actual_total = serializers.CharField(
        allow_null=True, help_text="Null while the month lasts, and where it is not recorded to its end."
    )
    method = serializers.ChoiceField(choices=METHODS)
    months_used = serializers.IntegerField(help_text="How many past months it was made of, at most 24.")
    past_error = PastErrorSerializer(allow_null=True)
    explanation = serializers.CharField()
    by_category = OutlookSerializer(many=True)
    still_to_come = DueSerializer(many=True)
    bills_computed_at = serializers.DateTimeField(
        allow_null=True, help_text="When bills were looked for; null: not yet, and none is known. Ask again soon."
    )
    is_stale = serializers.BooleanField(
        help_text="Something was written since bills were looked for; a worker is at it. Ask again soon."
    )
    curve = CurveDaySerializer(many=True, allow_null=True, help_text="Every day of the month, if it was asked for.")
    is_complete = serializers.BooleanField(help_text="False where a rate is missing.")
    n_unconverted = serializers.IntegerField(help_text="How many transactions are left out, since no rate is known.")
    n_missing = serializers.IntegerField()
    missing = MissingRateSerializer(many=True, help_text=f"The oldest {N_MISSING_SHOWN} of these rates.")


def describe_forecast(
    end: MonthEnd, catalog: Catalog, *, fresh: Mapping[str, Any], n_without_rate: int = 0
) -> dict[str, Any]:
    """The body. `fresh`: how fresh the bills are, as `insights.serializers.freshness` describes it.

    `n_without_rate`: how many bills are left out for that.
    """
    found, currency, truth = end.forecast, end.currency, end.truth
    missing = sorted(end.rates.missing, key=lambda rate: (rate.day, rate.base))
    return {
        "month": f"{end.month:%Y-%m}",
        "start": end.month,
        "end": later_month(end.month, 1) - dt.timedelta(1),
        "as_of": end.as_of,
        "recorded_until": end.recorded_until,
        "day": (end.as_of - end.month).days + 1,
        "is_over": end.is_over,
        "currency": currency,
        "spent": format_amount(found.total.spent, currency),
        "predicted_total": format_amount(found.total.predicted, currency),
        "interval": _interval(found.total, currency),
        "actual_total": format_amount(truth.total, currency) if truth else None,
        "method": found.total.method,
        "months_used": found.months_used,
        "past_error": _past_error(found),
        "explanation": explain(end, n_without_rate=n_without_rate),
        "by_category": [_category(one, end, catalog) for one in end.categories],
        "still_to_come": [_due(due, end, catalog) for due in found.still_to_come],
        "bills_computed_at": fresh["computed_at"],
        "is_stale": fresh["is_stale"],
        "curve": None if end.curve is None else [_curve_day(day, currency) for day in end.curve],
        "is_complete": not missing,
        "n_unconverted": end.n_unconverted,
        "n_missing": len(missing),
        "missing": [{"base": rate.base, "quote": rate.quote, "date": rate.day} for rate in missing[:N_MISSING_SHOWN]],
    }


def explain(end: MonthEnd, *, n_without_rate: int) -> str:
    """Some sentences on what the forecast stands on, what it lacks, and how good it was."""
    found = [_explain_method(end.forecast)]
    if end.known_until < end.as_of:
        found.append(f"Nothing is recorded after {end.known_until}: what was spent since then is not yet known.")
    if n_without_rate:
        bills = "1 known bill is" if n_without_rate == 1 else f"{n_without_rate} known bills are"
        found.append(f"{bills} left out, for want of a rate of these days.")
    return " ".join(found)


def _explain_method(found: Forecast) -> str:
    n = found.months_used
    if n == 0:
        return "There is no past month to tell from: only what was spent and known bills are counted."
    if found.total.method == "last_month":
        return "Too little history for more than last month's rest: three past months are the least."
    how = f"What was spent, known bills, and what usually remained after this day of the last {n} months."
    if not found.day:
        how = f"Known bills, and what else the last {n} months usually came to."
    if found.past_error is None:
        return f"{how} Too few of them could be forecast to say how sure that is."
    error = found.past_error
    return f"{how} On this day it was off by {error.share:.0%} on average in the last {error.n_months} of them."


def _interval(outlook: Outlook, currency: str) -> list[str] | None:
    if outlook.low is None or outlook.high is None:
        return None
    return [format_amount(outlook.low, currency), format_amount(outlook.high, currency)]


def _past_error(found: Forecast) -> dict[str, Any] | None:
    error = found.past_error
    return {"percent": round(error.share * 100, 1), "n_months": error.n_months} if error else None


def _named(category: int | None, catalog: Catalog) -> dict[str, Any]:
    return {"category": category, "category_name": catalog.name(category) or None}


def _category(outlook: Outlook, end: MonthEnd, catalog: Catalog) -> dict[str, Any]:
    came = end.truth.by_category.get(outlook.category, Decimal(0)) if end.truth else None
    return {
        **_named(outlook.category, catalog),
        "spent": format_amount(outlook.spent, end.currency),
        "predicted": format_amount(outlook.predicted, end.currency),
        "interval": _interval(outlook, end.currency),
        "method": outlook.method,
        "actual": None if came is None else format_amount(came, end.currency),
    }


def _due(due: Due, end: MonthEnd, catalog: Catalog) -> dict[str, Any]:
    bill, currency = due.bill, end.currency
    return {
        "recurring": bill.id,
        "payee": bill.payee,
        "name": bill.name,
        "amount": format_amount(bill.amount, currency),
        "low": format_amount(bill.low, currency),
        "high": format_amount(bill.high, currency),
        "due_on": due.on,
        "is_late": due.on < end.as_of,
        **_named(bill.category, catalog),
    }


def _curve_day(day: CurveDay, currency: str) -> dict[str, Any]:
    return {
        "date": day.day,
        "spent": None if day.spent is None else format_amount(day.spent, currency),
        "typical": None if day.typical is None else format_amount(day.typical, currency),
    }
