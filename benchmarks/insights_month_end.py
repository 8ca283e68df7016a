"""Month end: total spending of a month, forecast on its 10th and 20th day from the months before it.

Whole calendar months from the seventh on. The unit of errors is the mean month of a household, so that rich and poor
count alike. WAPE is the sum of errors by the sum of months, bias the mean error. An interval of 80 % should hold 80 %
of the months.
"""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import NamedTuple

import numpy as np

from benchmarks import insights_product
from benchmarks.households import Household
from benchmarks.insights_tables import PRODUCT, FigureBound, Figures, FigureTable
from benchmarks.simple_chains import BEST_RULE, PayeeChains, next_month
from insights.payments import Payment

FIRST_MONTH, DAYS = 6, (10, 20)
Z_OF_80_PERCENT = 1.2816
BOUNDS = (
    FigureBound("WAPE 10", "less", 0.28, 0.27, 0.22),
    FigureBound("WAPE 20", "less", 0.14, 0.14, 0.10),
    FigureBound("least cover", "more", 0.66, 0.75, 0.78, is_absolute=True),
    FigureBound("most cover", "less", 0.87, 0.88, 0.82, is_absolute=True),
)


class TotalForecast(NamedTuple):
    """Forecast of a month's total, with an interval if the method has one."""

    total: float
    low: float | None = None
    high: float | None = None


class MonthOutcome(NamedTuple):
    """Forecast on a day of a month, and the actual total, in ordinary months of the household."""

    day: int
    forecast: TotalForecast
    actual: float


@dataclass
class Months:
    """Spending without refunds by month and day of the month: an array of months x 31."""

    firsts: list[dt.date]
    daily: np.ndarray

    def spent(self, month: int, day: int) -> float:
        """Return the spending until the end of that day of the month."""
        return float(self.daily[month, :day].sum())

    def remainders(self, month: int, day: int, most: int) -> np.ndarray:
        """Return the spending after that day in at most so many months before."""
        return self.daily[max(month - most, 0) : month, day:].sum(axis=1)

    def totals(self, month: int) -> np.ndarray:
        """Return the totals of the months before."""
        return self.daily[:month].sum(axis=1)


def months_of(spending: Sequence[Payment]) -> Months:
    """Return the whole calendar months."""
    first, last = spending[0].day, spending[-1].day + dt.timedelta(1)
    start = first if first.day == 1 else next_month(first.replace(day=1))
    firsts = []
    while (following := next_month(start)) <= last:
        firsts.append(start)
        start = following
    places = {day: i for i, day in enumerate(firsts)}
    daily = np.zeros((len(firsts), 31))
    for payment in spending:
        if (month := places.get(payment.day.replace(day=1))) is not None:
            daily[month, payment.day.day - 1] += float(payment.spent)
    return Months(firsts, daily)


def measure(household: Household) -> Mapping[str, list[MonthOutcome]]:
    """Return outcomes by method."""
    spending = household.spending
    months = months_of(spending) if spending else Months([], np.zeros((0, 31)))
    places = [month for month in range(FIRST_MONTH, len(months.firsts)) if months.daily[month].any()]
    found: dict[str, list[MonthOutcome]] = {}
    unit = float(months.totals(len(months.firsts)).mean()) if places else 0.0
    if unit <= 0:  # more came back than was spent
        return found
    for name, forecast in METHODS.items():
        found[name] = [
            _outcome(day, forecast(months, month, day), months, month, unit) for month in places for day in DAYS
        ]
    for name, n in (("recurring due + run rate", 0), ("recurring due + median remainder of 6", 6)):
        found[name] = [
            _outcome(day, with_bills(spending, months, month, day, n), months, month, unit)
            for month in places
            for day in DAYS
        ]
    asked = [(month, day) for month in places for day in DAYS]
    own = insights_product.forecast_months(household, [(months.firsts[month], day) for month, day in asked])
    found[PRODUCT] = [
        _outcome(day, TotalForecast(*one), months, month, unit) for (month, day), one in zip(asked, own, strict=True)
    ]
    return found


def _outcome(day: int, forecast: TotalForecast, months: Months, month: int, unit: float) -> MonthOutcome:
    scaled = TotalForecast(*(value if value is None else value / unit for value in forecast))
    return MonthOutcome(day, scaled, float(months.daily[month].sum()) / unit)


def run_rate(months: Months, month: int, day: int) -> TotalForecast:
    length = (next_month(months.firsts[month]) - months.firsts[month]).days
    return TotalForecast(months.spent(month, day) * length / day)


def last_month(months: Months, month: int, day: int) -> TotalForecast:
    return TotalForecast(float(months.totals(month)[-1]))


def mean_of_three(months: Months, month: int, day: int) -> TotalForecast:
    return TotalForecast(float(months.totals(month)[-3:].mean()))


def same_point(months: Months, month: int, day: int) -> TotalForecast:
    """Divide the spending so far by the share that the last twelve months had spent by that day."""
    totals = months.totals(month)[-12:]
    share = 1 - months.remainders(month, day, 12).sum() / totals.sum() if totals.sum() else 1.0
    return TotalForecast(months.spent(month, day) / max(float(share), 0.05))


def smoothed(months: Months, month: int, day: int) -> TotalForecast:
    """Smooth the totals exponentially, with a weight chosen by past errors and a normal interval."""
    total, spread = _smooth(months.totals(month))
    return TotalForecast(total, total - Z_OF_80_PERCENT * spread, total + Z_OF_80_PERCENT * spread)


