"""Summaries of a period in one currency: sums by category, payee, tag and account, beside the period before."""

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

from expenses.categorization.catalog import Catalog
from expenses.ledger.money import round_to_minor_units
from expenses.rates.book import RateUsage
from expenses.reports.totals import ConvertedTotal, add_groups, currency_groups, load_book
from insights.calendars import Calendar
from insights.querysets import counted_rows, payee_groups, rows_with_excluded
from insights.reports.periods import Period, buckets_of
from insights.reports.sums import AmountChange, Sums, label_category, rounded_parts, rounded_sums, shares
from insights.reports.timeseries import BucketSums, rows_within, time_series

N_TOP_CATEGORIES = 3
#: The merchants where most was spent; the others are one sum.
N_MERCHANTS = 50


@dataclass(frozen=True, slots=True)
class Spent:
    """A part of what was spent, less refunds, by a category, account, tag or merchant and its label."""

    key: Any
    label: Any
    amount: Decimal
    share: Decimal | None
    n: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherMerchants(Spent):
    """All merchants that are not listed, together."""

    n_merchants: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PeriodSums(Sums):
    """The sums of a period."""

    period: Period


@dataclass(frozen=True, slots=True, kw_only=True)
class PeriodSummary(PeriodSums):
    """The sums of a period as of today. Amounts of a list add up to the expense to the cent, whatever was converted."""

    today: dt.date
    currency: str
    per_day: Sums | None
    #: None for a month and less.
    per_month: Sums | None
    by_category: list[Spent]
    by_merchant: list[Spent]
    other_merchants: OtherMerchants | None
    by_tag: list[Spent]
    by_account: list[Spent]
    previous: PeriodSums
    change: dict[str, AmountChange]
    #: Sums of what budgets leave out; all other sums leave it out, too.
    excluded: Sums
    monthly: list[BucketSums] | None
    rates: dict[str, Any]

    @property
    def n_days_elapsed(self) -> int:
        return self.period.n_days_elapsed(self.today)

    @property
    def is_over(self) -> bool:
        return self.period.end < self.today

    @property
    def top_categories(self) -> list[Spent]:
        return [item for item in self.by_category if item.share is not None][:N_TOP_CATEGORIES]


def summarize(
    *,
    ledger_id: int,
    period: Period,
    calendar: Calendar,
    today: dt.date,
    to: str,
    catalog: Catalog,
    accounts: Mapping[int, str],
    tags: Mapping[int, str],
) -> PeriodSummary:
    """Add the period up in the currency `to`. `accounts` and `tags` are names by id.

    Takes five queries, four without tags; and one for each and two for rates where there are other currencies. A year
    takes one more, for its months.
    """
    every = rows_within(rows_with_excluded(ledger_id), period)
    spending = every.filter(is_excluded_from_budget=False).exclude(kind="income")
    # In the order of the index that answers the query.
    by_category = currency_groups(every, by=("category", "kind", "account", "is_excluded_from_budget"), to=to)
    before = currency_groups(rows_within(counted_rows(ledger_id), period.previous), by=(), to=to)
    by_payee = payee_groups(spending, to=to)
    by_tag = currency_groups(spending, by=("tag",), to=to) if tags else []
    book = load_book([by_category, before, by_payee, by_tag], to=to, ledger_id=ledger_id)
    rates, other_rates = RateUsage(book), RateUsage(book)

    counted, excluded, previous = ConvertedTotal(), ConvertedTotal(), ConvertedTotal()
    of_categories: dict[int | None, ConvertedTotal] = defaultdict(ConvertedTotal)
    of_accounts: dict[int | None, ConvertedTotal] = defaultdict(ConvertedTotal)
    for (category, kind, account, _, _), total in add_groups(
        [group for group in by_category if not group.key[-1]], to=to, rates=rates
    ).items():
        counted += total
        if kind != "income":
            of_categories[category] += total
            of_accounts[account] += total
    for total in add_groups([group for group in by_category if group.key[-1]], to=to, rates=other_rates).values():
        excluded += total
    for total in add_groups(before, to=to, rates=other_rates).values():
        previous += total
    of_merchants, of_tags = (
        {key: total for (key, _), total in add_groups(groups, to=to, rates=rates).items()}
        for groups in (by_payee, by_tag)
    )
    merchants = _spent(of_merchants, to, str)
    months = None
    if period.unit == "year":
        rows, buckets = counted_rows(ledger_id), buckets_of("month", period, calendar) or []
        months = time_series(
            rows, ledger_id=ledger_id, bucket="monthly", period=period, buckets=buckets, calendar=calendar, to=to
        )
    now, then = Sums(**rounded_sums(counted, to)), PeriodSums(period=period.previous, **rounded_sums(previous, to))
    n_days = period.n_days_elapsed(today)
    n_months = calendar.months_between(period.start, min(today, period.end)) if n_days else Fraction(0)
    return PeriodSummary(
        period=period,
        today=today,
        currency=to,
        **rounded_sums(counted, to),
        per_day=Sums(**rounded_sums(counted, to, divided_by=Fraction(n_days))) if n_days else None,
        per_month=Sums(**rounded_sums(counted, to, divided_by=n_months)) if n_months > 1 else None,
        by_category=_spent(of_categories, to, lambda key: label_category(key, catalog)),
        by_merchant=merchants[:N_MERCHANTS],
        other_merchants=_others(merchants[N_MERCHANTS:]),
        by_tag=_spent(of_tags, to, tags.get, is_whole=False),
        by_account=_spent(of_accounts, to, accounts.get),
        previous=then,
        change=_changes(then, now),
        excluded=Sums(**rounded_sums(excluded, to)),
        monthly=months.results if months else None,
        rates=rates.describe(other_rates),
    )


def _spent(
    totals: Mapping[Any, ConvertedTotal], currency: str, label: Callable[[Any], Any], *, is_whole: bool = True
) -> list[Spent]:
    """Sort the totals: the largest first, no category, account or tag last. `is_whole`: nothing counts twice."""
    items = sorted(totals.items(), key=lambda item: (item[0] is None, -item[1].expense, item[0]))
    exact = [total.expense for _, total in items]
    amounts = rounded_parts(exact, currency) if is_whole else [round_to_minor_units(one, currency) for one in exact]
    found = zip(items, amounts, shares(amounts), strict=True)
    return [Spent(key, label(key), amount, share, total.n) for (key, total), amount, share in found]


def _changes(then: Sums, now: Sums) -> dict[str, AmountChange]:
    """Compare two periods; nothing is compared if the first lacks rows that have no rate."""
    names = ("income", "expense", "savings")
    if then.n_unconverted:
        return {name: AmountChange(None, None) for name in names}
    return {name: AmountChange.between(getattr(then, name), getattr(now, name)) for name in names}


def _others(items: list[Spent]) -> OtherMerchants | None:
    if not items:
        return None
    known = [item.share for item in items if item.share is not None]
    return OtherMerchants(
        key=None,
        label=None,
        amount=sum((item.amount for item in items), Decimal(0)),
        share=sum(known, Decimal(0)) if known else None,
        n=sum(item.n for item in items),
        n_merchants=len(items),
    )
