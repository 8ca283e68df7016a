"""Ways to tell what will still be spent from what remained in past months after the same day.

All stand on medians: what people spend has rare large amounts that no past month announces, and a mean follows them for
a year. A method is given what remained (series x months, the oldest first) and what had been spent by the same day,
then and now; it tells what remains now, one number a series.
"""

from collections.abc import Callable, Mapping

import numpy as np

from insights.forecasting.spending import Floats

MONTHS_OF_A_YEAR = 12
#: After so many months, one counts half as much where the newest count most.
HALF_LIFE_SHORT, HALF_LIFE_LONG = 3, 6
#: How many months are looked at where older ones count less and less.
LONG_MEMORY = 24
#: Months whose beginning was unlike this one's keep this part of their weight.
LEAST_LIKENESS = 0.3
HALF = 0.5

Method = Callable[[Floats, Floats, Floats], Floats]


def middle(values: Floats, weights: Floats) -> Floats:
    """The weighted median of each row, between two values where half of the weight lies between them."""
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


def year_median(remained: Floats, spent: Floats, now: Floats) -> Floats:
    """The median of the last twelve months."""
    found: Floats = np.median(remained[:, -MONTHS_OF_A_YEAR:], axis=1)
    return found


def recent_median(remained: Floats, spent: Floats, now: Floats) -> Floats:
    """The newest months count most: it follows when somebody moves, marries or saves."""
    remained = remained[:, -LONG_MEMORY:]
    return middle(remained, _fading(remained.shape[1], HALF_LIFE_SHORT))


def alike_median(remained: Floats, spent: Floats, now: Floats) -> Floats:
    """Months that had begun like this one count most: what was bought already is not bought again."""
    remained, spent = remained[:, -LONG_MEMORY:], spent[:, -LONG_MEMORY:]
    usual = np.median(spent, axis=1, keepdims=True)
    width = np.median(np.abs(spent - usual), axis=1, keepdims=True) + np.abs(usual) / 4
    distance = (spent - now[:, None]) / np.where(width > 0, 2 * width, 1)
    likeness = LEAST_LIKENESS + np.exp(-(distance**2) / 2)
    return middle(remained, likeness * _fading(remained.shape[1], HALF_LIFE_LONG))


def combined(remained: Floats, spent: Floats, now: Floats) -> Floats:
    """The mean of the three: their errors differ, and in part cancel out."""
    methods: tuple[Method, ...] = (year_median, recent_median, alike_median)
    found: Floats = np.mean([method(remained, spent, now) for method in methods], axis=0)
    return found


def last_year(remained: Floats, spent: Floats, now: Floats) -> Floats:
    """What remained in the same month a year ago, halfway to the usual; the usual where there was none."""
    usual = combined(remained, spent, now)
    if remained.shape[1] < MONTHS_OF_A_YEAR:
        return usual
    found: Floats = (remained[:, -MONTHS_OF_A_YEAR] + usual) / 2
    return found


def last_month(remained: Floats, spent: Floats, now: Floats) -> Floats:
    """What remained in the month before."""
    found: Floats = remained[:, -1]
    return found


#: What is taken unless another one was clearly better.
DEFAULT = "combined"
METHODS: Mapping[str, Method] = {
    DEFAULT: combined,
    "year_median": year_median,
    "recent_median": recent_median,
    "last_year": last_year,
}


def _fading(n: int, half_life: float) -> Floats:
    """Weights of months, the oldest first: 1 for the newest."""
    found: Floats = 0.5 ** (np.arange(n)[::-1] / half_life)
    return found
