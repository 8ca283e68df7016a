"""Query parameters of insights."""

import datetime as dt
import re
from collections.abc import Iterable
from typing import Any

from django.db.models import Q
from rest_framework import serializers

from accounts.misspellings import did_you_mean
from accounts.models import User
from accounts.strict_serializer import HelpfulSerializer
from expenses.categorization.catalog import Catalog
from expenses.ledger.dates import EARLIEST, LATEST, advice_on_day, intended_day
from expenses.models import Account, Category, Tag
from expenses.querysets import TransactionQuerySet, paid_to
from expenses.serializers.fields import CategoryReference, CurrencyField, DayField, as_id_or_name
from expenses.serializers.rates import AllRatesInput
from insights.calendars import Calendar, Unit
from insights.reports.periods import BUCKETS, MAX_BUCKETS, Bucket, Period, buckets_of, period_around

#: The parameter of rows without a category. A category of that name is given by its id.
NO_CATEGORY = "none"
NO_CATEGORY_HELP = f"`{NO_CATEGORY}` is what has no category."
#: How many buckets a time series has unless its ends are given; today's is the last.
N_BUCKETS: dict[Unit, int] = {"day": 30, "week": 13, "month": 12, "year": 5}
#: More buckets cannot be told apart in a picture, and take seconds to draw.
MAX_DRAWN = 120
DATE = re.compile(r"(?P<year>\d{4})(-(?P<month>0[1-9]|1[0-2])(?P<day>-\d\d)?)?", re.ASCII)


def is_none(text: Any) -> bool:
    return isinstance(text, str) and text.strip().casefold() == NO_CATEGORY


class CategoryOrNone(CategoryReference):
    """An id or name of a category, or `none`, which is read as None."""

    def to_internal_value(self, data: Any) -> Category | None:  # type: ignore[override]
        return None if is_none(data) else super().to_internal_value(data)


class ReportQuery(AllRatesInput):
    """Parameters of a report."""

    currency = CurrencyField(required=False, help_text="What all amounts are in; your base currency unless given.")


class PeriodQuery(HelpfulSerializer):
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

    def read_period(self, calendar: Calendar, *, today: dt.date) -> Period:
        """Return the period that the valid parameters name. Raises ValidationError."""
        given = self.validated_data
        if not given.keys() & {"start", "end"}:
            match = DATE.fullmatch(given.get("date", ""))
            unit: Unit = given.get("period", "year" if match and not match["month"] else "month")
            return _period_named("date", unit, given.get("date"), calendar, today=today)
        if rest := [name for name in ("period", "date") if name in given]:
            raise _refused(rest[0], f"Give `{rest[0]}`, or `start` and `end`.", "contradictory")
        if missing := {"start", "end"} - given.keys():
            raise _refused(missing.pop(), "Give both ends of the period.", "required")
        return _period_between(given["start"], given["end"])


class SummaryQuery(PeriodQuery, ReportQuery):
    """The period of a summary."""


class TrendsQuery(ReportQuery):
    """One month."""

    month = serializers.CharField(required=False, help_text="As 2026-11; this one unless given.")

    def read_month(self, calendar: Calendar, *, today: dt.date) -> Period:
        """Return the month, which has begun. Raises ValidationError."""
        return _begun_month(self.validated_data.get("month"), calendar, today=today)


class PrintedReportQuery(HelpfulSerializer):
    """A month or a year to print."""

    month = serializers.CharField(required=False, help_text="As 2026-11; this one unless `month` or `year` is given.")
    year = serializers.CharField(required=False, help_text="As 2026.")
    currency = CurrencyField(required=False, help_text="What all sums are in; your base currency unless given.")

    def read_period(self, calendar: Calendar, *, today: dt.date) -> Period:
        """Return the month or year, which has begun. Raises ValidationError."""
        given = self.validated_data
        if {"month", "year"} <= given.keys():
            raise _refused("year", "Give `month` or `year`.", "contradictory")
        if "year" not in given:
            return _begun_month(given.get("month"), calendar, today=today)
        if not re.fullmatch(r"\d{4}", given["year"], re.ASCII):
            raise _refused("year", "Give a year as 2026.", "invalid")
        year = _period_named("year", "year", given["year"], calendar, today=today)
        if year.start > today:
            raise _refused("year", f"This year begins on {year.start}; give one that has begun.", "in_the_future")
        return year


