"""Between what and what it will lie, four times of five: from how wrong past forecasts of the same day were.

Split conformal prediction (Vovk et al., Algorithmic Learning in a Random World, 2005): of n past errors, the next lies
between the ranks .1 and .9 of n + 1 in 80 % of cases, whatever their distribution.
"""

import numpy as np

from insights.forecasting.spending import Floats

COVERAGE = 0.8
#: Fewer errors tell no interval.
MIN_ERRORS = 2
#: With fewer errors than nine those ranks lie outside of what was seen. How much farther from the middle than the
#: outermost error: Student's t at .9 of the next one, over the expected largest of so many of a normal distribution.
STRETCH = {2: 6.7, 3: 2.6, 4: 1.8, 5: 1.4, 6: 1.25, 7: 1.15, 8: 1.05}


def band_of(errors: Floats | list[float]) -> tuple[float, float] | None:
    """How far below and above the forecast; None of too few errors."""
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
