"""The view of totals."""

from collections.abc import Sequence
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from expenses.models import Account, ExchangeRate, Tag, Transaction
from expenses.models.ledgers import ledger_id_of
from expenses.reports.totals import add_up, convert_totals
from expenses.serializers.fields import CurrencyField
from expenses.serializers.filters import BY, TotalsFilter
from expenses.serializers.rates import cut_rates
from expenses.serializers.totals import TotalsSerializer, describe_totals
from expenses.views.base import LedgerViewSet, conditional_response


class TotalsView(LedgerViewSet):
    """Sums of income, expenses and transfers."""

    queryset = Transaction.objects.all()
    serializer_class = TotalsSerializer
    filterset_class = TotalsFilter
    pagination_class = None

    @extend_schema(operation_id="transactions_totals", filters=True, responses=TotalsSerializer)
    def totals(self, request: Request) -> Response:
        """Sum up transactions.

        Sums are by month, category, account and more; all filters of the list work here, too.

        With `convert_to` all sums are in one currency, each row at the rate of its own day. The sums leave out
        what has no rate, and name it.
        """
        parts = (name.strip() for name in request.query_params.get("by", "").split(","))
        by, to = list(dict.fromkeys(name for name in parts if name)), self._target()
        if unknown := [name for name in by if name not in BY]:
            detail = f"There are no totals by “{unknown[0]}”; give some of {', '.join(BY)}."
            raise serializers.ValidationError({"by": detail}, code="invalid")
        if to is None:
            by = [name for name in by if name != "currency"]  # always the last

            def make() -> Response:
                totals = add_up(self.filter_queryset(self.get_queryset()), by=by)
                return Response({"results": describe_totals(by, totals, self._names(by))})

            return conditional_response(request, make)
        if "currency" in by:
            detail = "With `convert_to` all totals are in one currency; leave `currency` out of `by`."
            raise serializers.ValidationError({"by": detail}, code="invalid")

        def make_converted() -> Response:
            rows = self.filter_queryset(self.get_queryset())
            totals, used = convert_totals(rows, by=by, to=to, ledger_id=ledger_id_of(self.user))
            rates, results = used.describe(), describe_totals(by, totals, self._names(by))
            body = {"currency": to, "is_complete": rates.pop("is_complete"), "results": results, **rates}
            return Response(cut_rates(body, request=request))

        return conditional_response(request, make_converted, to, ExchangeRate.objects.reference_revision())

    def _target(self) -> str | None:
        """Return the currency to convert into, if any."""
        currency = self.request.query_params.get("convert_to")
        if currency is None:
            return None
        if currency.strip().casefold() == "base":
            return self.user.base_currency
        try:
            return str(CurrencyField().run_validation(currency))
        except serializers.ValidationError as error:
            raise serializers.ValidationError({"convert_to": error.detail}) from None

    def _names(self, by: Sequence[str]) -> dict[str, dict[int, str]]:
        """Return the names of what the totals are grouped by, by field and id."""
        names = {}
        if "category" in by:
            names["category_name"] = {pk: c.display_name for pk, c in self.catalog.categories.items()}
        for name, model in (("account", Account), ("tag", Tag)):
            if name in by:
                rows: Any = model.objects.for_user(self.user)
                names[f"{name}_name"] = dict(rows.values_list("pk", "name"))
        return names
