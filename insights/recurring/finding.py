"""Finds recurring payments in all payments of a ledger. Pure."""

import datetime as dt
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from decimal import Decimal

from insights.payments import Payment
from insights.recurring.amounts import Price, read_price
from insights.recurring.chains import N_HITS, N_HITS_OF_A_SLOW_ONE, SAME_AMOUNT, Chain, Dated, chains_in
from insights.recurring.confidence import confidence_of
from insights.recurring.model import Raise, Recurring, Status
from insights.recurring.rhythms import Schedule, slots_of

#: Surer than this is told; below it is a maybe.
MATURE = 0.72
#: Less is not worth showing.
LEAST_CONFIDENCE = 0.4
CENT = Decimal("0.01")
_NUMBERED = re.compile(r"\S*\d\S*")


def find_recurring(payments: Sequence[Payment], *, today: dt.date) -> list[Recurring]:
    """Those of the payments until today that come again and again, the surest first. Refunds are left out.

    All amounts are in one currency. Nothing later than `today` is looked at.
    """
    found = [one for lane in _lanes(payments, today) for one in _found_in(lane, today.toordinal())]
    return sorted(found, key=lambda one: (-one.confidence, one.payments))


def payee_key(payee: str) -> str:
    """The payee without numbers of invoices and the like, unless nothing else is left."""
    return " ".join(_NUMBERED.sub(" ", payee).split()) or payee


def _lanes(payments: Sequence[Payment], today: dt.date) -> Iterator[list[Dated]]:
    """Payments of each payee and direction, in order of their days."""
    keys: dict[str, str] = {}
    lanes: dict[tuple[str, str], list[Payment]] = defaultdict(list)
    for payment in payments:
        if payment.kind == "refund" or not payment.payee or payment.day > today or payment.amount <= 0:
            continue
        if payment.payee not in keys:
            keys[payment.payee] = payee_key(payment.payee)
        lanes[payment.kind, keys[payment.payee]].append(payment)
    for lane in lanes.values():
        if len(lane) >= N_HITS_OF_A_SLOW_ONE:
            lane.sort(key=lambda payment: (payment.day, payment.id))
            yield [Dated(one.day.toordinal(), float(one.amount), one) for one in lane]


def _found_in(lane: Sequence[Dated], today: int) -> Iterator[Recurring]:
    for chain in chains_in(lane):
        if len(chain.members) >= N_HITS or _is_exact(chain):
            one = _described(chain, today)
            if one is not None:
                yield one


def _is_exact(chain: Chain) -> bool:
    """Whether two payments a season or a year apart are the same in day and amount."""
    first, last = chain.members[0], chain.members[-1]
    drift = abs(last.day - first.day - chain.rhythm.length)
    return chain.rhythm.months >= 1 and drift <= 3 and last.amount <= first.amount * SAME_AMOUNT


def _described(chain: Chain, today: int) -> Recurring | None:
    """None for a maybe that did not come true."""
    price = read_price([member.amount for member in chain.members])
    upcoming = _Upcoming(chain, today)
    then = confidence_of(chain, n_missed=0)
    is_mature = then >= MATURE and len(chain.members) >= N_HITS
    if then < LEAST_CONFIDENCE or (upcoming.has_ended and not is_mature):
        return None
    status: Status = "ended" if upcoming.has_ended else "mature" if is_mature else "early"
    confidence = 0.0 if upcoming.has_ended else confidence_of(chain, n_missed=len(upcoming.missed_lately))
    return _recurring(chain, price, upcoming, status, confidence)


def _recurring(chain: Chain, price: Price, upcoming: "_Upcoming", status: Status, confidence: float) -> Recurring:
    first, last = chain.members[0].payment, chain.members[-1].payment
    missed = upcoming.missed_before + upcoming.missed_lately
    return Recurring(
        payee=payee_key(last.payee),
        kind="income" if last.kind == "income" else "expense",
        rhythm=chain.rhythm.name,
        amount=_decimal(price.usual),
        low=_decimal(price.low),
        high=_decimal(price.high),
        payments=tuple(member.payment.id for member in chain.members),
        first_on=first.day,
        last_on=last.day,
        next_on=None if upcoming.has_ended else dt.date.fromordinal(upcoming.due),
        window_days=upcoming.window,
        status=status,
        confidence=round(confidence, 4),
        category=last.category,
        missed=tuple(dt.date.fromordinal(day) for day in missed),
        raised=_raise(chain, price),
        is_varying=price.is_varying,
        doubled=tuple((member.payment.id, other.payment.id) for member, other in chain.doubled),
    )


def _raise(chain: Chain, price: Price) -> Raise | None:
    if price.raised is None:
        return None
    before, after = (chain.members[place].payment for place in price.raised)
    return Raise(before.amount, after.amount, after.day)


def _decimal(amount: float) -> Decimal:
    return Decimal(str(amount)).quantize(CENT)


class _Upcoming:
    """When the next one is due, and which were missed."""

    def __init__(self, chain: Chain, today: int) -> None:
        days = chain.days
        slots = slots_of(chain.rhythm, days)
        schedule = Schedule.read(chain.rhythm, days, slots)
        self.window = _window(chain, schedule, days, slots)
        gone = set(range(slots[-1])) - set(slots)
        self.missed_before = [schedule.due(slot) for slot in sorted(gone)]
        self.missed_lately: list[int] = []
        slot = slots[-1] + 1
        while schedule.due(slot) + self.window < today:
            self.missed_lately.append(schedule.due(slot))
            slot += 1
            if self.has_ended_after(chain):
                break
        self.has_ended = self.has_ended_after(chain)
        self.due = schedule.due(slot)

    def has_ended_after(self, chain: Chain) -> bool:
        """One missed is forgiven, unless that is a season's."""
        return len(self.missed_lately) > (chain.rhythm.length < 60)


def _window(chain: Chain, schedule: Schedule, days: Sequence[int], slots: Sequence[int]) -> int:
    """Its own worst day lately and one more, as far as the rhythm has patience for and slack."""
    worst = max(abs(day - schedule.due(slot)) for day, slot in list(zip(days, slots, strict=True))[-12:])
    return min(max(chain.rhythm.patience, worst + 1), max(chain.rhythm.slack, chain.rhythm.patience))
