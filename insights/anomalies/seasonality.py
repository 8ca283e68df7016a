"""Yearly seasonality of weekly spending, by statsmodels' STL. Pure; only workers call it.

STL runs robustly on the logarithms of past weeks, with a periodic season. A season found in two years may be chance:
it counts only as far as the years agree with each other.
"""

from itertools import combinations

import numpy as np

from insights.anomalies.weekly_series import Floats
from insights.calendars import WEEKS_OF_A_YEAR

#: Two full cycles.
LEAST_WEEKS = 2 * WEEKS_OF_A_YEAR
#: Ten years: habits change, and one payment of long ago must not hide the season of today.
MOST_WEEKS = 10 * WEEKS_OF_A_YEAR
#: With spending in fewer weeks the logarithms would show the gaps.
LEAST_ACTIVE_SHARE = 0.6
#: STL smooths at every fifth week and interpolates: four times as fast, and equal within a percent.
JUMP = 5
#: A span of this many cycles makes the season periodic.
PERIODIC = 1001


def season_factors(spent: Floats) -> Floats | None:
    """Return the factor of the level for each week of the year, counted from the first week of `spent`.

    Only the last ten years count. Returns None with less than two years, or with spending in too few weeks.
    """
    n_before = max(len(spent) - MOST_WEEKS, 0)
    spent = spent[n_before:]
    if len(spent) < LEAST_WEEKS or (spent > 0).mean() < LEAST_ACTIVE_SHARE:
        return None
    season, remainder = _decompose(np.log(np.maximum(spent, 0.0) + np.median(spent[spent > 0]) / 4))
    weight = _agreement_of_years(season + remainder)
    factors: Floats = np.exp(weight * (season[:WEEKS_OF_A_YEAR] - season[:WEEKS_OF_A_YEAR].mean()))
    return np.roll(factors, n_before)


def _decompose(logs: Floats) -> tuple[Floats, Floats]:
    """Return the seasonal part and the remainder."""
    from statsmodels.tsa.seasonal import STL  # noqa: PLC0415 - seconds to import, and only workers need it

    fitted = STL(
        logs, period=WEEKS_OF_A_YEAR, seasonal=PERIODIC, seasonal_deg=0, robust=True,
        seasonal_jump=JUMP, trend_jump=JUMP, low_pass_jump=JUMP,
    ).fit()  # fmt: skip
    return np.asarray(fitted.seasonal), np.asarray(fitted.resid)


def _agreement_of_years(detrended: Floats) -> float:
    """Return the reliability of the mean year, from 0 (chance) to 1.

    The Spearman-Brown formula gives it from the mean correlation of two years, each smoothed over three weeks.
    """
    n = len(detrended) // WEEKS_OF_A_YEAR
    smooth = np.convolve(detrended, np.ones(3) / 3, mode="same")
    years = smooth[: n * WEEKS_OF_A_YEAR].reshape(n, WEEKS_OF_A_YEAR)
    found = [float(np.corrcoef(one, other)[0, 1]) for one, other in combinations(years, 2) if one.std() and other.std()]
    mean = max(sum(found) / len(found), 0.0) if found else 0.0
    return n * mean / (1 + (n - 1) * mean)
