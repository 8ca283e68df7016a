"""Simple methods that judge the newest week by the weeks before it."""

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

#: Totals of past weeks, and possible values of the newest week → a score of each value; a higher one is odder.
Judge = Callable[[np.ndarray, np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Method:
    """Method with its alarm threshold. Slow methods judge every `stride`-th untouched week."""

    name: str
    judge: Judge
    threshold: float
    earliest: int = 26
    stride: int = 1


def robust_z(past: np.ndarray, values: np.ndarray, *, least: float = 1e-9) -> np.ndarray:
    """Return the distance from the median in units of the scaled MAD, which is at least `least`."""
    median = np.median(past)
    return (values - median) / max(1.4826 * float(np.median(np.abs(past - median))), least)


def rolling_median(past: np.ndarray, values: np.ndarray) -> np.ndarray:
    return robust_z(past[-26:], values)


def above_mean(past: np.ndarray, values: np.ndarray) -> np.ndarray:
    return values / max(float(past[-13:].mean()), 1e-9) - 1


def decompose(period: int) -> Judge:
    """Judge by the newest residual of a seasonal decomposition, in standard deviations of all residuals."""

    def judge(past: np.ndarray, values: np.ndarray) -> np.ndarray:
        whole = [residuals(np.append(past, value), period) for value in values]
        return np.array([one[-1] / max(float(one.std()), 1e-9) for one in whole])

    return judge


def residuals(totals: np.ndarray, period: int) -> np.ndarray:
    """Return the residuals of statsmodels' seasonal_decompose(..., extrapolate_trend=period - 1), but faster."""
    n, half = len(totals), period // 2
    window = np.full(period, 1 / period) if period % 2 else np.r_[0.5, np.ones(period - 1), 0.5] / period
    middle = np.convolve(totals, window, "valid")
    places, near = np.arange(half, half + len(middle)), min(period, len(middle))
    front = np.polyval(np.polyfit(places[:near], middle[:near], 1), np.arange(half))
    late = slice(max(len(middle) - 1 - period, 0), -1)  # the library leaves the last one out
    back = np.polyval(np.polyfit(places[late], middle[late], 1), np.arange(half + len(middle), n))
    detrended = totals - np.concatenate([front, middle, back])
    phases = np.arange(n) % period
    season = np.bincount(phases, detrended, period) / np.bincount(phases, minlength=period)
    return detrended - (season - season.mean())[phases]


def stl(period: int) -> Judge:
    """Judge by the newest residual of a robust STL, in scaled MADs of all residuals."""

    def judge(past: np.ndarray, values: np.ndarray) -> np.ndarray:
        from statsmodels.tsa.seasonal import STL

        whole = [STL(np.append(past, value), period=period, robust=True).fit().resid for value in values]
        return np.array([float(robust_z(one, one[-1:])[0]) for one in whole])

    return judge


class Forest:
    """IsolationForest of scikit-learn on the week and the four weeks before, trained every year."""

    def __init__(self) -> None:
        self._trained: tuple[int, float, object] | None = None

    def __call__(self, past: np.ndarray, values: np.ndarray) -> np.ndarray:
        from sklearn.ensemble import IsolationForest

        key = (len(past) // 52, float(past[:26].sum()))
        if self._trained is None or self._trained[:2] != key:
            rows = np.array([(past[i], past[i - 4 : i].mean()) for i in range(4, len(past))])
            self._trained = (*key, IsolationForest(n_estimators=20, random_state=0).fit(rows))
        asked = np.array([(value, past[-4:].mean()) for value in values])
        scores = -self._trained[2].decision_function(asked)
        return np.where(values > np.median(past), scores, -1.0)


WEEKLY_METHODS: Sequence[Method] = (
    Method("rolling 26-week median + MAD", rolling_median, 3),
    Method("seasonal_decompose 13, 3 sigma", decompose(13), 3),
    Method("seasonal_decompose 52, 3 sigma", decompose(52), 3, earliest=104),
    Method("STL 13 robust + MAD", stl(13), 3, stride=13),
    Method("STL 52 robust, newest residual", stl(52), 3, earliest=104, stride=30),
    Method("newest > mean of 13 + 25 %", above_mean, 0.25),
    Method("IsolationForest", Forest(), 0.0, stride=10),
)


def quiet_judge(method: Method, past: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Return scores without the warnings of libraries."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return method.judge(past, values)
