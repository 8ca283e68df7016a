"""Totals over HTTP."""

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Any

from django.db.models import DateField, Value
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from expenses.api import LedgerViewSet, unless_known
from expenses.filters import TransactionFilter
from expenses.models import Account, Tag, Transaction
from expenses.money import format_amount
from expenses.months import Month, Unindexed
from expenses.querysets import TransactionQuerySet
from expenses.totals import COLUMNS, Total, add_up

BY = [*COLUMNS, "currency"]
BY_HELP = f"What totals are of, with commas between: {', '.join(BY)}. They always are of one currency."


class TotalsFilter(TransactionFilter):
    """The filters of the list. Periods are looked up by month, as the index of totals has them."""

    start_date = filters.DateFilter(method="since")
    end_date = filters.DateFilter(method="until")
    by = filters.CharFilter(method="all_of_them", help_text=BY_HELP)
    ordering = None

    @property
    def qs(self) -> Any:
        return super().qs.order_by()

    def since(self, rows: TransactionQuerySet, name: str, value: dt.date) -> TransactionQuerySet:
        return _by_month(rows, "gte", value)

    def until(self, rows: TransactionQuerySet, name: str, value: dt.date) -> TransactionQuerySet:
        return _by_month(rows, "lte", value)

    def between(self, rows: TransactionQuerySet, start: dt.date, end: dt.date) -> TransactionQuerySet:
        return self.until(self.since(rows, "", start), "", end)

    def all_of_them(self, rows: TransactionQuerySet, name: str, value: str) -> TransactionQuerySet:
        """How rows are grouped narrows nothing."""
        return rows


# Filters that no class body could name are not inherited.
TotalsFilter.base_filters["import"] = TransactionFilter.base_filters["import"]


def _by_month(rows: TransactionQuerySet, comparison: str, day: dt.date) -> TransactionQuerySet:
    value = Value(day, DateField())
    found: TransactionQuerySet = rows.alias(on=Unindexed("date"), within=Month("date")).filter(
        **{f"on__{comparison}": value, f"within__{comparison}": Month(value)}
    )
    return found


class TotalSerializer(serializers.Serializer[Any]):
    """Sums of what `by` names, in one currency; `by` decides which of the first fields are there."""

    year = serializers.CharField(required=False)
    month = serializers.CharField(required=False, help_text="As 2026-11.")
    category = serializers.IntegerField(required=False, allow_null=True)
    category_name = serializers.CharField(required=False, allow_null=True)
    account = serializers.IntegerField(required=False, allow_null=True)
    account_name = serializers.CharField(required=False, allow_null=True)
    kind = serializers.ChoiceField(choices=["expense", "income", "refund", "transfer"], required=False)
    merchant = serializers.CharField(required=False)
    tag = serializers.IntegerField(required=False, allow_null=True)
    tag_name = serializers.CharField(required=False, allow_null=True)
    currency = serializers.CharField()
    income = serializers.CharField()
    expense = serializers.CharField(help_text="Less what was refunded, so it may be negative.")
    transfers_in = serializers.CharField(help_text="In neither income nor expense.")
    transfers_out = serializers.CharField()
    n = serializers.IntegerField(help_text="How many transactions; the parts of a split one count instead of it.")


class TotalsSerializer(serializers.Serializer[Any]):
    """Totals, sorted by what they are of."""

    results = TotalSerializer(many=True)


class TotalsView(LedgerViewSet):
    """What came in and went out."""

    queryset = Transaction.objects.all()
    serializer_class = TotalsSerializer
    filterset_class = TotalsFilter
    pagination_class = None

    @extend_schema(operation_id="transactions_totals", filters=True, responses=TotalsSerializer)
    def totals(self, request: Request) -> Response:
        """Sums by month, category, account and more; all filters of the list of transactions work here, too."""
        by = _wanted(request.query_params.get("by", ""))
        return unless_known(request, lambda: Response(self._totals(by)))

    def _totals(self, by: Sequence[str]) -> dict[str, Any]:
        totals = add_up(self.filter_queryset(self.get_queryset()), by=by)
        names = {f"{name}_name": self._names(name) for name in by if name in {"category", "account", "tag"}}
        return {"results": [_described(by, values, total, names) for values, total in totals.items()]}

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
    return [name for name in by if name != "currency"]


def _described(
    by: Sequence[str], values: tuple[Any, ...], total: Total, names: dict[str, dict[int, str]]
) -> dict[str, Any]:
    *_, currency = values
    return {
        **dict(_named(by, values, names)),
        "currency": currency,
        "income": format_amount(total.income, currency),
        "expense": format_amount(total.expense, currency),
        "transfers_in": format_amount(total.transfers_in, currency),
        "transfers_out": format_amount(total.transfers_out, currency),
        "n": total.n,
    }


def _named(by: Sequence[str], values: tuple[Any, ...], names: dict[str, dict[int, str]]) -> Iterator[tuple[str, Any]]:
    for name, value in zip(by, values, strict=False):
        yield name, value
        if f"{name}_name" in names:
            yield f"{name}_name", names[f"{name}_name"].get(value)
