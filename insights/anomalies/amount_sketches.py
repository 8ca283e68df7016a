"""Sketches: the amounts of a payee, a category or a ledger in few numbers. Pure.

A sketch holds logarithms of amounts, where twice as much is the same step everywhere. Another currency moves the
sketch and leaves its shape.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from math import log

import numpy as np
from numpy.typing import ArrayLike, NDArray

from insights.anomalies.amount_keys import TEXT_LENGTH, AmountKey, keys_of
from insights.anomalies.doubled_charges import WITHIN_DAYS
from insights.payments import Payment

Floats = NDArray[np.float64]

#: Points of a sketch at most; neighbors of more amounts are merged.
MAX_POINTS = 32
#: The width of a kernel is so many times the spread of the amounts, at least 5 %, and 20 % while nothing is known.
WIDTH_OF_SPREAD, MIN_WIDTH, FIRST_WIDTH = 0.3, 0.05, 0.2
#: How many amounts the first width is worth.
N_PRIOR_SPREAD = 2.0
#: Median absolute deviations in a standard deviation of a normal distribution.
NORMAL_MADS = 1.4826
#: Logarithms that differ by less belong to one amount, in any currency.
SAME_LOG = 1e-6
#: Fingerprints are kept within 63 bits.
FINGERPRINT_MASK = 2**63 - 1


@dataclass(frozen=True)
class Sketch:
    """Points are logarithms of amounts, ascending; each weight is the number of amounts around its point."""

    points: tuple[float, ...]
    weights: tuple[float, ...]

    @cached_property
    def n(self) -> float:
        return sum(self.weights)

    @cached_property
    def arrays(self) -> tuple[Floats, Floats]:
        """The points, and the share of all amounts that each stands for."""
        return np.array(self.points), np.array(self.weights) / self.n

    @cached_property
    def width(self) -> float:
        """The width of the kernel around each point, in logarithms: narrow if all amounts are equal."""
        prior = (FIRST_WIDTH / WIDTH_OF_SPREAD) ** 2
        spread = (self.n * self.spread**2 + N_PRIOR_SPREAD * prior) / (self.n + N_PRIOR_SPREAD)
        return float(max(WIDTH_OF_SPREAD * spread**0.5, MIN_WIDTH))

    @cached_property
    def novelty(self) -> float:
        """The share of payments with a new amount; 1 without payments and for merged points."""
        distinct = len(self.points)
        return (distinct + 1) / (self.n + 1) if distinct < MAX_POINTS else 1.0

    @cached_property
    def median(self) -> float:
        return self.quantile(0.5)

    @cached_property
    def spread(self) -> float:
        """A robust standard deviation."""
        points, shares = self.arrays
        return NORMAL_MADS * _quantile(np.abs(points - self.median), shares, 0.5)

    def quantile(self, share: float) -> float:
        """Return the logarithm that this share of the amounts does not exceed."""
        return _quantile(*self.arrays, share)

    def share_below(self, log: float) -> float:
        """Return the share of smaller amounts."""
        points, shares = self.arrays
        return float(shares[points < log].sum())


def sketch(logs: ArrayLike, weights: ArrayLike | None = None) -> Sketch:
    """Return the sketch of at least one amount. The largest amount stays a point of its own, as the record."""
    found = np.asarray(logs, dtype=float)
    counts = np.ones(len(found)) if weights is None else np.asarray(weights, dtype=float)
    order = np.argsort(found, kind="stable")
    points, at = np.unique(np.round(found[order], 9), return_index=True)
    counts = np.add.reduceat(counts[order], at)
    if len(points) > MAX_POINTS:
        edges = np.linspace(0, len(points) - 1, MAX_POINTS).astype(int)
        starts = np.append(edges[:-1], len(points) - 1)
        merged = np.add.reduceat(counts, starts)
        points, counts = np.add.reduceat(points * counts, starts) / merged, merged
    return Sketch(tuple(points.tolist()), tuple(counts.tolist()))


def without(known: Sketch, log: float) -> Sketch | None:
    """Return the sketch less one amount: itself if the amount is no point of it, None if no amount is left.

    Merged points lose one amount of the nearest point.
    """
    points, weights = np.array(known.points), np.array(known.weights)
    nearest = int(np.abs(points - log).argmin())
    if len(points) < MAX_POINTS and abs(points[nearest] - log) > SAME_LOG:
        return known
    weights[nearest] -= 1
    left = weights > SAME_LOG
    return sketch(points[left], weights[left]) if left.any() else None


def _quantile(points: Floats, shares: Floats, wanted: float) -> float:
    order = np.argsort(points)
    reached = np.cumsum(shares[order])
    middles = reached - shares[order] / 2
    return float(np.interp(wanted, middles, points[order]))


@dataclass(slots=True)
class AmountHistory:
    """The amounts of one key and their days as ordinals, in the order of days."""

    logs: list[float] = field(default_factory=list)
    days: list[int] = field(default_factory=list)
    #: Equal for the same payments on the same days, in any order.
    fingerprint: int = 0

    @property
    def n(self) -> int:
        return len(self.logs)

    @property
    def n_repeats(self) -> int:
        """The number of payments that repeat an amount of a few days before."""
        last: dict[float, int] = {}
        n = 0
        for amount_log, day in zip(self.logs, self.days, strict=True):
            n += day - last.get(amount_log, -WITHIN_DAYS - 1) <= WITHIN_DAYS
            last[amount_log] = day
        return n

    def sketch(self) -> Sketch:
        return sketch(self.logs)


Histories = dict[AmountKey, AmountHistory]


def keyed(payments: Iterable[Payment], histories: Histories) -> Iterator[tuple[Payment, float, list[AmountKey]]]:
    """Yield each payment with the logarithm of its amount and its keys, then add it to `histories`.

    `payments` begin with the oldest. The payment that is yielded last is not added yet.
    """
    for payment in payments:
        amount_log = log(payment.amount)
        is_first = not payment.payee or AmountKey(payment.kind, "payee", payment.payee[:TEXT_LENGTH]) not in histories
        keys = keys_of(kind=payment.kind, payee=payment.payee, category=payment.category, is_first=is_first)
        yield payment, amount_log, keys
        day = payment.day.toordinal()
        # Squared: hashes of tuples are so even that those of two opposite edits would cancel out in a sum.
        mark = hash((payment.id, day, payment.amount)) ** 2
        for key in keys:
            history = histories.setdefault(key, AmountHistory())
            history.logs.append(amount_log)
            history.days.append(day)
            history.fingerprint = (history.fingerprint + mark) & FINGERPRINT_MASK
