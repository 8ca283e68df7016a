"""How odd one amount is, given the amounts of ever narrower levels.

What is ordinary is a mixture of bumps around known amounts, narrowed from level to level: of a payee with n payments,
n parts are its own amounts and up to 2 parts what the level above says, the fewer the more it keeps to the same few
prices (the predictive distribution of a hierarchical
Dirichlet process: Teh, Jordan, Beal, Blei 2006). Bumps are Student's with 3 degrees of freedom: far amounts occur.
"""

from collections.abc import Sequence
from math import log, pi, sqrt

import numpy as np

from insights.amounts.sketches import WIDTH_AT_FIRST, Floats, Sketch

#: How many payments the level above is worth to one where every amount is new.
N_SUPPOSED = 2.0
#: An odd amount is at least so many times what it should be.
LEAST_FACTOR = 2.0
#: What is left where nothing is known: never nothing.
_LEAST = 1e-12


def oddity(amount_log: float, levels: Sequence[Sketch]) -> float:
    """The logarithm of the odds that the amount is another, at least doubled, to its being an ordinary one.

    `levels`: the widest first, at least one. Greater is odder. An amount that was often there is ordinary, however
    large it is beside others; beyond all known amounts, more is odder.
    """
    return float(oddities(np.array([amount_log]), levels)[0])


def oddities(amount_logs: Floats, levels: Sequence[Sketch]) -> Floats:
    """Of several amounts beside the same levels."""
    density, below, halved = ordinary(amount_logs, levels)
    result: Floats = np.log(np.maximum(halved, _LEAST) / np.maximum(density + (1 - below), _LEAST))
    return result


def ordinary(amount_logs: Floats, levels: Sequence[Sketch]) -> tuple[Floats, Floats, Floats]:
    """How dense ordinary amounts are at each, what share of them is below it, and what share is below its half."""
    density, below, halved = _bumps(amount_logs, levels[0], WIDTH_AT_FIRST)
    for level in levels[1:]:
        own = level.n / (level.n + N_SUPPOSED * level.novelty)
        narrower = _bumps(amount_logs, level, level.width)
        density, below, halved = (
            own * new + (1 - own) * old for new, old in zip(narrower, (density, below, halved), strict=True)
        )
    return density, below, halved


def _bumps(logs: Floats, level: Sketch, width: float) -> tuple[Floats, Floats, Floats]:
    points, shares = level.arrays
    away = (logs[:, None] - points) / (width * sqrt(3))
    halved = away - log(LEAST_FACTOR) / (width * sqrt(3))
    density = (2 / (pi * sqrt(3) * width)) / (1 + away**2) ** 2 @ shares
    return density, _cumulated(away) @ shares, _cumulated(halved) @ shares


def _cumulated(away: Floats) -> Floats:
    """Student's with 3 degrees of freedom; `away` is t / sqrt(3)."""
    result: Floats = 0.5 + (away / (1 + away**2) + np.arctan(away)) / pi
    return result
