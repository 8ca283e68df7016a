"""Which payments were known to come, and how much of each. Pure.

They are taken out before weeks are judged: rent is no spending spree. What was known of a payment is known from the
payments before it alone, so that a later one changes nothing.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from insights.payments import Payment
from insights.recurring import Recurring

#: Hits before a payment that make it known; of what comes a few times a year, one.
HITS, HITS_OF_A_SLOW_ONE = 2, 1
SLOW = {"quarterly", "half_yearly", "yearly"}
#: What comes so often is how somebody spends, and no bill.
OFTEN = {"weekly", "biweekly"}
#: The most of this many payments before is what was expected.
N_BEFORE = 3
#: A year ago give or take a fortnight: the due days of yearly bills drift.
SEASON_DAYS = range(350, 381)
#: A payee that is paid more often is no yearly bill.
MOST_A_YEAR = 4
#: From year to year a price changes by less than this, either way.
MOST_CHANGE = 1.6


def known_bills(payments: Sequence[Payment], recurring: Iterable[Recurring]) -> dict[int, float]:
    """Payment → how much of it was known to come, in the currency of the payments."""
    by_id = {payment.id: payment for payment in payments}
    known = dict(_of_chains(recurring, by_id))
    return dict(_of_seasons(payments, known)) | known


def _of_chains(recurring: Iterable[Recurring], by_id: dict[int, Payment]) -> Iterator[tuple[int, float]]:
    for chain in recurring:
        if chain.rhythm in OFTEN:
            continue
        members = [by_id[pk] for pk in chain.payments if pk in by_id]
        least = HITS_OF_A_SLOW_ONE if chain.rhythm in SLOW else HITS
        for place in range(least, len(members)):
            before = max(float(member.amount) for member in members[max(0, place - N_BEFORE) : place])
            yield members[place].id, min(float(members[place].amount), before)


def _of_seasons(payments: Sequence[Payment], known: dict[int, float]) -> Iterator[tuple[int, float]]:
    """What the same payee took a year before; each payment explains one a year later."""
    lanes: dict[str, list[Payment]] = defaultdict(list)
    for payment in payments:
        if payment.payee and payment.kind == "expense" and payment.id not in known:
            lanes[payment.payee].append(payment)
    for lane in lanes.values():
        lane.sort(key=lambda payment: (payment.day, payment.id))
        yield from _of_lane(lane)


def _of_lane(lane: Sequence[Payment]) -> Iterator[tuple[int, float]]:
    taken: set[int] = set()
    first = 0
    for place, payment in enumerate(lane):
        while (payment.day - lane[first].day).days > max(SEASON_DAYS):
            first += 1
        if place - first > MOST_A_YEAR:
            continue
        former = [one for one in lane[first:place] if one.id not in taken and _is_a_year_before(one, payment)]
        if former:
            match = min(former, key=lambda one: abs(one.amount - payment.amount))
            taken.add(match.id)
            yield payment.id, float(min(payment.amount, match.amount))


def _is_a_year_before(former: Payment, payment: Payment) -> bool:
    age: dt.timedelta = payment.day - former.day
    ratio = float(payment.amount / former.amount)
    return age.days in SEASON_DAYS and 1 / MOST_CHANGE <= ratio <= MOST_CHANGE
