"""How a summary is shown."""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

from rest_framework import serializers

from expenses.categorization.catalog import Catalog
from expenses.ledger.money import format_amount
from expenses.reports.totals import ConvertedTotal
from expenses.serializers.totals import describe_rates
from insights.calendars import Calendar
from insights.reports.bodies import (
    CategorySerializer,
    RatesSerializer,
    ReportPeriodSerializer,
    SumsSerializer,
    describe_category,
    describe_change,
    describe_period,
    describe_sums,
    describe_total,
    rounded_parts,
    text_of,
)
from insights.reports.periods import Period
from insights.reports.shares import percent, shares
from insights.reports.summaries import Summarized, Summary, Totals
from insights.reports.timeseries import TimeSeries
from insights.reports.timeseries_bodies import BucketSerializer, describe_buckets

N_TOP_CATEGORIES = 3
#: What else was spent is one sum.
N_MERCHANTS = 50
#: Averages of months are of more than one.
ONE_MONTH = Fraction(1)


class SpentSerializer(serializers.Serializer[Any]):
    """What was spent, less what was refunded."""

    amount = serializers.CharField()
    share = serializers.CharField(
        allow_null=True, help_text="In percent of what the list's amounts above 0 come to; null of 0 and less."
    )
    n = serializers.IntegerField(help_text="How many transactions; the parts of a split one count instead of it.")


class SpentByCategorySerializer(CategorySerializer, SpentSerializer):
    """The same in a category."""


class SpentByAccountSerializer(SpentSerializer):
    """The same from an account; null for what lies in none."""

    account = serializers.IntegerField(allow_null=True)
    account_name = serializers.CharField(allow_null=True)


class SpentByTagSerializer(SpentSerializer):
    """The same under a tag; null for what has none. A transaction is in the sum of each of its tags."""

    tag = serializers.IntegerField(allow_null=True)
    tag_name = serializers.CharField(allow_null=True)


class SpentByMerchantSerializer(SpentSerializer):
    """The same at a merchant, or at whom the text is of; empty for what has neither."""

    merchant = serializers.CharField(allow_blank=True)


class OtherMerchantsSerializer(SpentSerializer):
    """What all the others come to."""

    n_merchants = serializers.IntegerField()


class AveragesSerializer(serializers.Serializer[Any]):
    """Sums divided by the days and months of the period that have begun."""

    per_day = SumsSerializer(allow_null=True)
    per_month = SumsSerializer(allow_null=True, help_text="Null for a month and less.")


class PreviousSerializer(SumsSerializer):
    """The whole period before."""

    name = serializers.CharField()
    start = serializers.DateField()
    end = serializers.DateField()
    savings_rate = serializers.CharField(allow_null=True)
    n = serializers.IntegerField()
    n_unconverted = serializers.IntegerField()


class AmountChangeSerializer(serializers.Serializer[Any]):
    """Absolute, and in percent: null where there was nothing or less before. Both where a rate of before is missing."""

    amount = serializers.CharField(allow_null=True)
    percent = serializers.CharField(allow_null=True)


class SummaryChangesSerializer(serializers.Serializer[Any]):
    """Since the period before."""

    income = AmountChangeSerializer()
    expense = AmountChangeSerializer()
    savings = AmountChangeSerializer()


class ExcludedSerializer(serializers.Serializer[Any]):
    """What budgets leave out, and every sum here, too."""

    n = serializers.IntegerField()
    income = serializers.CharField()
    expense = serializers.CharField()
    n_unconverted = serializers.IntegerField(help_text="How many have no rate and are in neither sum.")


class SummarySerializer(SumsSerializer, RatesSerializer):
    """A period in one currency."""

    period = ReportPeriodSerializer()
    currency = serializers.CharField()
    savings_rate = serializers.CharField(allow_null=True, help_text="In percent of the income; null without one.")
    n = serializers.IntegerField()
    averages = AveragesSerializer()
    top_categories = SpentByCategorySerializer(many=True)
    by_category = SpentByCategorySerializer(many=True)
    by_merchant = SpentByMerchantSerializer(many=True, help_text=f"The {N_MERCHANTS} where most was spent.")
    other_merchants = OtherMerchantsSerializer(allow_null=True)
    by_tag = SpentByTagSerializer(many=True, help_text="Empty where the ledger has no tags.")
    by_account = SpentByAccountSerializer(many=True)
    previous = PreviousSerializer()
    change = SummaryChangesSerializer()
    excluded = ExcludedSerializer()
    monthly = BucketSerializer(many=True, required=False, help_text="The 12 months of a year.")


@dataclass(frozen=True, slots=True)
class Names:
    """What the things that a summary is by are called."""

    catalog: Catalog
    accounts: Mapping[int, str]
    tags: Mapping[int, str]


