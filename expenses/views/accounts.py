"""Accounts over HTTP."""

from typing import Any

from django.db.models import ProtectedError, QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from expenses.ledger.dates import today_of
from expenses.models import Account, ExchangeRate
from expenses.models.ledgers import ledger_id_of
from expenses.reports.balances import balances_of, rows_of, value_balances
from expenses.serializers.accounts import (
    AccountSerializer,
    BalancesInput,
    BalancesSerializer,
    RegisterInput,
    RegisterRow,
    describe_balances,
    describe_register,
)
from expenses.services import accounts
from expenses.views.base import Conflict, ListViewSet, RetrieveViewSet, conditional_response


class AccountViewSet(ListViewSet, RetrieveViewSet):
    """Accounts."""

    queryset = Account.objects.all()
    serializer_class = AccountSerializer

    @extend_schema(parameters=[BalancesInput], responses=BalancesSerializer)
    @action(detail=False, pagination_class=None)
    def balances(self, request: Request) -> Response:
        """What lies in each account, exactly, and what that is worth in your base currency, alone and together.

        Money in other currencies than the account's is told apart. What has no rate is in no sum, and said.
        """
        asked = _asked(BalancesInput, request)
        on, to = asked["date"], asked["currency"] or self.user.base_currency
        day = on or today_of(self.user)

        def make() -> Response:
            balances = balances_of(self.get_queryset(), on=on)
            valuation = value_balances(balances, to=to, day=day, ledger_id=ledger_id_of(self.user))
            return Response(describe_balances(balances, valuation, on=on))

        return conditional_response(request, make, to, day, ExchangeRate.objects.reference_revision())

    @extend_schema(parameters=[RegisterInput], responses=RegisterRow(many=True))
    @action(detail=True)
    def register(self, request: Request, pk: int) -> Response:
        """Every row of an account with the balance after it, the newest first unless you say otherwise."""
        account, asked = self.get_object(), _asked(RegisterInput, request)
        currency = asked["currency"] or account.currency

        def make() -> Response:
            page = self.paginate_queryset(_register(account, currency, asked))
            return self.get_paginated_response(describe_register(account, currency=currency, page=page or []))

        return conditional_response(request, make)

    def create(self, request: Request) -> Response:
        body = self.get_serializer(data=request.data)
        body.is_valid(raise_exception=True)
        account = accounts.open_account(by=self.user, fields=body.validated_data)
        return self.answer(account, code=status.HTTP_201_CREATED)

    def partial_update(self, request: Request, pk: int) -> Response:
        with self.guarded() as account:
            body = self.get_serializer(account, data=request.data, partial=True)
            body.is_valid(raise_exception=True)
            return self.answer(accounts.edit_account(by=self.user, account=account, fields=body.validated_data))

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, pk: int) -> Response:
        with self.guarded() as account:
            try:
                accounts.delete_account(by=self.user, account=account)
            except ProtectedError:
                raise Conflict(f"Transactions lie in “{account}”; move or delete them first.", code="in_use") from None
        return Response(status=status.HTTP_204_NO_CONTENT)


def _asked(serializer: type[serializers.Serializer[Any]], request: Request) -> dict[str, Any]:
    body = serializer(data=request.query_params)
    body.is_valid(raise_exception=True)
    asked: dict[str, Any] = body.validated_data
    return asked


def _register(account: Account, currency: str, asked: dict[str, Any]) -> QuerySet[Any]:
    rows: Any = rows_of(account, currency=currency)
    rows = rows.filter(date__gte=asked["start"]) if asked["start"] else rows
    rows = rows.filter(date__lte=asked["end"]) if asked["end"] else rows
    sign = asked["ordering"].removesuffix("date")
    ordered: QuerySet[Any] = rows.with_related().order_by(f"{sign}date", f"{sign}id")
    return ordered
