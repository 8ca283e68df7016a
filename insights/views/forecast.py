"""Forecasts over HTTP."""

import zlib

from rest_framework.request import Request
from rest_framework.response import Response

from expenses.models import ExchangeRate, Transaction
from expenses.models.ledgers import membership_of
from expenses.serializers.rates import cut_rates
from expenses.views.base import LedgerViewSet, conditional_response
from insights.calendars import Calendar
from insights.charts.reports import chart_forecast
from insights.querysets import last_recorded
from insights.serializers.forecast import ForecastSerializer
from insights.serializers.freshness import describe_freshness
from insights.serializers.parameters import ForecastQuery
from insights.services.bills import known_bills
from insights.services.forecast import forecast_month
from insights.services.refreshing import refresh_soon
from insights.views.rendering import ChartMixin, chart_schema


class ForecastView(ChartMixin, LedgerViewSet):
    """The forecast of a month's end."""

    queryset = Transaction.objects.all()
    serializer_class = ForecastSerializer
    chart = staticmethod(chart_forecast)
    filter_backends: list[type] = []
    pagination_class = None

    @chart_schema("insights_forecast", ForecastQuery, ForecastSerializer)
    def forecast(self, request: Request) -> Response:
        """Forecast a month's spending.

        In total and by category, with an interval that holds the truth in 80 % of cases, and bills still to
        come.

        Amounts are in your base currency, of a month as you count them. A month that is over has its true sums,
        too. With `as_of`, the answer is what would have been forecast on that day. A worker finds the bills;
        `is_stale` says that it is not done yet.
        """
        query = self.checked(ForecastQuery, data=request.query_params)
        user, today, picture = self.user, self.user.today(), request.accepted_renderer.format
        calendar, currency = Calendar(user.week_start, user.month_start), user.base_currency
        as_of = query.read_day(calendar, today=today)
        ledger = membership_of(user).ledger
        state = refresh_soon(ledger)
        fresh = describe_freshness(ledger, state)
        recorded_until = last_recorded(ledger.pk, today=today)
        known = known_bills(
            ledger_id=ledger.pk,
            currency=currency,
            today=today,
            recorded_until=recorded_until,
            version=(state.version if state else None) or 0,
        )

        def make() -> Response:
            found = forecast_month(
                ledger_id=ledger.pk,
                currency=currency,
                calendar=calendar,
                catalog=self.catalog,
                as_of=as_of,
                today=today,
                recorded_until=recorded_until,
                known=known,
                bills_computed_at=fresh["computed_at"],
                is_stale=fresh["is_stale"],
                has_curve=query.validated_data["curve"] or picture != "json",
            )
            return Response(cut_rates(self.body_of(found), request=request))

        revision = ExchangeRate.objects.reference_revision()
        seen = zlib.crc32(repr((known, fresh)).encode())
        return conditional_response(request, make, currency, user.month_start, as_of, today, seen, revision, picture)
