"""Payments that come again: which are still to come in a month, now and on any day of the past."""

import datetime as dt
from calendar import monthrange
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from statistics import median_high

import numpy as np

from insights.calendars import later_month
from insights.forecasting.spending import Floats, Spending

#: Before so many payments nobody knew that they come again.
MIN_PAID = 3
#: A price range is that of so many payments.
N_OF_A_RANGE = 6


@dataclass(frozen=True, slots=True)
class Bill:
    """What whoever finds such payments knows of one. A step is in days or in months; one of the two is 0."""

    id: int
    payee: str
    name: str
    category: int | None
    #: What it will probably cost, in the currency of the forecast, and between what.
    amount: Decimal
    low: Decimal
    high: Decimal
    step_days: int
    step_months: int
    #: The next one. None: it has ended, and only what was paid is known.
    due_on: dt.date | None
    #: A payment that is late by more days is not waited for, nor what would come after it.
    patience: int
    #: What was paid and on which days, the oldest first.
    paid: tuple[tuple[dt.date, Decimal], ...]


@dataclass(frozen=True, slots=True)
class Due:
    """One payment that is expected; `on` lies in the past where it is late."""

    bill: Bill
    on: dt.date


def still_to_come(bills: Sequence[Bill], *, today: dt.date, until: dt.date, since: dt.date = dt.date.min) -> list[Due]:
    """What is expected after `today` until a day, and what is late and still waited for; the next one first.

    `since`: what is due before that day is of another month.
    """
    found = [Due(bill, day) for bill in bills for day in _due_days(bill, today, until) if day >= since]
    return sorted(found, key=lambda due: (due.on, due.bill.id))


def seen_from(bill: Bill, day: dt.date) -> Bill | None:
    """The bill as it was known at the end of a day, of what was paid by then; None if it was not known yet."""
    paid = tuple((on, amount) for on, amount in bill.paid if on <= day)
    if len(paid) < MIN_PAID:
        return None
    amounts = [amount for _, amount in paid[-N_OF_A_RANGE:]]
    return replace(
        bill,
        amount=amounts[-1],
        low=min(amounts),
        high=max(amounts),
        due_on=_next_due(bill, [on for on, _ in paid[-N_OF_A_RANGE:]]),
        paid=paid,
    )


def after_payment(bill: Bill, payment: tuple[dt.date, Decimal] | None) -> Bill:
    """The bill once what was due is paid: its next turn is due. `payment`: None where it is not in its category."""
    if bill.due_on is None:
        return bill
    days = [on for on, _ in bill.paid[-N_OF_A_RANGE:]]
    return replace(
        bill,
        due_on=_next_due(bill, [*days, bill.due_on]),
        paid=(*bill.paid, payment) if payment else bill.paid,
    )


def paid_daily(bills: Sequence[Bill], spending: Spending) -> Floats:
    """What of the spending were these bills: categories x months x days."""
    daily = np.zeros_like(spending.daily)
    rows = {category: i for i, category in enumerate(spending.categories)}
    for bill in bills:
        for day, amount in bill.paid:
            place = _place(spending, day)
            if place and bill.category in rows:
                daily[rows[bill.category], place[0], place[1]] += float(amount)
    return daily


def was_to_come(bills: Sequence[Bill], spending: Spending) -> Floats:
    """What was still expected in each month after the same day, of what was known then: categories x months."""
    expected = np.zeros(spending.daily.shape[:2])
    rows = {category: i for i, category in enumerate(spending.categories)}
    for column, month in enumerate(spending.months[:-1]):
        last = later_month(month, 1) - dt.timedelta(1)
        today = min(month + dt.timedelta(spending.day - 1), last)
        known = [seen for bill in bills if (seen := seen_from(bill, today))]
        for due in still_to_come(known, today=today, until=last):
            if due.bill.category in rows:
                expected[rows[due.bill.category], column] += float(due.bill.amount)
    return expected


def _place(spending: Spending, day: dt.date) -> tuple[int, int] | None:
    """The month and the day of it; None where the month is not among those looked at."""
    later = [i for i, first in enumerate(spending.months) if first <= day]
    if not later or day >= later_month(spending.months[later[-1]], 1) or day > spending.today:
        return None
    return later[-1], spending.place_of(day)


def _due_days(bill: Bill, today: dt.date, until: dt.date) -> Iterator[dt.date]:
    day = bill.due_on
    if day is None or (today - day).days > bill.patience:
        return
    while day <= until:
        yield day
        day = _one_step_later(bill, day)


def _next_due(bill: Bill, paid: Sequence[dt.date]) -> dt.date:
    """A step after the last one; by months, on the usual day nearest to that: weekends and short months move some."""
    day = _one_step_later(bill, paid[-1])
    if not bill.step_months:
        return day
    usual = median_high(on.day for on in paid)
    months = (later_month(day.replace(day=1), n) for n in (-1, 0, 1))
    return min((_day_of(month, usual) for month in months), key=lambda due: abs(due - day))


def _one_step_later(bill: Bill, day: dt.date) -> dt.date:
    """The same day of a later month, or the last of a shorter one."""
    if not bill.step_months:
        return day + dt.timedelta(bill.step_days)
    return _day_of(later_month(day.replace(day=1), bill.step_months), day.day)


def _day_of(first: dt.date, day: int) -> dt.date:
    return first.replace(day=min(day, monthrange(first.year, first.month)[1]))
