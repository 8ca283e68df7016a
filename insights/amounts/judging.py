"""What is said of one amount: a number, whether that is unusual, what is usual, and beside what."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import exp, log
from typing import Literal

import numpy as np

from insights.amounts.calibration import FALSE_FLAGS, Calibration
from insights.amounts.keys import LEVELS
from insights.amounts.oddity import oddity, ordinary
from insights.amounts.sketches import Sketch

Compared = Literal["payee", "name", "category", "all"]
#: With fewer payments of its kind in the whole ledger nothing is said (a judgement).
LEAST_HISTORY = 5
#: What an amount is said to be compared with: the first of these levels with so many payments (a judgement). To
#: somebody new, first payments go before others; `name`: payees of the same first word.
COMPARED: tuple[tuple[str, int, Compared], ...] = (
    ("payee", 1, "payee"),
    ("word", 3, "name"),
    ("category_first", 5, "category"),
    ("category", 3, "category"),
    ("first", 5, "all"),
    ("all", 1, "all"),
)
#: Eight of ten ordinary amounts lie between the two.
LOW, HIGH = 0.1, 0.9
_N_STEPS = 200

#: By name of level; levels without amounts are left out.
Known = Mapping[str, Sketch]


@dataclass(frozen=True, slots=True)
class Expected:
    """Amounts in the currency of the history."""

    usual: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Judgment:
    """`chance`: what share of ordinary payments is at least so unusual; None where too little is known."""

    chance: float | None
    #: Payments to the same payee.
    n_history: int
    #: Of COMPARED, and what is usual there.
    level: str | None = None
    expected: Expected | None = None

    @property
    def compared_with(self) -> Compared | None:
        """The level as people are told of it."""
        return next((compared for level, _, compared in COMPARED if level == self.level), None)

    @property
    def score(self) -> float | None:
        """0 to 1: what share of ordinary payments is less unusual."""
        return None if self.chance is None else 1 - self.chance

    @property
    def is_anomalous(self) -> bool:
        """At most one ordinary payment in a hundred is."""
        return self.chance is not None and self.chance <= FALSE_FLAGS


def judge(amount: float, known: Known, calibration: Calibration) -> Judgment:
    """One amount, more than 0, beside what is known of its levels."""
    n_history = round(known["payee"].n) if "payee" in known else 0
    if "all" not in known or known["all"].n < LEAST_HISTORY:
        return Judgment(None, n_history)
    levels = [known[level] for level in LEVELS if level in known]
    chance = calibration.chance(oddity(log(amount), levels))
    level = next(level for level, least, _ in COMPARED if level in known and known[level].n >= least)
    return Judgment(chance, n_history, level, _expected(known[level], levels))


def _expected(beside: Sketch, levels: list[Sketch]) -> Expected:
    """The middle of what it is compared with, and between what eight of ten ordinary amounts lie."""
    ends = [end for level in levels for end in (level.points[0], level.points[-1])]
    steps = np.linspace(min(ends) - 1, max(ends) + 1, _N_STEPS)
    below = ordinary(steps, levels)[1]
    low, high = np.interp([LOW, HIGH], below, steps)
    usual = beside.median
    return Expected(exp(usual), exp(min(low, usual)), exp(max(high, usual)))
