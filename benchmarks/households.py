"""Invented households, equal for equal seeds: payments of 60 to 360 weeks, and the truth about regular bills.

They are as messy as real ones. They share no constants and no arithmetic with the product, and the product's code must
not import them.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import cast

import numpy as np

from benchmarks.household_bills import RegularPayment, irregular_incomes, regular_payments, rows_of
from benchmarks.household_days import Days, InventedRow
from benchmarks.household_profiles import CATEGORY_IDS, PROFILES, HouseholdProfile
from benchmarks.household_visits import large_purchases, moving, refunds, travels, visits
from insights.payments import Payment, PaymentKind

SHORTEST, LONGEST = 60, 360
_CENT = Decimal("0.01")


@dataclass(frozen=True)
class TrueBill:
    """Truth about a regular bill: payee, interval in months (0: weekly), and the ids of its payments."""

    payee: str
    kind: str
    months: int
    payments: tuple[int, ...]


@dataclass(frozen=True)
class Household:
    """All payments of a household, the oldest first, and its true bills (unknown for a file)."""

    name: str
    payments: tuple[Payment, ...]
    bills: tuple[TrueBill, ...] = ()

    @property
    def spending(self) -> list[Payment]:
        """Expenses and refunds."""
        return [payment for payment in self.payments if payment.kind != "income"]


def invent_households(n_each: int = 3) -> Iterator[Household]:
    """Return `n_each` households of every profile; a larger number includes those of a smaller one."""
    for number in range(n_each):
        for profile in PROFILES:
            yield invent_household(profile, seed=number)


def invent_household(profile: HouseholdProfile, *, seed: int) -> Household:
    """Return one household of a profile."""
    chance = np.random.default_rng([seed, *profile.name.encode()])
    weeks = int(chance.integers(SHORTEST, LONGEST + 1))
    days = Days(profile, chance, n=weeks * 7, first=7 * int(chance.integers(0, 150)))
    bills = regular_payments(days)
    rows = [row for row in _rows(days, bills) if 0 <= row.day < days.n and days.is_written(row.day)]
    return _household(f"{profile.name} {seed + 1}", days, bills, sorted(rows, key=lambda row: row.day))


def _rows(days: Days, bills: Sequence[RegularPayment]) -> list[InventedRow]:
    bought = [*visits(days), *travels(days), *large_purchases(days), *moving(days)]
    rows = [*bought, *refunds(days, bought), *irregular_incomes(days)]
    for number, bill in enumerate(bills):
        earned = bill.category == "income" and days.profile.income in ("salary", "wages")
        rows += (row for row in rows_of(days, bill, number) if not (earned and days.jobless[row.day]))
    return rows


def _household(name: str, days: Days, bills: Sequence[RegularPayment], rows: Sequence[InventedRow]) -> Household:
    paid: dict[int, list[int]] = defaultdict(list)
    payments = []
    for number, row in enumerate(rows, 1):
        payments.append(_payment(days, row, number))
        if row.bill is not None:
            paid[row.bill].append(number)
    truth = (TrueBill(bills[i].payee, bills[i].kind, bills[i].every, tuple(ids)) for i, ids in sorted(paid.items()))
    return Household(name, tuple(payments), tuple(truth))


def _payment(days: Days, row: InventedRow, number: int) -> Payment:
    forgotten = days.chance.random() < days.profile.uncategorized
    step = Decimal(str(row.step))
    amount = max((Decimal(repr(float(row.amount))) / step).quantize(Decimal(1), ROUND_HALF_UP) * step, step)
    category = None if forgotten else CATEGORY_IDS[row.category]
    return Payment(
        number, days.date(row.day), amount.quantize(_CENT), cast("PaymentKind", row.kind), row.payee, category
    )


def last_day(payments: Sequence[Payment]) -> dt.date:
    return payments[-1].day
