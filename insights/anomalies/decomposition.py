"""Seasonal decomposition of weekly spending, by statsmodels. Pure; only workers call it.

Spending is split into trend, season and residual with a period of a quarter, and of a year where two years are known. A
season found in two periods may be chance. It counts only as far as it has made earlier predictions better.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from insights.anomalies.baseline import cut_largest
from insights.anomalies.weekly_series import Floats
from insights.calendars import WEEKS_OF_A_YEAR

WEEKS_OF_A_QUARTER = 13
#: Weeks of a period, the shortest first. A decomposition needs two periods.
PERIODS = (WEEKS_OF_A_QUARTER, WEEKS_OF_A_YEAR)
LEAST_WEEKS = 2 * WEEKS_OF_A_QUARTER
#: Ten years: habits change, and one payment of long ago must not hide the season of today.
MOST_WEEKS = 10 * WEEKS_OF_A_YEAR
#: How often the season is fitted anew. Every phase of the shorter period is then as new as can be.
REFIT_WEEKS = WEEKS_OF_A_QUARTER
#: The sum of squared seasons, in spreads, from which on a season counts for more than half of what it was worth.
N_PRIOR = 5.0
#: Errors and seasons count up to so many spreads: one spike must not decide what a season is worth.
MOST_SPREADS = 3.0


@dataclass(frozen=True, slots=True)
class Decomposition:
    """Weekly spending as the sum of three parts. Arrays have equal lengths."""

    period_weeks: int
    trend: Floats
    seasonal: Floats
    residual: Floats


@dataclass(frozen=True, slots=True)
class SeasonalForecast:
    """The season of each week, predicted from the weeks before it, and what such predictions were worth by then.

    Arrays have one entry more than the series: the last one is for the week to come.
    """

    #: 0 without two periods before the week.
    period_weeks: np.ndarray[tuple[int], np.dtype[np.int64]]
    seasonal: Floats
    #: The share of the season that counts, from 0 to 1.
    weight: Floats


def decompose(spent: Floats, period_weeks: int) -> Decomposition:
    """Split at least two periods into trend, season and residual.

    The trend is a moving average over a period. At both ends, a line through the nearest period continues it.
    """
    from statsmodels.tsa.seasonal import seasonal_decompose  # noqa: PLC0415 - slow, and only workers need it

    found = seasonal_decompose(spent, period=period_weeks, extrapolate_trend=period_weeks - 1)
    return Decomposition(period_weeks, *(np.asarray(part) for part in (found.trend, found.seasonal, found.resid)))


def predict_seasons(
    spent: Floats, level: Floats, spread: Floats, *, periods: Sequence[int] = PERIODS
) -> SeasonalForecast:
    """Predict the season of each week of a series, and of the week to come.

    `level` and `spread` are what each week is compared with while there is no season. Where two periods are known, the
    one counts that has predicted better so far.
    """
    n = len(spent)
    chosen = SeasonalForecast(np.zeros(n + 1, dtype=np.int64), np.zeros(n + 1), np.zeros(n + 1))
    best_gain = np.zeros(n + 1)
    for period in periods:
        if n < 2 * period:
            break
        seasonal = _seasons_ahead(np.maximum(spent, 0.0), period)
        with np.errstate(invalid="ignore", divide="ignore"):
            errors, seasons = (
                np.clip(np.nan_to_num(part / spread), -MOST_SPREADS, MOST_SPREADS)
                for part in (np.maximum(spent, 0.0) - level, seasonal[:-1])
            )
        weight = _worth(errors, seasons)
        gain = np.concatenate([[0.0], np.cumsum(errors**2 - (errors - weight[:-1] * seasons) ** 2)])
        # A period's gain counts from the week on from which both periods are tried.
        is_better = gain - gain[period] >= best_gain - best_gain[period]
        is_better[: 2 * period] = False
        chosen.period_weeks[is_better] = period
        chosen.seasonal[is_better], chosen.weight[is_better] = seasonal[is_better], weight[is_better]
        best_gain = gain
    return chosen


def _seasons_ahead(spent: Floats, period: int) -> Floats:
    """Return the season of each week and of the week to come, fitted on the weeks before.

    In the second period, it is what the first one had more or less: this shows early what a season is worth. It is 0 in
    the first period. Seasons are measured from their mean with the largest weeks cut down, as the level of weeks is.
    """
    n = len(spent)
    found = np.zeros(n + 1)
    found[period : 2 * period] = _from_level(spent[:period])
    for start in range(2 * period, n + 1, REFIT_WEEKS):
        past = spent[max(0, start - MOST_WEEKS) : start]
        if past.any():
            stop = min(start + REFIT_WEEKS, n + 1)
            season = decompose(past, period).seasonal[-period:]  # week `start` has the phase of its first week
            found[start:stop] = np.resize(_from_level(season), stop - start)
    return found


def _from_level(period: Floats) -> Floats:
    away: Floats = period - cut_largest(period[np.newaxis]).mean()
    return away


def _worth(errors: Floats, seasons: Floats) -> Floats:
    """Return the share of the season that would have made the earlier errors smallest, shrunk toward 0.

    It is the slope of a ridge regression of errors without the season on seasons, both in spreads. The result has one
    entry more than there are weeks.
    """
    shared, own = (np.concatenate([[0.0], np.cumsum(one)]) for one in (errors * seasons, seasons**2))
    worth: Floats = np.clip(shared / (own + N_PRIOR), 0.0, 1.0)
    return worth
