"""Payments that come again: which are still to come in a month, now and on any day of the past."""

import datetime as dt
from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from statistics import median_high

import numpy as np

from insights.calendars import later_month
from insights.forecast.spending import Floats, Spending

#: A bill is known after three payments.
MIN_PAID = 3
#: The last six payments tell the range of its price and its usual day.
N_OF_A_RANGE = 6


@dataclass(frozen=True, slots=True)
class KnownBill:
    """A recurring payment as a forecast takes it. A step is in days or in months; one of the two is 0."""

    id: int
    payee: str
    name: str
    category: int | None
    #: The amount to expect, in the currency of the forecast, and its range.
    amount: Decimal
    low: Decimal
    high: Decimal
    step_days: int
    step_months: int
    #: The next due day; None if it has ended, and only what was paid is known.
    due_on: dt.date | None
    #: A payment that is late by more days is not waited for, nor any after it.
    patience: int
    #: Days and amounts of payments, the oldest first.
    paid: tuple[tuple[dt.date, Decimal], ...]


@dataclass(frozen=True, slots=True)
class Due:
    """One payment that is expected; `on` lies in the past where it is late."""

    bill: KnownBill
    on: dt.date


def still_to_come(
    bills: Sequence[KnownBill], *, today: dt.date, until: dt.date, since: dt.date = dt.date.min
) -> list[Due]:
    """Return payments expected after `today` until a day, and late ones still waited for; the next one first.

    Payments that are due before `since` belong to another month.
    """
    found = []
    for bill in bills:
        day = bill.due_on
        if day is not None and (today - day).days <= bill.patience:
            while day <= until:
                if day >= since:
                    found.append(Due(bill, day))
                day = _one_step_later(bill, day)
    return sorted(found, key=lambda due: (due.on, due.bill.id))


def seen_from(bill: KnownBill, day: dt.date) -> KnownBill | None:
    """Return the bill as it was known at the end of a day; None if it was not known yet."""
    paid = tuple((on, amount) for on, amount in bill.paid if on <= day)
    if len(paid) < MIN_PAID:
        return None
    amounts = [amount for _, amount in paid[-N_OF_A_RANGE:]]
    due_on = _next_due(bill, [on for on, _ in paid[-N_OF_A_RANGE:]])
    return replace(bill, amount=amounts[-1], low=min(amounts), high=max(amounts), due_on=due_on, paid=paid)


def after_payment(bill: KnownBill, payment: tuple[dt.date, Decimal] | None) -> KnownBill:
    """Return the bill with its next turn due, since this one is paid. `payment`: None if of another category."""
    if bill.due_on is None:
        return bill
    days = [on for on, _ in bill.paid[-N_OF_A_RANGE:]]
    paid = (*bill.paid, payment) if payment else bill.paid
    return replace(bill, due_on=_next_due(bill, [*days, bill.due_on]), paid=paid)


def paid_daily(bills: Sequence[KnownBill], spending: Spending) -> Floats:
    """Return the part of the spending that these bills were: categories x months x days."""
    daily = np.zeros_like(spending.daily)
    rows = {category: i for i, category in enumerate(spending.categories)}
    for bill in bills:
        for day, amount in bill.paid:
            month = max((i for i, first in enumerate(spending.months) if first <= day), default=None)
            is_within = month is not None and day < later_month(spending.months[month], 1) and day <= spending.today
            if is_within and bill.category in rows:
                daily[rows[bill.category], month, spending.place_of(day)] += float(amount)
    return daily


def expected_then(bills: Sequence[KnownBill], spending: Spending) -> Floats:
    """Return what was still expected in each past month after the same day, as known then: categories x months."""
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


def _next_due(bill: KnownBill, paid: Sequence[dt.date]) -> dt.date:
    """Return the day a step after the last one; by months, the usual day: weekends and short months move some."""
    day = _one_step_later(bill, paid[-1])
    if not bill.step_months:
        return day
    usual = median_high(on.day for on in paid)
    months = (later_month(day.replace(day=1), n) for n in (-1, 0, 1))
    return min((_day_of(month, usual) for month in months), key=lambda due: abs(due - day))


def _one_step_later(bill: KnownBill, day: dt.date) -> dt.date:
    """Return the same day of a later month, or the last of a shorter one."""
    if not bill.step_months:
        return day + dt.timedelta(bill.step_days)
    return _day_of(later_month(day.replace(day=1), bill.step_months), day.day)


def _day_of(first: dt.date, day: int) -> dt.date:
    return first.replace(day=min(day, monthrange(first.year, first.month)[1]))
