"""Forecasts the end of a month, in amounts that add up."""

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import NamedTuple

import numpy as np

from expenses.ledger.money import apportion
from insights.calendars import Calendar
from insights.forecast.bills import Due, KnownBill, expected_then, paid_daily, still_to_come
from insights.forecast.methods import MIN_MONTHS, band_of, combined, past_errors
from insights.forecast.spending import Floats, Spending, Spent, lay_out

COMBINED, LAST_MONTH, INSUFFICIENT = "combined", "last_month", "insufficient_history"
#: Floats of statistics become decimals with six places before they are rounded.
PLACES_OF_A_FLOAT = 6


@dataclass(frozen=True, slots=True)
class Outlook:
    """One category, or all. Four of five months end between `low` and `high`; None where that is not known."""

    category: int | None
    spent: Decimal
    predicted: Decimal
    low: Decimal | None
    high: Decimal | None
    method: str

    @property
    def interval(self) -> list[Decimal] | None:
        return None if self.low is None or self.high is None else [self.low, self.high]


@dataclass(frozen=True, slots=True)
class PastError:
    """How far the same forecast was off in past months: the mean share of what was spent, and the number of months."""

    share: float
    n_months: int

    @property
    def percent(self) -> float:
        return round(self.share * 100, 1)


@dataclass(frozen=True, slots=True)
class MonthForecast:
    """The categories add up to the total, in `spent` and in `predicted`. `day`: how many of the month are known.

    No interval of a category reaches further than that of the total allows.
    """

    day: int
    total: Outlook
    categories: list[Outlook]
    still_to_come: list[Due]
    months_used: int
    past_error: PastError | None
    #: The first and last day of the months without a row directly before the month; None: there are none.
    gap: tuple[dt.date, dt.date] | None = None


class _Estimate(NamedTuple):
    """Future spending of each category, and last of all together; at least and at most in 80 % of cases."""

    remaining: Floats
    low: Floats
    high: Floats
    method: str
    #: What was spent in all less what would have been forecast on the same day, by past months.
    errors: Floats
    has_interval: bool
    #: The least that each may still come to: 0, or less where more was refunded.
    floor: Floats


def forecast(
    spent: Spent,
    *,
    recorded: Collection[dt.date],
    bills: Sequence[KnownBill],
    month: dt.date,
    calendar: Calendar,
    today: dt.date,
    places: int,
) -> MonthForecast:
    """Forecast a month from what is known at the end of `today`, which may lie before it. Nothing later counts.

    A past month needs no more than two days in `spent`: one until the same day of it and one after. `recorded`: days
    on which the ledger has a row of any kind, the first of each month among them. `places`: of the currency.
    """
    spending = lay_out(spent, recorded=recorded, month=month, calendar=calendar, today=today)
    # A bill may be the first of its category.
    lacking = {bill.category for bill in bills if bill.due_on} - set(spending.categories)
    categories = (*spending.categories, *sorted(lacking, key=lambda c: (c is None, c or 0)))
    added = np.zeros((len(lacking), *spending.daily.shape[1:]))
    spending = replace(spending, categories=categories, daily=np.concatenate([spending.daily, added]))
    estimate = _estimate(spending, bills)
    if spending.n_missing and spending.day:
        estimate = _with_unrecorded_days(estimate, spending, bills)
    outlooks = _outlooks(spent, spending, estimate, places)
    came = np.abs(spending.daily.sum(axis=(0, 2))[-1 - len(estimate.errors) : -1]).sum()
    share = float(np.abs(estimate.errors).sum() / came) if came else 0.0
    return MonthForecast(
        day=max((today - month).days + 1, 0),
        total=outlooks[-1],
        categories=outlooks[:-1],
        still_to_come=still_to_come(bills, today=today, until=spending.last_day, since=spending.first_due),
        months_used=len(spending.months) - 1,
        past_error=PastError(share, len(estimate.errors)) if len(estimate.errors) and came else None,
        gap=spending.gap,
    )


