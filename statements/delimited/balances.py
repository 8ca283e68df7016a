"""A column of running balances proves which column holds the amounts, their sign, and which way the rows run."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import pairwise
from typing import NamedTuple

#: Balances in real files are at times stale or rounded in some rows; this share of steps must fit.
FIT = 0.6
#: A single step that fits by chance must not turn what the bank wrote around.
MIN_AGAINST = 2


class Proof(NamedTuple):
    """`sign` is 1 when amounts add to the balance, -1 when they are subtracted; `direction` is 1 for oldest first."""

    sign: int
    direction: int
    n_pairs: int


def running_balance(amounts: Sequence[Decimal | None], balances: Sequence[Decimal | None]) -> Proof | None:
    """How the balances follow from the amounts; None when they do not, or when two ways fit equally well."""
    steps = list(_steps(amounts, balances))
    hits = {(sign, direction): 0 for sign in (1, -1) for direction in (1, -1)}
    for step, older, newer in steps:  # going down the file
        for sign in (1, -1):
            hits[sign, 1] += step == sign * newer
            hits[sign, -1] += -step == sign * older
    best = max(hits, key=lambda key: hits[key])
    if not steps or hits[best] < FIT * len(steps) or sorted(hits.values())[-2] == hits[best]:
        return None
    if best[0] < 0 and hits[best] < MIN_AGAINST:
        return None
    return Proof(*best, hits[best])


def _steps(
    amounts: Sequence[Decimal | None], balances: Sequence[Decimal | None]
) -> Iterator[tuple[Decimal, Decimal, Decimal]]:
    """(change of the balance, amount above, amount below) of neighboring rows whose balance changes."""
    rows = list(zip(amounts, balances, strict=True))
    for (above, before), (below, balance) in pairwise(rows):
        if above is None or before is None or below is None or balance is None or balance == before:
            continue
        yield balance - before, above, below
