"""Takes a payee's payments apart by contract, and puts one contract's former and later price together. Pure."""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import replace

from insights.payments import SAME_AMOUNT, Payment, same_amount
from insights.recurring.chains import FEWEST_HITS, N_HITS, PaymentChain, regular_chains, worth

#: Amounts further apart than this are two contracts with one payee; the coarsest split comes first.
SPLITS = (0.5, 0.15, SAME_AMOUNT)
#: The greatest change of price within one contract.
GREATEST_CHANGE = 0.5


def chains_of_payee(payments: Sequence[Payment]) -> list[PaymentChain]:
    """Return all runs of one payee's payments, which are given in the order of their days."""
    chains = joined(_explore(payments, SPLITS))
    for chain in chains:
        chain.n_of_payee = len(payments)
    return [contract for chain in chains for contract in _parallel_contracts(chain)]


def joined(chains: list[PaymentChain]) -> list[PaymentChain]:
    """Join runs of one rhythm of which one begins when the other ends: one contract with another price."""
    found: list[PaymentChain] = []
    for chain in sorted(chains, key=lambda chain: _in_time(chain.members[0])):
        earlier = next((one for one in reversed(found) if _goes_on(one, chain)), None)
        if earlier is None:
            found.append(chain)
        else:
            earlier.members += chain.members
            earlier.doubled += chain.doubled
    return found


def _goes_on(earlier: PaymentChain, later: PaymentChain) -> bool:
    last, first = earlier.members[-1], later.members[0]
    is_next = earlier.rhythm.steps((first.day - last.day).days) > 0
    return earlier.rhythm == later.rhythm and is_next and same_amount(last.amount, first.amount, within=GREATEST_CHANGE)


def _explore(payments: Sequence[Payment], splits: Sequence[float]) -> list[PaymentChain]:
    """Return what the payments hold as they are, or taken apart by amount, whichever explains more."""
    if len(payments) < FEWEST_HITS:
        return []
    whole = regular_chains(payments)
    if not splits or (whole and same_amount(*(one.amount for one in payments))):
        return whole
    by_amount = sorted(payments, key=lambda one: one.amount)
    parts = [[by_amount[0]]]
    for before, one in itertools.pairwise(by_amount):
        if not same_amount(before.amount, one.amount, within=splits[0]):
            parts.append([])
        parts[-1].append(one)
    if len(parts) == 1:
        return _explore(payments, splits[1:])
    apart = [chain for part in parts for chain in _explore(sorted(part, key=_in_time), splits[1:])]
    return whole if worth(whole) >= worth(apart) else apart


def _parallel_contracts(chain: PaymentChain) -> Iterator[PaymentChain]:
    """Yield a chain each for as many contracts as are always paid together; none of these payments is a double."""
    seconds = {member.id: (member, second) for member, second in reversed(chain.doubled)}
    places = [place for place, member in enumerate(chain.members) if member.id in seconds]
    if len(places) == len(chain.members):
        is_rule = len(places) >= FEWEST_HITS
    else:  # most due dates have a second payment, from the first date that has one to the last
        is_rule = len(places) >= N_HITS and 2 * len(places) > places[-1] - places[0] + 1
    if not is_rule:
        yield chain
        return
    twin = sorted((second for _, second in seconds.values()), key=_in_time)
    ids = {second.id for second in twin}
    further = [(seconds[member.id][1], second) for member, second in chain.doubled if second.id not in ids]
    yield replace(chain, doubled=[], n_of_payee=chain.n_of_payee - len(twin) - len(further))
    n_of_twin = chain.n_of_payee - len(chain.members)
    yield from _parallel_contracts(PaymentChain(chain.rhythm, twin, further, n_of_twin))


def _in_time(payment: Payment) -> tuple[int, int]:
    return payment.day.toordinal(), payment.id
