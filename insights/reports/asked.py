"""What is asked behind the `?` of a report: periods, and what narrows the rows."""

import datetime as dt
import re
from collections.abc import Sequence
from typing import Any

from rest_framework import serializers

from accounts.strict_serializer import StrictSerializer
from expenses.ledger.dates import EARLIEST, LATEST
from expenses.serializers.fields import CurrencyField, DayField
from expenses.serializers.filters import COMMON_PARAMETERS
from insights.calendars import Calendar, Unit
from insights.lists import NO_CATEGORY_HELP
from insights.reports.periods import Bucket, Period, buckets_of, period_around

UNITS: dict[str, Unit] = {"daily": "day", "weekly": "week", "monthly": "month", "yearly": "year"}
#: So many of them a time series has unless its ends are given; today's is the last.
N_BUCKETS: dict[Unit, int] = {"day": 30, "week": 13, "month": 12, "year": 5}
#: Three years of days.
MAX_BUCKETS = 1_100
#: More are no more to be told apart in a picture, and cost seconds to draw.
MAX_DRAWN = 120
DATE = re.compile(r"(?P<year>\d{4})(-(?P<month>0[1-9]|1[0-2])(?P<day>-\d\d)?)?", re.ASCII)
CURRENCY_HELP = "What all amounts are in; your base currency unless given."


class Asked(StrictSerializer):
    """Parameters of a report; each is given once, and what is not known is refused."""

    ignored_fields = COMMON_PARAMETERS
    currency = CurrencyField(required=False, help_text=CURRENCY_HELP)

    def to_internal_value(self, data: Any) -> Any:
        lists = {name for name, field in self.fields.items() if isinstance(field, serializers.ListField)}
        if repeated := [name for name in data if name not in lists and len(data.getlist(name)) > 1]:
            raise serializers.ValidationError({repeated[0]: "Give it once."}, code="repeated")
        return super().to_internal_value(data)


class SummaryAsked(Asked):
    """One period, by its name or by its ends."""

    period = serializers.ChoiceField(
        choices=["day", "week", "month", "year"], required=False, help_text="month; year where `date` is one, as 2026."
    )
    date = serializers.CharField(
        required=False,
        help_text="A day of the period, today unless given; or 2026, 2026-11 as it is called.",
    )
    start = DayField(required=False)
    end = DayField(required=False)


class TrendsAsked(Asked):
    """Which month."""

    month = serializers.CharField(required=False, help_text="As 2026-11; this one unless given.")


class TimeSeriesAsked(Asked):
    """How a time is cut, and which rows count."""

    bucket = serializers.ChoiceField(choices=list(UNITS), default="monthly")
    start = DayField(required=False)
    end = DayField(required=False, help_text="Today unless given.")
    by = serializers.ChoiceField(choices=["category"], required=False, help_text="Adds the buckets of every category.")
    category = serializers.ListField(
        child=serializers.CharField(),
        required=False,
        help_text="Ids or names, with commas between or given more than once; those below them are included. "
        + NO_CATEGORY_HELP,
    )
    account = serializers.CharField(required=False, help_text="Its id or name.")
    tag = serializers.CharField(required=False, help_text="Its id or name.")
    merchant = serializers.CharField(
        required=False, help_text="Text in the name of the merchant; of rows that name none, in what was written."
    )


def asked_period(asked: dict[str, Any], calendar: Calendar, *, today: dt.date) -> Period:
    """The period of a summary. Raises ValidationError."""
    ends = {name for name in ("start", "end") if name in asked}
    if not ends:
        return _named(asked.get("period", _meant(asked)), asked.get("date"), calendar, today=today)
    if rest := [name for name in ("period", "date") if name in asked]:
        raise _refused(rest[0], f"Give `{rest[0]}`, or `start` and `end`.", "contradictory")
    if missing := {"start", "end"} - ends:
        raise _refused(missing.pop(), "Give both ends of the period.", "required")
    return _checked(Period(asked["start"], asked["end"]))


