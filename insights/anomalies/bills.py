"""Bills that come again and again: which were known to come, and which are missing or more expensive. Pure."""

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from statistics import median

from insights.anomalies.baseline import in_months
from insights.anomalies.detection import Detection
from insights.calendars import Calendar
from insights.payments import Payment, Uncounted, payee_key, same_amount
from insights.recurring.detection import Recurring
from insights.recurring.rhythms import times_a_year

#: Payments needed before a missing bill: fewer are a habit by chance.
LEAST_HITS = 5
#: Payments of one price needed before a rise.
STABLE = 3
#: Prices that differ by less are stable; a rise is more.
SAME_PRICE, LEAST_RISE = 0.02, 0.05
#: A bill may be missing unnoticed if it is a smaller share of an ordinary month.
MATERIAL = 0.02
#: The severity of a missing bill that has ended, and of a price rise.
SURE = 0.75
#: What comes this often is spending habit, not a bill; skipped once, it was on holiday.
FREQUENT = {"weekly", "biweekly"}
#: Payments before one that make it known to come; slow rhythms need one only.
KNOWN_AFTER, KNOWN_AFTER_IF_SLOW = 2, 1
SLOW = {"quarterly", "half_yearly", "yearly"}
#: The known amount is the largest of this many payments before.
N_EXPECTED = 3
#: Days from a yearly bill to the next: a year, give or take a fortnight.
SEASON_DAYS = range(350, 381)
#: A payee that is paid more often sends no yearly bill.
MOST_A_YEAR = 4
#: The greatest ratio between the prices of two years.
MOST_CHANGE = 1.6


def known_bills(payments: Sequence[Payment], recurring: Iterable[Recurring]) -> dict[int, float]:
    """Return how much of each payment was known to come, by its id.

    Weeks are evaluated without these amounts: rent is no spending spree. Only earlier payments make one known, so a
    later payment changes nothing.
    """
    by_id = {payment.id: payment for payment in payments}
    known: dict[int, float] = {}
    for bill in recurring:
        if bill.rhythm not in FREQUENT:
            members = [by_id[pk] for pk in bill.payments if pk in by_id]
            for place in range(KNOWN_AFTER_IF_SLOW if bill.rhythm in SLOW else KNOWN_AFTER, len(members)):
                expected = max(member.amount for member in members[max(0, place - N_EXPECTED) : place])
                known[members[place].id] = float(min(members[place].amount, expected))
    rest: dict[str, list[Payment]] = defaultdict(list)
    for payment in payments:
        if payment.payee and payment.kind == "expense" and payment.id not in known:
            rest[payment.payee].append(payment)
    for of_payee in rest.values():
        known.update(_yearly_bills(sorted(of_payee, key=lambda payment: (payment.day, payment.id))))
    return known


def _yearly_bills(payments: Sequence[Payment]) -> Iterator[tuple[int, float]]:
    """Yield the payments of one payee that came a year before, too. Each payment explains one of a year later."""
    taken: set[int] = set()
    first = 0
    for place, payment in enumerate(payments):
        while (payment.day - payments[first].day).days > max(SEASON_DAYS):
            first += 1
        if place - first > MOST_A_YEAR:
            continue
        former = [
            one
            for one in payments[first:place]
            if one.id not in taken
            and (payment.day - one.day).days in SEASON_DAYS
            and 1 / MOST_CHANGE <= float(payment.amount / one.amount) <= MOST_CHANGE
        ]
        if former:
            match = min(former, key=lambda one: abs(one.amount - payment.amount))
            taken.add(match.id)
            yield payment.id, float(min(payment.amount, match.amount))


