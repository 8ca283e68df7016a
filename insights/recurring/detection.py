"""Finds recurring payments among all payments of a ledger. Pure."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Literal

from insights.payments import Payment, payee_key, same_amount
from insights.recurring.chains import FEWEST_HITS, N_HITS, PaymentChain, chains_of_rhythm, loose_chain
from insights.recurring.confidence import confidence_of, punctuality_of
from insights.recurring.contracts import chains_of_payee, joined
from insights.recurring.prices import read_price
from insights.recurring.rhythms import RHYTHM_NAMED, RhythmName, Schedule

RecurringDirection = Literal["expense", "income"]
#: Five of six predictions as sure as this come true; below it is a maybe. Measured: docs/recurring.md.
MATURE = 0.84
#: A chain that was mature once stays so until it is less sure than this: one missed payment does not shake it.
STILL_MATURE = 0.72
#: Chains that come on time less probably, whatever their amount, are not worth showing.
LEAST_PUNCTUALITY = 0.6
#: Two payments are shown if their distance is at most three days off the rhythm's.
MOST_DAYS_OFF_OF_TWO = 3
#: The last twelve payments say how late one may be.
N_WATCHED = 12
#: Payments that come more often than every 60 days may be missed once; a season's bill that does not come has ended.
LENGTH_THAT_FORGIVES = 60
PRECISION = Decimal("0.0001")


@dataclass(frozen=True, slots=True)
class PriceChange:
    """A change of price; `after` may be less."""

    before: Decimal
    after: Decimal
    on: dt.date


@dataclass(frozen=True, slots=True)
class Recurring:
    """Payments to or from one payee that come again and again, in one currency: that in which they were made."""

    payee: str
    kind: RecurringDirection
    rhythm: RhythmName
    #: The amount to expect next: the latest price, or the median of the last few.
    amount: Decimal
    low: Decimal
    high: Decimal
    #: Their ids, in the order of their days.
    payments: tuple[int, ...]
    first_on: dt.date
    last_on: dt.date
    #: None when ended.
    next_on: dt.date | None
    #: On which day of the month it is due, before a weekend moves it; None where weeks are counted.
    day_of_month: int | None
    #: How many days before or after `next_on` is still on time.
    window_days: int
    status: Literal["early", "mature", "ended"]
    #: The probability that the next one comes on time and of the amount.
    confidence: float
    #: The latest payment's.
    category: int | None
    #: Days on which one was due and none came.
    missed: tuple[dt.date, ...]
    raised: PriceChange | None
    is_varying: bool
    #: A payment and the second one of the same due date.
    doubled: tuple[tuple[int, int], ...]
    #: The currency of the amounts; empty where that of the payments is not known.
    currency: str = ""
    #: What one unit of it was worth at the last payment, in the currency that all payments of the ledger are in.
    rate: Decimal = Decimal(1)


@dataclass(frozen=True, slots=True)
class ConfirmedContract:
    """Payments that the user says are recurring, whatever the arithmetic says."""

    payee: str
    kind: RecurringDirection
    rhythm: RhythmName
    low: Decimal
    high: Decimal
    currency: str = ""

    def covers(self, payment: Payment) -> bool:
        return self.low <= payment.amount <= self.high


def find_recurring(
    payments: Sequence[Payment], *, today: dt.date, confirmed: Sequence[ConfirmedContract] = ()
) -> list[Recurring]:
    """Return payments until today that come again and again, the surest first. Refunds are left out.

    A contract is judged in the currency in which it is paid: a rate of exchange is no price. A payee that is paid in
    two currencies has two contracts. A confirmed contract is mature if at least two of its payments are there.
    """
    claims: dict[tuple[RecurringDirection, str, str], list[ConfirmedContract]] = defaultdict(list)
    for claim in confirmed:
        claims[claim.kind, claim.payee, claim.currency].append(claim)
    keys: dict[str, str] = {}
    by_payee: dict[tuple[RecurringDirection, str, str], list[Payment]] = defaultdict(list)
    for payment in payments:
        if payment.kind != "refund" and payment.payee and payment.day <= today and payment.amount > 0:
            if payment.payee not in keys:
                keys[payment.payee] = payee_key(payment.payee)
            by_payee[payment.kind, keys[payment.payee], payment.currency].append(payment)
    found = []
    for key, of_payee in by_payee.items():
        if len(of_payee) < FEWEST_HITS:
            continue
        converted = {payment.id: payment.amount for payment in of_payee}
        own = [payment if payment.own is None else replace(payment, amount=payment.own) for payment in of_payee]
        paid = {payment.id: payment.amount for payment in own}
        for one in _found_in(own, claims.get(key, []), today=today.toordinal()):
            last = one.payments[-1]
            found.append(replace(one, currency=key[-1], rate=converted[last] / paid[last]))
    return sorted(found, key=lambda one: (-one.confidence, one.payments))


def _found_in(payments: list[Payment], claims: Sequence[ConfirmedContract], *, today: int) -> Iterator[Recurring]:
    """Yield what recurs among the payments of one payee: confirmed contracts first."""
    payments.sort(key=lambda payment: (payment.day, payment.id))
    chains = chains_of_payee(payments)
    for claim in claims:
        claimed = _claimed(claim, chains, payments)
        if claimed is not None:
            yield _describe(claimed, today, is_mature=True)
            payments = [one for one in payments if one.id not in claimed.ids]
            chains = [chain for chain in chains if not claimed.ids & chain.ids]
    n_shown = 0
    for chain in chains:
        if len(chain.members) >= N_HITS or _is_exact_pair(chain):
            is_mature = _is_mature(chain)
            one = _describe(chain, today, is_mature=is_mature)
            # A maybe is shown until it fails to come, and only if it comes on time.
            if is_mature or (one.status != "ended" and punctuality_of(chain) >= LEAST_PUNCTUALITY):
                n_shown += 1
                yield one
    loose = None if n_shown or claims else loose_chain(payments)
    if loose is not None:
        one = _describe(loose, today, is_mature=_is_mature(loose))
        if one.status != "ended":
            yield one


def _claimed(
    claim: ConfirmedContract, chains: Sequence[PaymentChain], payments: Sequence[Payment]
) -> PaymentChain | None:
    """Return the latest chain of a confirmed contract: as it is found, else however irregular."""
    own = [chain for chain in chains if chain.rhythm.name == claim.rhythm and claim.covers(chain.members[-1])]
    if not own:
        covered = [one for one in payments if claim.covers(one)]
        own = joined(chains_of_rhythm(covered, RHYTHM_NAMED[claim.rhythm], least_share=0))
    latest = max(own, key=lambda chain: chain.members[-1].day, default=None)
    if latest is not None:
        latest.n_of_payee = latest.n_of_payee or len(payments)
    return latest


def _is_exact_pair(chain: PaymentChain) -> bool:
    """Return True for two payments, a month or more apart, of the same day and amount."""
    first, last = chain.members[0], chain.members[-1]
    days_off = abs((last.day - first.day).days - chain.rhythm.length)
    is_near = chain.rhythm.months > 0 and days_off <= MOST_DAYS_OFF_OF_TWO
    return is_near and same_amount(first.amount, last.amount)


def _is_mature(chain: PaymentChain) -> bool:
    """Return True if the chain is sure, or was so once and still nearly is."""
    n = len(chain.members)
    sure = confidence_of(chain, n_missed=0) if n >= N_HITS else 0.0
    if sure >= MATURE or sure < STILL_MATURE:
        return sure >= MATURE
    beginnings = (
        replace(chain, members=chain.members[:length], n_of_payee=chain.n_of_payee - n + length)
        for length in range(N_HITS, n)
    )
    return any(confidence_of(beginning, n_missed=0) >= MATURE for beginning in beginnings)


def _describe(chain: PaymentChain, today: int, *, is_mature: bool) -> Recurring:
    """Return the chain with its next due day, price and missed payments.

    A payment is missed when its window has passed; missed too often, the chain has ended. Only a mature chain is
    forgiven one.
    """
    days, slots, rhythm = chain.days, chain.slots, chain.rhythm
    schedule = Schedule.best(rhythm, days, slots)
    # One day more than it ever was off lately, within the rhythm's patience and slack.
    worst = max(map(abs, schedule.days_off(days[-N_WATCHED:], slots[-N_WATCHED:])))
    window = min(max(rhythm.patience, worst + 1), max(rhythm.patience, rhythm.slack))
    forgiven = 1 if is_mature and rhythm.length < LENGTH_THAT_FORGIVES else 0
    slot, missed = slots[-1] + 1, list[int]()
    while len(missed) <= forgiven and schedule.due(slot) + window < today:
        missed.append(schedule.due(slot))
        slot += 1
    has_ended = len(missed) > forgiven
    missed_before = [schedule.due(turn) for turn in sorted(set(range(slots[-1])) - set(slots))]
    first, last = chain.members[0], chain.members[-1]
    price, raised = read_price(chain.amounts), None
    if price.raised is not None:
        before, after = (chain.members[place] for place in price.raised)
        raised = PriceChange(before.amount, after.amount, after.day)
    amount, low, high = (Decimal(str(value)).quantize(PRECISION) for value in (price.usual, price.low, price.high))
    return Recurring(
        payee=payee_key(last.payee),
        kind="income" if last.kind == "income" else "expense",
        rhythm=rhythm.name,
        amount=amount,
        low=low,
        high=high,
        payments=tuple(member.id for member in chain.members),
        first_on=first.day,
        last_on=last.day,
        next_on=None if has_ended else dt.date.fromordinal(schedule.due(slot)),
        day_of_month=schedule.day_of_month,
        window_days=window,
        status="ended" if has_ended else "mature" if is_mature else "early",
        confidence=0.0 if has_ended else round(confidence_of(chain, n_missed=len(missed)), 4),
        category=last.category,
        missed=tuple(dt.date.fromordinal(day) for day in [*missed_before, *missed]),
        raised=raised,
        is_varying=price.is_varying,
        doubled=tuple((member.id, second.id) for member, second in chain.doubled),
    )