def describe_summary(
    found: Summarized,
    names: Names,
    *,
    period: Period,
    calendar: Calendar,
    today: dt.date,
    monthly: TimeSeries | None,
) -> dict[str, Any]:
    """The body; amounts of a list add up to the expense to the cent, whatever was converted."""
    summary, currency = found.summary, found.summary.currency
    by_category = _listed(summary.by_category, currency, lambda key: describe_category(key, names.catalog))
    by_merchant, others = _merchants(summary.by_merchant, currency)
    rates = describe_rates(found.rates)
    return {
        "period": describe_period(period, today=today),
        "currency": currency,
        **_described(summary.whole, currency),
        "is_complete": rates.pop("is_complete"),
        "averages": _averages(summary.whole, period, calendar, today=today, currency=currency),
        "top_categories": [item for item in by_category if item["share"] is not None][:N_TOP_CATEGORIES],
        "by_category": by_category,
        "by_merchant": by_merchant,
        "other_merchants": others,
        "by_tag": _listed(summary.by_tag, currency, _named("tag", names.tags), is_whole=False),
        "by_account": _listed(summary.by_account, currency, _named("account", names.accounts)),
        "previous": _previous(period.previous, summary.previous, currency),
        "change": _changes(summary),
        "excluded": _excluded(summary.excluded, currency),
        **rates,
        **({} if monthly is None else {"monthly": describe_buckets(monthly, "month")}),
    }


def _described(total: ConvertedTotal, currency: str) -> dict[str, Any]:
    sums = describe_total(total, currency)
    rate = percent(Decimal(sums["savings"]), Decimal(sums["income"]))
    return {**sums, "savings_rate": text_of(rate), "n": total.n, "n_unconverted": total.n_unconverted}


def _averages(total: ConvertedTotal, period: Period, calendar: Calendar, *, today: dt.date, currency: str) -> Any:
    n_days = period.n_days_elapsed(today)
    months = calendar.months_between(period.start, min(today, period.end)) if n_days else Fraction(0)
    return {
        "per_day": _divided(total, Fraction(n_days), currency) if n_days else None,
        "per_month": _divided(total, months, currency) if months > ONE_MONTH else None,
    }


def _divided(total: ConvertedTotal, by: Fraction, currency: str) -> dict[str, str]:
    income, expense = (amount * by.denominator / by.numerator for amount in (total.income, total.expense))
    return describe_sums(income, expense, currency)


def _listed(
    totals: Totals, currency: str, describe: Callable[[Any], dict[str, Any]], *, is_whole: bool = True
) -> list[dict[str, Any]]:
    """The largest first, and what has no category, account or tag last. `is_whole`: nothing is in it twice."""
    items = sorted(totals.items(), key=lambda item: (item[0] is None, -item[1].expense, item[0]))
    exact = [total.expense for _, total in items]
    amounts = rounded_parts(exact, currency) if is_whole else [Decimal(format_amount(a, currency)) for a in exact]
    found = zip(items, amounts, shares(amounts), strict=True)
    return [{**describe(key), **_spent(amount, share, total.n)} for (key, total), amount, share in found]


def _spent(amount: Decimal, share: Decimal | None, n: int) -> dict[str, Any]:
    return {"amount": f"{amount:f}", "share": text_of(share), "n": n}


def _named(what: str, names: Mapping[int, str]) -> Callable[[Any], dict[str, Any]]:
    return lambda key: {what: key, f"{what}_name": names.get(key)}


def _merchants(totals: Totals, currency: str) -> tuple[list[dict[str, Any]], dict[str, Any] | None]:
    """Those where most was spent, and what the others come to."""
    items = _listed(totals, currency, lambda key: {"merchant": key})
    shown, rest = items[:N_MERCHANTS], items[N_MERCHANTS:]
    return shown, _together(rest) if rest else None


def _together(items: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    amount = sum((Decimal(item["amount"]) for item in items), Decimal(0))
    known = [Decimal(item["share"]) for item in items if item["share"] is not None]
    share = sum(known, Decimal(0)) if known else None
    return {"n_merchants": len(items), **_spent(amount, share, sum(item["n"] for item in items))}


def _previous(period: Period, total: ConvertedTotal, currency: str) -> dict[str, Any]:
    return {"name": period.name, "start": period.start, "end": period.end, **_described(total, currency)}


def _changes(summary: Summary) -> dict[str, Any]:
    """Nothing is compared with a period of which rows are left out."""
    new, old = (describe_total(total, summary.currency) for total in (summary.whole, summary.previous))
    if summary.previous.n_unconverted:
        return {name: {"amount": None, "percent": None} for name in new}
    return {name: describe_change(Decimal(new[name]), Decimal(old[name]), summary.currency) for name in new}


def _excluded(total: ConvertedTotal, currency: str) -> dict[str, Any]:
    sums = describe_total(total, currency)
    return {"n": total.n, "income": sums["income"], "expense": sums["expense"], "n_unconverted": total.n_unconverted}
