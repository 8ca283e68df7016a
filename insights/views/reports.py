"""Summaries, time series and trends over HTTP: read from the ledger while the client waits."""

import datetime as dt
from collections.abc import Callable
from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from expenses.models import Account, ExchangeRate, Tag, Transaction
from expenses.models.ledgers import ledger_id_of
from expenses.serializers.rates import cut_rates
from expenses.views.base import LedgerViewSet, conditional_response
from insights.calendars import Calendar
from insights.charts.reports import chart_series, chart_summary, chart_trends
from insights.querysets import counted_rows
from insights.reports.summaries import PeriodSummary, summarize
from insights.reports.timeseries import TimeSeries, time_series
from insights.reports.trends import Trends, find_trends
from insights.serializers.parameters import ReportQuery, SummaryQuery, TimeSeriesQuery, TrendsQuery
from insights.serializers.reports import SummarySerializer, TimeSeriesSerializer, TrendsSerializer
from insights.views.rendering import ChartMixin, chart_schema


class ReportView(ChartMixin, LedgerViewSet):
    """A report: its parameters, the user's calendar and currency, and an ETag that changes with all of these."""

    queryset = Transaction.objects.all()
    pagination_class = None
    filter_backends = []
    query_class: type[ReportQuery]

    @property
    def calendar(self) -> Calendar:
        return Calendar(self.user.week_start, self.user.month_start)

    @property
    def today(self) -> dt.date:
        return self.user.today()

    def read_query(self) -> tuple[Any, str]:
        """Return the valid parameters, and the currency of the report. Raises ValidationError."""
        query = self.checked(self.query_class, data=self.request.query_params)
        return query, query.validated_data.get("currency", self.user.base_currency)

    def report(self, to: str, make: Callable[[], PeriodSummary | TimeSeries | Trends]) -> Response:
        """Answer with the body of the report that `make` makes, or with 304."""
        return conditional_response(
            self.request,
            lambda: Response(cut_rates(self.body_of(make()), request=self.request)),
            to,
            self.today,
            f"{self.user.week_start}-{self.user.month_start}",
            ExchangeRate.objects.reference_revision(),
            self.request.accepted_renderer.format,
        )


class SummaryView(ReportView):
    """The sums of a period."""

    serializer_class = SummarySerializer
    query_class = SummaryQuery
    chart = staticmethod(chart_summary)

    @chart_schema("insights_summary", SummaryQuery, SummarySerializer)
    def summary(self, request: Request) -> Response:
        """Summarize a period.

        Income, spending and savings of a day, week, month, year or any other period, and where it was spent.

        Weeks and months are those of your preferences. Transfers are in nothing, refunds lower what was spent,
        and what is excluded from budgets has sums of its own.
        """
        query, currency = self.read_query()
        period = query.read_period(self.calendar, today=self.today)
        return self.report(
            currency,
            lambda: summarize(
                ledger_id=ledger_id_of(self.user),
                period=period,
                calendar=self.calendar,
                today=self.today,
                to=currency,
                catalog=self.catalog,
                accounts=dict(Account.objects.for_user(self.user).values_list("pk", "name")),
                tags=dict(Tag.objects.for_user(self.user).values_list("pk", "name")),
            ),
        )


class TimeSeriesView(ReportView):
    """The sums of each day, week, month or year."""

    serializer_class = TimeSeriesSerializer
    query_class = TimeSeriesQuery
    chart = staticmethod(chart_series)

    @chart_schema("insights_timeseries", TimeSeriesQuery, TimeSeriesSerializer)
    def series(self, request: Request) -> Response:
        """Get sums step by step.

        Income, spending and savings in equal steps, of everything or of some categories, one account, tag or
        merchant.

        There is one entry for each step, zeros where nothing happened. Without `start` and `end`: the last 30
        days, 13 weeks, 12 months or 5 years.
        """
        query, currency = self.read_query()
        is_drawn = request.accepted_renderer.format != "json"
        period, buckets = query.read_buckets(self.calendar, today=self.today, is_drawn=is_drawn)
        ledger_id = ledger_id_of(self.user)
        rows = query.narrow(counted_rows(ledger_id), user=self.user, catalog=self.catalog)
        return self.report(
            currency,
            lambda: time_series(
                rows,
                ledger_id=ledger_id,
                bucket=query.validated_data["bucket"],
                period=period,
                buckets=buckets,
                calendar=self.calendar,
                to=currency,
                catalog=self.catalog if "by" in query.validated_data else None,
            ),
        )


class TrendsView(ReportView):
    """Changes from month to month."""

    serializer_class = TrendsSerializer
    query_class = TrendsQuery
    chart = staticmethod(chart_trends)

    @chart_schema("insights_trends", TrendsQuery, TrendsSerializer)
    def trends(self, request: Request) -> Response:
        """Compare a month with earlier ones.

        Spending by category is beside the month before, the usual, and the year before.

        A month that is not over is compared with as many days of the others.
        """
        query, currency = self.read_query()
        month = query.read_month(self.calendar, today=self.today)
        return self.report(
            currency,
            lambda: find_trends(
                ledger_id=ledger_id_of(self.user),
                month=month,
                calendar=self.calendar,
                today=self.today,
                to=currency,
                catalog=self.catalog,
            ),
        )
