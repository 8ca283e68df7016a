"""The ordinary week, as the weeks before each week show it. Pure.

The mean of the last half year with its largest weeks cut down to the 90th percentile, so that a spike neither raises
what is expected nor hides the next one. The spread is that of the same weeks together with half an ordinary week that
has spending, as variances add up: where most weeks are empty, everything would be far from nothing.
"""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from insights.weekly.series import Floats

WINDOW_WEEKS = 26
CUT = 0.9
#: The ordinary week with spending is that of the last year.
ACTIVE_WINDOW_WEEKS = 52
ACTIVE_SHARE = 0.5
#: With fewer weeks before it nothing is said of a week.
LEAST_WEEKS = 8


def levels(spent: Floats, active: Floats, *, start: int = 0) -> tuple[Floats, Floats]:
    """The level and spread that each week from `start` on is compared with; NaN where too few weeks were before it.

    `active`: for each week the ordinary week with spending, as `active_weeks` gives it.
    """
    level, spread = np.full(len(spent), np.nan), np.full(len(spent), np.nan)
    spent = np.maximum(spent, 0.0)
    for i in range(max(start, LEAST_WEEKS), min(WINDOW_WEEKS, len(spent))):
        level[i : i + 1], spread[i : i + 1] = _levels_of(spent[np.newaxis, :i])
    first = max(start, WINDOW_WEEKS)
    if len(spent) > first:
        windows = sliding_window_view(spent[first - WINDOW_WEEKS :], WINDOW_WEEKS)[:-1]
        level[first:], spread[first:] = _levels_of(windows)
    return level[start:], np.hypot(spread, ACTIVE_SHARE * active)[start:]


def _levels_of(windows: Floats) -> tuple[Floats, Floats]:
    """Of each row of weeks."""
    cut = np.minimum(windows, np.quantile(windows, CUT, axis=1, keepdims=True))
    return cut.mean(axis=1), cut.std(axis=1)


def active_weeks(spent: Floats) -> Floats:
    """Before each week, the median of those that had spending, in the last year that had any; NaN before the first."""
    found, latest = np.full(len(spent), np.nan), np.nan
    for i in range(1, len(spent)):
        window = spent[max(0, i - ACTIVE_WINDOW_WEEKS) : i]
        had = window[window > 0]
        if len(had):
            latest = float(np.median(had))
        found[i] = latest
    return found
