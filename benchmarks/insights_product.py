"""The product's side of the figures: thin adapters, each None while the product cannot do it."""

from collections.abc import Mapping, Sequence

from benchmarks.households import Household
from benchmarks.weekly_series import Injection, Series
from insights.payments import Payment

#: A weekly score above it is shown.
WEEKLY_THRESHOLD = 1.0


def score_weeks(
    household: Household, series: Sequence[Series], odd: Mapping[int, Sequence[Injection]]
) -> list[tuple[list[float], list[float]]] | None:
    """Of each series the scores of its untouched weeks, and of its injections."""
    return None


def score_amounts(
    household: Household, asked: Sequence[Payment], *, times: int
) -> list[tuple[float, float]] | None:
    """Scores of each asked payment, by those before it: as it was, and with `times` the amount."""
    return None
