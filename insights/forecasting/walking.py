"""How wrong each method was in the past: every month is forecast from those before it alone."""

from dataclasses import dataclass

import numpy as np

from insights.forecasting.methods import DEFAULT, METHODS
from insights.forecasting.spending import Floats

#: Fewer months are too few to forecast from.
MIN_MONTHS = 3
#: A method is taken instead of the usual one if it was off by this part less, over so many months, and in most of them.
MIN_GAIN, MIN_MONTHS_OF_CHOICE, MIN_WON = 0.15, 9, 0.6
#: As many past forecasts are judged by.
MAX_ERRORS = 24


@dataclass(frozen=True, slots=True)
class Walk:
    """By method, what it tells of the month that is forecast, and how far it was off in those before.

    `errors` are series x months: what remained less what was foretold, the newest last.
    """

    told: dict[str, Floats]
    errors: dict[str, Floats]

    @property
    def n(self) -> int:
        return int(self.errors[DEFAULT].shape[1])


def walk_forward(remained: Floats, spent: Floats) -> Walk:
    """Forecast this month, and before it each that has enough before itself, at most the newest 24.

    `remained` is series x past months; `spent` by the same day has this month, too.
    """
    n = remained.shape[1]
    months = range(max(MIN_MONTHS - 1, n - MAX_ERRORS), n + 1)
    told = {name: np.empty((len(remained), len(months))) for name in METHODS}
    for place, i in enumerate(months):
        for name, method in METHODS.items():
            told[name][:, place] = method(remained[:, :i], spent[:, :i], spent[:, i])
    came = remained[:, months.start :]
    return Walk(
        {name: each[:, -1] for name, each in told.items()},
        {name: came - each[:, :-1] for name, each in told.items()},
    )


def choose(walk: Walk) -> list[str]:
    """The method for each series: the usual one, unless another was clearly better for long enough."""
    usual = np.abs(walk.errors[DEFAULT])
    chosen = [DEFAULT] * usual.shape[0]
    if walk.n < MIN_MONTHS_OF_CHOICE:
        return chosen
    best = usual.mean(axis=1) * (1 - MIN_GAIN)
    for name in METHODS:
        other = np.abs(walk.errors[name])
        is_better = (other.mean(axis=1) < best) & ((other < usual).mean(axis=1) >= MIN_WON)
        for i in np.flatnonzero(is_better):
            chosen[i], best[i] = name, other[i].mean()
    return chosen
