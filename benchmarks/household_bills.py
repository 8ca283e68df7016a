"""Regular payments of an invented household: rent, utilities, subscriptions, insurances, taxes, wages."""

import calendar
import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from benchmarks.household_days import YEAR, Days, InventedRow, payee_named

#: Chance that a bill's payee has another bill, too, and that it is a shop.
SHARED_WITH_BILL, SHARED_WITH_SHOP = 0.12, 0.1


@dataclass
class RegularPayment:
    """Plan of a regular payment; `every` is in months, or 0 for every week."""

    payee: str
    category: str
    amount: float
    every: int
    #: First day, and the day after the last.
    since: int
    until: int
    #: Day of the month, or of the week.
    on: int
    #: Month of yearly and quarterly payments.
    month: int = 1
    kind: str = "expense"
    #: Log deviation of single amounts, and additional share in winter.
    wobble: float = 0.0
    winter: float = 0.0
    #: Log rise at a yearly step, and the chance that a year has one.
    rise: float = 0.04
    rising: float = 0.5
    #: Deviation in days, chance of a long delay, and chance of a missing payment.
    jitter: float = 0.9
    late: float = 0.05
    missing: float = 0.015
    step: float = 0.01


def regular_payments(days: Days) -> list[RegularPayment]:
    """Return all regular payments of a household. Some share their payee with another one, or with a shop."""
    bills = list(_regulars(days))
    spending = [bill for bill in bills if bill.kind == "expense" and bill.category != "rent"]
    for bill in spending:
        chosen = days.chance.random()
        if chosen < SHARED_WITH_BILL:
            bill.payee = spending[int(days.chance.integers(len(spending)))].payee
        elif chosen < SHARED_WITH_BILL + SHARED_WITH_SHOP:
            category = days.profile.visits[int(days.chance.integers(len(days.profile.visits)))][0]
            bill.payee = payee_named(f"{category} shop", int(days.chance.integers(3)))
    return bills


def _regulars(days: Days) -> Iterator[RegularPayment]:
    yield from _rents(days)
    yield from _monthly(days, "utilities", days.profile.utilities, 45)
    yield from _subscriptions(days)
    yield from _monthly(days, "kids", int(days.profile.name == "family"), 210)
    yield from _seldom(days, days.profile.quarterly, 3, 70)
    yield from _seldom(days, days.profile.yearly, 12, 130)
    yield from _incomes(days)


def rows_of(days: Days, bill: RegularPayment, number: int) -> Iterator[InventedRow]:
    """Return all payments of a bill. Its price rises in steps, and sometimes its day changes."""
    chance, amount = days.chance, bill.amount
    due = replace(bill)
    for day in _due_days(days, due):
        since = day - bill.since
        if since >= 330 and chance.random() < bill.rising * max(bill.every, 0.25) / 12:
            amount *= float(np.exp(abs(chance.normal(0, bill.rise)) + 0.005))
        if bill.every == 1 and chance.random() < 0.015:
            due.on = int(chance.integers(1, 29))
        if chance.random() < bill.missing:
            continue
        paid = _paid_on(days, day, bill)
        if paid < days.n:
            winter = 1 + bill.winter * np.cos(2 * np.pi * (days.date(paid).timetuple().tm_yday - 15) / YEAR)
            value = amount * winter * float(chance.lognormal(0, bill.wobble))
            yield InventedRow(paid, value, bill.category, bill.payee, bill.kind, number, bill.step)


def _due_days(days: Days, bill: RegularPayment) -> Iterator[int]:
    if bill.every == 0:
        start = bill.since + (bill.on - days.date(bill.since).weekday()) % 7
        yield from range(start, min(bill.until, days.n), 7)
        return
    for year, month in days.months():
        if (month - bill.month) % bill.every == 0:
            day = days.day_of(dt.date(year, month, min(bill.on, calendar.monthrange(year, month)[1])))
            if bill.since <= day < min(bill.until, days.n):
                yield day


def _paid_on(days: Days, day: int, bill: RegularPayment) -> int:
    """Return the day of payment: some are days late, and most weekends move to Monday."""
    chance = days.chance
    if chance.random() < bill.late:
        day += int(chance.integers(4, 22))
    day += round(float(chance.normal(0, bill.jitter)))
    weekday = days.date(day).weekday()
    return max(day + (7 - weekday if weekday > 4 and bill.every and chance.random() < 0.8 else 0), 0)


