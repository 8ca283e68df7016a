"""Tools of single payments: the largest ones, and a search."""

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from heapq import nlargest
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlencode

from django.db.models import Max, Min
from django.http import QueryDict
from rest_framework import serializers

from accounts.strict_serializer import StrictSerializer
from expenses.ledger.money import format_amount
from expenses.models import Transaction
from expenses.rates.book import RateBook, RateUsage
from expenses.reports.totals import ConvertedTotal, convert_totals
from expenses.serializers.filters import TransactionFilter
from insights.querysets import counted_rows, is_person
from insights.reports.timeseries import rows_within
from insights.serializers.parameters import PeriodQuery
from insights.tools.addresses import SPENDING, counted_address, period_body, row_address, rows_address, same_filters
from insights.tools.base import Asker, Figure, Tool, ToolAnswer
from insights.tools.sums import MOST_LISTED, NARROW, CountedRowsInput, merchant_figures, summarize_for, without_rate

MOST_FOUND = 20
#: Rows in other currencies that are in memory at a time.
READ_AT_ONCE = 2000


class TopInput(CountedRowsInput, PeriodQuery, StrictSerializer):
    """The kind of answer, and its period."""

    of = serializers.ChoiceField(choices=["payments", "merchants", "categories"], default="payments")
    order = serializers.ChoiceField(choices=["largest", "smallest"], default="largest", help_text="Of payments only.")
    kind = serializers.ChoiceField(choices=["expense", "income", "refund"], default="expense", help_text="Of payments.")
    limit = serializers.IntegerField(min_value=1, max_value=MOST_LISTED, default=5)


class SearchInput(CountedRowsInput, PeriodQuery, StrictSerializer):
    """Conditions of the rows to find. All must hold."""

    text = serializers.CharField(
        max_length=200, required=False, help_text="Every word occurs in description, merchant or notes."
    )
    min_amount = serializers.DecimalField(max_digits=13, decimal_places=4, required=False)
    max_amount = serializers.DecimalField(max_digits=13, decimal_places=4, required=False)
    kind = serializers.ChoiceField(choices=["expense", "income", "refund", "transfer"], required=False)
    order = serializers.ChoiceField(choices=["newest", "oldest"], default="newest")
    limit = serializers.IntegerField(min_value=1, max_value=MOST_FOUND, default=5)


def row_body(row: Transaction) -> dict[str, Any]:
    """Return a row in short, in its own currency."""
    return {
        "id": row.pk,
        "date": row.date.isoformat(),
        "kind": row.kind,
        "description": row.description,
        "merchant": row.merchant,
        "amount": format_amount(row.amount, row.currency),
        "currency": row.currency,
        "category_name": row.category.display_name if row.category else None,
        "is_person": is_person(row),
    }


def find_largest(asker: Asker, query: Any) -> ToolAnswer:
    """Return the largest payments of a period, or the merchants or categories where most was spent."""
    given = query.validated_data
    period = query.read_period(asker.calendar, today=asker.today)
    if given["of"] == "payments":
        return _largest_payments(asker, query)
    if narrowed := [name for name in NARROW if name in given]:
        detail = f"Only payments can be narrowed; leave out {', '.join(narrowed)}, or ask for `payments`."
        raise serializers.ValidationError({"of": detail}, code="contradictory")
    summary = summarize_for(asker, period)
    if given["of"] == "merchants":
        figures = merchant_figures(
            asker, period, [one for one in summary.by_merchant if one.amount > 0][: given["limit"]]
        )
    else:
        figures = []
        for one in [one for one in summary.by_category if one.key and one.amount > 0][: given["limit"]]:
            filters = {"category": one.key, "subcategories": "false"}
            address = counted_address(period, SPENDING, **filters)
            figures.append(_amount(asker, one.label.category_name, one.amount, address, "category"))
    body = period_body(period) | {"is_over": period.end < asker.today}
    return ToolAnswer(tuple(figures), body=body).with_remarks(without_rate(summary.n_unconverted))


def _amount(asker: Asker, label: str, amount: Decimal, address: str, key: str) -> Figure:
    return Figure(label, format_amount(amount, asker.currency), asker.currency, address, key)


