"""Invented households, the same for the same seed: payments of 60 to 360 weeks, and the truth about regular bills.

Made to be as messy as life is, and of no product's constants: nothing here may be read by the project's code, and
nothing of the project's arithmetic is used here.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import cast

import numpy as np

from benchmarks.household_bills import Regular, irregular_incomes, regulars, rows_of
from benchmarks.household_days import Days, Row
from benchmarks.household_lives import LIVES, NUMBERS, Life
from benchmarks.household_visits import large_purchases, moving, refunds, travels, visits
from insights.payments import Payment, PaymentKind

SHORTEST, LONGEST = 60, 360
_CENT = Decimal("0.01")


@dataclass(frozen=True)
class Bill:
    """The truth about a regular bill: who, how often (in months; 0: weekly), and the ids of its payments."""

    payee: str
    kind: str
    months: int
    payments: tuple[int, ...]


@dataclass(frozen=True)
class Household:
    """All payments of a household, the oldest first, and what is true of them (nothing for a file)."""

    name: str
    payments: tuple[Payment, ...]
    bills: tuple[Bill, ...] = ()

    @property
    def spending(self) -> list[Payment]:
        """What was spent, and what came back of it."""
        return [payment for payment in self.payments if payment.kind != "income"]


def invent_households(n_each: int = 3) -> Iterator[Household]:
    """`n_each` of every kind; those of a smaller number are among those of a larger."""
    for number in range(n_each):
        for life in LIVES:
            yield invent_household(life, seed=number)


def invent_household(life: Life, *, seed: int) -> Household:
    """One household of a kind."""
    chance = np.random.default_rng([seed, *life.name.encode()])
    weeks = int(chance.integers(SHORTEST, LONGEST + 1))
    days = Days(life, chance, n=weeks * 7, first=7 * int(chance.integers(0, 150)))
    bills = regulars(days)
    rows = [row for row in _rows(days, bills) if 0 <= row.day < days.n and days.is_written(row.day)]
    return _household(f"{life.name} {seed + 1}", days, bills, sorted(rows, key=lambda row: row.day))


def _rows(days: Days, bills: Sequence[Regular]) -> list[Row]:
    bought = [*visits(days), *travels(days), *large_purchases(days), *moving(days)]
    rows = [*bought, *refunds(days, bought), *irregular_incomes(days)]
    for number, bill in enumerate(bills):
        earned = bill.category == "income" and days.life.income in ("salary", "wages")
        rows += (row for row in rows_of(days, bill, number) if not (earned and days.jobless[row.day]))
    return rows


def _household(name: str, days: Days, bills: Sequence[Regular], rows: Sequence[Row]) -> Household:
    paid: dict[int, list[int]] = defaultdict(list)
    payments = []
    for number, row in enumerate(rows, 1):
        payments.append(_payment(days, row, number))
        if row.bill is not None:
            paid[row.bill].append(number)
    truth = (Bill(bills[i].payee, bills[i].kind, bills[i].every, tuple(ids)) for i, ids in sorted(paid.items()))
    return Household(name, tuple(payments), tuple(truth))


def _payment(days: Days, row: Row, number: int) -> Payment:
    forgotten = days.chance.random() < days.life.uncategorized
    step = Decimal(str(row.step))
    amount = max((Decimal(repr(float(row.amount))) / step).quantize(Decimal(1), ROUND_HALF_UP) * step, step)
    category = None if forgotten else NUMBERS[row.category]
    return Payment(
        number, days.date(row.day), amount.quantize(_CENT), cast("PaymentKind", row.kind), row.payee, category
    )


def last_day(payments: Sequence[Payment]) -> dt.date:
    return payments[-1].day
