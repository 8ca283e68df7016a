"""Weekly totals of a household, overall and by category, and oddities to inject into single weeks."""

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.households import Household
from insights.payments import Payment

OVERALL = None
WEEK = dt.timedelta(7)
#: Weeks of history before the first judgment, and share of weeks with spending in a dense series.
EARLIEST, DENSE = 26, 0.6
#: Weeks with spending that a category needs to be judged.
LEAST_ACTIVE = 8
#: Share of weeks with spending that it needs, too: rarer ones have fewer weeks a year than allowed false alarms.
LEAST_SHARE = 0.1
#: Weeks of a month.
WEEKS_OF_A_MONTH = 365.25 / 12 / 7


@dataclass(frozen=True)
class Series:
    """Weekly spending without refunds, of a category or overall; index 0 is the week of `first`, a Monday."""

    category: int | None
    first: dt.date
    totals: np.ndarray
    #: Amounts of single payments of each week.
    amounts: tuple[tuple[float, ...], ...]

    @property
    def group(self) -> str:
        if self.category is OVERALL:
            return "overall"
        return "dense" if (self.totals > 0).mean() >= DENSE else "sparse"

    def monday(self, week: int) -> dt.date:
        return self.first + week * WEEK


@dataclass(frozen=True)
class Injection:
    """Additional payments in a week."""

    week: int
    amounts: tuple[float, ...]

    @property
    def extra(self) -> float:
        return sum(self.amounts)


def all_series(household: Household) -> list[Series]:
    """Return the series overall and of every category with enough weeks of spending; whole weeks only."""
    spending = household.spending
    if not spending:
        return []
    categories = sorted({payment.category for payment in spending if payment.category is not None})
    found = [series_of(spending, OVERALL)]
    found += [series_of(spending, category) for category in categories]
    return [one for one in found if (one.totals > 0).sum() >= max(LEAST_ACTIVE, LEAST_SHARE * len(one.totals))]


def series_of(spending: Sequence[Payment], category: int | None) -> Series:
    """Return the series of one category, or overall (None), over all whole weeks of the household."""
    first = spending[0].day + dt.timedelta(-spending[0].day.weekday() % 7)
    n = max((spending[-1].day - first).days + 1, 0) // 7
    totals, amounts = np.zeros(n), [[] for _ in range(n)]
    for payment in spending:
        week = (payment.day - first).days // 7
        if 0 <= week < n and category in (OVERALL, payment.category):
            totals[week] += float(payment.spent)
            if payment.kind == "expense":
                amounts[week].append(float(payment.amount))
    return Series(category, first, totals, tuple(map(tuple, amounts)))


def ordinary_month(series: Series, week: int) -> float:
    """Return a month's spending before the week: the median active week of a year by the number of active weeks."""
    past = series.totals[max(week - 52, 0) : week]
    active = past[past > 0]
    return float(np.median(active) * len(active) / len(past) * WEEKS_OF_A_MONTH) if len(active) else 0.0


def injections(series: Series, *, seed: int, most: int = 6) -> Iterator[Injection]:
    """Return oddities for random weeks from EARLIEST on, each to be injected alone: three a year, at most `most`.

    Half are weeks with more purchases: 1 to 4 times the usual active week before, in one to four payments. Half are
    single large payments: 3 to 10 times the usual payment, between half an active week and three.
    """
    chance = np.random.default_rng([seed, series.category or 0, len(series.totals)])
    weeks = np.arange(EARLIEST, len(series.totals))
    n = min(len(weeks) // 17 + 1, most, len(weeks))
    for week in sorted(chance.choice(weeks, n, replace=False)) if n else ():
        past = series.totals[:week]
        payments = [amount for amounts in series.amounts[:week] for amount in amounts]
        if (past > 0).sum() >= LEAST_ACTIVE // 2 and payments:
            usual = float(np.median(past[past > 0]))
            yield Injection(int(week), _odd_amounts(chance, usual, float(np.median(payments))))


def _odd_amounts(chance: np.random.Generator, week: float, payment: float) -> tuple[float, ...]:
    if chance.random() < 0.5:
        shares = chance.dirichlet(np.ones(int(chance.integers(1, 5))))
        return tuple(float(part) for part in np.round(shares * week * chance.uniform(1, 4), 2))
    amount = min(payment * float(chance.uniform(3, 10)), week * float(chance.uniform(1, 3)))
    return (round(max(amount, week / 2), 2),)
