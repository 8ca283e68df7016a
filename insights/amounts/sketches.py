"""Many amounts in a few numbers: what is stored of a payee, a category or a ledger.

Amounts are looked at by their logarithm, where twice as much is the same step everywhere; whoever counts in another
currency gets the same picture, moved.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

#: Amounts kept of one key: as many are kept as they are, more are drawn together in groups of neighbors.
MAX_POINTS = 32
#: The width of a bump is so many times the spread of the amounts, at least 5 %, and 20 % while nothing is known.
WIDTH_OF_SPREAD, MIN_WIDTH, WIDTH_AT_FIRST = 0.3, 0.05, 0.2
#: How many amounts that first spread is worth.
N_SPREAD_SUPPOSED = 2.0
#: A normal distribution's standard deviation in median absolute deviations.
NORMAL_MADS = 1.4826
#: Logarithms that differ by less are of one amount, in any currency.
_SAME = 1e-6


@dataclass(frozen=True)
class Sketch:
    """Logarithms of amounts, ascending, and of how many amounts each is the middle."""

    points: tuple[float, ...]
    weights: tuple[float, ...]

    @cached_property
    def n(self) -> float:
        return sum(self.weights)

    @cached_property
    def arrays(self) -> tuple[Floats, Floats]:
        """Points, and the share of the amounts that each stands for."""
        return np.array(self.points), np.array(self.weights) / self.n

    @cached_property
    def width(self) -> float:
        """Of the bump around each point, in logarithms: narrow where all amounts are equal."""
        supposed = (WIDTH_AT_FIRST / WIDTH_OF_SPREAD) ** 2
        spread = (self.n * self.spread**2 + N_SPREAD_SUPPOSED * supposed) / (self.n + N_SPREAD_SUPPOSED)
        return float(max(WIDTH_OF_SPREAD * spread**0.5, MIN_WIDTH))

    @cached_property
    def novelty(self) -> float:
        """How often an amount is a new one, at first always; always too where amounts were drawn together."""
        distinct = len(self.points)
        return (distinct + 1) / (self.n + 1) if distinct < MAX_POINTS else 1.0

    @cached_property
    def median(self) -> float:
        return self.quantile(0.5)

    @cached_property
    def spread(self) -> float:
        """As a standard deviation, whatever a few far amounts are."""
        points, shares = self.arrays
        return NORMAL_MADS * _quantile(np.abs(points - self.median), shares, 0.5)

    def quantile(self, share: float) -> float:
        """The logarithm that so large a share of the amounts is not above."""
        return _quantile(*self.arrays, share)

    def share_below(self, log: float) -> float:
        """What part of the amounts is smaller."""
        points, shares = self.arrays
        return float(shares[points < log].sum())


def sketch(logs: ArrayLike, weights: ArrayLike | None = None) -> Sketch:
    """Of at least one amount."""
    found = np.asarray(logs, dtype=float)
    counts = np.ones(len(found)) if weights is None else np.asarray(weights, dtype=float)
    order = np.argsort(found, kind="stable")
    points, counts = _drawn_together(found[order], counts[order])
    return Sketch(tuple(points.tolist()), tuple(counts.tolist()))


def without(known: Sketch, log: float) -> Sketch | None:
    """The sketch less one amount: itself where the amount is not among its points, None where none is left.

    Where neighbors were drawn together, the nearest group gives one away.
    """
    points, weights = np.array(known.points), np.array(known.weights)
    nearest = int(np.abs(points - log).argmin())
    if len(points) < MAX_POINTS and abs(points[nearest] - log) > _SAME:
        return known
    weights[nearest] -= 1
    left = weights > _SAME
    return sketch(points[left], weights[left]) if left.any() else None


def _drawn_together(points: Floats, weights: Floats) -> tuple[Floats, Floats]:
    """Equal amounts as one point, then neighbors: the middle of each group, and how many it is of.

    The largest stays alone, so that the record is known.
    """
    distinct, at = np.unique(np.round(points, 9), return_index=True)
    sums = np.add.reduceat(weights, at)
    if len(distinct) <= MAX_POINTS:
        return distinct, sums
    edges = np.linspace(0, len(distinct) - 1, MAX_POINTS).astype(int)
    starts = np.append(edges[:-1], len(distinct) - 1)
    grouped = np.add.reduceat(sums, starts)
    return np.add.reduceat(distinct * sums, starts) / grouped, grouped


def _quantile(points: Floats, shares: Floats, wanted: float) -> float:
    order = np.argsort(points)
    reached = np.cumsum(shares[order])
    middles = reached - shares[order] / 2
    return float(np.interp(wanted, middles, points[order]))
