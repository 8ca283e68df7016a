"""Summaries, time series and trends over HTTP: read from the ledger while the client waits."""

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.strict_serializer import StrictSerializer
from expenses.ledger.dates import today_of
from expenses.models import Account, ExchangeRate, Tag, Transaction
from expenses.models.ledgers import ledger_id_of
from expenses.views.base import LedgerViewSet, conditional_response
from insights.calendars import Calendar
from insights.charts import Chart
from insights.querysets import counted_rows
from insights.rendering import Charted
from insights.reports.asked import (
    MAX_BUCKETS,
    UNITS,
    Asked,
    SummaryAsked,
    TimeSeriesAsked,
    TrendsAsked,
    asked_buckets,
    asked_month,
    asked_period,
    refuse_crowded,
)
from insights.reports.charts import chart_series, chart_summary, chart_trends
from insights.reports.narrowing import narrow
from insights.reports.periods import Period, buckets_of
from insights.reports.summaries import rows_within, summarize
from insights.reports.summary_bodies import Names, SummarySerializer, describe_summary
from insights.reports.timeseries import TimeSeries, time_series
from insights.reports.timeseries_bodies import TimeSeriesSerializer, describe_series
from insights.reports.trend_bodies import TrendsSerializer, describe_trends
from insights.reports.trends import find_trends


def described(
    operation: str, asked: type[StrictSerializer], answers: type[serializers.Serializer[Any]]
) -> Callable[[Callable[..., Response]], Callable[..., Response]]:
    """What the OpenAPI document says of a report."""
    picture = OpenApiTypes.BINARY
    responses = {(200, "application/json"): answers, (200, "image/svg+xml"): picture, (200, "image/png"): picture}
    return extend_schema(operation_id=operation, parameters=[asked], responses=responses)


class ReportView(Charted, LedgerViewSet):
    """What reports share: parameters, whose calendar and currency, and a tag that changes with all of these."""

    queryset = Transaction.objects.all()
    pagination_class = None
    filter_backends = []
    asks: type[Asked]

    @property
    def calendar(self) -> Calendar:
        return Calendar(self.user.week_start, self.user.month_start)

    @property
    def today(self) -> dt.date:
        return today_of(self.user)

    def asked(self) -> dict[str, Any]:
        body = self.asks(data=self.request.query_params)
        body.is_valid(raise_exception=True)
        return {"currency": self.user.base_currency, **body.validated_data}

    def report(self, to: str, make: Callable[[], dict[str, Any]]) -> Response:
        """The body that `make` makes, or 304."""
        calendar, renderer = self.calendar, self.request.accepted_renderer
        days = f"{calendar.week_start}-{calendar.month_start}"
        revision = ExchangeRate.objects.reference_revision()
        return conditional_response(
            self.request, lambda: Response(make()), to, self.today, days, revision, renderer.format
        )


class SummaryView(ReportView):
    """What a period came to."""

    serializer_class = SummarySerializer
    asks = SummaryAsked

    @described("insights_summary", SummaryAsked, SummarySerializer)
    def summary(self, request: Request) -> Response:
        """Income, spending and savings of a day, week, month, year or any other period, and where it was spent.

        Weeks and months are those of your preferences. Transfers are in nothing, refunds lower what was spent, and
        what is excluded from budgets is told apart.
        """
        asked = self.asked()
        period = asked_period(asked, self.calendar, today=self.today)
        return self.report(asked["currency"], lambda: self._body(period, asked["currency"]))

    def chart(self, body: Mapping[str, Any]) -> Chart:
        return chart_summary(body)

    def _body(self, period: Period, to: str) -> dict[str, Any]:
        tags = dict(Tag.objects.for_user(self.user).values_list("pk", "name"))
        accounts = dict(Account.objects.for_user(self.user).values_list("pk", "name"))
        names = Names(self.catalog, accounts, tags)
        found = summarize(ledger_id=ledger_id_of(self.user), period=period, to=to, has_tags=bool(tags))
        monthly = self._months(period, to) if period.unit == "year" else None
        return describe_summary(found, names, period=period, calendar=self.calendar, today=self.today, monthly=monthly)

    def _months(self, year: Period, to: str) -> TimeSeries:
        ledger_id, calendar = ledger_id_of(self.user), self.calendar
        rows = rows_within(counted_rows(ledger_id), year)
        months = buckets_of("month", year, calendar, limit=MAX_BUCKETS) or []
        return time_series(rows, ledger_id=ledger_id, unit="month", buckets=months, calendar=calendar, to=to)


class TimeSeriesView(ReportView):
    """What each day, week, month or year came to."""

    serializer_class = TimeSeriesSerializer
    asks = TimeSeriesAsked

    @described("insights_timeseries", TimeSeriesAsked, TimeSeriesSerializer)
    def series(self, request: Request) -> Response:
        """Income, spending and savings in equal steps, of everything or of some categories, one account, tag, merchant.

        There is one entry for each step, zeros where nothing happened. Without `start` and `end`: the last 30 days,
        13 weeks, 12 months or 5 years.
        """
        asked = self.asked()
        period, buckets = asked_buckets(asked, self.calendar, today=self.today)
        if request.accepted_renderer.format != "json":
            refuse_crowded(buckets)
        is_by_category, ledger_id = "by" in asked, ledger_id_of(self.user)
        rows = rows_within(counted_rows(ledger_id), period)
        rows = narrow(rows, asked, user=self.user, catalog=self.catalog)

        def make() -> dict[str, Any]:
            series = time_series(
                rows,
                ledger_id=ledger_id,
                unit=UNITS[asked["bucket"]],
                buckets=buckets,
                calendar=self.calendar,
                to=asked["currency"],
                is_by_category=is_by_category,
            )
            return describe_series(
                series, self.catalog, bucket=asked["bucket"], period=period, is_by_category=is_by_category
            )

        return self.report(asked["currency"], make)

    def chart(self, body: Mapping[str, Any]) -> Chart:
        return chart_series(body)


class TrendsView(ReportView):
    """What moved."""

    serializer_class = TrendsSerializer
    asks = TrendsAsked

    @described("insights_trends", TrendsAsked, TrendsSerializer)
    def trends(self, request: Request) -> Response:
        """What was spent in a month by category, beside the month before, the usual, and the year before.

        A month that is not over is compared with as many days of the others.
        """
        asked, today = self.asked(), self.today
        month = asked_month(asked, self.calendar, today=today)

        def make() -> dict[str, Any]:
            found = find_trends(
                ledger_id=ledger_id_of(self.user),
                month=month,
                calendar=self.calendar,
                today=today,
                to=asked["currency"],
            )
            return describe_trends(found, self.catalog, month=month, today=today)

        return self.report(asked["currency"], make)

    def chart(self, body: Mapping[str, Any]) -> Chart:
        return chart_trends(body)
