"""Totals in the API, in their own currencies or in one."""

from collections.abc import Mapping, Sequence
from typing import Any

from rest_framework import serializers

from expenses.ledger.money import format_amount
from expenses.rates.book import N_MISSING_SHOWN
from expenses.reports.totals import ConvertedTotal, Total
from expenses.serializers.fields import KeywordNames
from expenses.serializers.rates import NamedRateSerializer


class TotalSerializer(serializers.Serializer[Any]):
    """Sums in one currency; the grouping `by` decides which of the first fields are present."""

    year = serializers.CharField(required=False)
    month = serializers.CharField(required=False, help_text="The month, such as 2026-11.")
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
    expense = serializers.CharField(help_text="Net of refunds, so it may be negative.")
    transfers_in = serializers.CharField(help_text="In neither income nor expense.")
    transfers_out = serializers.CharField()
    n = serializers.IntegerField(help_text="Number of transactions; the parts of a split one count instead of it.")
    n_unconverted = serializers.IntegerField(
        required=False,
        help_text="With `convert_to`: number of transactions that the sums leave out, because a rate is missing.",
    )


class UsedRatesSerializer(KeywordNames):
    """The days and sources of the rates that were used for a currency."""

    from_ = serializers.DateField()
    to = serializers.DateField()
    sources = serializers.ListField(child=serializers.ChoiceField(choices=["ecb", "manual"]))


class MissingRateSerializer(serializers.Serializer[Any]):
    """An exchange rate that is not known."""

    base = serializers.CharField()
    quote = serializers.CharField()
    date = serializers.DateField()


class TotalsSerializer(serializers.Serializer[Any]):
    """Totals in the order of their groups; with `convert_to`, the response also has the other fields."""

    currency = serializers.CharField(required=False, help_text="The currency of all totals.")
    is_complete = serializers.BooleanField(required=False, help_text="False if a rate is missing.")
    results = TotalSerializer(many=True)
    rates = serializers.DictField(
        child=UsedRatesSerializer(), required=False, help_text="The rates that were used, by currency."
    )
    rates_used = NamedRateSerializer(many=True, required=False, help_text="Each of these rates, the newest first.")
    rates_url = serializers.URLField(
        required=False, allow_null=True, help_text="The same totals with all their rates; null if all are listed."
    )
    n_missing = serializers.IntegerField(required=False, help_text="Number of missing rates, by currency and day.")
    missing = MissingRateSerializer(
        many=True, required=False, help_text=f"The oldest {N_MISSING_SHOWN} of these; each can be added to `rates/`."
    )


def describe_totals(
    by: Sequence[str], totals: Mapping[tuple[Any, ...], Total], names: Mapping[str, Mapping[int, str]]
) -> list[dict[str, Any]]:
    """Return the bodies of totals; there may be thousands, so they are made by hand.

    `names` holds the names of categories, accounts or tags by id, under the key of the field.
    """
    bodies = []
    for (*values, currency), total in totals.items():
        body: dict[str, Any] = {}
        for name, value in zip(by, values, strict=True):
            body[name] = value
            if (name_field := f"{name}_name") in names:
                body[name_field] = names[name_field].get(value)
        body |= {
            "currency": currency,
            "income": format_amount(total.income, currency),
            "expense": format_amount(total.expense, currency),
            "transfers_in": format_amount(total.transfers_in, currency),
            "transfers_out": format_amount(total.transfers_out, currency),
            "n": total.n,
        }
        if isinstance(total, ConvertedTotal):
            body["n_unconverted"] = total.n_unconverted
        bodies.append(body)
    return bodies
