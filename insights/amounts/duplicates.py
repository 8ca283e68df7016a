"""Payments that look charged twice: the same payee, the same amount, a few days apart, where that is not usual."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from insights.payments import Payment

#: Days from a charge to its double.
WITHIN_DAYS = 3
#: A double is one that happens after at most so many payments (a judgement).
MOST_USUAL = 0.05
#: Of a payee's own record, how many payments of all payees are mixed in: one that is new is taken for an ordinary one.
N_SUPPOSED = 4.0
#: Repeats of the whole ledger are taken for this rare at first, as if so many payments were known.
_RARE, _N_RARE = 0.02, 50.0


@dataclass(frozen=True, slots=True)
class Duplicate:
    """Two payments of the same amount; `first` and `second` are ids."""

    first: int
    second: int
    payee: str
    category: int | None
    amount: Decimal
    day: dt.date
    #: After what share of payments the same payee is usually paid the same again so soon, known before that day.
    chance: float


def chance_of_repeat(*, n: int, n_repeats: int, n_all: int, n_repeats_all: int) -> float:
    """After what share of payments to a payee the same amount follows soon.

    `n` payments to the payee are known, of which `n_repeats` repeated one; `…_all` are those to all payees.
    """
    ordinary = (n_repeats_all + _RARE * _N_RARE) / (n_all + _N_RARE)
    return (n_repeats + N_SUPPOSED * ordinary) / (n + N_SUPPOSED)


def count_repeats(logs: Sequence[float], days: Sequence[int]) -> int:
    """How many payments to one payee repeat an amount of a few days before; days are ordinals, ascending."""
    last: dict[float, int] = {}
    n = 0
    for amount_log, day in zip(logs, days, strict=True):
        n += day - last.get(amount_log, -WITHIN_DAYS - 1) <= WITHIN_DAYS
        last[amount_log] = day
    return n


@dataclass(slots=True)
class _Record:
    n: int = 0
    n_repeats: int = 0
    #: When each amount was last paid, and by which payment.
    last: dict[Decimal, Payment] = field(default_factory=dict)

    def repeated(self, payment: Payment) -> Payment | None:
        earlier = self.last.get(payment.amount)
        is_soon = earlier is not None and (payment.day - earlier.day).days <= WITHIN_DAYS
        return earlier if is_soon else None

    def add(self, payment: Payment, *, is_repeat: bool) -> None:
        self.n += 1
        self.n_repeats += is_repeat
        self.last[payment.amount] = payment


def duplicates(payments: Iterable[Payment], *, since: dt.date) -> list[Duplicate]:
    """Of what was spent from `since` on, judged by what was there before each day alone; the oldest first.

    `payments`: all, the oldest first, in one currency. Payments without a payee are left out.
    """
    return [found for found in _repeats(payments) if found.day >= since and found.chance <= MOST_USUAL]


def _repeats(payments: Iterable[Payment]) -> Iterator[Duplicate]:
    records: dict[str, _Record] = defaultdict(_Record)
    n, n_repeats = 0, 0
    for payment in payments:
        if payment.kind != "expense" or not payment.payee:
            continue
        record = records[payment.payee]
        earlier = record.repeated(payment)
        if earlier is not None:
            chance = chance_of_repeat(n=record.n, n_repeats=record.n_repeats, n_all=n, n_repeats_all=n_repeats)
            yield _duplicate(earlier, payment, chance)
        record.add(payment, is_repeat=earlier is not None)
        n, n_repeats = n + 1, n_repeats + (earlier is not None)


def _duplicate(earlier: Payment, later: Payment, chance: float) -> Duplicate:
    return Duplicate(
        first=earlier.id,
        second=later.id,
        payee=later.payee,
        category=later.category,
        amount=later.amount,
        day=later.day,
        chance=chance,
    )
