"""Ordinary spending of a week and of a month, computed from the weeks before it alone. Pure.

The level is the mean of the last half year with its largest weeks cut down to the 90th percentile. A spike then
neither raises the level nor hides the next spike. The spread adds half an ordinary week with spending, as variances
add up: in a series of mostly empty weeks every amount would be far from zero otherwise.
"""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from insights.anomalies.weekly_series import Floats
from insights.calendars import MONTHS_OF_A_YEAR, WEEKS_OF_A_YEAR

WINDOW_WEEKS = 26
#: Larger weeks are cut down to this quantile.
CUT = 0.9
#: The part of an ordinary week with spending that the spread includes.
ACTIVE_SHARE = 0.5
#: Weeks needed before a week to evaluate it.
LEAST_WEEKS = 8


def weekly_baseline(
    spent: Floats, active: Floats, *, seasonal: Floats | None = None, weight: Floats | None = None
) -> tuple[Floats, Floats]:
    """Return the level and the spread that each week is compared with.

    Weeks with fewer than LEAST_WEEKS weeks before them get NaN. `active` is what `active_weeks` returns. The weeks
    before a week count without their `seasonal` part, times the `weight` that the season has at that week.
    """
    level, spread = np.full(len(spent), np.nan), np.full(len(spent), np.nan)
    spent = np.maximum(spent, 0.0)
    for i in range(LEAST_WEEKS, min(WINDOW_WEEKS, len(spent))):  # too few weeks for a season
        cut = cut_largest(spent[np.newaxis, :i])
        level[i], spread[i] = cut.mean(), cut.std()
    if len(spent) > WINDOW_WEEKS:
        windows = sliding_window_view(spent, WINDOW_WEEKS)[:-1]
        if seasonal is not None and weight is not None:
            windows = windows - weight[WINDOW_WEEKS:, np.newaxis] * sliding_window_view(seasonal, WINDOW_WEEKS)[:-1]
        cut = cut_largest(windows)
        level[WINDOW_WEEKS:], spread[WINDOW_WEEKS:] = cut.mean(axis=1), cut.std(axis=1)
    return level, np.hypot(spread, ACTIVE_SHARE * active)


def active_weeks(spent: Floats) -> Floats:
    """Return, before each week, the median of the weeks with spending of the latest year that has any.

    Weeks before the first spending get NaN.
    """
    found, latest = np.full(len(spent), np.nan), np.nan
    for i in range(1, len(spent)):
        window = spent[max(0, i - WEEKS_OF_A_YEAR) : i]
        had = window[window > 0]
        if len(had):
            latest = float(np.median(had))
        found[i] = latest
    return found


def ordinary_months(spent: Floats) -> Floats:
    """Return, before each week, the spending of an ordinary month: the mean of a year with its largest weeks cut."""
    found, spent = np.full(len(spent), np.nan), np.maximum(spent, 0.0)
    for i in range(1, min(WEEKS_OF_A_YEAR, len(spent))):
        found[i] = cut_largest(spent[np.newaxis, :i]).mean()
    if len(spent) > WEEKS_OF_A_YEAR:
        found[WEEKS_OF_A_YEAR:] = cut_largest(sliding_window_view(spent, WEEKS_OF_A_YEAR)[:-1]).mean(axis=1)
    return found * WEEKS_OF_A_YEAR / MONTHS_OF_A_YEAR


def in_months(amount: float, ordinary_month: float) -> float:
    """Return an amount in ordinary months of spending; 1 where nothing was spent before."""
    return amount / ordinary_month if ordinary_month > 0 else 1.0


def cut_largest(windows: Floats) -> Floats:
    """Return the weeks of each row, the largest cut down."""
    cut: Floats = np.minimum(windows, np.quantile(windows, CUT, axis=1, keepdims=True))
    return cut
