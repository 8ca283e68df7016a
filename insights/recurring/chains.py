"""Runs of one payee's payments that keep a rhythm. Pure."""

import itertools
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from statistics import median_low

from insights.payments import Payment, same_amount
from insights.recurring.rhythms import RHYTHM_NAMED, RHYTHMS, Rhythm, Schedule

#: A run must hold this share of the payee's payments of its time.
LEAST_SHARE = 0.8
#: How many payments back the one before may lie: others, or a doubled one, come between.
REACH = 4
#: A missed payment costs half of what one that came is worth.
COST_OF_A_GAP = 0.5
#: Days by which four weeks must fit better than a month. Most of what seems to come every four weeks comes monthly:
#: a February and two weekends look alike, and only the fifth payment is ten days early for a month.
HANDICAP = {"four_weekly": 8}
N_HITS, FEWEST_HITS = 3, 2
#: A loose monthly bill comes up to 13 days off a month, less than half of one; summer and winter differ twofold.
LOOSE_SLACK, LOOSE_WIDEST = 13, 2.0
#: With fewer payments, or more months without one, it may be a shop.
LOOSE_HITS, LOOSE_KEPT = 6, 0.85


@dataclass(slots=True)
class PaymentChain:
    """Payments that keep a rhythm, in the order of their days."""

    rhythm: Rhythm
    members: list[Payment]
    #: A member and the second payment of its due date.
    doubled: list[tuple[Payment, Payment]] = field(default_factory=list)
    #: How many payments the payee has in all.
    n_of_payee: int = 0

    @property
    def days(self) -> list[int]:
        return [member.day.toordinal() for member in self.members]

    @property
    def amounts(self) -> list[float]:
        return [float(member.amount) for member in self.members]

    @property
    def slots(self) -> list[int]:
        return self.rhythm.slots_of(self.days)

    @property
    def n_held(self) -> int:
        return len(self.members) + len(self.doubled)

    @property
    def ids(self) -> set[int]:
        """Ids of its payments, those of second payments among them."""
        return {one.id for one in [*self.members, *(second for _, second in self.doubled)]}

    @property
    def days_off(self) -> int:
        """How many days all payments together were off the days due."""
        days, slots = self.days, self.slots
        return sum(map(abs, Schedule.read(self.rhythm, days, slots).days_off(days, slots)))


def worth(chains: Sequence[PaymentChain]) -> int:
    """Return how much the chains explain: each link counts once for its day and once for its amount."""
    long = [chain for chain in chains if len(chain.members) >= N_HITS]
    links = (pair for chain in long for pair in itertools.pairwise(chain.members))
    n_explained = sum(1 + same_amount(before.amount, one.amount) for before, one in links)
    return n_explained + sum(len(chain.doubled) for chain in long)


def regular_chains(payments: Sequence[Payment]) -> list[PaymentChain]:
    """Return runs of the rhythm that fits best, if they hold most of the payments of their time."""
    days = [one.day.toordinal() for one in payments]
    gaps = [after - before for before, after in itertools.pairwise(days) if after > before]
    usual = median_low(gaps) if gaps else 0
    rhythms = [rhythm for rhythm in reversed(RHYTHMS) if gaps and abs(usual - rhythm.length) <= rhythm.slack]
    found = [chains_of_rhythm(payments, rhythm) for rhythm in rhythms]

    def misfit(chains: list[PaymentChain]) -> float:
        """Return days off the days due, which tell four weeks from a month."""
        handicaps = (HANDICAP.get(chain.rhythm.name, 0) for chain in chains)
        return sum(chain.days_off for chain in chains) + sum(handicaps) if chains else float("inf")

    return max(found, key=lambda chains: (worth(chains), -misfit(chains)), default=[])


def loose_chain(payments: Sequence[Payment]) -> PaymentChain | None:
    """Return the latest run of a bill that is paid in nearly every month, on any day, and varies little; or None."""
    rhythm = replace(RHYTHM_NAMED["monthly"], slack=LOOSE_SLACK)
    found = [
        chain
        for chain in chains_of_rhythm(payments, rhythm)
        if len(chain.members) >= max(LOOSE_HITS, LOOSE_KEPT * (chain.slots[-1] + 1))
        and max(chain.amounts) <= min(chain.amounts) * LOOSE_WIDEST
    ]
    latest = max(found, key=lambda chain: chain.members[-1].day, default=None)
    if latest is not None:
        latest.n_of_payee = len(payments)
    return latest


def chains_of_rhythm(
    payments: Sequence[Payment], rhythm: Rhythm, *, least_share: float = LEAST_SHARE
) -> list[PaymentChain]:
    """Return runs of one rhythm that hold a share of the payments of their time; payments in the order of days."""
    days = [one.day.toordinal() for one in payments]
    chains = []
    for run in _runs(days, rhythm):
        first, last = days[run[0]], days[run[-1]]
        near = payments[bisect_left(days, first - rhythm.slack) : bisect_right(days, last + rhythm.slack)]
        members = [payments[place] for place in run]
        chain = PaymentChain(rhythm, members, _doubled(members, rhythm, near))
        if chain.n_held >= least_share * (bisect_right(days, last) - bisect_left(days, first)):
            chains.append(chain)
    return chains


def _runs(days: Sequence[int], rhythm: Rhythm) -> Iterator[list[int]]:
    """Yield places of the longest runs that do not overlap in time, the longest first."""
    shortest = rhythm.length - rhythm.slack
    # For each payment: the one a step or two before that makes the longest run to it, and how long that is.
    before: list[int | None] = [None] * len(days)
    score = [1.0] * len(days)
    for i, day in enumerate(days):
        for j in range(i - 1, max(i - 1 - REACH, -1), -1):
            gap = day - days[j]
            n = rhythm.steps(gap) if gap >= shortest else 0
            if n and score[j] + 1 - COST_OF_A_GAP * (n - 1) >= score[i]:
                score[i], before[i] = score[j] + 1 - COST_OF_A_GAP * (n - 1), j
    taken = [False] * len(days)
    for end in sorted((i for i in range(len(days)) if before[i] is not None), key=lambda i: -score[i]):
        run, at = [end], before[end]
        while at is not None:
            run.append(at)
            at = before[at]
        run.reverse()
        if not any(taken[run[0] : end + 1]):
            taken[run[0] : end + 1] = [True] * (end + 1 - run[0])
            yield run


def _doubled(members: Sequence[Payment], rhythm: Rhythm, near: Sequence[Payment]) -> list[tuple[Payment, Payment]]:
    """Return payments beside the run that repeat a due date and its amount, each after the first one."""
    if len(near) == len(members):
        return []
    days, ids = [one.day.toordinal() for one in members], {one.id for one in members}
    furthest = min(rhythm.slack, rhythm.length / 3)
    pairs = []
    for other in near:
        if other.id not in ids:
            day = other.day.toordinal()
            at = bisect_left(days, day)
            n_days, place = min((abs(days[i] - day), i) for i in range(max(at - 1, 0), min(at + 1, len(days))))
            if n_days <= furthest and same_amount(other.amount, members[place].amount):
                pairs.append((members[place], other))
    return pairs
