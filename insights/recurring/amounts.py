"""What a recurring payment costs, and what it will cost next time. Pure."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from insights.payments import same_amount

#: How many of the last amounts count.
N_REMEMBERED = 6
#: The range expected next time is that of so many: the outer ranks of twelve hold four of five.
N_RANGED = 12
#: A price that was asked so often is not given up for one other amount.
N_SETTLED = 3
#: How far the highest may be above the lowest until amounts are called varying.
VARYING = 1.1


@dataclass(frozen=True, slots=True)
class Price:
    """Amounts of a chain, oldest first, as they are understood."""

    usual: float
    low: float
    high: float
    is_varying: bool
    #: Places of the last payment of the former price and of the first of the new one.
    raised: tuple[int, int] | None


def read_price(amounts: Sequence[float]) -> Price:
    """The latest price where it holds for a while, else the median of the last few."""
    usual = usual_of(amounts)
    if has_prices(amounts):
        settled = _settled(amounts)
        start = _start_of_price(settled)
        era = settled[start:]
        return Price(usual, min(era), max(era), False, _raise_at(settled, start))
    recent = amounts[-N_RANGED:]
    is_varying = max(recent) > min(recent) * VARYING
    return Price(usual, min(recent), max(recent), is_varying, None)


def usual_of(amounts: Sequence[float]) -> float:
    """The best guess of the next amount."""
    if has_prices(amounts):
        return _settled(amounts)[-1]
    return median(amounts[-N_REMEMBERED:])


def has_prices(amounts: Sequence[float]) -> bool:
    """Whether at least half of the last amounts are the same as the one before: it has a price, which may change."""
    recent = amounts[-N_REMEMBERED:]
    n_same = sum(same_amount(before, one) for before, one in itertools.pairwise(recent))
    return 2 * n_same >= len(recent) - 1 > 0


def _settled(amounts: Sequence[float]) -> Sequence[float]:
    """Without a last one that is other than a price that held: until it has come twice it is a slip or a one-off."""
    held = amounts[-1 - N_SETTLED : -1]
    is_price = len(held) == N_SETTLED and all(same_amount(one, held[-1]) for one in held)
    return amounts[:-1] if is_price and not same_amount(amounts[-1], held[-1]) else amounts


def _start_of_price(amounts: Sequence[float]) -> int:
    start = len(amounts) - 1
    while start and same_amount(amounts[start - 1], amounts[-1]):
        start -= 1
    return start


def _raise_at(amounts: Sequence[float], start: int) -> tuple[int, int] | None:
    """A change from a price that was asked at least twice; a single other amount is no price."""
    if start < 2 or not same_amount(amounts[start - 1], amounts[start - 2]):
        return None
    return start - 1, start
