"""What came in and went out, in one currency: every row at the rate of its own day.

The database adds up by day and currency, since rows of the same day and currency share a rate; the rates come from one
book. Nothing is rounded on the way, so that a total does not depend on how finely the rows were grouped.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple

from django.db.models import Aggregate, QuerySet

from expenses.ledger.dates import EARLIEST
from expenses.rates.book import RateBook
from expenses.rates.usage import RateUsage
from expenses.reports.totals import Total, grouped, in_order, sums


@dataclass(slots=True)
class ConvertedTotal(Total):
    """Sums in one currency. `n` counts all transactions, `n_unconverted` those of them that have no rate."""

    n_unconverted: int = 0

    def __iadd__(self, other: Total) -> "ConvertedTotal":
        Total.__iadd__(self, other)
        self.n_unconverted += other.n_unconverted if isinstance(other, ConvertedTotal) else 0
        return self


@dataclass(frozen=True, slots=True)
class ConvertedTotals:
    """Totals by the values of what they are by and the currency that all are in, and the rates that they took."""

    totals: dict[tuple[Any, ...], ConvertedTotal]
    rates: RateUsage


class Group(NamedTuple):
    """Rows of one kind, direction and currency; of one day, too, where a rate is needed."""

    key: tuple[Any, ...]
    kind: str
    direction: str
    currency: str
    day: dt.date | None
    amount: Decimal
    n: int
    label: Any = None


def convert_totals(rows: QuerySet[Any], *, by: Sequence[str], to: str, ledger_id: int) -> ConvertedTotals:
    """Totals by the values of what `by` names, in the currency `to`. Four queries, or one if all is in it already.

    Counts rows as `add_up` does.
    """
    groups = group_rows(rows, by=by, to=to)
    rates = RateUsage(load_book([groups], to=to, ledger_id=ledger_id))
    return ConvertedTotals(in_order(add_groups(groups, to=to, rates=rates)), rates)


def group_rows(rows: QuerySet[Any], *, by: Sequence[str], to: str, label: Aggregate | None = None) -> list[Group]:
    """What the database can add up. One query, and one more that tears into days what is not in `to`.

    `label`: what else the database shall say of each group.
    """
    groups = _groups(rows, by, grouped(by), label)
    if all(group.currency == to for group in groups):
        return groups
    kept = [group for group in groups if group.currency == to]
    # With the month before them SQLite finds the days in the index of totals, not in that of days.
    wanted = ["month", *("month" if name == "year" else name for name in by), "currency", "kind", "direction", "date"]
    return kept + _groups(rows.exclude(currency=to), by, list(dict.fromkeys(wanted)), label)


def load_book(lists: Iterable[Sequence[Group]], *, to: str, ledger_id: int) -> RateBook:
    """All rates that these groups need. Two queries, or none."""
    foreign = [group for groups in lists for group in groups if group.currency != to]
    days = {group.day for group in foreign if group.day is not None} or {EARLIEST}
    currencies = {group.currency for group in foreign}
    return RateBook.load(ledger_id=ledger_id, currencies=currencies, to=to, start=min(days), end=max(days))


def add_groups(groups: Iterable[Group], *, to: str, rates: RateUsage) -> dict[tuple[Any, ...], ConvertedTotal]:
    """Totals by the groups' keys and the currency `to`, which comes last."""
    totals: dict[tuple[Any, ...], ConvertedTotal] = defaultdict(ConvertedTotal)
    for group in groups:
        _add(totals[(*group.key, to)], group, rates)
    return totals


def _groups(rows: QuerySet[Any], by: Sequence[str], names: Sequence[str], label: Aggregate | None) -> list[Group]:
    key = [names.index("month" if name == "year" else name) for name in by]
    kind, direction, currency = (names.index(name) for name in ("kind", "direction", "currency"))
    day = names.index("date") if "date" in names else None
    found = [
        Group(
            tuple([values[place] for place in key]),
            values[kind],
            values[direction],
            values[currency],
            None if day is None else values[day],
            *values[len(names) :],
        )
        for values in sums(rows, names, label=label)
    ]
    return _in_years(found, list(by).index("year")) if "year" in by else found


def _in_years(groups: Iterable[Group], place: int) -> list[Group]:
    """The groups of months as parts of their years."""
    return [group._replace(key=(*group.key[:place], group.key[place][:4], *group.key[place + 1 :])) for group in groups]


def _add(total: ConvertedTotal, group: Group, rates: RateUsage) -> None:
    amount: Decimal | None = group.amount
    if group.day is not None:
        amount = rates.exact(group.amount, group.currency, group.day)
    if amount is None:
        total.n += group.n
        total.n_unconverted += group.n
    else:
        total.add(kind=group.kind, direction=group.direction, amount=amount, n=group.n)
