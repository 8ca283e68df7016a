"""The runs of payments that keep a rhythm. Pure."""

import itertools
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from statistics import median_low

from insights.payments import Payment, same_amount
from insights.recurring.rhythms import Rhythm, rhythms_near
from insights.recurring.schedules import Schedule

#: How much of a run's time with its payee must be the run itself.
LEAST_SHARE = 0.8
#: How far back the payment before may lie among the payee's: others, or a doubled one, come between.
REACH = 4
#: A missed payment costs half of what one that came is worth.
COST_OF_A_GAP = 0.5
#: Days that a rhythm must be better by. Most of what seems to come every four weeks comes by the month, and a February
#: and two weekends look alike; only the fifth payment is ten days early for a month.
HANDICAP = {"four_weekly": 8}
N_HITS, FEWEST_HITS = 3, 2


@dataclass(frozen=True, slots=True)
class Dated:
    """A payment as the search looks at it; the day is an ordinal."""

    day: int
    amount: float
    payment: Payment


@dataclass(slots=True)
class Chain:
    """Payments that keep a rhythm, in the order of their days."""

    rhythm: Rhythm
    members: list[Dated]
    #: A member and the second payment of its due date.
    doubled: list[tuple[Dated, Dated]] = field(default_factory=list)
    #: How many payments the payee has in all.
    n_of_payee: int = 0

    @property
    def days(self) -> list[int]:
        return [member.day for member in self.members]

    @property
    def amounts(self) -> list[float]:
        return [member.amount for member in self.members]

    @property
    def slots(self) -> list[int]:
        return self.rhythm.slots_of(self.days)

    @property
    def n_held(self) -> int:
        return len(self.members) + len(self.doubled)


def worth(chains: Sequence[Chain]) -> int:
    """How much they explain: each link once for its day and once for its amount."""
    return sum(_n_explained(chain) for chain in chains if len(chain.members) >= N_HITS)


def _n_explained(chain: Chain) -> int:
    links = zip(chain.members, chain.members[1:], strict=False)
    return len(chain.doubled) + sum(1 + same_amount(before.amount, one.amount) for before, one in links)


def regular_chains(lane: Sequence[Dated]) -> list[Chain]:
    """Runs of the rhythm that fits best, if they hold most of the lane's payments of their time."""
    days = [one.day for one in lane]
    gaps = [after - before for before, after in itertools.pairwise(days) if after > before]
    rhythms = rhythms_near(median_low(gaps)) if gaps else []
    found = [chains_of_rhythm(lane, rhythm) for rhythm in reversed(rhythms)]
    return max(found, key=lambda chains: (worth(chains), -_misfit(chains)), default=[])


def chains_of_rhythm(lane: Sequence[Dated], rhythm: Rhythm, *, least_share: float = LEAST_SHARE) -> list[Chain]:
    """Runs of one rhythm; the lane is in the order of its days."""
    days = [one.day for one in lane]
    chains = []
    for run in _runs(lane, rhythm):
        near = lane[bisect_left(days, run[0].day - rhythm.slack) : bisect_right(days, run[-1].day + rhythm.slack)]
        chain = Chain(rhythm, run, _doubled(run, rhythm, near))
        if chain.n_held >= least_share * sum(run[0].day <= one.day <= run[-1].day for one in near):
            chains.append(chain)
    return chains


def _misfit(chains: Sequence[Chain]) -> float:
    """In days off the days due; tells four weeks from a month."""
    return sum(_days_off(chain) + HANDICAP.get(chain.rhythm.name, 0) for chain in chains) if chains else float("inf")


def _days_off(chain: Chain) -> int:
    days, slots = chain.days, chain.slots
    return sum(map(abs, Schedule.read(chain.rhythm, days, slots).days_off(days, slots)))


def _runs(lane: Sequence[Dated], rhythm: Rhythm) -> Iterator[list[Dated]]:
    """The longest runs that do not overlap in time, the longest first."""
    before, score = _linked(lane, rhythm)
    taken = [False] * len(lane)
    for end in sorted((i for i in range(len(lane)) if before[i] is not None), key=lambda i: -score[i]):
        run = _traced(end, before)
        if not any(taken[run[0] : end + 1]):
            taken[run[0] : end + 1] = [True] * (end + 1 - run[0])
            yield [lane[i] for i in run]


def _linked(lane: Sequence[Dated], rhythm: Rhythm) -> tuple[list[int | None], list[float]]:
    """For each payment, the one a step or two before that makes the longest run to it, and how long that is."""
    shortest = rhythm.length - rhythm.slack
    before: list[int | None] = [None] * len(lane)
    score = [1.0] * len(lane)
    for i, one in enumerate(lane):
        for j in range(i - 1, max(i - 1 - REACH, -1), -1):
            gap = one.day - lane[j].day
            n = rhythm.steps(gap) if gap >= shortest else 0
            if n and score[j] + 1 - COST_OF_A_GAP * (n - 1) >= score[i]:
                score[i], before[i] = score[j] + 1 - COST_OF_A_GAP * (n - 1), j
    return before, score


def _traced(end: int, before: Sequence[int | None]) -> list[int]:
    run, at = [end], before[end]
    while at is not None:
        run.append(at)
        at = before[at]
    return run[::-1]


def _doubled(run: Sequence[Dated], rhythm: Rhythm, near: Sequence[Dated]) -> list[tuple[Dated, Dated]]:
    """Payments beside the run that are a second one of the same due date and amount, each with the first."""
    if len(near) == len(run):
        return []
    days, ids = [one.day for one in run], {one.payment.id for one in run}
    furthest = min(rhythm.slack, rhythm.length / 3)
    pairs = []
    for other in near:
        if other.payment.id not in ids:
            member = _nearest(run, days, other.day)
            if abs(other.day - member.day) <= furthest and same_amount(other.amount, member.amount):
                pairs.append((member, other))
    return pairs


def _nearest(run: Sequence[Dated], days: Sequence[int], day: int) -> Dated:
    at = bisect_left(days, day)
    return min(run[max(at - 1, 0) : at + 1], key=lambda one: abs(one.day - day))
