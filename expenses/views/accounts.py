"""Accounts over HTTP."""

from typing import Any

from django.db.models import ProtectedError
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.settings import api_settings

from expenses.models import Account, ExchangeRate
from expenses.models.ledgers import ledger_id_of
from expenses.reports.balances import balances_beside, note_other_currencies, rows_of, running_balances, value_accounts
from expenses.serializers.accounts import (
    AccountSerializer,
    BalancesInput,
    BalancesSerializer,
    CurrencyBalanceSerializer,
    RegisterInput,
    RegisterRow,
)
from expenses.serializers.rates import cut_rates
from expenses.services import accounts
from expenses.views.base import Conflict, ListViewSet, RetrieveViewSet, conditional_response

_Pages: Any = api_settings.DEFAULT_PAGINATION_CLASS


class RegisterPages(_Pages):  # type: ignore[misc]
    """Pages of a register, which also name the balances in other currencies."""

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        paginated: dict[str, Any] = super().get_paginated_response_schema(schema)
        names = {"currency": "string", "balance": "string", "n": "integer"}
        item = {"type": "object", "required": list(names), "properties": {n: {"type": t} for n, t in names.items()}}
        paginated["properties"]["other_currencies"] = {"type": "array", "items": item}
        paginated["required"] = [*paginated.get("required", ()), "other_currencies"]
        return paginated


class AccountViewSet(ListViewSet, RetrieveViewSet):
    """Accounts."""

    queryset = Account.objects.all()
    serializer_class = AccountSerializer

    def get_serializer(self, *args: Any, **kwargs: Any) -> Any:
        """Return a serializer of an account or a list of them, with their balances in other currencies."""
        shown = args[0] if kwargs.get("many") else args[:1]
        note_other_currencies(shown)
        return super().get_serializer(*args, **kwargs)

    def retrieve(self, request: Request, pk: int) -> Response:
        """Get an account. The status is never 304, since `other_currencies` change without the account."""
        return self.answer(self.get_object())

    @extend_schema(parameters=[BalancesInput], responses=BalancesSerializer)
    @action(detail=False, pagination_class=None)
    def balances(self, request: Request) -> Response:
        """Get balances of all accounts.

        Each has its worth in your base currency beside it, and there is a total.

        Money in other currencies than the account's is listed apart. Sums leave out what has no rate, and name
        it.
        """
        query = self.checked(BalancesInput, data=request.query_params).validated_data
        on, to = query["date"], query["currency"] or self.user.base_currency
        day = on or self.user.today()

        def make() -> Response:
            ledger_id = ledger_id_of(self.user)
            valuation = value_accounts(self.get_queryset(), to=to, day=day, ledger_id=ledger_id, on=on)
            return Response(cut_rates(BalancesSerializer(valuation).data, request=request))

        return conditional_response(request, make, to, day, ExchangeRate.objects.reference_revision())

    @extend_schema(parameters=[RegisterInput], responses=RegisterRow(many=True))
    @action(detail=True, pagination_class=RegisterPages)
    def register(self, request: Request, pk: int) -> Response:
        """List an account's transactions with balances.

        Each has the balance after it. The newest come first unless you say otherwise. `other_currencies` has the
        balances that are left out, because they are in another currency.
        """
        account = self.get_object()
        query = self.checked(RegisterInput, data=request.query_params).validated_data
        currency = query["currency"] or account.currency

        def make() -> Response:
            rows: Any = rows_of(account, currency=currency)
            rows = rows.filter(date__gte=query["start"]) if query["start"] else rows
            rows = rows.filter(date__lte=query["end"]) if query["end"] else rows
            sign = query["ordering"].removesuffix("date")
            page: Any = self.paginate_queryset(rows.with_related().order_by(f"{sign}date", f"{sign}id"))
            balances = running_balances(account, currency=currency, page=page)
            answer = self.get_paginated_response(RegisterRow(page, many=True, context={"balances": balances}).data)
            beside = balances_beside(account, currency=currency)
            answer.data["other_currencies"] = CurrencyBalanceSerializer(beside, many=True).data
            return answer

        return conditional_response(request, make)

    def create(self, request: Request) -> Response:
        fields = self.checked(AccountSerializer).validated_data
        return self.answer(accounts.open_account(by=self.user, fields=fields), code=status.HTTP_201_CREATED)

    def partial_update(self, request: Request, pk: int) -> Response:
        with self.guarded() as account:
            fields = self.checked(AccountSerializer, account).validated_data
            return self.answer(accounts.edit_account(by=self.user, account=account, fields=fields))

    def destroy(self, request: Request, pk: int) -> Response:
        with self.guarded() as account:
            try:
                accounts.delete_account(by=self.user, account=account)
            except ProtectedError:
                raise Conflict(f"“{account}” has transactions; move or delete them first.", code="in_use") from None
        return Response(status=status.HTTP_204_NO_CONTENT)
