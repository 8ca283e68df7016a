"""Invented people with four years of labeled rows, whose shops and habits change.

An own category counts alone as right, and so does the category of a habit that changed.
"""

import datetime as dt
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import NamedTuple

from benchmarks.labeled_files import OWNER, LabeledFile, LabeledLine, label
from benchmarks.statement_rows import KINDS, Household, StatementRow, half_a_year, load_countries
from providers.interface import Question

N_HALF_YEARS, ROWS_EACH, DAYS_EACH = 8, 460, 182
#: The half-years in which habits change, and a shop moves to another category.
HABITS_CHANGE, SHOP_MOVES = 3, 5
#: Own categories from the start, by kind of shop, and those that a habit changes to.
OWN = {
    "restaurant": "Eating out", "streaming": "Media", "hairdresser": "Looks", "hardware": "House and yard",
    "cash": "Cash", "savings": "Nest egg", "fuel": "Car", "pets": "Bruno",
}  # fmt: skip
CHANGED = {"bakery": "Dining", "books": "Reading", "transit": "Commute", "online": "Parcels", "parking": "Car"}
#: Share of shops that close after half a year.
CLOSING = 0.2
WITHDRAWALS, CHANGES, MOVES = "withdrawals with places", "changed habits", "a shop that moved"


class LongLife(NamedTuple):
    """A person's rows, and the sort of each row that is hard to know; "" for the others."""

    file: LabeledFile
    sorts: list[str]


@dataclass
class _Owner:
    """The choices of a person; some change with the half-years."""

    chance: random.Random
    household: Household
    own: dict[str, str] = field(default_factory=dict)
    changed: dict[str, str] = field(default_factory=dict)
    #: Own category of one supermarket from some day on.
    moved: str = ""

    def __post_init__(self) -> None:
        self.own = dict(self.chance.sample(sorted(OWN.items()), 3))
        self.moving = self.household.shops["supermarket"][0]

    def live_on(self, half_year: int) -> None:
        """Change shops, and sometimes habits."""
        household, chance = self.household, self.chance
        for kind, known in household.shops.items():
            small = household.small_shops[kind]
            household.small_shops[kind] = [
                household.small_shop() if chance.random() < CLOSING else one for one in small
            ]
            opened = [one for one in household.table["shops"][kind] if "{" not in one and one not in known]
            if opened and chance.random() < CLOSING:
                known[-1] = chance.choice(opened)
        if half_year == HABITS_CHANGE:
            self.changed = dict(chance.sample(sorted(CHANGED.items()), 2))
        if half_year == SHOP_MOVES:
            self.moved = "Lunch"

    def choose(self, row: StatementRow) -> tuple[str, tuple[str, ...], str]:
        """Return category, other right names, and sort of a row."""
        if row.kind == "cash":
            own = self.own.get("cash")
            return own or row.category, () if own else ("Other",), WITHDRAWALS
        if self.moved and row.payee == self.moving:
            return self.moved, (), MOVES
        if row.kind in self.changed:
            return self.changed[row.kind], (), CHANGES
        if row.kind in self.own:
            return self.own[row.kind], (), ""
        return row.category, tuple(row.right - {row.category}), ""


def invent_lives(n: int = 4, *, seed: int = 1) -> Iterator[LongLife]:
    """Return `n` people, equal for equal seeds; a larger number includes those of a smaller one."""
    codes = list(load_countries())
    for number in range(n):
        yield _live(codes[number * 3 % len(codes)], random.Random(f"{seed} {number}"))


def _live(code: str, chance: random.Random) -> LongLife:
    table = load_countries()[code]
    owner = _Owner(chance, Household(table, chance, {}))
    lines, sorts = [], []
    for half_year in range(N_HALF_YEARS):
        if half_year:
            owner.live_on(half_year)
        for row in sorted(half_a_year(owner.household, ROWS_EACH), key=lambda row: row.date):
            category, also, sort = owner.choose(row)
            text = _withdrawal(owner, row) if row.kind == "cash" else row.text
            lines.append(
                LabeledLine(
                    Question(
                        description=text,
                        categories=(),
                        owner=OWNER,
                        direction="in" if row.amount > 0 else "out",
                        amount=Decimal(abs(row.amount)),
                        currency=table["currency"],
                        date=row.date + dt.timedelta(days=(half_year - N_HALF_YEARS) * DAYS_EACH),
                        country=code,
                    ),
                    category,
                    also,
                )
            )
            sorts.append(sort)
    return LongLife(label(f"long life in {code}", lines), sorts)


def _withdrawal(owner: _Owner, row: StatementRow) -> str:
    """Return the first word of the bank's text, and a place that sounds like something to buy."""
    household = owner.household
    kind = owner.chance.choice([kind for kind in KINDS if KINDS[kind].weight])
    place = household.filled(
        owner.chance.choice(household.table["shops"][kind]), family=owner.chance.choice(household.table["family"])
    )
    return f"{row.text.split()[0]} {place} {owner.chance.choice(household.table['towns'])}"
