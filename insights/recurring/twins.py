"""Two equal payments to one payee on each due date are two contracts, and no payment is a double. Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from insights.recurring.chains import FEWEST_HITS, N_HITS, Chain, Dated


def parted(chains: Iterable[Chain]) -> list[Chain]:
    """Those that are always paid twice as two chains each, or as many as there are."""
    return [one for chain in chains for one in _twins(chain)]


def _twins(chain: Chain) -> Iterator[Chain]:
    seconds = {member.payment.id: (member, second) for member, second in reversed(chain.doubled)}
    if not _is_rule(chain, set(seconds)):
        yield chain
        return
    first_ones = {second.payment.id for _, second in seconds.values()}
    further = [pair for pair in chain.doubled if pair[1].payment.id not in first_ones]
    twin = sorted((second for _, second in seconds.values()), key=_place)
    of_twin = {member.payment.id: second for member, second in seconds.values()}
    moved = [(of_twin[member.payment.id], second) for member, second in further]
    yield replace(chain, doubled=[], n_of_payee=chain.n_of_payee - len(twin) - len(further))
    n_of_twin = chain.n_of_payee - len(chain.members)
    yield from _twins(Chain(chain.rhythm, twin, moved, n_of_twin))


def _is_rule(chain: Chain, doubled: set[int]) -> bool:
    """Whether most due dates have a second one, from the first date that has to the last."""
    places = [place for place, member in enumerate(chain.members) if member.payment.id in doubled]
    if len(places) == len(chain.members):
        return len(places) >= FEWEST_HITS
    return len(places) >= N_HITS and 2 * len(places) > places[-1] - places[0] + 1


def _place(one: Dated) -> tuple[int, int]:
    return one.day, one.payment.id
