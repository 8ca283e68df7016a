"""Calibration: the reliability of confidences, and corrections that follow from it.

The input is pure: the confidences of a link's answers, and the owner's word on which were right.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

#: Fewer outcomes say nothing of a link.
LEAST_OUTCOMES = 30
#: Already this many outcomes correct a link, held back by the prior: an owner with categories of their own should not
#: get thirty wrong answers first.
LEAST_CORRECTED = 5
N_BINS = 10
#: A correction counts half when it comes from so many outcomes (docs/decisions/0022).
HALF_TRUSTED = 100
#: No answer is taken for impossible or certain.
_LEAST, _MOST = 0.001, 0.999
#: Holds a slope where it is.
_FIXED = 1e9
#: A correction that is flatter would take a surer answer for a less sure one.
_LEAST_SLOPE = 0.1
_ROUNDS = 25
#: A lower bound is too high in at most this share of histories.
LEVEL = 0.05
_HALVINGS = 20
_CLOSE_ENOUGH = 1e-9


class JudgedAnswer(NamedTuple):
    """One answer: the probability it was given with, in [0, 1], and whether it was right."""

    confidence: float
    is_right: bool


class Bin(NamedTuple):
    """The answers with a confidence from `start` to below `end` (1 belongs to the last bin)."""

    start: float
    end: float
    n: int
    mean_confidence: float
    accuracy: float


class Reliability(NamedTuple):
    """A comparison of confidences with outcomes.

    `ece` is the expected calibration error (Naeini et al. 2015): the mean distance between the mean confidence and the
    accuracy of an answer's bin. `brier` is Brier's score, the mean squared distance between confidence and outcome.
    Both are 0 at best.
    """

    n: int
    accuracy: float
    ece: float
    brier: float
    bins: tuple[Bin, ...]


class Correction(NamedTuple):
    """A logistic recalibration: log-odds become `intercept + slope * log-odds` (Cox 1958). (0, 1) changes nothing.

    Without `raises` it only lowers: the outcomes do not show yet that the answers are better than their confidences.
    """

    intercept: float = 0.0
    slope: float = 1.0
    raises: bool = False

    def apply(self, confidence: float) -> float:
        """Return the corrected probability, in [0, 1]; never a certainty, which no outcomes show."""
        if self == NO_CORRECTION:
            return confidence
        corrected = min(logistic(self.intercept + self.slope * log_odds(confidence)), _MOST)
        return corrected if self.raises else min(confidence, corrected)


NO_CORRECTION = Correction()


def logistic(score: float) -> float:
    """Return the probability of these log-odds."""
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, score))))


def log_odds(probability: float) -> float:
    """Return the log-odds of a probability; 0 and 1 pass for nearly so."""
    held = min(max(probability, _LEAST), _MOST)
    return math.log(held / (1 - held))


def measure_reliability(outcomes: Sequence[JudgedAnswer]) -> Reliability:
    """Measure over ten bins of equal width, without empty ones. Raise ValueError without outcomes."""
    n = len(outcomes)
    if not n:
        raise ValueError("Nothing can be measured without outcomes.")
    sorted_in: list[list[JudgedAnswer]] = [[] for _ in range(N_BINS)]
    for outcome in outcomes:
        sorted_in[min(int(outcome.confidence * N_BINS), N_BINS - 1)].append(outcome)
    bins = tuple(
        Bin(
            start=i / N_BINS,
            end=(i + 1) / N_BINS,
            n=len(members),
            mean_confidence=sum(o.confidence for o in members) / len(members),
            accuracy=sum(o.is_right for o in members) / len(members),
        )
        for i, members in enumerate(sorted_in)
        if members
    )
    return Reliability(
        n=n,
        accuracy=sum(o.is_right for o in outcomes) / n,
        ece=sum(b.n * abs(b.mean_confidence - b.accuracy) for b in bins) / n,
        brier=sum((o.confidence - o.is_right) ** 2 for o in outcomes) / n,
        bins=bins,
    )


def fit_correction(outcomes: Sequence[JudgedAnswer], *, expected: float = 0.0) -> Correction:
    """Fit the likeliest correction by Newton's method on a logistic regression; few outcomes move it little.

    `outcomes` are in order, oldest first. Later ones count more, the last twice as much as one half-way back: a link
    that learns gets better. A surer answer stays a surer one, even of a link that was wrong whenever it was sure.
    `expected` is the intercept, in log-odds, that is supposed before there are outcomes. A fit of n outcomes counts
    n / (n + HALF_TRUSTED) beside it, because few rows are mostly repeats of a few merchants.
    """
    if len(outcomes) < LEAST_CORRECTED:
        return Correction(intercept=expected)
    half = len(outcomes) / 2
    points = [
        _Point(log_odds(o.confidence), o.is_right, 0.5 ** ((half * 2 - i) / half)) for i, o in enumerate(outcomes)
    ]
    fitted = _climb(points, _Prior(expected))
    if fitted.slope < _LEAST_SLOPE:
        fitted = _climb(points, _Prior(expected, _LEAST_SLOPE, of_slope=_FIXED))
    n = len(outcomes)
    share = n / (n + HALF_TRUSTED)
    claimed = math.fsum(outcome.confidence for outcome in outcomes) / n
    return Correction(
        intercept=expected + share * (fitted.intercept - expected),
        slope=1 + share * (fitted.slope - 1),
        raises=lower_bound(sum(outcome.is_right for outcome in outcomes), n) > claimed,
    )


def lower_bound(n_right: float, n: float) -> float:
    """Return the share that the true share of right answers exceeds with 95 % confidence; 0 if none was right.

    It is exact (Clopper and Pearson 1934): if answers were right less often than the bound, chance would give so many
    right ones in at most 5 of 100 histories. Wilson's bound needs fewer answers, but is too high where nearly all are
    right (Cai 2005, one-sided intervals in discrete distributions). It imports scipy, which is slow.
    """
    from scipy.special import betaincinv  # noqa: PLC0415 - slow

    return float(betaincinv(n_right, n - n_right + 1, LEVEL)) if n_right > 0 else 0.0


def upper_bound(n_right: float, n: float) -> float:
    """Return the share that the true share of right answers stays below with 95 % confidence; 1 if all were right.

    It is the other side of `lower_bound`: one minus the lower bound of the share of wrong answers.
    """
    return 1.0 - lower_bound(n - n_right, n)


class _Point(NamedTuple):
    """An outcome in the form that the regression needs."""

    odds: float
    is_right: bool
    weight: float


class _Prior(NamedTuple):
    """The expected correction; `of_intercept` and `of_slope` are the strength of the prior, one over its variance."""

    intercept: float = 0.0
    slope: float = 1.0
    of_intercept: float = 1.0
    of_slope: float = 4.0


def _climb(points: Sequence[_Point], prior: _Prior) -> Correction:
    """Climb to the correction that points and prior make likeliest; halve steps that lead too far."""
    here = Correction(prior.intercept, prior.slope)
    height = _likelihood(points, prior, here)
    for _ in range(_ROUNDS):
        step = _newton_step(points, prior, here)
        there, higher = here, height
        for halving in range(_HALVINGS):
            tried = Correction(here.intercept + step[0] / 2**halving, here.slope + step[1] / 2**halving)
            reached = _likelihood(points, prior, tried)
            if reached > height:
                there, higher = tried, reached
                break
        if higher - height < _CLOSE_ENOUGH:
            return there
        here, height = there, higher
    return here


def _likelihood(points: Sequence[_Point], prior: _Prior, at: Correction) -> float:
    """Return the logarithm of the likelihood, up to a constant."""
    held = prior.of_intercept * (at.intercept - prior.intercept) ** 2 + prior.of_slope * (at.slope - prior.slope) ** 2
    scores = ((at.intercept + at.slope * odds, is_right, weight) for odds, is_right, weight in points)
    # log(1 + exp(x)) = max(x, 0) + log1p(exp(-|x|)), which does not overflow.
    surprises = (
        weight * (max(-score if is_right else score, 0.0) + math.log1p(math.exp(-abs(score))))
        for score, is_right, weight in scores
    )
    return -held / 2 - sum(surprises)


def _newton_step(points: Sequence[_Point], prior: _Prior, at: Correction) -> tuple[float, float]:
    to_intercept = -prior.of_intercept * (at.intercept - prior.intercept)
    to_slope = -prior.of_slope * (at.slope - prior.slope)
    of_intercept, both, of_slope = prior.of_intercept, 0.0, prior.of_slope
    for odds, is_right, weight in points:
        p = logistic(at.intercept + at.slope * odds)
        error, bend = weight * (is_right - p), weight * p * (1 - p)
        to_intercept += error
        to_slope += error * odds
        of_intercept += bend
        both += bend * odds
        of_slope += bend * odds * odds
    determinant = of_intercept * of_slope - both * both
    return (
        (to_intercept * of_slope - to_slope * both) / determinant,
        (to_slope * of_intercept - to_intercept * both) / determinant,
    )
