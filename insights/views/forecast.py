"""Forecasts over HTTP."""

import zlib

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from expenses.api import LedgerViewSet, unless_known
from expenses.days import today_of
from expenses.membership import ledger_id_of
from expenses.models import ExchangeRate, Transaction
from insights.calendars import Calendar
from insights.forecast_bills import known_bills
from insights.forecast_bodies import ForecastAsked, ForecastSerializer, asked_day, describe_forecast
from insights.month_ends import forecast_month
from insights.rendering import FormatsNamed


class ForecastView(FormatsNamed, LedgerViewSet):
    """What will have been spent at the end of a month."""

    queryset = Transaction.objects.all()
    serializer_class = ForecastSerializer
    filter_backends: list[type] = []
    pagination_class = None

    @extend_schema(operation_id="insights_forecast", parameters=[ForecastAsked], responses=ForecastSerializer)
    def forecast(self, request: Request) -> Response:
        """In total and by category, with an interval that holds the truth in 80 % of cases, and bills still to come.

        In your base currency, of a month as you count them. Of a month that is over it tells the truth, too; with
        `as_of`, what would have been forecast on that day.
        """
        asked = ForecastAsked(data=request.query_params)
        asked.is_valid(raise_exception=True)
        user, today = self.user, today_of(self.user)
        calendar, currency = Calendar(user.week_start, user.month_start), user.base_currency
        as_of = asked_day(asked.validated_data, calendar, today=today)
        bills = known_bills(ledger_id=ledger_id_of(user), currency=currency)

        def make() -> Response:
            found = forecast_month(
                ledger_id=ledger_id_of(user),
                currency=currency,
                calendar=calendar,
                as_of=as_of,
                today=today,
                bills=bills,
                has_curve=asked.validated_data["curve"],
            )
            return Response(describe_forecast(found, self.catalog))

        revision = ExchangeRate.objects.reference_revision()
        known = zlib.crc32(repr(bills).encode())
        return unless_known(request, make, currency, user.month_start, as_of, today, known, revision)
