"""What is odd about bills that come again and again: one is missing, dearer, or was paid twice. Pure."""

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from statistics import median

from insights.calendars import Calendar
from insights.oddities.findings import Finding
from insights.payments import Payment, Uncounted, payee_key, same_amount
from insights.recurring import Recurring

#: Payments before one that is missing or dearer: fewer are a habit of chance.
LEAST_HITS = 5
#: So many payments of the same price were before a rise.
STABLE = 3
#: Prices that waver by less have not risen.
SAME_PRICE = 0.02
LEAST_RISE = 0.05
#: What comes every fortnight and is left out once has been on holiday.
TOO_OFTEN = {"weekly", "biweekly"}
#: A bill of less than this share of an ordinary month may be missing without a word.
MATERIAL = 0.02
#: How sure it is that a bill is missing where its chain no longer says, since it has ended.
SURE = 0.75


def missing_bills(
    recurring: Iterable[Recurring],
    payments: Sequence[Payment],
    *,
    calendar: Calendar,
    ordinary_month: Callable[[dt.date], float],
    uncounted: Iterable[Uncounted] = (),
) -> Iterator[Finding]:
    """The first of each run of due days on which nothing came, if later payments of its account are known.

    `ordinary_month`: what a month took at the time of a day, in the currency of the payments, which are in order.
    `uncounted`: when somebody was paid, though it does not count.
    """
    by_id, lanes = {payment.id: payment for payment in payments}, _days_by_payee([*payments, *uncounted])
    last_days = {payment.account: payment.day for payment in payments}
    for chain in filter(_is_sure, recurring):
        for due in _first_of_runs(chain):
            hits = [by_id[pk] for pk in chain.payments if pk in by_id and by_id[pk].day < due]
            latest = due + dt.timedelta(chain.window_days)
            if len(hits) < LEAST_HITS or latest >= last_days[hits[-1].account]:
                continue
            was_paid = any(hits[-1].day < day <= latest for day in lanes[chain.payee])
            if not was_paid and _usual(hits) >= MATERIAL * ordinary_month(due):
                yield _missing(chain, due, hits, calendar)


def _usual(hits: Sequence[Payment]) -> float:
    """Of the last few, so that one slip is not expected again."""
    return float(median(hit.amount for hit in hits[-STABLE:]))


def _days_by_payee(payments: Iterable[Payment | Uncounted]) -> dict[str, list[dt.date]]:
    """On which days each was paid whatever amount."""
    lanes: dict[str, list[dt.date]] = defaultdict(list)
    for payment in payments:
        lanes[payee_key(payment.payee)].append(payment.day)
    return lanes


def _is_bill(chain: Recurring) -> bool:
    return chain.kind == "expense" and chain.status != "early"


def _is_sure(chain: Recurring) -> bool:
    return _is_bill(chain) and chain.rhythm not in TOO_OFTEN and not chain.is_varying


def _first_of_runs(chain: Recurring) -> Iterator[dt.date]:
    """A bill that was canceled is missing once."""
    before: dt.date | None = None
    for due in sorted(chain.missed):
        gap = (due - before).days if before else None
        if gap is None or gap > 1.5 * _step_days(chain):
            yield due
        before = due


def _step_days(chain: Recurring) -> float:
    return max((chain.last_on - chain.first_on).days / max(len(chain.payments) - 1, 1), 1.0)


def _missing(chain: Recurring, due: dt.date, hits: Sequence[Payment], calendar: Calendar) -> Finding:
    """`hits`: the payments before it."""
    last = hits[-1]
    expected = _usual(hits)
    return Finding(
        kind="missing_bill",
        subject=last.category,
        payee=chain.payee,
        day=due,
        week=calendar.week_of(due),
        observed=0.0,
        expected=expected,
        low=min(float(chain.low), expected),
        high=max(float(chain.high), expected),
        score=1.0,
        severity=chain.confidence or SURE,
        method="recurring",
        payments=(last.id,),
        known_by=last.day,
    )


def price_rises(
    recurring: Iterable[Recurring], payments: Sequence[Payment], *, calendar: Calendar
) -> Iterator[Finding]:
    """Of bills that had cost the same for a while."""
    by_id = {payment.id: payment for payment in payments}
    for chain in filter(_is_bill, recurring):
        members = [by_id[pk] for pk in chain.payments if pk in by_id]
        for place in range(STABLE, len(members)):
            before, payment = members[place - STABLE : place], members[place]
            if same_amount(*_prices(before), within=SAME_PRICE) and _has_risen(before[-1], payment):
                yield _rise(chain, payment, before, calendar)


def _prices(payments: Sequence[Payment]) -> list[float]:
    """As they were paid, if all were paid in one currency: a rate of exchange is no price."""
    is_one = len({payment.currency for payment in payments}) == 1
    return [float(payment.own if is_one and payment.own is not None else payment.amount) for payment in payments]


def _has_risen(former: Payment, payment: Payment) -> bool:
    before, after = _prices([former, payment])
    return after > before * (1 + LEAST_RISE)


def _rise(chain: Recurring, payment: Payment, before: Sequence[Payment], calendar: Calendar) -> Finding:
    amounts = [float(one.amount) for one in before]
    observed, expected = float(payment.amount), amounts[-1]
    return Finding(
        kind="price_rise",
        subject=payment.category,
        payee=chain.payee,
        day=payment.day,
        week=calendar.week_of(payment.day),
        observed=observed,
        expected=expected,
        low=min(amounts),
        high=max(amounts),
        score=observed / expected - 1,
        severity=SURE,
        method="recurring",
        payments=(before[-1].id, payment.id),
    )
