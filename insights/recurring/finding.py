"""Finds recurring payments among all payments of a ledger. Pure."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import Decimal

from insights.payments import Payment, payee_key, same_amount
from insights.recurring.amounts import Price, read_price
from insights.recurring.chains import FEWEST_HITS, N_HITS, Chain, Dated, chains_of_rhythm
from insights.recurring.confidence import confidence_of, punctuality_of
from insights.recurring.lanes import chains_of_payee, joined
from insights.recurring.loose import loose_chain
from insights.recurring.model import Confirmed, Kind, PriceChange, Recurring, Status
from insights.recurring.rhythms import RHYTHM_NAMED
from insights.recurring.upcoming import Upcoming, upcoming_of

#: Five of six come true of what is as sure as this; below it is a maybe. Measured: docs/recurring.md.
MATURE = 0.84
#: What was once as sure stays so until it is less sure than this: one missed payment does not shake it.
STILL_MATURE = 0.72
#: What comes on time less probably, whatever its amount, is not worth showing.
LEAST_PUNCTUALITY = 0.6
#: Two payments are shown if their distance is so many days off the rhythm's at most.
MOST_DAYS_OFF_OF_TWO = 3
PRECISION = Decimal("0.0001")
_Lane = list[Dated]


def find_recurring(
    payments: Sequence[Payment], *, today: dt.date, confirmed: Sequence[Confirmed] = ()
) -> list[Recurring]:
    """Those of the payments until today that come again and again, the surest first. Refunds are left out.

    All amounts are in one currency. Nothing later than `today` is looked at. What is confirmed is mature if at least
    two of its payments are there.
    """
    claims: dict[tuple[Kind, str], list[Confirmed]] = defaultdict(list)
    for claim in confirmed:
        claims[claim.kind, claim.payee].append(claim)
    found = [
        one
        for key, lane in _lanes(payments, today).items()
        for one in _found_in(lane, claims.get(key, []), today=today.toordinal())
    ]
    return sorted(found, key=lambda one: (-one.confidence, one.payments))


def _lanes(payments: Sequence[Payment], today: dt.date) -> dict[tuple[Kind, str], _Lane]:
    """Payments of each direction and payee, in the order of their days; those who were paid once are left out."""
    keys: dict[str, str] = {}
    lanes: dict[tuple[Kind, str], list[Payment]] = defaultdict(list)
    for payment in payments:
        if payment.kind == "refund" or not payment.payee or payment.day > today or payment.amount <= 0:
            continue
        if payment.payee not in keys:
            keys[payment.payee] = payee_key(payment.payee)
        lanes[_kind(payment), keys[payment.payee]].append(payment)
    return {key: _in_order(lane) for key, lane in lanes.items() if len(lane) >= FEWEST_HITS}


def _kind(payment: Payment) -> Kind:
    return "income" if payment.kind == "income" else "expense"


def _in_order(lane: list[Payment]) -> _Lane:
    lane.sort(key=lambda payment: (payment.day, payment.id))
    return [Dated(one.day.toordinal(), float(one.amount), one) for one in lane]


def _found_in(lane: _Lane, claims: Sequence[Confirmed], *, today: int) -> Iterator[Recurring]:
    chains = chains_of_payee(lane)
    for claim in claims:
        claimed = _claimed(claim, chains, lane)
        if claimed is not None:
            yield _described(claimed, today, is_confirmed=True)
            held = _ids(claimed)
            lane = [one for one in lane if one.payment.id not in held]
            chains = [chain for chain in chains if not held & _ids(chain)]
    found = list(_shown(chains, today))
    yield from found
    loose = None if found or claims else loose_chain(lane)
    one = loose and _described(loose, today, is_confirmed=False)
    if one and one.status != "ended":
        yield one


def _shown(chains: Sequence[Chain], today: int) -> Iterator[Recurring]:
    for chain in chains:
        if len(chain.members) >= N_HITS or _is_exact(chain):
            one = _described(chain, today, is_confirmed=False)
            if _is_worth_showing(chain, one):
                yield one


def _claimed(claim: Confirmed, chains: Sequence[Chain], lane: _Lane) -> Chain | None:
    """The latest chain of what is confirmed: as it is found, else however regular."""
    own = [chain for chain in chains if chain.rhythm.name == claim.rhythm and _is_within(chain.members[-1], claim)]
    if not own:
        banded = [one for one in lane if _is_within(one, claim)]
        own = joined(chains_of_rhythm(banded, RHYTHM_NAMED[claim.rhythm], least_share=0))
    latest = max(own, key=lambda chain: chain.members[-1].day, default=None)
    if latest is not None:
        latest.n_of_payee = latest.n_of_payee or len(lane)
    return latest


def _is_within(one: Dated, claim: Confirmed) -> bool:
    return claim.low <= one.payment.amount <= claim.high


def _ids(chain: Chain) -> set[int]:
    return {one.payment.id for one in [*chain.members, *(second for _, second in chain.doubled)]}


def _is_exact(chain: Chain) -> bool:
    """Whether two payments a month or more apart are the same in day and amount."""
    first, last = chain.members[0], chain.members[-1]
    days_off = abs(last.day - first.day - chain.rhythm.length)
    is_near = chain.rhythm.months > 0 and days_off <= MOST_DAYS_OFF_OF_TWO
    return is_near and same_amount(first.amount, last.amount)


def _is_worth_showing(chain: Chain, one: Recurring) -> bool:
    """Not a maybe that did not come true, nor what comes at any time."""
    return _is_mature(chain) or (one.status != "ended" and punctuality_of(chain) >= LEAST_PUNCTUALITY)


def _is_mature(chain: Chain) -> bool:
    n = len(chain.members)
    sure = confidence_of(chain, n_missed=0) if n >= N_HITS else 0.0
    if sure >= MATURE or sure < STILL_MATURE:
        return sure >= MATURE
    return any(confidence_of(_beginning(chain, n), n_missed=0) >= MATURE for n in range(N_HITS, n))


def _beginning(chain: Chain, n: int) -> Chain:
    n_later = len(chain.members) - n
    return replace(chain, members=chain.members[:n], n_of_payee=chain.n_of_payee - n_later)


def _described(chain: Chain, today: int, *, is_confirmed: bool) -> Recurring:
    is_mature = is_confirmed or _is_mature(chain)
    upcoming = upcoming_of(chain, today=today, is_trusted=is_mature)
    status: Status = "ended" if upcoming.has_ended else "mature" if is_mature else "early"
    confidence = 0.0 if upcoming.has_ended else confidence_of(chain, n_missed=len(upcoming.missed_lately))
    return _recurring(chain, upcoming, status=status, confidence=confidence)


def _recurring(chain: Chain, upcoming: Upcoming, *, status: Status, confidence: float) -> Recurring:
    first, last = chain.members[0].payment, chain.members[-1].payment
    price = read_price(chain.amounts)
    return Recurring(
        payee=payee_key(last.payee),
        kind=_kind(last),
        rhythm=chain.rhythm.name,
        amount=_decimal(price.usual),
        low=_decimal(price.low),
        high=_decimal(price.high),
        payments=tuple(member.payment.id for member in chain.members),
        first_on=first.day,
        last_on=last.day,
        next_on=None if upcoming.has_ended else dt.date.fromordinal(upcoming.due),
        day_of_month=upcoming.day_of_month,
        window_days=upcoming.window,
        status=status,
        confidence=round(confidence, 4),
        category=last.category,
        missed=tuple(dt.date.fromordinal(day) for day in [*upcoming.missed_before, *upcoming.missed_lately]),
        raised=_raised(chain, price),
        is_varying=price.is_varying,
        doubled=tuple((member.payment.id, second.payment.id) for member, second in chain.doubled),
    )


def _raised(chain: Chain, price: Price) -> PriceChange | None:
    if price.raised is None:
        return None
    before, after = (chain.members[place].payment for place in price.raised)
    return PriceChange(before.amount, after.amount, after.day)


def _decimal(amount: float) -> Decimal:
    return Decimal(str(amount)).quantize(PRECISION)
