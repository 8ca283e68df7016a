"""The product's predictions, scores and forecasts of payments, for the tables of `benchmarks.insights`.

Its findings about weeks are in `benchmarks.insights_product_weeks`.
"""

import datetime as dt
from collections.abc import Iterator, Sequence
from decimal import Decimal
from math import log
from typing import Any

import numpy as np

from benchmarks.households import Household
from benchmarks.simple_chains import ExpectedPayment
from insights.anomalies.amount_scores import all_log_odds
from insights.anomalies.amount_sketches import Histories, keyed
from insights.calendars import Calendar
from insights.forecast.bills import KnownBill
from insights.forecast.month import forecast
from insights.payments import Payment, payee_key
from insights.recurring.detection import find_recurring

#: Decimal places of amounts.
PLACES = 2
STEPS = {"weekly": (7, 0), "biweekly": (14, 0), "four_weekly": (28, 0), "monthly": (0, 1), "bimonthly": (0, 2),
         "quarterly": (0, 3), "half_yearly": (0, 6), "yearly": (0, 12)}  # fmt: skip


def foresee_recurring(household: Household) -> tuple[list[ExpectedPayment], list[ExpectedPayment]]:
    """Return the predictions of mature and of early chains, made after each payment of a payee.

    The product finds chains within a payee, so payees are looked at one by one.
    """
    lanes: dict[tuple[str, str], list[Payment]] = {}
    for payment in household.payments:
        lanes.setdefault((payment.kind, payee_key(payment.payee)), []).append(payment)
    expected = [one for lane in lanes.values() for one in _expected_in(lane)]
    return [one for status, one in expected if status == "mature"], [
        one for status, one in expected if status == "early"
    ]


def _expected_in(lane: Sequence[Payment]) -> Iterator[tuple[str, ExpectedPayment]]:
    """Return status and expected payment whenever a chain has grown."""
    known: dict[str, set[int]] = {"mature": set(), "early": set()}
    by_id = {payment.id: payment for payment in lane}
    for until, day in days_of(lane):
        if until < 2:
            continue
        newest = lane[until - 1]
        for found in find_recurring(lane[:until], today=day):
            if found.status in known and found.next_on and by_id[found.payments[-1]].day == newest.day:
                is_first = known[found.status].isdisjoint(found.payments)
                known[found.status].update(found.payments)
                payees = frozenset(by_id[pk].payee for pk in found.payments)
                amount = float(found.amount)
                yield found.status, ExpectedPayment(payees, found.kind, day, found.next_on, amount, is_first)


def days_of(payments: Sequence[Payment]) -> Iterator[tuple[int, dt.date]]:
    """Return every day with payments, and the number of payments until its end."""
    for place, payment in enumerate(payments, 1):
        if place == len(payments) or payments[place].day != payment.day:
            yield place, payment.day


def score_amounts(household: Household, asked: Sequence[Payment], *, times: int) -> list[tuple[float, float]]:
    """Score each asked payment by the payments before it: as it was, and with `times` the amount."""
    groups: Histories = {}
    wanted, scores = {payment.id for payment in asked}, {}
    for payment, amount_log, keys in keyed(household.payments, groups):
        if payment.id in wanted:
            levels = [groups[key].sketch() for key in keys if key in groups]
            pair = all_log_odds(np.array([amount_log, amount_log + log(times)]), levels)
            scores[payment.id] = (float(pair[0]), float(pair[1]))
    return [scores[payment.id] for payment in asked]


def forecast_months(
    household: Household, asked: Sequence[tuple[dt.date, int]]
) -> list[tuple[float, float | None, float | None]]:
    """Forecast total, low and high of each asked month at the end of one of its days. Months are their first days."""
    found = []
    for first, day in asked:
        today = first.replace(day=day)
        past = [payment for payment in household.payments if payment.day <= today]
        spent: dict[tuple[dt.date, int | None], Decimal] = {}
        for payment in past:
            if payment.kind != "income":
                key = payment.day, payment.category
                spent[key] = spent.get(key, Decimal()) + payment.spent
        bills = _bills_known(past, today)
        days = {payment.day for payment in past}
        total = forecast(
            spent, recorded=days, bills=bills, month=first, calendar=Calendar(), today=today, places=PLACES
        ).total
        band = (None, None) if total.low is None or total.high is None else (float(total.low), float(total.high))
        found.append((float(total.predicted), *band))
    return found


def _bills_known(past: Sequence[Payment], today: dt.date) -> list[Any]:
    """Return the product's bills from the chains that it finds."""
    by_id = {payment.id: payment for payment in past}
    bills = []
    for number, one in enumerate(find_recurring(past, today=today), 1):
        if one.kind == "expense" and one.status != "early":
            due = one.next_on if one.status == "mature" else None
            paid = tuple((by_id[pk].day, by_id[pk].amount) for pk in one.payments)
            band = one.amount, one.low, one.high
            steps = STEPS[one.rhythm]
            bills.append(
                KnownBill(number, one.payee, one.payee, one.category, *band, *steps, due, one.window_days, paid)
            )
    return bills