def missing_bills(
    recurring: Iterable[Recurring],
    payments: Sequence[Payment],
    *,
    calendar: Calendar,
    ordinary_month: Callable[[dt.date], float],
    uncounted: Iterable[Uncounted] = (),
) -> Iterator[Detection]:
    """Yield the first due day of each gap in a bill, if later payments of the bill's account are known.

    `payments` are in order. `ordinary_month` returns the spending of a month around a day. `uncounted` are payments
    that do not count, but prove that the payee was paid.
    """
    by_id = {payment.id: payment for payment in payments}
    last_days = {payment.account: payment.day for payment in payments}
    days_of_payee: dict[str, list[dt.date]] = defaultdict(list)
    everything: list[Payment | Uncounted] = [*payments, *uncounted]
    for paid in everything:
        days_of_payee[payee_key(paid.payee)].append(paid.day)
    for bill in recurring:
        if not _is_bill(bill) or bill.rhythm in FREQUENT or bill.is_varying:
            continue
        for due in _starts_of_gaps(bill):
            hits = [by_id[pk] for pk in bill.payments if pk in by_id and by_id[pk].day < due]
            latest = due + dt.timedelta(bill.window_days)
            if len(hits) < LEAST_HITS or latest >= last_days[hits[-1].account]:
                continue
            last = hits[-1]
            month = ordinary_month(due)
            was_paid = any(last.day < day <= latest for day in days_of_payee[bill.payee])
            expected = float(median(hit.amount for hit in hits[-STABLE:]))  # one slip is not expected again
            if was_paid or expected < MATERIAL * month:
                continue
            yield Detection(
                kind="missing_bill",
                subject=last.category,
                payee=bill.payee,
                day=due,
                week=calendar.week_of(due),
                observed=0.0,
                expected=expected,
                low=min(float(bill.low * bill.rate), expected),
                high=max(float(bill.high * bill.rate), expected),
                score=1.0,
                severity=bill.confidence or SURE,
                method="recurring",
                payments=(last.id,),
                known_by=last.day,
                known_on=latest + dt.timedelta(1),
                stake=in_months(expected, month),
            )


def _is_bill(bill: Recurring) -> bool:
    return bill.kind == "expense" and bill.status != "early"


def _starts_of_gaps(bill: Recurring) -> Iterator[dt.date]:
    """Yield the first missed due day of each run of them: a canceled bill is missing once."""
    step_days = max((bill.last_on - bill.first_on).days / max(len(bill.payments) - 1, 1), 1.0)
    missed = sorted(bill.missed)
    yield from missed[:1]
    yield from (due for before, due in pairwise(missed) if (due - before).days > 1.5 * step_days)


def price_rises(
    recurring: Iterable[Recurring],
    payments: Sequence[Payment],
    *,
    calendar: Calendar,
    ordinary_month: Callable[[dt.date], float],
) -> Iterator[Detection]:
    """Yield the first payment at a higher price, for bills whose price was stable before.

    A price is in the currency in which the bill is paid: a rate of exchange is no price.
    At stake is what the rise takes in a year.
    """
    by_id: Mapping[int, Payment] = {payment.id: payment for payment in payments}
    for bill in filter(_is_bill, recurring):
        members = [by_id[pk] for pk in bill.payments if pk in by_id]
        prices = [float(one.amount if one.own is None else one.own) for one in members]
        for place in range(STABLE, len(members)):
            payment, observed = members[place], prices[place]
            before, expected = prices[place - STABLE : place], prices[place - 1]
            if not same_amount(*before, within=SAME_PRICE) or observed <= expected * (1 + LEAST_RISE):
                continue
            rate = float(payment.amount) / observed
            a_year = rate * (observed - expected) * times_a_year(bill.rhythm)
            yield Detection(
                kind="price_rise",
                subject=payment.category,
                payee=bill.payee,
                day=payment.day,
                week=calendar.week_of(payment.day),
                observed=observed,
                expected=expected,
                low=min(before),
                high=max(before),
                score=observed / expected - 1,
                severity=SURE,
                method="recurring",
                payments=(members[place - 1].id, payment.id),
                currency=payment.currency,
                rate=rate,
                stake=in_months(a_year, ordinary_month(payment.day)),
            )
