"""Bills that are paid once a month, though on any day of it. Pure."""

from collections.abc import Sequence
from dataclasses import replace

from insights.recurring.chains import Chain, Dated, chains_of_rhythm
from insights.recurring.rhythms import RHYTHM_NAMED

#: How many days more or less than a month may lie between two: less than half a month.
SLACK = 13
#: Summer and winter: the highest may be so many times the lowest.
WIDEST = 2.0
#: Fewer payments, or more months without one, may be a shop.
LEAST_HITS, LEAST_KEPT = 6, 0.85


def loose_chain(lane: Sequence[Dated]) -> Chain | None:
    """The latest run of a payee who is paid once in nearly every month and takes about as much each time, or None."""
    rhythm = replace(RHYTHM_NAMED["monthly"], slack=SLACK)
    found = [chain for chain in chains_of_rhythm(lane, rhythm) if _is_bill(chain)]
    latest = max(found, key=lambda chain: chain.members[-1].day, default=None)
    if latest is not None:
        latest.n_of_payee = len(lane)
    return latest


def _is_bill(chain: Chain) -> bool:
    n, amounts = len(chain.members), chain.amounts
    is_even = max(amounts) <= min(amounts) * WIDEST
    return n >= LEAST_HITS and n >= LEAST_KEPT * (chain.slots[-1] + 1) and is_even