def _rents(days: Days) -> Iterator[RegularPayment]:
    """Return rents one after the other, from move to move."""
    since, rent, chance = 0, days.profile.net * days.profile.rent * float(days.chance.lognormal(0, 0.15)), days.chance
    for until in [*days.moves, days.n + 1]:
        if rent > 0:
            on = int(chance.choice([1, 1, 1, 2, 3, 15, 28]))
            yield RegularPayment(
                payee_named("landlord", since), "rent", rent, 1, since, until, on, rising=0.35, late=0.04, step=5.0
            )
        since, rent = until, rent * float(chance.lognormal(0.05, 0.2))


def _monthly(days: Days, category: str, n: int, median: float) -> Iterator[RegularPayment]:
    chance = days.chance
    for number in range(n):
        wobble = float(chance.choice([0.0, 0.0, 0.04, 0.1, 0.2, 0.35]))
        winter = float(chance.choice([0.0, 0.0, 0.25, 0.5]))
        every = int(chance.choice([1, 1, 1, 1, 2]))
        amount = median * days.scale * float(chance.lognormal(0, 0.5))
        since, until = _span(days, 0.75)
        payee, on = payee_named(f"{category} supplier", number), int(chance.integers(1, 29))
        yield RegularPayment(payee, category, amount, every, since, until, on, wobble=wobble,
                             winter=winter if wobble else 0.0, late=0.06)  # fmt: skip


def _subscriptions(days: Days) -> Iterator[RegularPayment]:
    """Return small payments, of which many begin late and end early; some are weekly."""
    chance = days.chance
    for number in range(round(days.profile.subscriptions * (0.6 + days.n / 900))):
        since, until = _span(days, 0.3)
        amount = float(np.round(chance.lognormal(2.3, 0.6))) - 0.01
        every = int(chance.choice([1, 1, 1, 1, 1, 1, 1, 1, 0]))
        on = int(chance.integers(7)) if every == 0 else int(chance.integers(1, 31))
        wobble = float(chance.choice([0, 0, 0, 0.03, 0.15, 0.4]))
        payee = payee_named("subscription", number)
        yield RegularPayment(payee, "subscriptions", amount, every, since, until, on, wobble=wobble,
                             rise=0.15, rising=0.5, late=0.04)  # fmt: skip


def _seldom(days: Days, n: int, every: int, median: float) -> Iterator[RegularPayment]:
    chance = days.chance
    for number in range(n):
        since, until = _span(days, 0.6)
        category = str(chance.choice(["insurance", "insurance", "taxes", "leisure", "transport", "home", "fees"]))
        amount = median * days.scale * float(chance.lognormal(0, 0.9))
        wobble = float(chance.choice([0.0, 0.0, 0.0, 0.1, 0.3]))
        payee = payee_named(f"{category} office", 20 * every + number)
        on, month = int(chance.integers(1, 29)), int(chance.integers(1, 13))
        yield RegularPayment(payee, category, amount, every, since, until, on, month, wobble=wobble,
                             rise=0.06, rising=0.8, jitter=3.0, late=0.08)  # fmt: skip


def _incomes(days: Days) -> Iterator[RegularPayment]:
    """Return salary, pension, wages or dues."""
    profile, chance = days.profile, days.chance
    if profile.income in ("salary", "pension"):
        wobble = float(chance.choice([0.0, 0.0, 0.02, 0.12])) if profile.income == "salary" else 0.0
        on = int(chance.choice([1, 15, 25, 27, 28, 30]))
        yield RegularPayment(profile.income, "income", profile.net, 1, 0, days.n, on, kind="income", wobble=wobble,
                             late=0.01, missing=0.0)  # fmt: skip
    if profile.income == "wages":
        yield RegularPayment(
            "wages", "income", profile.net / 4.3, 0, 0, days.n, 4, kind="income", wobble=0.2, missing=0.08
        )
    if profile.income == "dues":
        for member in range(25):
            since, until = _span(days, 0.5)
            payee = payee_named("member", member)
            yield RegularPayment(payee, "income", 120, 12, since, until, 10, kind="income", jitter=12, late=0.3)


def irregular_incomes(days: Days) -> Iterator[InventedRow]:
    """Return invoices of freelancers, paid on random days."""
    if days.profile.income != "invoices":
        return
    chance = days.chance
    for day in np.flatnonzero(chance.random(days.n) < 1.7 / 30.4):
        amount = days.profile.net / 1.7 * chance.lognormal(-0.2, 0.7)
        yield InventedRow(
            int(day), amount, "income", payee_named("client", int(chance.integers(9))), kind="income", step=10
        )


def _span(days: Days, whole: float) -> tuple[int, int]:
    """Return a first and a last day: from the first day on with the chance `whole`; half end early."""
    chance = days.chance
    since = 0 if chance.random() < whole else int(chance.integers(0, days.n))
    until = days.n + 1 if chance.random() < 0.5 else since + 45 + int(chance.exponential(0.4 * days.n))
    return since, until
