"""Finds the runs of payments to one payee that keep a rhythm. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from statistics import median_low

from insights.payments import Payment
from insights.recurring.rhythms import Rhythm, Schedule, rhythms_near, slots_of

#: How much of a run's time with its payee must be the run itself.
LEAST_SHARE = 0.8
#: Amounts further apart than this share are taken apart, the coarsest first: two contracts with one payee.
SPLITS = (1.5, 1.15, 1.02)
#: How far back the payment before may lie among the payee's: others, or a doubled one, come between.
REACH = 4
#: A missed payment costs half of one that came.
COST_OF_A_GAP = 0.5
SAME_AMOUNT = 1.02
#: The greatest change of price that is still the same contract.
GREATEST_CHANGE = 1.5
N_HITS, N_HITS_OF_A_SLOW_ONE = 3, 2


@dataclass(frozen=True, slots=True)
class Dated:
    """A payment as the search looks at it."""

    day: int
    amount: float
    payment: Payment


@dataclass(slots=True)
class Chain:
    """Payments that keep a rhythm."""

    rhythm: Rhythm
    members: list[Dated]
    #: How many payments the payee has in all.
    n_of_payee: int = 0
    doubled: list[tuple[Dated, Dated]] = field(default_factory=list)

    @property
    def days(self) -> list[int]:
        return [member.day for member in self.members]

    @property
    def n_held(self) -> int:
        return len(self.members) + len(self.doubled)


def chains_in(payments: Sequence[Dated]) -> list[Chain]:
    """All runs of one payee's payments, which are given in the order of their days."""
    chains = _joined(_explored(payments, SPLITS))
    for chain in chains:
        chain.n_of_payee = len(payments)
    return chains


def _explored(lane: Sequence[Dated], splits: Sequence[float]) -> list[Chain]:
    """What the payments hold as they are, or taken apart by amount, whichever explains more of them."""
    if len(lane) < N_HITS_OF_A_SLOW_ONE:
        return []
    whole = _regular(lane)
    if not splits or (whole and _is_even(lane)):
        return whole
    parts = _split(lane, splits[0])
    if len(parts) == 1:
        return _explored(lane, splits[1:])
    apart = [chain for part in parts for chain in _explored(part, splits[1:])]
    return whole if _worth(whole) >= _worth(apart) else apart


def _worth(chains: Sequence[Chain]) -> int:
    """How much they explain: each link once for its day and once for its amount."""
    return sum(_n_explained(chain) for chain in chains if len(chain.members) >= N_HITS)


def _n_explained(chain: Chain) -> int:
    links = zip(chain.members, chain.members[1:], strict=False)
    return len(chain.doubled) + sum(1 + _is_same(before, one) for before, one in links)


def _is_even(lane: Sequence[Dated]) -> bool:
    amounts = [one.amount for one in lane]
    return max(amounts) <= min(amounts) * SAME_AMOUNT


def _split(lane: Sequence[Dated], ratio: float) -> list[list[Dated]]:
    """Groups of like amounts, each in the order of days."""
    by_amount = sorted(lane, key=lambda one: one.amount)
    groups = [[by_amount[0]]]
    for before, one in zip(by_amount, by_amount[1:], strict=False):
        if one.amount > before.amount * ratio:
            groups.append([])
        groups[-1].append(one)
    return [sorted(group, key=lambda one: (one.day, one.payment.id)) for group in groups]


def _regular(lane: Sequence[Dated]) -> list[Chain]:
    """Runs that hold most of the lane's payments of their time."""
    if len(lane) < N_HITS_OF_A_SLOW_ONE:
        return []
    gaps = [b.day - a.day for a, b in zip(lane, lane[1:], strict=False) if b.day > a.day]
    if not gaps:
        return []
    best: list[Chain] = []
    for rhythm in rhythms_near(median_low(gaps)):
        chains = [_with_doubles(run, rhythm, lane) for run in _runs(lane, rhythm)]
        found = [chain for chain in chains if _holds_its_time(chain, lane)]
        if (_worth(found), _fit(found)) >= (_worth(best), _fit(best)):
            best = found
    return best