def _estimate(spending: Spending, bills: Sequence[KnownBill]) -> _Estimate:
    """Add known bills as they are due; estimate everything else from what remained in past months."""
    paid = paid_daily(bills, spending)
    others = spending.daily - paid
    spent = _with_total(others[:, :, : spending.day].sum(axis=2))
    remained = _with_total(spending.rest_of(others))[:, :-1]
    n_months, errors = remained.shape[1], np.zeros((len(remained), 0))
    if n_months >= MIN_MONTHS:
        method, rest = COMBINED, combined(remained, spent[:, :-1], spent[:, -1])
        errors = past_errors(remained, spent, n_missing=spending.n_missing)
    elif n_months:
        method, rest = LAST_MONTH, remained[:, -1]
    else:
        method, rest = INSUFFICIENT, np.zeros(len(remained))
    # Past forecasts were off by bills, too: by those that came unexpected, or did not come.
    surprises = _with_total(spending.rest_of(paid) - expected_then(bills, spending))[:, :-1]
    errors = errors + surprises[:, n_months - errors.shape[1] :]
    coming = np.zeros(len(spending.categories))
    rows = {category: i for i, category in enumerate(spending.categories)}
    for due in still_to_come(bills, today=spending.today, until=spending.last_day, since=spending.first_due):
        coming[rows[due.bill.category]] += float(due.bill.amount)
    coming = np.append(coming, coming.sum())
    # Nothing falls below the least that any month came to, or below 0 if there were no refunds.
    floor = np.minimum(_with_total(spending.rest_of(spending.daily))[:, :-1].min(axis=1, initial=0), 0)
    remaining = _adding_up(rest, floor, np.abs(errors).sum(axis=1)) + coming
    bands = [band_of(each) for each in errors]
    if bands[-1] is None:
        return _Estimate(remaining, remaining, remaining, method, errors[-1], False, floor)
    around = np.array([band or (0.0, 0.0) for band in bands])
    low, high = (np.maximum(rest + coming + around[:, side], floor) for side in (0, 1))
    return _Estimate(
        remaining, np.minimum(low, remaining), np.maximum(high, remaining), method, errors[-1], True, floor
    )


def _with_unrecorded_days(estimate: _Estimate, spending: Spending, bills: Sequence[KnownBill]) -> _Estimate:
    """Widen the interval of a month that follows months without rows: its first days may lack rows, too.

    It then reaches as far up as the interval of a month of which nothing is known, less what is recorded of it.
    """
    if not estimate.has_interval:
        return estimate
    unknown = _estimate(replace(spending, today=spending.months[-1] - dt.timedelta(1)), bills)
    others = spending.daily - paid_daily(bills, spending)
    recorded = _with_total(others[:, :, : spending.day].sum(axis=2))[:, -1]
    return estimate._replace(high=np.maximum(estimate.high, unknown.high - np.maximum(recorded, 0)))


def _adding_up(rest: Floats, floor: Floats, spread: Floats) -> Floats:
    """Change the categories in proportion so that they come to the total, none below its floor.

    Where all are at their floors, what is lacking goes where forecasts were off most.
    """
    rest = np.maximum(rest, floor)
    parts, total = rest[:-1], max(rest[-1], floor[:-1].sum())
    weights = parts - floor[:-1]
    if not weights.any():
        weights = spread[:-1]
    if weights.any():
        parts = parts + (total - parts.sum()) * weights / weights.sum()
    return np.append(parts, parts.sum())


def _outlooks(all_spent: Spent, spending: Spending, estimate: _Estimate, places: int) -> list[Outlook]:
    """Return each category and the total. Past and future are rounded apart, so that all of it adds up."""
    sums: dict[int | None, Decimal] = dict.fromkeys(spending.categories, Decimal(0))
    for (day, category), amount in all_spent.items():
        if spending.months[-1] <= day <= spending.today:
            sums[category] += amount
    unit = Decimal(1).scaleb(-places)
    spent = apportion(list(sums.values()), unit=unit)
    remaining = apportion([_decimal(each) for each in estimate.remaining[:-1]], unit=unit)
    spent.append(sum(spent, 0 * unit))
    remaining.append(sum(remaining, 0 * unit))
    floors = [_rounded(each, places) for each in estimate.floor[:-1]]
    found = list[Outlook]()
    for i, category in reversed(list(enumerate([*spending.categories, None]))):
        predicted, low, high = spent[i] + remaining[i], None, None
        if estimate.has_interval:
            low, high = (spent[i] + _rounded(ends[i], places) for ends in (estimate.low, estimate.high))
            if found and (total := found[0].interval):
                # More or less of this category would put the total beyond its own interval.
                others = spent[-1] - spent[i] + sum(floors, 0 * unit) - floors[i]
                low, high = min(low, total[0] - others), min(high, total[1] - others)
            low, high = min(low, predicted), max(high, predicted)  # rounding never puts it outside of its interval
        found.append(Outlook(category, spent[i], predicted, low, high, estimate.method))
    return [*reversed(found[1:]), found[0]]


def _with_total(rows: Floats) -> Floats:
    return np.vstack([rows, rows.sum(axis=0, keepdims=True)])


def _decimal(amount: float) -> Decimal:
    return Decimal(f"{amount:.{PLACES_OF_A_FLOAT}f}")


def _rounded(amount: float, places: int) -> Decimal:
    return apportion([_decimal(amount)], unit=Decimal(1).scaleb(-places))[0]