def _meant(asked: dict[str, Any]) -> Unit:
    """2026 is the year; anything else lies in a month."""
    match = DATE.fullmatch(asked.get("date", ""))
    return "year" if match and not match["month"] else "month"


def asked_month(asked: dict[str, Any], calendar: Calendar, *, today: dt.date) -> Period:
    """The month of trends. Raises ValidationError."""
    text = asked.get("month")
    if text is not None and not re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", text, re.ASCII):
        raise _refused("month", "Give a month as 2026-11.", "invalid")
    month = _named("month", text, calendar, today=today, name="month")
    if month.start > today:
        detail = f"This month begins on {month.start}; trends are of one that has begun."
        raise _refused("month", detail, "in_the_future")
    return month


def asked_buckets(asked: dict[str, Any], calendar: Calendar, *, today: dt.date) -> tuple[Period, list[Bucket]]:
    """What a time series is of, and its buckets. Raises ValidationError."""
    unit = UNITS[asked["bucket"]]
    end = asked.get("end", today)
    start = asked["start"] if "start" in asked else first_of_the_last(N_BUCKETS[unit], unit, end, calendar)
    period = _checked(Period(start, end))
    buckets = buckets_of(unit, period, calendar, limit=MAX_BUCKETS)
    if buckets is None:
        detail = f"{period.n_days} days are more than {MAX_BUCKETS} {asked['bucket']} buckets; take a longer one."
        raise _refused("bucket", detail, "too_many")
    return period, buckets


def refuse_crowded(buckets: Sequence[Bucket]) -> None:
    """What a picture is not drawn of. Raises ValidationError."""
    if len(buckets) > MAX_DRAWN:
        detail = f"A picture has room for {MAX_DRAWN} buckets, and these are {len(buckets)}: ask for longer ones."
        raise _refused("format", detail, "too_many")


def first_of_the_last(n: int, unit: Unit, end: dt.date, calendar: Calendar) -> dt.date:
    """Where the last `n` units begin, the one that the day lies in included; not before the first day of all."""
    first = calendar.first_of(unit, end)
    for _ in range(n - 1):
        first = calendar.first_of(unit, first - dt.timedelta(1))
    return max(first, EARLIEST)


def _named(unit: Unit, text: str | None, calendar: Calendar, *, today: dt.date, name: str = "date") -> Period:
    day = today if text is None else _day_named(unit, text, calendar, name=name)
    period = period_around(unit, day, calendar)
    if not EARLIEST <= period.start <= period.end <= LATEST:
        raise _refused(name, f"Give a period from {EARLIEST} to {LATEST}.", "out_of_range")
    return period


def _day_named(unit: Unit, text: str, calendar: Calendar, *, name: str) -> dt.date:
    """A day of what is called so; a year or month is called as the calendar's in which it begins."""
    match = DATE.fullmatch(text)
    fits = match and (match["day"] or (unit == "year") or (unit == "month" and match["month"]))
    if match is None or not fits:
        raise _refused(name, f"Give a day as 2026-11-20{_names_of(unit)}.", "invalid")
    if match["day"]:
        return _day(text, name=name)
    if not EARLIEST.year <= int(match["year"]) <= LATEST.year:
        raise _refused(name, f"Give a period from {EARLIEST} to {LATEST}.", "out_of_range")
    return calendar.month_named(int(match["year"]), int(match["month"] or 1))


def _day(text: str, *, name: str) -> dt.date:
    try:
        day: dt.date = DayField().run_validation(text)
    except serializers.ValidationError as error:
        raise serializers.ValidationError({name: error.detail}) from None
    return day


def _names_of(unit: Unit) -> str:
    return {"month": ", or a month as 2026-11", "year": ", a month as 2026-11, or a year as 2026"}.get(unit, "")


def _checked(period: Period) -> Period:
    if period.end < period.start:
        raise _refused("end", f"The period ends before {period.start}, when it starts.", "ends_before_start")
    return period


def _refused(name: str, detail: str, code: str) -> serializers.ValidationError:
    return serializers.ValidationError({name: detail}, code=code)
