"""How unusual one amount is beside those of its payee, category and ledger. Pure.

The distribution of ordinary amounts is a mixture of kernels around known amounts, narrowed from level to level. A payee
with n payments contributes n parts, the level above up to 2 parts: the fewer, the more the payee keeps to its prices.
This is the predictive distribution of a hierarchical Dirichlet process (Teh, Jordan, Beal, Blei 2006). Kernels are
Student's with 3 degrees of freedom: far amounts occur.
"""

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import exp, log, pi, sqrt
from typing import Literal, NamedTuple

import numpy as np

from insights.anomalies.amount_keys import LEVELS, AmountKey
from insights.anomalies.amount_sketches import FIRST_WIDTH, Floats, Histories, Sketch, keyed, sketch
from insights.payments import Payment

#: How many payments the level above is worth where every amount is new.
N_PRIOR = 2.0
#: The alternative to an ordinary amount is at least this many times what it should be.
LEAST_FACTOR = 2.0
#: The floor of probabilities.
LEAST_PROBABILITY = 1e-12
#: A past payment is scored if at least this many came before it.
N_BEFORE = 50
#: So many of the newest payments are scored as of their day.
N_PAST = 600
#: How many past scores the curve of ordinary ledgers is worth.
N_ORDINARY = 100.0
#: Parameters of that logistic curve: measured walk-forward on the spending of nine people and two councils, where it
#: is within a tenth of the truth from a half down to three in a thousand.
MIDDLE, STEEPNESS = -2.0, 0.72
#: The share of ordinary payments that is called unusual.
FALSE_FLAGS = 0.01
#: Decimal places of a score: what is shown is what is judged.
SCORE_PLACES = 4
#: While a history grows, its sketch is made of at most so many amounts, spread evenly over its past.
N_DRAWN = 400
#: Payments of the same kind in the ledger that a score needs (a judgment).
LEAST_HISTORY = 5
ComparedWith = Literal["payee", "name", "category", "all"]
#: The level an amount is compared with in words: the first with so many payments (a judgment). For a new payee, first
#: payments come before others. `name` stands for payees with the same first word.
COMPARED: tuple[tuple[str, int, ComparedWith], ...] = (
    ("payee", 1, "payee"),
    ("word", 3, "name"),
    ("category_first", 5, "category"),
    ("category", 3, "category"),
    ("first", 5, "all"),
    ("all", 1, "all"),
)
#: Eight of ten ordinary amounts lie between these quantiles.
LOW, HIGH = 0.1, 0.9
#: Steps over all known amounts in which quantiles are looked for, and how many of them a first look skips.
N_STEPS, STRIDE = 200, 14

#: By name of level; levels without amounts are left out.
SketchesByLevel = Mapping[str, Sketch]


def log_odds(amount_log: float, levels: Sequence[Sketch]) -> float:
    """Return the logarithm of the odds that the amount is wrong, at least doubled, to its being an ordinary one.

    `levels` begin with the widest. Frequent amounts are ordinary, however large they are beside others. Beyond all
    known amounts, more is more unusual.
    """
    return float(all_log_odds(np.array([amount_log]), levels)[0])


def all_log_odds(amount_logs: Floats, levels: Sequence[Sketch]) -> Floats:
    """Return the log odds of several amounts beside the same levels."""
    ordinary = Ordinary.beside(levels)
    below_half = ordinary.share_below(amount_logs - log(LEAST_FACTOR))
    right = np.maximum(ordinary.density(amount_logs) + 1 - ordinary.share_below(amount_logs), LEAST_PROBABILITY)
    odds: Floats = np.log(np.maximum(below_half, LEAST_PROBABILITY) / right)
    return odds


class Ordinary(NamedTuple):
    """The distribution of ordinary amounts: a kernel around each point, with its share of all amounts and its scale."""

    points: Floats
    shares: Floats
    scales: Floats

    @classmethod
    def beside(cls, levels: Sequence[Sketch]) -> "Ordinary":
        """Return the mixture of levels, which begin with the widest."""
        shares, widths = [1.0], [FIRST_WIDTH]
        for level in levels[1:]:
            own = level.n / (level.n + N_PRIOR * level.novelty)
            shares = [*((1 - own) * share for share in shares), own]
            widths.append(level.width)
        arrays = [level.arrays for level in levels]
        return cls(
            np.concatenate([points for points, _ in arrays]),
            np.concatenate([share * of_level for share, (_, of_level) in zip(shares, arrays, strict=True)]),
            np.repeat(np.multiply(widths, sqrt(3)), [len(points) for points, _ in arrays]),
        )

    def density(self, logs: Floats) -> Floats:
        """Return the density at each logarithm of an amount."""
        parts = 2 / (pi * self.scales * (1 + self._away(logs) ** 2) ** 2)
        return self._sum(parts)

    def share_below(self, logs: Floats) -> Floats:
        """Return the share of ordinary amounts below each logarithm of an amount."""
        away = self._away(logs)
        return self._sum(0.5 + (away / (1 + away**2) + np.arctan(away)) / pi)

    def quantiles(self, shares: Sequence[float], steps: Floats) -> list[float]:
        """Return the logarithms below which these shares of ordinary amounts are, to a part of a step.

        `steps` ascend. Few of them are computed: every `STRIDE`th, and those around each quantile.
        """
        marks = [*range(0, len(steps) - 1, STRIDE), len(steps) - 1]
        below, found = self.share_below(steps[marks]), []
        for share in shares:
            at = min(max(int(np.searchsorted(below, share)), 1), len(marks) - 1)
            near = steps[marks[at - 1] : marks[at] + 1]
            found.append(float(np.interp(share, self.share_below(near), near)))
        return found

    def _away(self, logs: Floats) -> Floats:
        return (logs[:, None] - self.points) / self.scales

    def _sum(self, parts: Floats) -> Floats:
        """Return the sum for each amount, which does not depend on how many amounts there are."""
        total: Floats = (parts * self.shares).sum(axis=1)
        return total


