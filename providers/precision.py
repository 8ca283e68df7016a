"""Precision: the share of right answers that is certain enough, and the confidence from which it is high enough.

Certain enough is the lower bound of `calibration.lower_bound`.

The functions import scipy, which is slow: call them in workers.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Hashable, Sequence
from typing import NamedTuple

import numpy as np

from providers.calibration import LEVEL, JudgedAnswer

#: A text counts at most so many times: three repeats show that its category stays, and more say nothing of other texts.
MOST_OF_A_TEXT = 3
#: Answers that would have to be more than these are never had: a backtest reads as many rows.
MOST_ANSWERS = 10_000
#: Fewer answers promise no precision.
LEAST_LOOKED_AT = 10


class Tally(NamedTuple):
    """The answers at or above a confidence, and the right ones among them. A frequent text counts less."""

    confidence: float
    n: float
    n_right: float

    @property
    def precision(self) -> float:
        """Return the share of right answers."""
        return self.n_right / self.n


def tally(outcomes: Sequence[JudgedAnswer], *, texts: Sequence[Hashable] | None = None) -> list[Tally]:
    """Count the answers at or above each confidence, the highest confidence first.

    `texts` are what the answers are about, in the same order. A text counts `MOST_OF_A_TEXT` times at most, spread
    evenly over its answers. Without `texts`, each answer counts once.
    """
    times = Counter(texts or ())
    weights = [min(1.0, MOST_OF_A_TEXT / times[text]) for text in texts] if texts else [1.0] * len(outcomes)
    by_confidence: dict[float, list[tuple[float, bool]]] = defaultdict(list)
    for outcome, weight in zip(outcomes, weights, strict=True):
        by_confidence[outcome.confidence].append((weight, outcome.is_right))
    tallies: list[Tally] = []
    n = n_right = 0.0
    for confidence, members in sorted(by_confidence.items(), reverse=True):
        n += math.fsum(weight for weight, _ in members)  # exact, so that the order of answers does not matter
        n_right += math.fsum(weight for weight, is_right in members if is_right)
        tallies.append(Tally(confidence, n, min(n_right, n)))
    return tallies


def thresholds_that_hold(tallies: Sequence[Tally], *, precision: float) -> list[float]:
    """Return the confidences from which answers are taken at this precision, the highest first.

    From each of them on, the lower bound reaches `precision`. The first is where it does so at all. Below that, the
    plain share of right answers reaches `precision` at every confidence down to the last one, so that no threshold
    hides behind a lucky series.
    """
    from scipy.special import betainc  # noqa: PLC0415 - slow

    n, n_right = [one.n for one in tallies], [one.n_right for one in tallies]
    # The probability of as many right answers by chance, if the precision were the wanted one.
    by_chance = betainc(n_right, [all_ - right + 1 for all_, right in zip(n, n_right, strict=True)], precision)
    held: list[float] = []
    for one, chance in zip(tallies, by_chance, strict=True):
        if held and one.precision < precision:
            break
        if one.n_right > 0 and chance <= LEVEL:
            held.append(one.confidence)
    return held


def threshold_for(
    outcomes: Sequence[JudgedAnswer], *, precision: float, texts: Sequence[Hashable] | None = None
) -> float | None:
    """Return the lowest confidence that holds the precision, or None. The arguments are those of `tally`."""
    held = thresholds_that_hold(tally(outcomes, texts=texts), precision=precision)
    return held[-1] if held else None


def missing_answers(tallies: Sequence[Tally], *, precision: float) -> int | None:
    """Return how many more answers would hold the precision, if they were right as often; 0 if it holds.

    The share of right answers is looked at from each confidence on that takes ten answers and a tenth of all. Before
    there are answers, all are supposed to be right. None: the share reaches the precision nowhere, or too closely to
    tell within `MOST_ANSWERS`.
    """
    from scipy.special import betainc  # noqa: PLC0415 - slow

    if thresholds_that_hold(tallies, precision=precision):
        return 0
    all_answers = tallies[-1].n if tallies else 0.0
    least = min(all_answers, max(LEAST_LOOKED_AT, all_answers / 10))
    promising = [(one.precision, one.n) for one in tallies if one.n >= least and one.precision > precision]
    if not tallies:
        promising = [(1.0, 0.0)]
    share = np.array([right for right, _ in promising])
    # The least number that suffices for each share, by halving: `too_few` does not suffice, `enough` may.
    too_few, enough = np.zeros(len(promising)), np.full(len(promising), MOST_ANSWERS + 1)
    for _ in range(MOST_ANSWERS.bit_length()):
        middle = (too_few + enough) // 2
        suffices = betainc(share * middle, (1 - share) * middle + 1, precision) <= LEVEL
        too_few, enough = np.where(suffices, too_few, middle), np.where(suffices, middle, enough)
    missing = [math.ceil(n - had) for (_, had), n in zip(promising, enough, strict=True) if n <= MOST_ANSWERS]
    return max(min(missing), 1) if missing else None
