"""What came in and went out, added up by the database."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple, TypeVar

from django.db.models import Aggregate, Count, F, QuerySet, Sum
from django.db.models.expressions import Combinable

from expenses.ledger.dates import EARLIEST, Month
from expenses.rates.book import RateBook
from expenses.rates.usage import RateUsage

T = TypeVar("T", bound="Total")
#: What totals can be taken by → what the database groups by. A year is added up of its months.
COLUMNS: dict[str, Combinable] = {
    "year": Month("date"),
    "month": Month("date"),
    "category": F("category"),
    "account": F("account"),
    "kind": F("kind"),
    "merchant": F("merchant"),
    "tag": F("tags"),
}
#: The index of totals is in this order: whoever groups by all of it reads it from end to end, without sorting.
IN_INDEX = ("month", "category", "currency", "kind", "direction", "account", "is_excluded_from_budget")


@dataclass(slots=True)
class Total:
    """Sums in one currency. `expense` is less what was refunded; transfers are in neither income nor expense."""

    income: Decimal = Decimal(0)
    expense: Decimal = Decimal(0)
    transfers_in: Decimal = Decimal(0)
    transfers_out: Decimal = Decimal(0)
    n: int = 0

    def add(self, *, kind: str, direction: str, amount: Decimal, n: int) -> None:
        """Add `n` transactions of one kind and direction that come to `amount`."""
        if kind == "transfer":
            name = f"transfers_{direction}"
            setattr(self, name, getattr(self, name) + amount)
        elif kind == "income":
            self.income += amount
        else:
            self.expense += amount if direction == "out" else -amount
        self.n += n

    def __iadd__(self, other: "Total") -> "Total":
        self.income += other.income
        self.expense += other.expense
        self.transfers_in += other.transfers_in
        self.transfers_out += other.transfers_out
        self.n += other.n
        return self


def add_up(rows: QuerySet[Any], *, by: Sequence[str]) -> dict[tuple[Any, ...], Total]:
    """Totals by the values of what `by` names, and by currency, which comes last. One query.

    The parts of a split transaction count instead of it. By tag, a row counts under each of its tags.
    """
    names, totals = grouped(by), defaultdict[tuple[Any, ...], Total](Total)
    places = [names.index("month" if name == "year" else name) for name in (*by, "currency")]
    kind, direction = names.index("kind"), names.index("direction")
    for *values, amount, n in sums(rows, names):
        total = totals[tuple([values[place] for place in places])]
        total.add(kind=values[kind], direction=values[direction], amount=amount, n=n)
    return in_order(_in_years(totals, by) if "year" in by else totals)


def in_order(totals: Mapping[tuple[Any, ...], T]) -> dict[tuple[Any, ...], T]:
    """By what they are of; what has no category, account or tag comes last."""
    return dict(sorted(totals.items(), key=lambda item: [(value is None, value) for value in item[0]]))


def sums(rows: QuerySet[Any], names: Sequence[str], *, label: Aggregate | None = None) -> QuerySet[Any]:
    """For each group, its values by the names; the sum of its amounts, how many they are, and its label."""
    besides = {"_sum": Sum("amount"), "_n": Count("*")} | ({} if label is None else {"_label": label})
    columns = {f"_{name}": COLUMNS.get(name, F(name)) for name in names}
    groups = rows.filter(is_split=False).order_by().values(**columns).annotate(**besides)
    found: QuerySet[Any] = groups.values_list(*columns, *besides)
    return found


def grouped(by: Sequence[str]) -> list[str]:
    """The columns to group by: finer than what is asked for where that saves the database a sort."""
    wanted = {"month" if name == "year" else name for name in by}
    if wanted <= set(IN_INDEX):
        last = max([IN_INDEX.index(name) for name in (*wanted, "direction")])
        return [*IN_INDEX[: last + 1]]
    return [*sorted(wanted - {"currency", "kind", "direction"}), "currency", "kind", "direction"]


def _in_years(totals: Mapping[tuple[Any, ...], Total], by: Sequence[str]) -> dict[tuple[Any, ...], Total]:
    """The totals of months as those of their years."""
    place, years = list(by).index("year"), defaultdict[tuple[Any, ...], Total](Total)
    for values, total in totals.items():
        years[(*values[:place], values[place][:4], *values[place + 1 :])] += total
    return years


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


class CurrencyGroup(NamedTuple):
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


def group_rows(
    rows: QuerySet[Any], *, by: Sequence[str], to: str, label: Aggregate | None = None
) -> list[CurrencyGroup]:
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


def load_book(lists: Iterable[Sequence[CurrencyGroup]], *, to: str, ledger_id: int) -> RateBook:
    """All rates that these groups need. Two queries, or none."""
    foreign = [group for groups in lists for group in groups if group.currency != to]
    days = {group.day for group in foreign if group.day is not None} or {EARLIEST}
    currencies = {group.currency for group in foreign}
    return RateBook.load(ledger_id=ledger_id, currencies=currencies, to=to, start=min(days), end=max(days))


def add_groups(groups: Iterable[CurrencyGroup], *, to: str, rates: RateUsage) -> dict[tuple[Any, ...], ConvertedTotal]:
    """Totals by the groups' keys and the currency `to`, which comes last."""
    totals: dict[tuple[Any, ...], ConvertedTotal] = defaultdict(ConvertedTotal)
    for group in groups:
        _add(totals[(*group.key, to)], group, rates)
    return totals


def _groups(
    rows: QuerySet[Any], by: Sequence[str], names: Sequence[str], label: Aggregate | None
) -> list[CurrencyGroup]:
    key = [names.index("month" if name == "year" else name) for name in by]
    kind, direction, currency = (names.index(name) for name in ("kind", "direction", "currency"))
    day = names.index("date") if "date" in names else None
    found = [
        CurrencyGroup(
            tuple([values[place] for place in key]),
            values[kind],
            values[direction],
            values[currency],
            None if day is None else values[day],
            *values[len(names) :],
        )
        for values in sums(rows, names, label=label)
    ]
    return _converted_totals_in_years(found, list(by).index("year")) if "year" in by else found


def _converted_totals_in_years(groups: Iterable[CurrencyGroup], place: int) -> list[CurrencyGroup]:
    """The groups of months as parts of their years."""
    return [group._replace(key=(*group.key[:place], group.key[place][:4], *group.key[place + 1 :])) for group in groups]


def _add(total: ConvertedTotal, group: CurrencyGroup, rates: RateUsage) -> None:
    amount: Decimal | None = group.amount
    if group.day is not None:
        amount = rates.exact(group.amount, group.currency, group.day)
    if amount is None:
        total.n += group.n
        total.n_unconverted += group.n
    else:
        total.add(kind=group.kind, direction=group.direction, amount=amount, n=group.n)
