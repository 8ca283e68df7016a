"""The season of a year in weekly spending, by statsmodels' STL. Pure; workers alone call it.

STL runs on the logarithm of what was spent, robustly, on past weeks alone, with a periodic season. What it finds in two
years may be chance: it counts as far as the years agree with each other.
"""

from itertools import combinations

import numpy as np

from insights.weekly.series import Floats

WEEKS_OF_A_YEAR = 52
#: Two full cycles.
LEAST_WEEKS = 2 * WEEKS_OF_A_YEAR
#: Ten: tastes change, and one payment of long ago must not hide the season of today.
MOST_WEEKS = 10 * WEEKS_OF_A_YEAR
#: With spending in fewer weeks the logarithms would be those of gaps.
LEAST_ACTIVE_SHARE = 0.6
#: STL smooths at every fifth week and joins these: four times as fast, and the same to a percent.
JUMP = 5
#: A span of this many cycles makes the season periodic.
PERIODIC = 1001


def season_factors(spent: Floats) -> Floats | None:
    """What the level of each week of the year is multiplied by, counted from the first week; None where none is known.

    `spent`: the weeks that are known, of which the last ten years count. Needs two full cycles with spending in most
    weeks.
    """
    n_before = max(len(spent) - MOST_WEEKS, 0)
    spent = spent[n_before:]
    if len(spent) < LEAST_WEEKS or (spent > 0).mean() < LEAST_ACTIVE_SHARE:
        return None
    logs = np.log(np.maximum(spent, 0.0) + np.median(spent[spent > 0]) / 4)
    season, rest = _decompose(logs)
    weight = _agreement_of_years(season + rest)
    factors: Floats = np.exp(weight * (season[:WEEKS_OF_A_YEAR] - season[:WEEKS_OF_A_YEAR].mean()))
    return np.roll(factors, n_before)


def _decompose(logs: Floats) -> tuple[Floats, Floats]:
    """The seasonal part and the remainder."""
    from statsmodels.tsa.seasonal import STL  # noqa: PLC0415 - seconds to import, and only workers do

    fitted = STL(
        logs, period=WEEKS_OF_A_YEAR, seasonal=PERIODIC, seasonal_deg=0, robust=True,
        seasonal_jump=JUMP, trend_jump=JUMP, low_pass_jump=JUMP,
    ).fit()  # fmt: skip
    return np.asarray(fitted.seasonal), np.asarray(fitted.resid)


def _agreement_of_years(detrended: Floats) -> float:
    """From 0, chance, to 1: the reliability of the mean of so many years.

    By the Spearman-Brown formula from the mean correlation of two years, each smoothed over three weeks.
    """
    n = len(detrended) // WEEKS_OF_A_YEAR
    smooth = np.convolve(detrended, np.ones(3) / 3, mode="same")
    years = smooth[: n * WEEKS_OF_A_YEAR].reshape(n, WEEKS_OF_A_YEAR)
    found = [float(np.corrcoef(one, other)[0, 1]) for one, other in combinations(years, 2) if one.std() and other.std()]
    mean = max(sum(found) / len(found), 0.0) if found else 0.0
    return n * mean / (1 + (n - 1) * mean)
