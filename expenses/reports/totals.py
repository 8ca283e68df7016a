"""Income, expenses and transfers, added up by the database, in their own currencies or in one.

In one currency, every row counts at the rate of its own day. Rows of the same day and currency share a rate, so the
database adds these up. Nothing is rounded before the end, so a total does not depend on the grouping.
"""

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple, Self, TypeVar

from django.db.models import Aggregate, Count, F, QuerySet, Sum
from django.db.models.expressions import Combinable

from expenses.ledger.dates import EARLIEST, Month
from expenses.rates.book import RateBook, RateUsage
from providers.merchants.provider import known_name

T = TypeVar("T", bound="Total")
#: Names that totals can be grouped by → expressions of the database. A year is the sum of its months.
COLUMNS: dict[str, Combinable] = {
    "year": Month("date"),
    "month": Month("date"),
    "category": F("category"),
    "account": F("account"),
    "kind": F("kind"),
    "merchant": F("merchant"),
    "tag": F("tags"),
}
#: The columns of the index of totals, in its order; a query that groups by a prefix of it needs no sort.
IN_INDEX = ("month", "category", "currency", "kind", "direction", "account", "is_excluded_from_budget")


@dataclass(slots=True)
class Total:
    """Sums in one currency. `expense` is net of refunds; transfers are in neither income nor expense."""

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

    def __iadd__(self, other: "Total") -> Self:
        self.income += other.income
        self.expense += other.expense
        self.transfers_in += other.transfers_in
        self.transfers_out += other.transfers_out
        self.n += other.n
        return self


def add_up(rows: QuerySet[Any], *, by: Sequence[str]) -> dict[tuple[Any, ...], Total]:
    """Return totals by the values of `by` and the currency, which comes last. One query.

    The parts of a split transaction count instead of it. By tag, a row counts under each of its tags.
    """
    names, totals = _columns_to_group(by), defaultdict[tuple[Any, ...], Total](Total)
    kind, direction = names.index("kind"), names.index("direction")
    key_of = _key_reader((*by, "currency"), names)
    for *values, amount, n in _sums(rows, names):
        totals[key_of(values)].add(kind=values[kind], direction=values[direction], amount=amount, n=n)
    return _in_order(_one_of_each_merchant(totals, by))


def _one_of_each_merchant(totals: Mapping[tuple[Any, ...], T], by: Sequence[str]) -> Mapping[tuple[Any, ...], T]:
    """Add up the spellings of each merchant, under the name of the brand or else the most frequent spelling."""
    if "merchant" not in by:
        return totals
    place, spellings = by.index("merchant"), defaultdict[str, Counter[str]](Counter)
    brands = {spelling: known_name(spelling, "out") for spelling in {key[place] for key in totals}}
    for key, total in totals.items():
        spellings[(brands[key[place]] or key[place]).casefold()][key[place]] += total.n
    names = {
        spelling: brands[spelling] or max(counts, key=lambda one: (counts[one], one))
        for counts in spellings.values()
        for spelling in counts
    }
    folded: dict[tuple[Any, ...], T] = {}
    for key, total in totals.items():
        name = (*key[:place], names[key[place]], *key[place + 1 :])
        known: Total = folded.setdefault(name, total)
        if known is not total:
            known += total  # in place
    return folded


def _in_order(totals: Mapping[tuple[Any, ...], T]) -> dict[tuple[Any, ...], T]:
    """Sort totals by their keys; a missing category, account or tag comes last."""
    return dict(sorted(totals.items(), key=lambda item: [(value is None, value) for value in item[0]]))


def _sums(rows: QuerySet[Any], names: Sequence[str], *, label: Aggregate | None = None) -> QuerySet[Any]:
    """Return for each group the values of the columns, the sum and number of its rows, and its label."""
    besides = {"_sum": Sum("amount"), "_n": Count("*")} | ({} if label is None else {"_label": label})
    columns = {f"_{name}": COLUMNS.get(name, F(name)) for name in names}
    groups = rows.filter(is_split=False).order_by().values(**columns).annotate(**besides)
    found: QuerySet[Any] = groups.values_list(*columns, *besides)
    return found


def _columns_to_group(by: Sequence[str]) -> list[str]:
    """Return the columns to group by, more than `by` where that saves the database a sort."""
    wanted = {"month" if name == "year" else name for name in by}
    if wanted <= set(IN_INDEX):
        last = max([IN_INDEX.index(name) for name in (*wanted, "direction")])
        return [*IN_INDEX[: last + 1]]
    return [*sorted(wanted - {"currency", "kind", "direction"}), "currency", "kind", "direction"]