@dataclass(frozen=True, slots=True)
class Calibration:
    """Log odds of a ledger's own past payments, ascending."""

    past: Sequence[float] = ()
    #: One of them is of the scored payment itself. It is not known which; the nearest above is taken.
    holds_itself: bool = False

    def chance(self, odds: float) -> float:
        """Return the share of ordinary payments that are at least as unusual, above 0 and at most 1."""
        others = len(self.past) - self.holds_itself
        above = min(max(len(self.past) - bisect_left(self.past, odds) - self.holds_itself, 0), others)
        return (above + N_ORDINARY * ordinary_chance(odds)) / (others + N_ORDINARY)


def ordinary_chance(odds: float) -> float:
    """Return the share of payments in an unknown ledger that are at least as unusual."""
    return 1 / (1 + exp(min(STEEPNESS * (odds - MIDDLE), 700)))


def learn(payments: Sequence[Payment]) -> tuple[Histories, Calibration]:
    """Return the histories of all keys, and how unusual the newest payments were on their day.

    `payments` begin with the oldest.
    """
    histories: Histories = {}
    odds = sorted(one for _, one in past_log_odds(payments, n=N_PAST, histories=histories))
    return histories, Calibration(odds)


def past_log_odds(payments: Sequence[Payment], *, n: int, histories: Histories) -> Iterator[tuple[Payment, float]]:
    """Yield the newest `n` payments, the oldest first, with their log odds as of their day.

    Fills `histories` on its way. The sketch of a key is made anew when its history has grown by a fiftieth.
    """
    start = max(len(payments) - n, N_BEFORE)
    drawn: dict[AmountKey, tuple[int, Sketch]] = {}
    for at, (payment, amount_log, keys) in enumerate(keyed(payments, histories)):
        if at < start:
            continue
        known: dict[str, Sketch] = {}
        for key in keys:
            if key not in histories:
                continue
            history = histories[key]
            if key not in drawn or history.n > 1.02 * drawn[key][0]:
                step = -(-history.n // N_DRAWN)  # rounded up
                logs = history.logs[::-step]
                drawn[key] = history.n, sketch(logs, [history.n / len(logs)] * len(logs))
            known[key.level] = drawn[key][1]
        if known:
            yield payment, log_odds(amount_log, list(known.values()))


@dataclass(frozen=True, slots=True)
class AmountRange:
    """Usual amounts in the currency of the history; eight of ten ordinary ones lie from `low` to `high`."""

    usual: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class AmountScore:
    """How unusual an amount is, and what it was compared with."""

    #: The share of ordinary payments that are at least as unusual; None with too little history.
    chance: float | None
    #: The number of payments to the same payee.
    n_history: int
    #: A level of COMPARED, and what is usual there.
    level: str | None = None
    expected: AmountRange | None = None

    @property
    def compared_with(self) -> ComparedWith | None:
        return next((compared for level, _, compared in COMPARED if level == self.level), None)

    @property
    def score(self) -> float | None:
        """The share of ordinary payments that are less unusual, rounded."""
        return None if self.chance is None else round(1 - self.chance, SCORE_PLACES)

    @property
    def is_anomalous(self) -> bool:
        return self.score is not None and self.score >= 1 - FALSE_FLAGS


def score_amount(amount: float, known: SketchesByLevel, calibration: Calibration) -> AmountScore:
    """Score an amount, more than 0, beside what is known of its levels."""
    n_history = round(known["payee"].n) if "payee" in known else 0
    if "all" not in known or known["all"].n < LEAST_HISTORY:
        return AmountScore(None, n_history)
    levels = [known[level] for level in LEVELS if level in known]
    chance = calibration.chance(log_odds(log(amount), levels))
    level = next(level for level, least, _ in COMPARED if level in known and known[level].n >= least)

    ends = [end for one in levels for end in (one.points[0], one.points[-1])]
    steps = np.linspace(min(ends) - 1, max(ends) + 1, N_STEPS)
    low, high = Ordinary.beside(levels).quantiles((LOW, HIGH), steps)
    usual = known[level].median
    expected = AmountRange(exp(usual), exp(min(low, usual)), exp(max(high, usual)))
    return AmountScore(chance, n_history, level, expected)
