"""Tells what will still be spent from what remained in past months after the same day, and how far that was off.

All methods stand on medians: people's rare large purchases are announced by no past month, and stay in a mean for a
year. A method takes what remained (series x months, the oldest first) and what had been spent by the same day, then
and now; it returns what remains now, one number a series.
"""

import numpy as np

from insights.calendars import MONTHS_OF_A_YEAR
from insights.forecast.spending import Floats

#: After so many months, one counts half as much where the newest count most.
HALF_LIFE_SHORT, HALF_LIFE_LONG = 3, 6
#: How many months are looked at where older ones count less and less.
LONG_MEMORY = 24
#: Months whose beginning was unlike this one's keep this part of their weight.
LEAST_LIKENESS = 0.3
HALF = 0.5
#: Fewer months are too few to forecast from.
MIN_MONTHS = 3
#: The newest 24 past forecasts are judged by.
MAX_ERRORS = 24
COVERAGE = 0.8
#: Fewer errors tell no interval.
MIN_ERRORS = 2
#: With fewer errors than nine the ranks .1 and .9 lie outside of what was seen: so many times as far from the middle as
#: the outermost error. Student's t at .9 of the next one, over the expected largest of as many normal deviates.
STRETCH = {2: 6.7, 3: 2.6, 4: 1.8, 5: 1.4, 6: 1.25, 7: 1.15, 8: 1.05}


def combined(remained: Floats, spent: Floats, now: Floats) -> Floats:
    """Return the mean of three medians: their errors differ, and in part cancel out."""
    medians = [year_median(remained), recent_median(remained), alike_median(remained, spent, now)]
    found: Floats = np.mean(medians, axis=0)
    return found


def year_median(remained: Floats) -> Floats:
    """Return the median of the last twelve months."""
    found: Floats = np.median(remained[:, -MONTHS_OF_A_YEAR:], axis=1)
    return found


def recent_median(remained: Floats) -> Floats:
    """Return a median in which the newest months count most: it follows a move, a marriage or a cut."""
    remained = remained[:, -LONG_MEMORY:]
    return _weighted_median(remained, _fading(remained.shape[1], HALF_LIFE_SHORT))


def alike_median(remained: Floats, spent: Floats, now: Floats) -> Floats:
    """Return a median in which months that began like this one count most: what was bought is not bought again."""
    remained, spent = remained[:, -LONG_MEMORY:], spent[:, -LONG_MEMORY:]
    usual = np.median(spent, axis=1, keepdims=True)
    width = np.median(np.abs(spent - usual), axis=1, keepdims=True) + np.abs(usual) / 4
    distance = (spent - now[:, None]) / np.where(width > 0, 2 * width, 1)
    likeness = LEAST_LIKENESS + np.exp(-(distance**2) / 2)
    return _weighted_median(remained, likeness * _fading(remained.shape[1], HALF_LIFE_LONG))


def past_errors(remained: Floats, spent: Floats, *, n_missing: int = 0) -> Floats:
    """Return what remained less what `combined` told from the months before: series x months, the newest last.

    Where so many months before the present one are missing, each past forecast lacks as many: older months tell less.
    """
    n = remained.shape[1]
    errors = [
        remained[:, i] - combined(remained[:, : i - n_missing], spent[:, : i - n_missing], spent[:, i])
        for i in range(max(MIN_MONTHS - 1 + n_missing, n - MAX_ERRORS), n)
    ]
    return np.stack(errors, axis=1) if errors else np.zeros((len(remained), 0))


def band_of(errors: Floats | list[float]) -> tuple[float, float] | None:
    """Return how far below and above the forecast four of five months lie; None if there are too few errors.

    Split conformal prediction (Vovk et al., Algorithmic Learning in a Random World, 2005): of n past errors, the next
    lies between the ranks .1 and .9 of n + 1 in 80 % of cases, whatever their distribution.
    """
    n = len(errors)
    if n < MIN_ERRORS:
        return None
    errors = np.sort(np.asarray(errors))
    if n in STRETCH:
        center = float(np.median(errors))
        return center - (center - errors[0]) * STRETCH[n], center + (errors[-1] - center) * STRETCH[n]
    ranks, tail = np.arange(1, n + 1), (1 - COVERAGE) / 2
    low, high = np.interp([tail * (n + 1), (1 - tail) * (n + 1)], ranks, errors)
    return float(low), float(high)


def _fading(n: int, half_life: float) -> Floats:
    """Return weights of months, the oldest first: 1 for the newest."""
    found: Floats = 0.5 ** (np.arange(n)[::-1] / half_life)
    return found


def _weighted_median(values: Floats, weights: Floats) -> Floats:
    """Return the weighted median of each row, between two values where half of the weight lies between them."""
    order = np.argsort(values, axis=1)
    values = np.take_along_axis(values, order, axis=1)
    weights = np.take_along_axis(np.broadcast_to(weights, values.shape), order, axis=1)
    places = (np.cumsum(weights, axis=1) - weights / 2) / weights.sum(axis=1, keepdims=True)
    above = np.minimum((places < HALF).sum(axis=1), values.shape[1] - 1)
    below = np.maximum(above - 1, 0)
    rows = np.arange(len(values))
    step = places[rows, above] - places[rows, below]
    part = np.clip((HALF - places[rows, below]) / np.where(step > 0, step, 1), 0, 1)
    found: Floats = values[rows, below] + part * (values[rows, above] - values[rows, below])
    return found
