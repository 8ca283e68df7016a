"""What came in and went out, added up by the database."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, TypeVar

from django.db.models import Aggregate, Count, F, QuerySet, Sum
from django.db.models.expressions import Combinable

from expenses.ledger.dates import Month

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
