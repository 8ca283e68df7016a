"""Pairs of rows that are the two halves of a transfer. Pure."""

import datetime as dt
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal

#: The days that money may be under way between two accounts.
DAYS_UNDER_WAY = 3
#: How far the amount that arrives may be from the amount that left, at the rate of that day.
RATE_TOLERANCE = Decimal("0.02")


@dataclass(frozen=True, slots=True)
class Half:
    """A row that could be half of a transfer."""

    id: int
    account: int
    direction: str
    amount: Decimal
    currency: str
    date: dt.date


Pair = tuple[int, int]
Slot = tuple[str, Decimal, dt.date]


def match_halves(
    halves: Iterable[Half], *, fresh: Collection[int], rejected: Collection[Pair] = frozenset()
) -> list[Pair]:
    """Return pairs of (outgoing, incoming) ids of equal amount and currency in two accounts, at most three days apart.

    At least one half of each is `fresh`, and none is in two pairs. The nearest days go first, then the lowest ids, so
    that the same rows always make the same pairs.
    """
    rows = sorted(halves, key=lambda half: half.id)
    coming: dict[Slot, dict[int, list[Half]]] = defaultdict(lambda: defaultdict(list))
    for half in rows:
        if half.direction == "in":
            coming[half.currency, half.amount, half.date][half.account].append(half)
    open_ones, pairs = [half for half in rows if half.direction == "out"], []
    for distance in range(DAYS_UNDER_WAY + 1):
        left = []
        for going in open_ones:
            found = min(_partners(going, coming, distance, fresh, rejected), key=lambda half: half.id, default=None)
            if found is None:
                left.append(going)
                continue
            coming[found.currency, found.amount, found.date][found.account].remove(found)
            pairs.append((going.id, found.id))
        open_ones = left
    return pairs


def match_across_currencies(
    halves: Iterable[Half],
    *,
    fresh: Collection[int],
    rate: Callable[[str, str, dt.date], Decimal | None],
    settled: Collection[Pair] = frozenset(),
) -> list[Pair]:
    """Return pairs of (outgoing, incoming) ids in two accounts and two currencies, at most three days apart.

    `rate` gives the worth of the first currency in the second on a day, or None. The amount that arrives is within
    `RATE_TOLERANCE` of the amount that left, at the rate of the day on which it left. The nearest days go first, then
    the amounts that fit best, then the lowest ids. `settled` pairs are left out.
    """
    rows = sorted(halves, key=lambda half: half.id)
    coming: dict[tuple[str, dt.date], list[Half]] = defaultdict(list)
    for half in rows:
        if half.direction == "in":
            coming[half.currency, half.date].append(half)
    for arrived in coming.values():
        arrived.sort(key=lambda half: half.amount)
    currencies = {currency for currency, _ in coming}
    found: list[tuple[int, Decimal, Pair]] = []
    for going in (half for half in rows if half.direction == "out"):
        for currency in currencies - {going.currency}:
            worth = rate(going.currency, currency, going.date)
            if worth is None:
                continue
            expected = going.amount * worth
            for days in range(-DAYS_UNDER_WAY, DAYS_UNDER_WAY + 1):
                arrived = coming.get((currency, going.date + dt.timedelta(days)), [])
                first = bisect_left(arrived, expected * (1 - RATE_TOLERANCE), key=lambda half: half.amount)
                end = bisect_right(arrived, expected * (1 + RATE_TOLERANCE), key=lambda half: half.amount)
                for half in arrived[first:end]:
                    pair = (going.id, half.id)
                    is_new = (going.id in fresh or half.id in fresh) and pair not in settled
                    if half.account != going.account and is_new:
                        found.append((abs(days), abs(half.amount - expected) / expected, pair))
    taken, pairs = set[int](), []
    for _, _, pair in sorted(found):
        if taken.isdisjoint(pair):
            taken |= set(pair)
            pairs.append(pair)
    return pairs


def _partners(
    going: Half,
    coming: dict[Slot, dict[int, list[Half]]],
    distance: int,
    fresh: Collection[int],
    rejected: Collection[Pair],
) -> Iterator[Half]:
    """Yield the first of each other account, on the days that far away."""
    for days in {-distance, distance}:
        slot = coming.get((going.currency, going.amount, going.date + dt.timedelta(days)), {})
        for account, halves in slot.items():
            if account == going.account:
                continue
            for half in halves:
                if (going.id, half.id) not in rejected and (going.id in fresh or half.id in fresh):
                    yield half
                    break
