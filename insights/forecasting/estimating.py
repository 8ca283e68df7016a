"""What will still be spent in each category and in all together, and how far past estimates were off."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from insights.forecasting.bills import Bill, paid_daily, still_to_come, was_to_come
from insights.forecasting.intervals import band_of
from insights.forecasting.methods import last_month
from insights.forecasting.spending import Floats, Spending, rest_of
from insights.forecasting.walking import MIN_MONTHS, choose, walk_forward

#: How much of the total is its own forecast.
OWN_SHARE = 2 / 3
INSUFFICIENT, LAST_MONTH = "insufficient_history", "last_month"


@dataclass(frozen=True, slots=True)
class Estimate:
    """Of each category, and last of all together: what will still be spent, at least and at most in 80 % of cases."""

    remaining: Floats
    low: Floats
    high: Floats
    methods: list[str]
    #: Past months x what was spent in all less what would have been forecast on the same day.
    errors: Floats
    has_interval: bool


def estimate(spending: Spending, bills: Sequence[Bill]) -> Estimate:
    """Known bills are added as they are due, and everything else is estimated from what remained in past months."""
    paid = paid_daily(bills, spending)
    others = spending.daily - paid
    spent = _with_total(others[:, :, : spending.day].sum(axis=2))
    told, methods, errors = _told(_with_total(rest_of(spending, others))[:, :-1], spent)
    coming = _with_total(_coming(spending, bills)[:, None])[:, 0]
    surprises = _with_total(rest_of(spending, paid) - was_to_come(bills, spending))[:, :-1]
    errors = errors + surprises[:, surprises.shape[1] - errors.shape[1] :]
    floor = np.minimum(_with_total(spending.remaining())[:, :-1].min(axis=1, initial=0), 0)
    spread = np.abs(errors).sum(axis=1)
    remaining = _adding_up(told, floor, spread) + coming
    low, high, has_interval = _bands(told + coming, errors, floor)
    low, high = np.minimum(low, remaining), np.maximum(high, remaining)
    return Estimate(remaining, low, high, methods, errors[-1], has_interval)


def _told(remained: Floats, spent: Floats) -> tuple[Floats, list[str], Floats]:
    """For each series what remains by its method, the method, and the errors of the method in the past."""
    n_series, n_months = remained.shape
    if n_months < MIN_MONTHS:
        told = last_month(remained, spent, spent[:, -1]) if n_months else np.zeros(n_series)
        return told, [LAST_MONTH if n_months else INSUFFICIENT] * n_series, np.zeros((n_series, 0))
    walk = walk_forward(remained, spent)
    chosen = choose(walk)
    told = np.zeros(n_series)
    errors = np.zeros((n_series, walk.n))
    for i, name in enumerate(chosen):
        told[i], errors[i] = walk.told[name][i], walk.errors[name][i]
    return _joined(told), chosen, _joined(errors)


def _joined(series: Floats) -> Floats:
    """The total looks at itself and at the sum of its categories, less at these: medians of rare spending are low."""
    total = OWN_SHARE * series[-1:] + (1 - OWN_SHARE) * series[:-1].sum(axis=0, keepdims=True)
    return np.concatenate([series[:-1], total])


def _coming(spending: Spending, bills: Sequence[Bill]) -> Floats:
    rows = {category: i for i, category in enumerate(spending.categories)}
    coming = np.zeros(len(rows))
    expected = still_to_come(bills, today=spending.today, until=spending.last_day, since=spending.first_due)
    for due in expected:
        coming[rows[due.bill.category]] += float(due.bill.amount)
    return coming


def _adding_up(told: Floats, floor: Floats, spread: Floats) -> Floats:
    """The categories changed in proportion so that they come to the total, none below its floor.

    Where all are at their floors, what is lacking goes where forecasts were off most.
    """
    told = np.maximum(told, floor)
    parts, total = told[:-1], max(told[-1], floor[:-1].sum())
    weights = parts - floor[:-1]
    if not weights.any():
        weights = spread[:-1]
    if weights.any():
        parts = parts + (total - parts.sum()) * weights / weights.sum()
    return np.append(parts, parts.sum())


def _bands(told: Floats, errors: Floats, floor: Floats) -> tuple[Floats, Floats, bool]:
    """What each series will at least and at most still come to, never below what refunds ever came to."""
    bands = [band_of(each) for each in errors]
    if not bands or bands[0] is None:
        return told, told, False
    around = np.array([band or (0.0, 0.0) for band in bands])
    return np.maximum(told + around[:, 0], floor), np.maximum(told + around[:, 1], floor), True


def _with_total(rows: Floats) -> Floats:
    return np.vstack([rows, rows.sum(axis=0, keepdims=True)])
