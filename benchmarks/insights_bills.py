"""Yearly bills: do they raise false alarms, and is a bill that is paid twice seen?

A bill of a new payee is put into a history of two years or more. It comes once a year, a few days early or late. It
takes two fifths to three halves of an ordinary month, each time 0 to 6 % more. Simple methods judge the overall series
at default thresholds in four weeks:

- the weeks of the second and of the third bill,
- the second bill's week without the bill,
- the week in which the second bill is paid again, 1 to 9 days later.

The product has flagged a bill if a finding of the week names it, its category or the whole.
"""

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from statistics import fmean

import numpy as np

from benchmarks.households import Household
from benchmarks.insights_product_weeks import in_order, is_bill_flagged
from benchmarks.insights_tables import PRODUCT, FigureBound, Figures, FigureTable
from benchmarks.weekly_methods import WEEKLY_METHODS, Method, quiet_judge, rolling_median
from benchmarks.weekly_series import EARLIEST, OVERALL, Series, ordinary_month, series_of
from insights.payments import Payment

TRIALS, YEAR = 2, 365
YEAR_2, YEAR_3, WITHOUT, DOUBLED = "year 2", "year 3", "(without)", "doubled seen"
BOUNDS = (
    FigureBound(YEAR_2, "less", 0.17, 0.10, 0.03, is_absolute=True),
    FigureBound(YEAR_3, "less", 0.23, 0.10, 0.03, is_absolute=True),
    FigureBound(DOUBLED, "more", 0.91, 0.90, 0.95),
)
#: Figure → True if there was an alarm.
Alarms = Mapping[str, bool]


@dataclass(frozen=True)
class BillTrial:
    """A household with its yearly bill, and the payment that doubles the second."""

    plain: tuple[Payment, ...]
    bills: tuple[Payment, ...]
    double: Payment

    @property
    def billed(self) -> list[Payment]:
        """All payments with the bills."""
        return in_order([*self.plain, *self.bills])

    @property
    def doubled(self) -> list[Payment]:
        """All payments with the bills and the double."""
        return in_order([*self.plain, *self.bills, self.double])


def trials(household: Household) -> Iterator[BillTrial]:
    """Return a few trials of one household; none if it has less than two years."""
    chance = np.random.default_rng([11, len(household.payments)])
    spending = household.spending
    whole = series_of(spending, OVERALL) if spending else None
    if whole is None or len(whole.totals) < 2 * 52 + EARLIEST // 2:
        return
    for number in range(TRIALS):
        amount = ordinary_month(whole, min(52, len(whole.totals))) * chance.uniform(0.4, 1.5)
        start = whole.first + dt.timedelta(int(chance.integers(0, min(len(whole.totals) * 7 - 2 * YEAR - 20, YEAR))))
        categories = sorted({payment.category for payment in spending if payment.category})
        bill = Payment(
            10**7 + number, start, Decimal(), "expense", f"yearly bill {number}", int(chance.choice(categories))
        )
        yield _trial(chance, household, bill, amount, whole.monday(len(whole.totals)))


def _trial(chance: np.random.Generator, household: Household, bill: Payment, amount: float, end: dt.date) -> BillTrial:
    bills: list[Payment] = []
    for year in range(3):
        day = bill.day + dt.timedelta(year * YEAR + int(chance.integers(-5, 6)) * (year > 0))
        if day < end:
            bills.append(replace(bill, id=bill.id + 10 * year, day=day, amount=Decimal(str(round(amount, 2)))))
        amount *= chance.uniform(1, 1.06)
    double = replace(bills[1], id=bill.id + 100, day=bills[1].day + dt.timedelta(int(chance.integers(1, 10))))
    return BillTrial(household.payments, tuple(bills), double)


def measure(household: Household) -> Mapping[str, list[Alarms]]:
    """Return alarms by method."""
    found: dict[str, list[Alarms]] = {}
    for trial in trials(household):
        for method in WEEKLY_METHODS:
            found.setdefault(method.name, []).append(_alarms(trial, lambda *asked, m=method: _is_flagged(m, *asked)))
        found.setdefault("known bill subtracted, rolling MAD", []).append(_alarms(trial, _is_flagged_beside_bill))
        found.setdefault(PRODUCT, []).append(_alarms(trial, is_bill_flagged))
    return found


def _alarms(trial: BillTrial, is_flagged: Callable[[Sequence[Payment], dt.date, Payment], bool | None]) -> Alarms:
    bills, double = trial.bills, trial.double
    asked = {YEAR_2: (trial.billed, bills[1]), DOUBLED: (trial.doubled, double), WITHOUT: (trial.plain, bills[1])}
    if len(bills) > 2:
        asked[YEAR_3] = (trial.billed, bills[2])
    answers = {figure: is_flagged(payments, bill.day, bill) for figure, (payments, bill) in asked.items()}
    return {figure: answer for figure, answer in answers.items() if answer is not None}


def _is_flagged(method: Method, payments: Sequence[Payment], day: dt.date, bill: Payment) -> bool | None:
    """Return True for an alarm; None if the method cannot judge the week."""
    series = _spending(payments)
    week = (day - series.first).days // 7
    if not max(EARLIEST, method.earliest) <= week < len(series.totals):
        return None
    return bool(quiet_judge(method, series.totals[:week], series.totals[week : week + 1])[0] > method.threshold)


def _is_flagged_beside_bill(payments: Sequence[Payment], day: dt.date, bill: Payment) -> bool | None:
    """Judge the week without the payee's last amount of 350 to 380 days ago."""
    series = _spending(payments)
    week = (day - series.first).days // 7
    if not EARLIEST <= week < len(series.totals):
        return None
    paid = [payment for payment in payments if payment.payee == bill.payee]
    is_paid = any(0 < (day - one.day).days < 30 for one in paid)
    last = [] if is_paid else [float(one.amount) for one in paid if 350 <= (day - one.day).days <= 380]
    value = series.totals[week : week + 1] - (last[-1] if last else 0)
    return bool(rolling_median(series.totals[:week], value)[0] > WEEKLY_METHODS[0].threshold)


def _spending(payments: Sequence[Payment]) -> Series:
    return series_of([payment for payment in payments if payment.kind != "income"], OVERALL)


def summarize(results: Sequence[Mapping[str, list[Alarms]]]) -> FigureTable:
    """Return the table over all trials of all households."""
    names = dict.fromkeys(name for result in results for name in result)
    rows = {name: _figures([one for result in results for one in result.get(name, ())]) for name in names}
    own = rows.pop(PRODUCT, None)
    note = "the product is held against the best that sees nine in ten doubled bills"
    return FigureTable("Yearly bills", rows, own, BOUNDS, [note], "known bill subtracted, rolling MAD")


def _figures(alarms: Sequence[Alarms]) -> Figures:
    return {
        figure: fmean(known) if (known := [one[figure] for one in alarms if figure in one]) else None
        for figure in (YEAR_2, YEAR_3, WITHOUT, DOUBLED)
    }
