"""What a period came to, added up by the database in one currency."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from expenses.ledger.dates import since, until
from expenses.querysets import TransactionQuerySet
from expenses.rates.usage import RateUsage
from expenses.reports.totals import ConvertedTotal, CurrencyGroup, add_groups, group_rows, load_book
from insights.querysets import counted_rows, payee_groups, rows_with_excluded
from insights.reports.periods import Period

#: What the first query is by, in the order of the index that answers it.
BY = ("category", "kind", "account", "is_excluded_from_budget")

Totals = Mapping[Any, ConvertedTotal]


@dataclass(slots=True)
class Summary:
    """Sums of a period in one currency. Lists are of what was spent, less what was refunded."""

    currency: str
    whole: ConvertedTotal = field(default_factory=ConvertedTotal)
    #: What budgets leave out; in nothing else here.
    excluded: ConvertedTotal = field(default_factory=ConvertedTotal)
    previous: ConvertedTotal = field(default_factory=ConvertedTotal)
    by_category: Totals = field(default_factory=dict)
    by_account: Totals = field(default_factory=dict)
    by_merchant: Totals = field(default_factory=dict)
    by_tag: Totals = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Summarized:
    """A summary, and the rates that its period took and lacks."""

    summary: Summary
    rates: RateUsage


def rows_within(rows: TransactionQuerySet, period: Period) -> TransactionQuerySet:
    """Those of the period, looked up by month."""
    return until(since(rows, period.start), period.end)


def summarize(*, ledger_id: int, period: Period, to: str, has_tags: bool) -> Summarized:
    """Five queries, four without tags; and one for each and two for rates where there are other currencies."""
    every = rows_within(rows_with_excluded(ledger_id), period)
    spending = every.filter(is_excluded_from_budget=False).exclude(kind="income")
    lists = [
        group_rows(every, by=BY, to=to),
        group_rows(rows_within(counted_rows(ledger_id), period.previous), by=(), to=to),
        payee_groups(spending, to=to),
        group_rows(spending, by=("tag",), to=to) if has_tags else [],
    ]
    book = load_book(lists, to=to, ledger_id=ledger_id)
    rates, found = RateUsage(book), Summary(to)
    _add_up(found, [group for group in lists[0] if not _is_excluded(group)], rates)
    found.excluded = _whole([group for group in lists[0] if _is_excluded(group)], to=to, rates=RateUsage(book))
    found.previous = _whole(lists[1], to=to, rates=RateUsage(book))
    found.by_merchant, found.by_tag = (_by_first(groups, to=to, rates=rates) for groups in lists[2:])
    return Summarized(found, rates)


def _add_up(found: Summary, groups: Sequence[CurrencyGroup], rates: RateUsage) -> None:
    """The whole, and the lists of categories and accounts."""
    by_category: dict[Any, ConvertedTotal] = defaultdict(ConvertedTotal)
    by_account: dict[Any, ConvertedTotal] = defaultdict(ConvertedTotal)
    for (category, kind, account, *_), total in add_groups(groups, to=found.currency, rates=rates).items():
        found.whole += total
        if kind != "income":
            by_category[category] += total
            by_account[account] += total
    found.by_category, found.by_account = by_category, by_account


def _is_excluded(group: CurrencyGroup) -> bool:
    return bool(group.key[BY.index("is_excluded_from_budget")])


def _whole(groups: Sequence[CurrencyGroup], *, to: str, rates: RateUsage) -> ConvertedTotal:
    whole = ConvertedTotal()
    for total in add_groups(groups, to=to, rates=rates).values():
        whole += total
    return whole


def _by_first(groups: Sequence[CurrencyGroup], *, to: str, rates: RateUsage) -> Totals:
    return {values[0]: total for values, total in add_groups(groups, to=to, rates=rates).items()}
