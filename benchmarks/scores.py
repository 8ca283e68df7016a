"""Figures of predicted rows in percent; None without data. Pure."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import compress
from statistics import fmean

from benchmarks.predicting import PRECISION, PredictedRow, Prediction
from providers.calibration import JudgedAnswer, Reliability, measure_reliability

Figure = float | None
PRODUCT = "Outlay"

ACCURACY = "right, of all rows"
BEST_MARGIN = "ahead of the best of them"
NEW_SHARE = "new merchants, of all rows"
NEW_ACCURACY = "new merchants: right"
DECIDED = "decided, of all rows"
DECIDED_PRECISION = "decided: right"
ECE = "ECE of what is shown"
BRIER = "Brier of what is shown"
ACCEPTABLE = "acceptable at 95 % precision"
PAST_SHARE = "threshold of the past: accepted"
PAST_PRECISION = "threshold of the past: right"


def score(prediction: Prediction) -> dict[str, Figure]:
    """Return every figure by name in print order, including those of the baselines."""
    answers, baselines = prediction.answers, prediction.baselines
    own = percent(a.is_right for a in answers)
    figures = {f"{PRODUCT}: {ACCURACY}": own}
    figures |= {f"  {name}": percent(right) for name, right in baselines.items()}
    figures |= _new_merchants(prediction)
    return figures | _decided(answers) | _confidence(answers) | _past(answers, prediction.threshold)


def _new_merchants(prediction: Prediction) -> dict[str, Figure]:
    new = [answer.is_new for answer in prediction.answers]
    own = [answer.is_right for answer in prediction.answers]
    figures = {NEW_SHARE: percent(new), f"{PRODUCT}: {NEW_ACCURACY}": percent(compress(own, new))}
    return figures | {f"  {name}, new": percent(compress(right, new)) for name, right in prediction.baselines.items()}


def _decided(answers: Sequence[PredictedRow]) -> dict[str, Figure]:
    return {
        DECIDED: percent(a.is_decided for a in answers),
        DECIDED_PRECISION: percent(a.is_right for a in answers if a.is_decided),
    }


def _confidence(answers: Sequence[PredictedRow]) -> dict[str, Figure]:
    shown = [a for a in answers if a.is_shown]
    reliability = measure_reliability([JudgedAnswer(a.confidence, a.is_right) for a in shown])
    return {
        ECE: _percent_of(reliability, lambda r: r.ece),
        BRIER: _percent_of(reliability, lambda r: r.brier),
        ACCEPTABLE: 100 * n_acceptable(shown) / len(answers),
    }


def by_sort(prediction: Prediction, sorts: Sequence[str]) -> dict[str, Figure]:
    """Return the percentage of right answers about each sort of row that is among the confirmed ones.

    `sorts` has a word for each row of the file; "" is no sort.
    """
    known = sorted(set(sorts[: prediction.n]) - {""})
    answers = list(zip(prediction.answers, sorts[prediction.n :], strict=False))
    return {f"{sort}: right": percent(a.is_right for a, one in answers if one == sort) for sort in known}


def _percent_of(reliability: Reliability | None, figure: Callable[[Reliability], float]) -> Figure:
    return 100 * figure(reliability) if reliability else None


def n_acceptable(shown: Sequence[PredictedRow]) -> int:
    """Return the most answers above a confidence of which PRECISION are right; equal ones stay together."""
    ranked = sorted(shown, key=lambda answer: -answer.confidence)
    found = n_right = 0
    for n, answer in enumerate(ranked, 1):
        n_right += answer.is_right
        is_last_of_equals = n == len(ranked) or ranked[n].confidence < answer.confidence
        if is_last_of_equals and n_right >= PRECISION * n:
            found = n
    return found


def _past(answers: Sequence[PredictedRow], threshold: float | None) -> dict[str, Figure]:
    """Return share and precision of the answers above the threshold of the confirmed rows."""
    accepted = [a for a in answers if threshold is not None and a.is_shown and a.confidence >= threshold]
    return {PAST_SHARE: 100 * len(accepted) / len(answers), PAST_PRECISION: percent(a.is_right for a in accepted)}


def percent(flags: Iterable[bool]) -> Figure:
    """Return the percentage of true flags."""
    held = list(flags)
    return 100 * sum(held) / len(held) if held else None


def mean(figures: Sequence[Mapping[str, Figure]]) -> dict[str, Figure]:
    """Return the mean of each figure over the files that have it."""
    names = dict.fromkeys(name for each in figures for name in each)
    return {name: _mean(each.get(name) for each in figures) for name in names}


def _mean(values: Iterable[Figure]) -> Figure:
    known = [value for value in values if value is not None]
    return fmean(known) if known else None