def theta(months: Months, month: int, day: int) -> TotalForecast:
    """Add half of the straight line's slope to the smoothed total."""
    totals = months.totals(month)
    slope = float(np.polyfit(np.arange(len(totals)), totals, 1)[0])
    return TotalForecast(_smooth(totals)[0] + slope / 2)


def median_remainder(months: Months, month: int, day: int) -> TotalForecast:
    """Add the median of the last twelve remainders, with a band from their 10 % to their 90 % quantile."""
    spent, rest = months.spent(month, day), months.remainders(month, day, 12)
    low, middle, high = np.quantile(rest, (0.1, 0.5, 0.9))
    return TotalForecast(*(spent + float(value) for value in (middle, low, high)))


def outer_ranks(months: Months, month: int, day: int) -> TotalForecast:
    """Add the median of the last twelve remainders, with a band from the least to the most."""
    spent, rest = months.spent(month, day), months.remainders(month, day, 12)
    return TotalForecast(*(spent + float(value) for value in (np.median(rest), rest.min(), rest.max())))


METHODS: Mapping[str, Callable[[Months, int, int], TotalForecast]] = {
    "run rate": run_rate,
    "last month": last_month,
    "mean of three": mean_of_three,
    "same-point ratio": same_point,
    "SES, normal band": smoothed,
    "Theta": theta,
    "spent + median remainder of 12, q10-q90": median_remainder,
    "the same, outer ranks": outer_ranks,
}


def _smooth(totals: np.ndarray) -> tuple[float, float]:
    """Return the next value and the spread of one-step errors, at the weight with the least errors."""
    best: tuple[float, float, float] | None = None
    for weight in (0.05, 0.1, 0.2, 0.3, 0.5, 0.8):
        level, errors = float(totals[:3].mean()), []
        for value in totals:
            errors.append(float(value) - level)
            level += weight * errors[-1]
        squares = float(np.square(errors).mean())
        if best is None or squares < best[0]:
            best = squares, level, float(np.std(errors))
    assert best
    return best[1], best[2]


def with_bills(spending: Sequence[Payment], months: Months, month: int, day: int, n: int) -> TotalForecast:
    """Add the due bills of simple chains and the rest: its median of `n` remainders, or its run rate if `n` is 0."""
    first = months.firsts[month]
    today, following = first.replace(day=day), next_month(first)
    past = [payment for payment in spending if payment.day <= today]
    due, bills = _due(past, today=today, until=following)
    rest = months_of_rest(past, bills, months, month)
    spent = months.spent(month, day)
    if n == 0:
        return TotalForecast(spent + due + rest.spent(month, day) * ((following - first).days - day) / day)
    return TotalForecast(spent + due + float(np.median(rest.remainders(month, day, n))))


def _due(past: Sequence[Payment], *, today: dt.date, until: dt.date) -> tuple[float, set[int]]:
    """Return the amount that believed chains still take, and the ids of all their payments."""
    payees: dict[tuple[str, str], PayeeChains] = {}
    for payment in past:
        if payment.payee and payment.kind == "expense":
            payees.setdefault((payment.payee, payment.kind), PayeeChains(BEST_RULE)).add(payment)
    due, ids = 0.0, set()
    for chains in payees.values():
        for chain in filter(chains.is_believable, chains.chains):
            ids |= {payment.id for payment in chain.payments}
            if (
                today < next_month(chain.last.day) + dt.timedelta(BEST_RULE.longest - 30)
                and next_month(chain.last.day) < until
            ):
                due += float(chain.last.amount)
    return due, ids


def months_of_rest(past: Sequence[Payment], bills: set[int], months: Months, month: int) -> Months:
    """Return the months without the bills."""
    daily = months.daily.copy()
    places = {day: i for i, day in enumerate(months.firsts)}
    for payment in past:
        if payment.id in bills and (place := places.get(payment.day.replace(day=1))) is not None:
            daily[place, payment.day.day - 1] -= float(payment.spent)
    return Months(months.firsts, daily)


def summarize(results: Sequence[Mapping[str, list[MonthOutcome]]]) -> FigureTable:
    """Return the table over all months of all households."""
    names = dict.fromkeys(name for result in results for name in result)
    rows = {name: _figures([one for result in results for one in result.get(name, ())]) for name in names}
    own = rows.pop(PRODUCT, None)
    return FigureTable("Month end, overall", rows, own, BOUNDS)


def _figures(outcomes: Sequence[MonthOutcome]) -> Figures:
    by_day = {day: [one for one in outcomes if one.day == day] for day in DAYS}
    wapes = {
        f"WAPE {day}": sum(abs(one.forecast.total - one.actual) for one in found) / sum(one.actual for one in found)
        for day, found in by_day.items()
    }
    biases = {f"bias {day}": fmean(one.forecast.total - one.actual for one in found) for day, found in by_day.items()}
    covers = {f"covers {day}": _cover(found) for day, found in by_day.items()}
    known = [cover for cover in covers.values() if cover is not None]
    return {
        **wapes,
        **biases,
        **covers,
        "least cover": min(known, default=None),
        "most cover": max(known, default=None),
    }


def _cover(outcomes: Sequence[MonthOutcome]) -> float | None:
    bands = [(one.forecast.low, one.actual, one.forecast.high) for one in outcomes]
    inside = [low <= actual <= high for low, actual, high in bands if low is not None and high is not None]
    return fmean(inside) if inside else None
