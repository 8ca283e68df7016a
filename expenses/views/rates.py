"""Views of currencies and exchange rates."""

from dataclasses import asdict
from typing import Any

from django.utils.cache import patch_cache_control, patch_vary_headers
from django.utils.decorators import method_decorator
from django.views.decorators.http import conditional_page
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import mixins, status
from rest_framework.decorators import action
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from expenses.models.ledgers import ledger_id_of
from expenses.models.rates import ExchangeRate, RateSource
from expenses.rates.book import RateBook
from expenses.rates.currencies import currencies_on, currencies_with_own_rates, reference_days
from expenses.serializers.filters import RateFilter
from expenses.serializers.rates import ConversionInput, ConversionSerializer, CurrencySerializer, RateSerializer
from expenses.services.ledger_lock import add_row, change_row, ledger_write, remove_row
from expenses.views.base import NO_CURSOR, LedgerViewSet, RetrieveViewSet

#: Seconds for which a client may show currencies without asking again; then its copy is compared by ETag.
FRESH_FOR_S = 300


@method_decorator(conditional_page, name="dispatch")
class CurrencyViewSet(LedgerViewSet):
    """The currencies of ISO 4217 in your language, and whether they have rates."""

    queryset = ExchangeRate.objects.all()
    serializer_class = CurrencySerializer
    filter_backends = ()

    @extend_schema(
        parameters=[
            OpenApiParameter("search", str, description="Every word is in the code, the name or the symbol."),
            NO_CURSOR,
        ]
    )
    def list(self, request: Request) -> Response:
        """List currencies. They are those of ISO 4217, in your language. `has_rates` says which can be converted."""
        text = request.query_params.get("search", "")
        found = [c for c in currencies_on(self.user.today(), locale=self.user.locale) if c.matches(text)]
        page: Any = self.paginate_queryset(found)
        days, own = reference_days(), currencies_with_own_rates(ledger_id_of(self.user))
        bodies = []
        for currency in page:
            first, last = days.get(currency.code, (None, None))
            has_rates = currency.code in days or currency.code in own
            bodies.append({**asdict(currency), "has_rates": has_rates, "ecb_from": first, "ecb_through": last})
        answer = self.get_paginated_response(bodies)
        patch_cache_control(answer, private=True, max_age=FRESH_FOR_S)
        patch_vary_headers(answer, ["Authorization"])
        return answer


class RateViewSet(mixins.ListModelMixin, RetrieveViewSet):
    """Exchange rates: the European Central Bank's and your own."""

    # Not a `ListViewSet`: rates of a newer package come without a new version of the ledger, so its ETag would lie.
    queryset = ExchangeRate.objects.all()
    serializer_class = RateSerializer
    filterset_class = RateFilter
    #: Errors of an action that only it answers.
    error_codes = {"convert": ("404",)}

    def create(self, request: Request) -> Response:
        fields = self.checked(RateSerializer).validated_data
        rate = add_row(ExchangeRate, by=self.user, fields={**fields, "source": RateSource.MANUAL})
        return self.answer(rate, code=status.HTTP_201_CREATED)

    def partial_update(self, request: Request, pk: int) -> Response:
        with self.guarded() as rate:
            _refuse_reference(rate)
            fields = self.checked(RateSerializer, rate).validated_data
            return self.answer(change_row(rate, by=self.user, fields=fields))

    def destroy(self, request: Request, pk: int) -> Response:
        with self.guarded() as rate:
            _refuse_reference(rate)
            ledger_id = ledger_id_of(self.user)
            with ledger_write(ledger_id) as version:
                remove_row(rate, ledger_id=ledger_id, version=version)
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(parameters=[ConversionInput], responses=ConversionSerializer)
    @action(detail=False)
    def convert(self, request: Request) -> Response:
        """Convert an amount of money.

        The answer names the rate, its day, source and path. Without a known rate it is 404.
        """
        query = self.checked(ConversionInput, data=request.query_params.dict()).validated_data
        money, to, day = query["money"], query["to"], query["day"]
        ledger_id = ledger_id_of(self.user)
        book = RateBook.load(ledger_id=ledger_id, currencies=[money.currency], to=to, start=day, end=day)
        return Response(ConversionSerializer(book.convert(money, day)).data)


def _refuse_reference(rate: ExchangeRate) -> None:
    if rate.ledger_id is None:
        detail = "A rate of the ECB cannot be changed; add your own for the pair and day, which takes precedence."
        raise PermissionDenied(detail, code="reference_rate")
