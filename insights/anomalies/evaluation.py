"""How far the spending of each week is from what the weeks before it predict. Pure."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np

from insights.anomalies.baseline import WINDOW_WEEKS, active_weeks, weekly_baseline
from insights.anomalies.seasonality import LEAST_WEEKS, season_factors
from insights.anomalies.weekly_series import Floats, WeeklySeries

#: How often the season is fitted anew.
REFIT_WEEKS = 26
#: The interval holds 80 % of the weeks.
SHARE_BELOW, SHARE_ABOVE = 0.1, 0.9
#: The same quantile of a normal distribution, used until enough errors are known.
NORMAL = 1.2816
#: How many of the latest errors the interval is learned from.
N_ERRORS = 104
Method = Literal["stl", "robust_level", "insufficient_history"]


@dataclass(frozen=True, slots=True)
class WeeklyEvaluation:
    """Prediction and score of each week of a series; NaN with too few weeks before it. Arrays have equal lengths.

    The expected amount is `trend` plus `seasonal`. `score` is the excess in units of the spread of ordinary weeks.
    """

    series: WeeklySeries
    trend: Floats
    seasonal: Floats
    spread: Floats
    score: Floats

    @property
    def expected(self) -> Floats:
        return self.trend + self.seasonal

    def method(self, i: int) -> Method:
        """Return how the week at index `i` was evaluated."""
        if np.isnan(self.trend[i]):
            return "insufficient_history"
        # A season on which the years disagree adds exactly nothing.
        return "stl" if self.seasonal[i] else "robust_level"

    def interval(self, i: int) -> tuple[float, float]:
        """Return the amounts between which four of five such weeks lie, learned from the errors of earlier weeks."""
        errors = self.score[max(0, i - N_ERRORS) : i]
        errors = errors[np.isfinite(errors)]
        enough = len(errors) >= WINDOW_WEEKS
        low, high = np.quantile(errors, [SHARE_BELOW, SHARE_ABOVE]) if enough else (-NORMAL, NORMAL)
        expected, spread = float(self.expected[i]), float(self.spread[i])
        return max(expected + low * spread, 0.0), max(expected + high * spread, 0.0)


def evaluate_weeks(series: WeeklySeries) -> WeeklyEvaluation:
    """Evaluate every week by the weeks before it: a later week changes nothing."""
    n = len(series.spent)
    trend, seasonal, spread = (np.full(n, np.nan) for _ in range(3))
    active = active_weeks(series.spent + series.bills)
    for start, stop in pairwise([0, *range(LEAST_WEEKS, n, REFIT_WEEKS), n]):
        factors = season_factors(series.spent[:start])
        season = np.ones(stop) if factors is None else np.resize(factors, stop)
        level, width = weekly_baseline(series.spent[:stop] / season, active[:stop], start=start)
        trend[start:stop] = level
        seasonal[start:stop] = level * (season[start:] - 1)
        spread[start:stop] = width * season[start:]
    with np.errstate(invalid="ignore", divide="ignore"):
        score = (np.maximum(series.spent, 0.0) - trend - seasonal) / spread
    return WeeklyEvaluation(series, trend, seasonal, spread, score)