def _largest_payments(asker: Asker, query: Any) -> ToolAnswer:
    """Return single payments by their amount in the base currency, each at the rate of its day."""
    given = query.validated_data
    period = query.read_period(asker.calendar, today=asker.today)
    sign = 1 if given["order"] == "largest" else -1
    rows = query.narrow(counted_rows(asker.ledger_id), user=asker.user, catalog=asker.catalog)
    rows = rows_within(rows, period).filter(kind=given["kind"]).distinct()
    own = rows.filter(currency=asker.currency).order_by("-amount" if sign > 0 else "amount", "-date", "-pk")
    first = own.values_list("pk", "amount", "date")[: given["limit"]]
    foreign = rows.exclude(currency=asker.currency).order_by()
    spans = list(foreign.values_list("currency").annotate(first=Min("date"), last=Max("date")))
    n_unconverted = 0

    def ranked() -> Iterator[tuple[Decimal, dt.date, int]]:
        nonlocal n_unconverted
        yield from ((sign * amount, day, pk) for pk, amount, day in first)
        if not spans:
            return
        book = RateBook.load(
            ledger_id=asker.ledger_id,
            currencies={currency for currency, *_ in spans},
            to=asker.currency,
            start=min(start for _, start, _ in spans),
            end=max(end for *_, end in spans),
        )
        rates = RateUsage(book)
        for pk, amount, currency, day in foreign.values_list("pk", "amount", "currency", "date").iterator(READ_AT_ONCE):
            converted = rates.exact(amount, currency, day)
            n_unconverted += converted is None
            if converted is not None:
                yield sign * converted, day, pk

    found = nlargest(given["limit"], ranked())  # in memory are no more than these
    by_id = Transaction.objects.for_user(asker.user).select_related("category").in_bulk([pk for *_, pk in found])
    figures = tuple(
        replace(
            _amount(asker, f"{name_row(by_id[pk])}, {day}", sign * amount, row_address(pk), "payment"),
            is_person=is_person(by_id[pk]),
            name=name_row(by_id[pk]),
            day=day,
        )
        for amount, day, pk in found
    )
    body = period_body(period) | {"is_over": period.end < asker.today}
    return ToolAnswer(figures, tuple(row_body(by_id[pk]) for *_, pk in found), body=body).with_remarks(
        without_rate(n_unconverted)
    )


def name_row(row: Transaction) -> str:
    """Return the name of a row's merchant, else its description."""
    return row.merchant or row.description


def search_rows(asker: Asker, query: Any) -> ToolAnswer:
    """Return rows of the list of transactions, and the number and sums of all that match.

    The sums are those of `transactions/totals/` in the base currency, so budgets' exclusions count.
    """
    given: Mapping[str, Any] = query.validated_data
    query.narrow(Transaction.objects.none(), user=asker.user, catalog=asker.catalog)  # refuses unknown names
    narrowing = same_filters(given, asker=asker)
    if narrowing is None:
        raise serializers.ValidationError({"category": "Give one category."}, code="invalid")
    filters: dict[str, Any] = {"is_split": "false", **narrowing}
    own_names = {"text": "search", "kind": "kind", "min_amount": "min_amount", "max_amount": "max_amount"}
    filters |= {other: str(given[name]) for name, other in own_names.items() if name in given}
    body: dict[str, Any] = {}
    if given.keys() & {"period", "date", "start", "end"}:
        period = query.read_period(asker.calendar, today=asker.today)
        filters |= {"start_date": period.start.isoformat(), "end_date": period.end.isoformat()}
        body = period_body(period)
    rows = _filtered(asker, filters)
    totals, _ = convert_totals(rows.order_by(), by=(), to=asker.currency, ledger_id=asker.ledger_id)
    total = next(iter(totals.values()), ConvertedTotal())
    order = ("-date", "-pk") if given["order"] == "newest" else ("date", "pk")
    found = list(rows.order_by(*order).select_related("category")[: given["limit"]])
    address = rows_address(filters)
    figures = [Figure("Transactions", str(total.n), None, address, "n")]
    if given.get("kind") == "refund":
        figures.append(_amount(asker, "Refunds", -total.expense, address, "refund"))
    spending = ("expense", "Spending", SPENDING, total.expense)
    if total.expense < 0 and "kind" not in given:
        has_spending = rows.filter(kind="expense").exists()
        key, label = ("net_refund", "Refunds less spending") if has_spending else ("refund", "Refunds")
        spending = (key, label, SPENDING, -total.expense)
    for key, label, kinds, amount in (spending, ("income", "Income", ("income",), total.income)):
        if given.get("kind") in {None, *kinds} and (amount or key == "expense"):
            figures.append(
                _amount(asker, label, amount, rows_address({**filters, "kind": given.get("kind", kinds)}), key)
            )
    if found:
        key, label = ("last_on", "Last") if given["order"] == "newest" else ("first_on", "First")
        figures.append(Figure(label, found[0].date.isoformat(), None, row_address(found[0].pk), key))
    return ToolAnswer(tuple(figures), tuple(row_body(row) for row in found), body=body).with_remarks(
        without_rate(total.n_unconverted)
    )


def _filtered(asker: Asker, filters: Mapping[str, Any]) -> Any:
    """Return the rows of the list of transactions with these filters. Raises ValidationError."""
    request = SimpleNamespace(user=asker.user)
    query = QueryDict(urlencode(dict(filters), doseq=True))
    found = TransactionFilter(query, queryset=Transaction.objects.for_user(asker.user), request=request)
    if not found.is_valid():
        raise serializers.ValidationError(found.errors)
    return found.qs


TOP = Tool(
    "top",
    "The largest or smallest payments of a period, or the merchants or categories where most was spent.",
    TopInput,
    find_largest,
)
SEARCH = Tool(
    "search",
    "Finds transactions by text, category, merchant, account, tag, amount and days; with the number and sum of all.",
    SearchInput,
    search_rows,
)
