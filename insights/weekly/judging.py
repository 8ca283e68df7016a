"""How far each week was from what the weeks before it promised. Pure."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from insights.weekly.levels import WINDOW_WEEKS, active_weeks, levels
from insights.weekly.seasons import LEAST_WEEKS, season_factors
from insights.weekly.series import Floats, WeeklySeries

#: How often a season is looked for anew.
REFIT_WEEKS = 26
#: The interval holds 80 % of weeks; before there are errors to learn it from, those of a normal distribution.
SHARE_BELOW, SHARE_ABOVE = 0.1, 0.9
NORMAL = 1.2816
N_ERRORS = 104
Method = Literal["stl", "robust_level", "insufficient_history"]


@dataclass(frozen=True, slots=True)
class Judgements:
    """Of each week of a series what the weeks before it said of it; NaN where they were too few. Equal lengths.

    Expected is `trend` plus `seasonal`; `score` is the excess in units of the spread of ordinary weeks.
    """

    series: WeeklySeries
    trend: Floats
    seasonal: Floats
    spread: Floats
    score: Floats
    #: The first week of which two years are known: from there on STL has been asked for a season.
    seasonal_from: int

    @property
    def expected(self) -> Floats:
        return self.trend + self.seasonal

    def method(self, i: int) -> Method:
        """How the week was judged."""
        if np.isnan(self.trend[i]):
            return "insufficient_history"
        return "stl" if i >= self.seasonal_from else "robust_level"

    def interval(self, i: int) -> tuple[float, float]:
        """Between which amounts four of five such weeks lie, by the errors of the weeks before."""
        errors = self.score[max(0, i - N_ERRORS) : i]
        errors = errors[np.isfinite(errors)]
        enough = len(errors) >= WINDOW_WEEKS
        low, high = np.quantile(errors, [SHARE_BELOW, SHARE_ABOVE]) if enough else (-NORMAL, NORMAL)
        expected, spread = float(self.expected[i]), float(self.spread[i])
        return max(expected + low * spread, 0.0), max(expected + high * spread, 0.0)


def judge_weeks(series: WeeklySeries) -> Judgements:
    """Judge every week by those before it: a later week changes nothing."""
    trend, seasonal, spread = (np.full(len(series.spent), np.nan) for _ in range(3))
    active, seasonal_from = active_weeks(series.spent + series.bills), len(series.spent)
    for start, stop in _spans(len(series.spent)):
        factors = season_factors(series.spent[:start])
        seasonal_from = seasonal_from if factors is None else min(seasonal_from, start)
        season = np.ones(stop) if factors is None else np.resize(factors, stop)
        level, width = levels(series.spent[:stop] / season, active[:stop], start=start)
        trend[start:stop] = level
        seasonal[start:stop] = level * (season[start:] - 1)
        spread[start:stop] = width * season[start:]
    with np.errstate(invalid="ignore", divide="ignore"):
        score = (np.maximum(series.spent, 0.0) - trend - seasonal) / spread
    return Judgements(series, trend, seasonal, spread, score, seasonal_from)


def _spans(n: int) -> list[tuple[int, int]]:
    """Weeks that share a season: from the first to the last but one."""
    starts = [0, *range(LEAST_WEEKS, n, REFIT_WEEKS)] if n else []
    return list(zip(starts, [*starts[1:], n], strict=True))
