"""What came in and went out, in one currency: every row at the rate of its own day.

The database adds up by day and currency, since rows of the same day and currency share a rate; the rates come from one
book. Nothing is rounded on the way, so that a total does not depend on how finely the rows were grouped.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple

from django.db.models import Case, Count, DateField, F, QuerySet, Sum, Value, When

from expenses.days import EARLIEST
from expenses.rates.book import RateBook
from expenses.rates.usage import RateUsage
from expenses.totals import COLUMNS, Total, in_order


@dataclass(slots=True)
class ConvertedTotal(Total):
    """Sums in one currency. `n` counts all transactions, `n_unconverted` those of them that have no rate."""

    n_unconverted: int = 0


@dataclass(frozen=True, slots=True)
class ConvertedTotals:
    """Totals by the values of what they are by and the currency that all are in, and the rates that they took."""

    totals: dict[tuple[Any, ...], ConvertedTotal]
    rates: RateUsage


class _Group(NamedTuple):
    """Rows of one kind, direction, currency and day; the day is None where no rate is needed."""

    key: tuple[Any, ...]
    kind: str
    direction: str
    currency: str
    day: dt.date | None
    amount: Decimal
    n: int


def convert_totals(rows: QuerySet[Any], *, by: Sequence[str], to: str, ledger_id: int) -> ConvertedTotals:
    """Totals by the values of what `by` names, in the currency `to`. Three queries, or one if all is in it already.

    Counts rows as `add_up` does.
    """
    groups = [_group(values, by) for values in _rows(rows, by=by, to=to)]
    rates = RateUsage(_book(groups, to=to, ledger_id=ledger_id))
    totals: dict[tuple[Any, ...], ConvertedTotal] = defaultdict(ConvertedTotal)
    for group in groups:
        _add(totals[(*group.key, to)], group, rates)
    return ConvertedTotals(in_order(totals), rates)


def _rows(rows: QuerySet[Any], *, by: Sequence[str], to: str) -> QuerySet[Any]:
    """What is in `to` already is not torn into days."""
    day = Case(When(currency=to, then=Value(None)), default=F("date"), output_field=DateField())
    fixed = {"_kind": F("kind"), "_direction": F("direction"), "_currency": F("currency"), "_day": day}
    columns = {f"_by_{name}": COLUMNS[name] for name in by} | fixed
    groups = rows.filter(is_split=False).order_by().values(**columns).annotate(_sum=Sum("amount"), _n=Count("*"))
    found: QuerySet[Any] = groups.values_list(*columns, "_sum", "_n")
    return found


def _group(values: tuple[Any, ...], by: Sequence[str]) -> _Group:
    named = zip(by, values, strict=False)
    return _Group(tuple([value[:4] if name == "year" else value for name, value in named]), *values[len(by) :])


def _book(groups: Sequence[_Group], *, to: str, ledger_id: int) -> RateBook:
    days = {group.day for group in groups if group.day is not None} or {EARLIEST}
    currencies = {group.currency for group in groups}
    return RateBook.load(ledger_id=ledger_id, currencies=currencies, to=to, start=min(days), end=max(days))


def _add(total: ConvertedTotal, group: _Group, rates: RateUsage) -> None:
    amount: Decimal | None = group.amount
    if group.day is not None:
        rate = rates.rate(group.currency, group.day)
        amount = rate.exact(group.amount) if rate else None
    if amount is None:
        total.n += group.n
        total.n_unconverted += group.n
    else:
        total.add(kind=group.kind, direction=group.direction, amount=amount, n=group.n)