class RowsQuery(HelpfulSerializer):
    """The rows that count: those of some categories, an account, a tag, a merchant."""

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

    def narrow(self, rows: TransactionQuerySet, *, user: User, catalog: Catalog) -> TransactionQuerySet:
        """Return rows of the given categories, account, tag and merchant. Raises ValidationError."""
        given = self.validated_data
        if texts := given.get("category"):
            found = [one for text in texts for one in _categories_named(text, catalog)]
            within = {pk for one in found if one for pk in catalog.with_children(one)}
            rows = rows.filter(Q(category__in=within) | (Q(category=None) if None in found else Q()))
        for name, table in (("account", Account), ("tag", Tag)):
            if name in given:
                rows = rows.filter(**{name if table is Account else "tags": _id_named(table, name, given[name], user)})
        return rows.filter(paid_to(given["merchant"])) if "merchant" in given else rows


class TimeSeriesQuery(RowsQuery, ReportQuery):
    """How a time is cut, and which rows count."""

    bucket = serializers.ChoiceField(choices=list(BUCKETS), default="monthly")
    start = DayField(required=False)
    end = DayField(required=False, help_text="Today unless given.")
    by = serializers.ChoiceField(choices=["category"], required=False, help_text="Adds the buckets of every category.")

    def read_buckets(self, calendar: Calendar, *, today: dt.date, is_drawn: bool) -> tuple[Period, list[Bucket]]:
        """Return the period of the time series, and its buckets. Raises ValidationError."""
        given = self.validated_data
        unit, end = BUCKETS[given["bucket"]], given.get("end", today)
        start = given.get("start")
        if start is None:
            start = calendar.first_of(unit, end)
            for _ in range(N_BUCKETS[unit] - 1):
                start = calendar.first_of(unit, start - dt.timedelta(1))
            start = max(start, EARLIEST)
        period = _period_between(start, end)
        buckets = buckets_of(unit, period, calendar)
        if buckets is None:
            detail = f"{period.n_days} days are more than {MAX_BUCKETS} {given['bucket']} buckets; take a longer one."
            raise _refused("bucket", detail, "too_many")
        if is_drawn and len(buckets) > MAX_DRAWN:
            detail = f"A picture has room for {MAX_DRAWN} buckets, and these are {len(buckets)}: ask for longer ones."
            raise _refused("format", detail, "too_many")
        return period, buckets


class ForecastQuery(AllRatesInput):
    """The month of a forecast, and the last day that it looks at."""

    month = serializers.CharField(required=False, help_text="As 2026-11; that of `as_of`, or this one, unless given.")
    as_of = DayField(
        required=False,
        help_text="A day of the month: the forecast as it would have been at its end. Today, or the month's last day.",
    )
    curve = serializers.BooleanField(default=False, help_text="Whether to add the sums of every day of the month.")

    def read_day(self, calendar: Calendar, *, today: dt.date) -> dt.date:
        """Return the last day that the forecast looks at; it lies in the month. Raises ValidationError."""
        as_of: dt.date | None = self.validated_data.get("as_of")
        if as_of is not None and as_of > today:
            raise _refused("as_of", f"This day is still to come; today is {today}.", "in_the_future")
        if "month" not in self.validated_data:
            return as_of or today
        month = _begun_month(self.validated_data["month"], calendar, today=today)
        if as_of is not None and not month.start <= as_of <= month.end:
            raise _refused("as_of", f"Give a day of the month, from {month.start} to {month.end}.", "out_of_range")
        return as_of or min(month.end, today)


