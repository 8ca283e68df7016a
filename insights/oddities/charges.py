"""What is odd about single payments: one that was charged twice, and a large one to somebody new. Pure."""

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from insights.amounts.duplicates import duplicates
from insights.calendars import Calendar
from insights.oddities.findings import Finding
from insights.payments import Payment, same_amount
from insights.recurring import Recurring

#: A double of less than this share of an ordinary month is not worth a word: of a recurring bill, of anything else.
MATERIAL_BILL, MATERIAL = 0.01, 0.03
#: A new payee is told instead of a week if it took this share of what was too much.
EXPLAINS = 0.8
#: Fewer first payments say nothing of how large such are.
LEAST_FIRSTS = 10
#: Who is paid seldom may take longer until the same is charged again: days, and payments in the year before.
WITHIN_DAYS, MOST_A_YEAR = 10, 13
YEAR = dt.timedelta(365)
#: How sure a double is where a rhythm alone speaks for it.
SURE = 0.9
#: Who has charged twice more often than that does so as a rule.
MOST_DOUBLES = 2
#: Before that long nobody's rule is known.
LEAST_HISTORY = dt.timedelta(weeks=8)

Month = Callable[[dt.date], float]


def double_charges(
    payments: Sequence[Payment], recurring: Iterable[Recurring], *, calendar: Calendar, ordinary_month: Month
) -> Iterator[Finding]:
    """The second of two equal payments a few days apart, where the payee does not do so as a rule.

    `payments`: in order, in one currency; each is judged by those before it. Later ones can only take a finding back:
    it was a rule after all.
    """
    by_id = {payment.id: payment for payment in payments}
    pairs = {one.second: (one.first, 1 - one.chance, MATERIAL) for one in duplicates(payments, since=dt.date.min)}
    pairs |= {second: (first, SURE, MATERIAL) for second, first in _seldom_paid(payments)}
    pairs |= {second: (first, SURE, MATERIAL_BILL) for second, first in _doubled_bills(recurring, by_id)}
    pairs = {second: found for second, found in pairs.items() if not _are_of_one_split(by_id[second], by_id[found[0]])}
    n_doubles = Counter(by_id[second].payee for second in pairs)
    for second, (first, severity, least) in sorted(pairs.items()):
        earlier, later = by_id[first], by_id[second]
        is_known = later.day - payments[0].day >= LEAST_HISTORY and n_doubles[later.payee] <= MOST_DOUBLES
        if is_known and float(later.amount) >= least * ordinary_month(later.day):
            yield _double(earlier, later, severity, calendar)


def _doubled_bills(recurring: Iterable[Recurring], by_id: Mapping[int, Payment]) -> Iterator[tuple[int, int]]:
    """Second and first of one due date."""
    for chain in recurring:
        if chain.kind == "expense":
            for pair in chain.doubled:
                if by_id.keys() >= set(pair):
                    first, second = sorted(pair, key=lambda pk: (by_id[pk].day, pk))
                    yield second, first


def _seldom_paid(payments: Iterable[Payment]) -> Iterator[tuple[int, int]]:
    """Equal payments within ten days to somebody who is paid once a month at most, and never was so before.

    Two payments alone are none: they may be the first of many.
    """
    lanes: dict[str, list[Payment]] = defaultdict(list)
    for payment in payments:
        if payment.payee and payment.kind == "expense":
            lanes[payment.payee].append(payment)
    for lane in lanes.values():
        for place in range(2, len(lane)):
            if _is_double(lane, place) and not any(_is_double(lane, before) for before in range(1, place)):
                yield lane[place].id, lane[place - 1].id


def _is_double(lane: Sequence[Payment], place: int) -> bool:
    earlier, later = lane[place - 1], lane[place]
    if not same_amount(earlier.amount, later.amount) or (later.day - earlier.day).days > WITHIN_DAYS:
        return False
    return place <= MOST_A_YEAR or later.day - lane[place - MOST_A_YEAR - 1].day > YEAR


def _are_of_one_split(one: Payment, other: Payment) -> bool:
    return one.whole is not None and one.whole == other.whole


def _double(earlier: Payment, later: Payment, severity: float, calendar: Calendar) -> Finding:
    return Finding(
        kind="duplicate_charge",
        subject=later.category,
        payee=later.payee,
        day=later.day,
        week=calendar.week_of(later.day),
        observed=float(earlier.amount + later.amount),
        expected=float(earlier.amount),
        low=float(earlier.amount),
        high=float(earlier.amount),
        score=1.0,
        severity=severity,
        method="repeats",
        payments=(earlier.id, later.id),
    )


def with_new_merchants(weeks: Sequence[Finding], payments: Sequence[Payment]) -> Iterator[Finding]:
    """Unusual weeks, those apart that a large first payment made: these are told of whom was paid."""
    firsts = _first_payments(payments)
    place_of = {payment.id: place for place, payment in enumerate(firsts)}
    for week in weeks:
        place = place_of.get(week.payments[0]) if week.payments else None
        if place is None or float(firsts[place].amount) < EXPLAINS * week.excess or place < LEAST_FIRSTS:
            yield week
        else:
            yield from _told_of_payee(week, firsts[place], [float(one.amount) for one in firsts[:place]])


def _first_payments(payments: Iterable[Payment]) -> list[Payment]:
    """The first to each payee, in order."""
    seen: dict[str, Payment] = {}
    for payment in payments:
        if payment.payee and payment.kind == "expense":
            seen.setdefault(payment.payee, payment)
    return list(seen.values())


def _told_of_payee(week: Finding, payment: Payment, before: Sequence[float]) -> Iterator[Finding]:
    """`before`: what the first payments to others took until then."""
    low, usual, high = (float(amount) for amount in np.quantile(before, [0.1, 0.5, 0.9]))
    amount = float(payment.amount)
    if amount <= high:
        yield week
        return
    yield replace(
        week,
        kind="new_merchant",
        subject=payment.category,
        payee=payment.payee,
        day=payment.day,
        observed=amount,
        expected=usual,
        low=low,
        high=high,
        score=amount / usual,
        method="first_payments",
        payments=(payment.id,),
        trend=None,
        seasonal=None,
        also=(),
    )
