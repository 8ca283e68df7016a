"""How totals are shown, in their own currencies or in one."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rest_framework import serializers

from expenses.ledger.money import format_amount
from expenses.rates.conversion import MissingRate
from expenses.rates.usage import RateUsage
from expenses.reports.totals import ConvertedTotal, ConvertedTotals, Total

#: An answer names as many missing rates, the oldest first, and counts them all.
N_MISSING_SHOWN = 20

Names = Mapping[str, Mapping[int, str]]


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
    n_unconverted = serializers.IntegerField(
        required=False, help_text="With `convert_to`: how many of these the sums lack, since their rate is missing."
    )


class UsedRatesSerializer(serializers.Serializer[Any]):
    """The days and sources of the rates that were taken for a currency."""

    to = serializers.DateField()
    sources = serializers.ListField(child=serializers.ChoiceField(choices=["ecb", "manual"]))

    def get_fields(self) -> dict[str, Any]:
        return {"from": serializers.DateField()} | super().get_fields()


class MissingRateSerializer(serializers.Serializer[Any]):
    """A rate that is not known."""

    base = serializers.CharField()
    quote = serializers.CharField()
    date = serializers.DateField()


class TotalsSerializer(serializers.Serializer[Any]):
    """Totals, sorted by what they are of; what is beside `results` is there with `convert_to`."""

    currency = serializers.CharField(required=False, help_text="What all totals are in.")
    is_complete = serializers.BooleanField(required=False, help_text="False where a rate is missing.")
    results = TotalSerializer(many=True)
    rates = serializers.DictField(
        child=UsedRatesSerializer(), required=False, help_text="By currency, which rates were taken."
    )
    n_missing = serializers.IntegerField(required=False, help_text="How many currencies and days have no rate.")
    missing = MissingRateSerializer(
        many=True, required=False, help_text=f"The oldest {N_MISSING_SHOWN} of these; each can be added to `rates/`."
    )


def describe_totals(by: Sequence[str], totals: Mapping[tuple[Any, ...], Total], names: Names) -> dict[str, Any]:
    """The body of totals by currency. `names`: by id, for what has a name beside its id."""
    return {"results": [_described(by, values, total, names) for values, total in totals.items()]}


def describe_converted_totals(by: Sequence[str], found: ConvertedTotals, names: Names, *, to: str) -> dict[str, Any]:
    """The body of totals in one currency, with the rates they took and those they lack."""
    rates = describe_rates(found.rates)
    first = {"currency": to, "is_complete": rates.pop("is_complete")}
    return {**first, **describe_totals(by, found.totals, names), **rates}


def describe_rates(rates: RateUsage) -> dict[str, Any]:
    """Which rates sums in one currency took, and which they lack."""
    missing = sorted(rates.missing, key=lambda rate: (rate.day, rate.base))
    return {
        "is_complete": not missing,
        "rates": _describe_usage(rates),
        "n_missing": len(missing),
        "missing": [_describe_missing(rate) for rate in missing[:N_MISSING_SHOWN]],
    }


def _describe_usage(rates: RateUsage) -> dict[str, Any]:
    return {
        currency: {"from": used.first, "to": used.last, "sources": sorted(used.sources)}
        for currency, used in sorted(rates.used.items())
    }


def _describe_missing(rate: MissingRate) -> dict[str, Any]:
    return {"base": rate.base, "quote": rate.quote, "date": rate.day}


def _described(by: Sequence[str], values: tuple[Any, ...], total: Total, names: Names) -> dict[str, Any]:
    *_, currency = values
    return {
        **dict(_named(by, values, names)),
        "currency": currency,
        "income": format_amount(total.income, currency),
        "expense": format_amount(total.expense, currency),
        "transfers_in": format_amount(total.transfers_in, currency),
        "transfers_out": format_amount(total.transfers_out, currency),
        "n": total.n,
        **({"n_unconverted": total.n_unconverted} if isinstance(total, ConvertedTotal) else {}),
    }


def _named(by: Sequence[str], values: tuple[Any, ...], names: Names) -> Iterator[tuple[str, Any]]:
    for name, value in zip(by, values, strict=False):
        yield name, value
        if f"{name}_name" in names:
            yield f"{name}_name", names[f"{name}_name"].get(value)
