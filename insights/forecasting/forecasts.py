"""What will have been spent at the end of a month, in amounts that add up."""

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

import numpy as np

from insights.calendars import Calendar
from insights.forecasting.bills import Bill, Due, still_to_come
from insights.forecasting.estimating import Estimate, estimate
from insights.forecasting.rounding import decimal_of, rounded, rounded_parts
from insights.forecasting.spending import Floats, Spending, Spent, lay_out


@dataclass(frozen=True, slots=True)
class Outlook:
    """One category, or all. Between `low` and `high` it will end in four of five months; None where nobody can tell."""

    category: int | None
    spent: Decimal
    predicted: Decimal
    low: Decimal | None
    high: Decimal | None
    method: str


@dataclass(frozen=True, slots=True)
class PastError:
    """How far the same forecast was off in past months: the part of what was spent, on average, and of how many."""

    share: float
    n_months: int


@dataclass(frozen=True, slots=True)
class Forecast:
    """The categories add up to the total, in `spent` and in `predicted`. `day`: how many of the month are known."""

    day: int
    total: Outlook
    categories: list[Outlook]
    still_to_come: list[Due]
    months_used: int
    past_error: PastError | None


def forecast(
    spent: Spent,
    *,
    recorded: Collection[dt.date],
    bills: Sequence[Bill],
    month: dt.date,
    calendar: Calendar,
    today: dt.date,
    places: int,
) -> Forecast:
    """A month, of what is known at the end of `today`, which may lie before it; nothing later is looked at.

    Of a past month, `spent` needs no more than two days, one until the same day of it and one after. `recorded`: days
    on which the ledger has anything at all, the first of each month among them. `places`: of the currency.
    """
    spending = _with_rows_for(bills, lay_out(spent, recorded=recorded, month=month, calendar=calendar, today=today))
    estimated = estimate(spending, bills)
    outlooks = _outlooks(spending, _spent_so_far(spent, spending), estimated, places)
    return Forecast(
        day=max((today - month).days + 1, 0),
        total=outlooks[-1],
        categories=outlooks[:-1],
        still_to_come=still_to_come(bills, today=today, until=spending.last_day, since=spending.first_due),
        months_used=len(spending.months) - 1,
        past_error=_past_error(spending, estimated.errors),
    )


def _with_rows_for(bills: Sequence[Bill], spending: Spending) -> Spending:
    """A bill may be the first of its category."""
    lacking = {bill.category for bill in bills if bill.due_on} - set(spending.categories)
    added = np.zeros((len(lacking), *spending.daily.shape[1:]))
    categories = (*spending.categories, *sorted(lacking, key=lambda c: (c is None, c or 0)))
    return replace(spending, categories=categories, daily=np.concatenate([spending.daily, added]))


def _spent_so_far(spent: Spent, spending: Spending) -> list[Decimal]:
    first, today = spending.months[-1], spending.today
    sums: dict[int | None, Decimal] = dict.fromkeys(spending.categories, Decimal(0))
    for (day, category), amount in spent.items():
        if first <= day <= today:
            sums[category] += amount
    return list(sums.values())


def _outlooks(spending: Spending, so_far: Sequence[Decimal], estimated: Estimate, places: int) -> list[Outlook]:
    """Of each category and of all. What was spent and what remains are rounded apart, so that all of it adds up."""
    spent = rounded_parts(so_far, places=places)
    remaining = rounded_parts([decimal_of(each) for each in estimated.remaining[:-1]], places=places)
    spent.append(sum(spent, Decimal(0)))
    remaining.append(sum(remaining, Decimal(0)))
    found = []
    for i, category in enumerate([*spending.categories, None]):
        predicted, band = spent[i] + remaining[i], None
        if estimated.has_interval:
            band = _band(spent[i], predicted, float(estimated.low[i]), float(estimated.high[i]), places)
        low, high = band or (None, None)
        found.append(Outlook(category, spent[i], predicted, low, high, estimated.methods[i]))
    return found


def _band(spent: Decimal, predicted: Decimal, low: float, high: float, places: int) -> tuple[Decimal, Decimal]:
    """Rounding never puts the forecast outside of its own interval."""
    return min(spent + rounded(low, places=places), predicted), max(spent + rounded(high, places=places), predicted)


def _past_error(spending: Spending, errors: Floats) -> PastError | None:
    if not len(errors):
        return None
    came = np.abs(spending.daily.sum(axis=(0, 2))[-1 - len(errors) : -1]).sum()
    return PastError(float(np.abs(errors).sum() / came), len(errors)) if came else None