def _key_reader(by: Sequence[str], names: Sequence[str]) -> Callable[[Sequence[Any]], tuple[Any, ...]]:
    """Return a function that reads the values of `by` from the values of the columns."""
    places = [names.index("month" if name == "year" else name) for name in by]
    if "year" not in by:
        return lambda values: tuple([values[place] for place in places])
    cuts = [4 if name == "year" else None for name in by]
    return lambda values: tuple(
        [values[place][:cut] if cut else values[place] for place, cut in zip(places, cuts, strict=True)]
    )


@dataclass(slots=True)
class ConvertedTotal(Total):
    """Sums in one currency. `n` counts all transactions, `n_unconverted` those without a rate."""

    n_unconverted: int = 0

    def __iadd__(self, other: Total) -> Self:
        Total.__iadd__(self, other)
        self.n_unconverted += other.n_unconverted if isinstance(other, ConvertedTotal) else 0
        return self


class CurrencyGroup(NamedTuple):
    """The sum of rows of one kind, direction and currency, and of one day if a rate is needed."""

    key: tuple[Any, ...]
    kind: str
    direction: str
    currency: str
    day: dt.date | None
    amount: Decimal
    n: int
    label: Any = None


def convert_totals(
    rows: QuerySet[Any], *, by: Sequence[str], to: str, ledger_id: int
) -> tuple[dict[tuple[Any, ...], ConvertedTotal], RateUsage]:
    """Return totals by the values of `by` and the currency `to`, and the rates that they took.

    Four queries, or one if no rate is needed. Rows count as in `add_up`.
    """
    groups = currency_groups(rows, by=by, to=to)
    rates = RateUsage(load_book([groups], to=to, ledger_id=ledger_id))
    return _in_order(_one_of_each_merchant(add_groups(groups, to=to, rates=rates), by)), rates


def currency_groups(
    rows: QuerySet[Any], *, by: Sequence[str], to: str, label: Aggregate | None = None
) -> list[CurrencyGroup]:
    """Return the sums of the database. One query, and a second one by day for the rows that are not in `to`.

    `label` is an aggregate to add to each group.
    """
    groups = _groups(rows, by, _columns_to_group(by), label)
    if all(group.currency == to for group in groups):
        return groups
    kept = [group for group in groups if group.currency == to]
    # With the month first, SQLite finds the days in the index of totals, not in that of days.
    wanted = ["month", *("month" if name == "year" else name for name in by), "currency", "kind", "direction", "date"]
    return kept + _groups(rows.exclude(currency=to), by, list(dict.fromkeys(wanted)), label)


def load_book(lists: Iterable[Sequence[CurrencyGroup]], *, to: str, ledger_id: int) -> RateBook:
    """Load all rates that these groups need. Two queries, or none."""
    foreign = [group for groups in lists for group in groups if group.currency != to]
    days = {group.day for group in foreign if group.day is not None} or {EARLIEST}
    currencies = {group.currency for group in foreign}
    return RateBook.load(ledger_id=ledger_id, currencies=currencies, to=to, start=min(days), end=max(days))


def add_groups(groups: Iterable[CurrencyGroup], *, to: str, rates: RateUsage) -> dict[tuple[Any, ...], ConvertedTotal]:
    """Return totals by the groups' keys and the currency `to`, which comes last."""
    totals: dict[tuple[Any, ...], ConvertedTotal] = defaultdict(ConvertedTotal)
    for group in groups:
        total = totals[(*group.key, to)]
        amount = group.amount if group.day is None else rates.exact(group.amount, group.currency, group.day)
        if amount is None:
            total.n += group.n
            total.n_unconverted += group.n
        else:
            total.add(kind=group.kind, direction=group.direction, amount=amount, n=group.n)
    return totals


def _groups(
    rows: QuerySet[Any], by: Sequence[str], names: Sequence[str], label: Aggregate | None
) -> list[CurrencyGroup]:
    kind, direction, currency = (names.index(name) for name in ("kind", "direction", "currency"))
    day = names.index("date") if "date" in names else None
    key_of = _key_reader(by, names)
    return [
        CurrencyGroup(
            key_of(values),
            values[kind],
            values[direction],
            values[currency],
            None if day is None else values[day],
            *values[len(names) :],
        )
        for values in _sums(rows, names, label=label)
    ]