def _refused(name: str, detail: str, code: str) -> serializers.ValidationError:
    return serializers.ValidationError({name: detail}, code=code)


def _period_between(start: dt.date, end: dt.date) -> Period:
    if end < start:
        raise _refused("end", f"The period ends before {start}, when it starts.", "ends_before_start")
    return Period(start, end)


def _period_named(name: str, unit: Unit, text: str | None, calendar: Calendar, *, today: dt.date) -> Period:
    """Return the period of a day, or the one that the text names; that of today without a text.

    `name`: the parameter that errors name. A year or month has the name of the one in which it begins.
    """
    day, out_of_range = today, _refused(name, f"Give a period from {EARLIEST} to {LATEST}.", "out_of_range")
    if text is not None:
        match = DATE.fullmatch(text)
        if match is None or not (match["day"] or unit == "year" or (unit == "month" and match["month"])):
            if intended_day(text) is not None:
                raise _refused(name, advice_on_day(text), "invalid")
            shorter = {"month": ", or a month as 2026-11", "year": ", a month as 2026-11, or a year as 2026"}
            raise _refused(name, f"Give a day as 2026-11-20{shorter.get(unit, '')}.", "invalid")
        if match["day"]:
            try:
                day = DayField().run_validation(text)
            except serializers.ValidationError as error:
                raise serializers.ValidationError({name: error.detail}) from None
        elif EARLIEST.year <= int(match["year"]) <= LATEST.year:
            day = calendar.month_named(int(match["year"]), int(match["month"] or 1))
        else:
            raise out_of_range
    period = period_around(unit, day, calendar)
    if not EARLIEST <= period.start <= period.end <= LATEST:
        raise out_of_range
    return period


def read_month(text: str | None, calendar: Calendar, *, today: dt.date) -> Period:
    """Return the month with a name such as 2026-11, that of today without one. Raises ValidationError."""
    if text is not None and not re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", text, re.ASCII):
        raise _refused("month", "Give a month as 2026-11.", "invalid")
    return _period_named("month", "month", text, calendar, today=today)


def _begun_month(text: str | None, calendar: Calendar, *, today: dt.date) -> Period:
    month = read_month(text, calendar, today=today)
    if month.start > today:
        raise _refused("month", f"This month begins on {month.start}; give one that has begun.", "in_the_future")
    return month


def _categories_named(text: str, catalog: Catalog) -> list[Category | None]:
    """Return one category whose name has a comma, or those with commas between; None for no category."""
    whole = None if is_none(text) else _category_named(text, catalog)
    if whole is not None:
        return [whole]
    found: list[Category | None] = []
    for part in text.split(","):
        category = None if is_none(part) else _category_named(part, catalog)
        if category is None and not is_none(part):
            raise _unknown("category", part, catalog.names())
        found.append(category)
    return found


def _category_named(text: str, catalog: Catalog) -> Category | None:
    return catalog.find(_id_or_name("category", text)) or catalog.find(text)


def _id_named(table: type[Account] | type[Tag], name: str, text: str, user: User) -> int:
    """Return the id of an account or tag. Names are compared in Python: SQLite folds only A to Z."""
    rows = list(table.objects.for_user(user).values_list("pk", "name"))
    known: dict[int | str, int] = {called.casefold(): pk for pk, called in rows} | {pk: pk for pk, _ in rows}
    found = known.get(_id_or_name(name, text), known.get(text.strip().casefold()))
    if found is None:
        raise _unknown(name, text, [called for _, called in rows])
    return found


def _id_or_name(name: str, text: str) -> int | str:
    try:
        wanted = as_id_or_name(text)
    except serializers.ValidationError:
        raise _unknown(name, text, ()) from None
    return wanted.casefold() if isinstance(wanted, str) else wanted


def _unknown(name: str, text: str, known: Iterable[str]) -> serializers.ValidationError:
    return _refused(name, f"There is no {name} “{text}”.{did_you_mean(text, known)}", "does_not_exist")
