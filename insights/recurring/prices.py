"""Reads the price of a recurring payment from its amounts. Pure."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from insights.payments import same_amount

#: How many of the last amounts count.
N_REMEMBERED = 6
#: How many amounts the expected range spans: the outer ranks of twelve hold four of five.
N_RANGED = 12
#: A price that was asked three times is not given up for one other amount.
N_SETTLED = 3
#: Amounts vary if the highest is above the lowest by more than 10 %.
VARYING = 0.1


@dataclass(frozen=True, slots=True)
class Price:
    """The amounts of a chain as they are understood."""

    usual: float
    low: float
    high: float
    is_varying: bool
    #: Places of the last payment of the former price and of the first of the new one.
    raised: tuple[int, int] | None


def read_price(amounts: Sequence[float]) -> Price:
    """Return the latest price where it holds for a while, else the range of the last few. Oldest amounts first."""
    usual = usual_amount(amounts)
    if not has_price(amounts):
        recent = amounts[-N_RANGED:]
        return Price(usual, min(recent), max(recent), not same_amount(*recent, within=VARYING), None)
    settled = _settled(amounts)
    start = len(settled) - 1
    while start and same_amount(settled[start - 1], settled[-1]):
        start -= 1
    # A single other amount is no price: the former one was asked twice at least.
    is_raised = start >= 2 and same_amount(settled[start - 1], settled[start - 2])
    return Price(usual, min(settled[start:]), max(settled[start:]), False, (start - 1, start) if is_raised else None)


def usual_amount(amounts: Sequence[float]) -> float:
    """Return the best guess of the next amount."""
    return _settled(amounts)[-1] if has_price(amounts) else median(amounts[-N_REMEMBERED:])


def has_price(amounts: Sequence[float]) -> bool:
    """Return True if at least half of the last amounts repeat the one before. A price may still change."""
    recent = amounts[-N_REMEMBERED:]
    n_same = sum(same_amount(before, one) for before, one in itertools.pairwise(recent))
    return 2 * n_same >= len(recent) - 1 > 0


def _settled(amounts: Sequence[float]) -> Sequence[float]:
    """Drop a last amount that differs from a price that held: until it comes twice it is a one-off."""
    held = amounts[-1 - N_SETTLED : -1]
    is_one_off = len(held) == N_SETTLED and same_amount(*held) and not same_amount(amounts[-1], held[-1])
    return amounts[:-1] if is_one_off else amounts
