"""Takes a payee's payments apart by contract, and puts those of one contract with two prices together. Pure."""

import itertools
from collections.abc import Sequence

from insights.payments import SAME_AMOUNT, same_amount
from insights.recurring.chains import FEWEST_HITS, Chain, Dated, regular_chains, worth
from insights.recurring.twins import parted

#: Amounts further apart than this are taken apart, the coarsest first: two contracts with one payee.
SPLITS = (1.5, 1.15, 1 + SAME_AMOUNT)
#: The greatest change of price that is still the same contract.
GREATEST_CHANGE = 1.5


def chains_of_payee(lane: Sequence[Dated]) -> list[Chain]:
    """All runs of one payee's payments, which are given in the order of their days."""
    chains = joined(_explored(lane, SPLITS))
    for chain in chains:
        chain.n_of_payee = len(lane)
    return parted(chains)


def _explored(lane: Sequence[Dated], splits: Sequence[float]) -> list[Chain]:
    """What the payments hold as they are, or taken apart by amount, whichever explains more."""
    if len(lane) < FEWEST_HITS:
        return []
    whole = regular_chains(lane)
    if not splits or (whole and same_amount(*(one.amount for one in lane))):
        return whole
    parts = _split(lane, splits[0])
    if len(parts) == 1:
        return _explored(lane, splits[1:])
    apart = [chain for part in parts for chain in _explored(part, splits[1:])]
    return whole if worth(whole) >= worth(apart) else apart


def _split(lane: Sequence[Dated], ratio: float) -> list[list[Dated]]:
    """Groups of like amounts, each in the order of days."""
    by_amount = sorted(lane, key=lambda one: one.amount)
    groups = [[by_amount[0]]]
    for before, one in itertools.pairwise(by_amount):
        if one.amount > before.amount * ratio:
            groups.append([])
        groups[-1].append(one)
    return [sorted(group, key=lambda one: (one.day, one.payment.id)) for group in groups]


def joined(chains: list[Chain]) -> list[Chain]:
    """Runs of one rhythm of which one begins when the other ends are one contract with another price."""
    found: list[Chain] = []
    for chain in sorted(chains, key=lambda chain: (chain.members[0].day, chain.members[0].payment.id)):
        earlier = next((one for one in reversed(found) if _goes_on(one, chain)), None)
        if earlier is None:
            found.append(chain)
        else:
            earlier.members += chain.members
            earlier.doubled += chain.doubled
    return found


def _goes_on(earlier: Chain, later: Chain) -> bool:
    last, first = earlier.members[-1], later.members[0]
    change = max(last.amount, first.amount) / min(last.amount, first.amount)
    is_next = earlier.rhythm.steps(first.day - last.day) > 0
    return earlier.rhythm == later.rhythm and is_next and change <= GREATEST_CHANGE