def _fit(chains: Sequence[Chain]) -> float:
    """The fewer days off the days due, the more; tells four weeks from a month."""
    if not chains:
        return float("-inf")
    return -sum(_days_off(chain) for chain in chains)


def _days_off(chain: Chain) -> int:
    days = chain.days
    slots = slots_of(chain.rhythm, days)
    schedule = Schedule.read(chain.rhythm, days, slots)
    return sum(abs(day - schedule.due(slot)) for day, slot in zip(days, slots, strict=True))


def _runs(lane: Sequence[Dated], rhythm: Rhythm) -> Iterator[list[Dated]]:
    """The longest runs that do not overlap, each payment linked to one a step or two before."""
    before: list[int | None] = [None] * len(lane)
    score = [1.0] * len(lane)
    for i, one in enumerate(lane):
        for j in range(i - 1, max(i - 1 - REACH, -1), -1):
            n = rhythm.steps(one.day - lane[j].day)
            worth = score[j] + 1 - COST_OF_A_GAP * (n - 1)
            if n and worth > score[i]:
                score[i], before[i] = worth, j
    yield from _traced(lane, before, score)


def _traced(lane: Sequence[Dated], before: list[int | None], score: list[float]) -> Iterator[list[Dated]]:
    taken = [False] * len(lane)
    for end in sorted(range(len(lane)), key=lambda i: (-score[i], i)):
        run = []
        i: int | None = end
        while i is not None and not taken[i]:
            run.append(i)
            i = before[i]
        if len(run) >= N_HITS_OF_A_SLOW_ONE and not any(taken[run[-1] : end + 1]):
            taken[run[-1] : end + 1] = [True] * (end + 1 - run[-1])
            yield [lane[i] for i in reversed(run)]


def _with_doubles(run: list[Dated], rhythm: Rhythm, lane: Sequence[Dated]) -> Chain:
    """The run with the payments beside it that are a second one of the same due date and amount."""
    chain = Chain(rhythm, run)
    ids = {one.payment.id for one in run}
    others = [one for one in lane if one.payment.id not in ids]
    if not others:
        return chain
    nearest = iter(run)
    member, following = next(nearest), next(nearest, None)
    for other in others:
        while following is not None and abs(following.day - other.day) <= abs(member.day - other.day):
            member, following = following, next(nearest, None)
        if abs(other.day - member.day) <= min(rhythm.slack, rhythm.length / 3) and _is_same(other, member):
            chain.doubled.append((member, other))
    return chain


def _is_same(one: Dated, other: Dated) -> bool:
    return max(one.amount, other.amount) <= min(one.amount, other.amount) * SAME_AMOUNT


def _holds_its_time(chain: Chain, lane: Sequence[Dated]) -> bool:
    first, last = chain.members[0].day, chain.members[-1].day
    n = sum(first <= one.day <= last for one in lane)
    return chain.n_held >= LEAST_SHARE * n


def _joined(chains: list[Chain]) -> list[Chain]:
    """Runs of one rhythm of which one begins when the other ends are one contract with another price."""
    joined: list[Chain] = []
    for chain in sorted(chains, key=lambda chain: (chain.members[0].day, chain.members[0].payment.id)):
        earlier = next((one for one in reversed(joined) if _goes_on(one, chain)), None)
        if earlier is None:
            joined.append(chain)
        else:
            earlier.members += chain.members
            earlier.doubled += chain.doubled
    return joined


def _goes_on(earlier: Chain, later: Chain) -> bool:
    last, first = earlier.members[-1], later.members[0]
    change = max(last.amount, first.amount) / min(last.amount, first.amount)
    is_next = earlier.rhythm.steps(first.day - last.day) > 0
    return earlier.rhythm == later.rhythm and is_next and change <= GREATEST_CHANGE
