"""Totals over HTTP."""

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
from expenses.serializers.filters import BY, TotalsFilter, TransactionFilter
from expenses.serializers.totals import TotalsSerializer, describe_converted_totals, describe_totals
from expenses.views.base import LedgerViewSet, conditional_response

#: What `convert_to` calls the base currency of whoever asks.
OWN_CURRENCY = "base"


# Filters that no class body could name are not inherited.
TotalsFilter.base_filters["import"] = TransactionFilter.base_filters["import"]


class TotalsView(LedgerViewSet):
    """What came in and went out."""

    queryset = Transaction.objects.all()
    serializer_class = TotalsSerializer
    filterset_class = TotalsFilter
    pagination_class = None

    @extend_schema(operation_id="transactions_totals", filters=True, responses=TotalsSerializer)
    def totals(self, request: Request) -> Response:
        """Sums by month, category, account and more; all filters of the list of transactions work here, too.

        With `convert_to` all sums are in one currency, each row at the rate of its own day; what has no rate is in no
        sum, and named.
        """
        by, to = _wanted(request.query_params.get("by", "")), self._target()
        if to is None:
            return conditional_response(request, lambda: Response(self._totals(by)))
        if "currency" in by:
            detail = "With `convert_to` all totals are in one currency; leave `currency` out of `by`."
            raise serializers.ValidationError({"by": detail}, code="invalid")
        revision = ExchangeRate.objects.reference_revision()
        return conditional_response(request, lambda: Response(self._converted(by, to)), to, revision)

    def _target(self) -> str | None:
        asked = self.request.query_params.get("convert_to")
        if asked is None:
            return None
        if asked.strip().casefold() == OWN_CURRENCY:
            return self.user.base_currency
        try:
            return str(CurrencyField().run_validation(asked))
        except serializers.ValidationError as error:
            raise serializers.ValidationError({"convert_to": error.detail}) from None

    def _totals(self, by: Sequence[str]) -> dict[str, Any]:
        by = [name for name in by if name != "currency"]  # it always is the last
        totals = add_up(self.filter_queryset(self.get_queryset()), by=by)
        return describe_totals(by, totals, self._all_names(by))

    def _converted(self, by: Sequence[str], to: str) -> dict[str, Any]:
        rows = self.filter_queryset(self.get_queryset())
        found = convert_totals(rows, by=by, to=to, ledger_id=ledger_id_of(self.user))
        return describe_converted_totals(by, found, self._all_names(by), to=to)

    def _all_names(self, by: Sequence[str]) -> dict[str, dict[int, str]]:
        return {f"{name}_name": self._names(name) for name in by if name in {"category", "account", "tag"}}

    def _names(self, what: str) -> dict[int, str]:
        if what == "category":
            return {pk: category.display_name for pk, category in self.catalog.categories.items()}
        table: Any = {"account": Account, "tag": Tag}[what]
        return dict(table.objects.for_user(self.user).values_list("pk", "name"))


def _wanted(text: str) -> list[str]:
    by = list(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
    if unknown := [name for name in by if name not in BY]:
        detail = f"There are no totals by “{unknown[0]}”; give some of {', '.join(BY)}."
        raise serializers.ValidationError({"by": detail}, code="invalid")
    return by
