"""How odd a ledger's own ordinary payments were: what makes of an oddity a number that people can read."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import exp

from insights.amounts.groups import Group, Groups, keyed
from insights.amounts.keys import Key
from insights.amounts.oddity import oddity
from insights.amounts.sketches import Sketch, sketch
from insights.payments import Payment

#: A payment is looked at once so many others were there before it.
N_BEFORE = 50
#: The newest so many payments are scored as they would have been on their day.
N_PAST = 600
#: Until there are many of its own, a ledger is taken for an ordinary one, as if so many scores of that were known.
N_ORDINARY = 100.0
#: The share of payments at least so odd in ordinary ledgers falls as a logistic curve: measured walk-forward on the
#: spending of nine people and two councils, where it is within a tenth of this from a half down to three in a thousand.
_MIDDLE, _STEEPNESS = -2.0, 0.72
#: One in a hundred ordinary payments is called unusual.
FALSE_FLAGS = 0.01
#: Of a large group, so many amounts, spread evenly over its past, stand for all of them.
_N_DRAWN = 400


@dataclass(frozen=True, slots=True)
class Calibration:
    """Oddities of a ledger's own past payments, ascending."""

    past: Sequence[float] = ()
    #: One of them is of the payment that is asked about: as it is not known which, the nearest above.
    holds_itself: bool = False

    def chance(self, value: float) -> float:
        """What share of ordinary payments is at least so odd, more than 0 and at most 1."""
        others = len(self.past) - self.holds_itself
        above = min(max(len(self.past) - bisect_left(self.past, value) - self.holds_itself, 0), others)
        return (above + N_ORDINARY * ordinary_chance(value)) / (others + N_ORDINARY)


def ordinary_chance(value: float) -> float:
    """The same in ledgers of which nothing is known."""
    return 1 / (1 + exp(min(_STEEPNESS * (value - _MIDDLE), 700)))


@dataclass(frozen=True, slots=True)
class Past:
    """A payment, and how odd it was beside what was known before it, by name of level."""

    payment: Payment
    oddity: float
    known: dict[str, Sketch]


def learn(payments: Sequence[Payment]) -> tuple[Groups, Calibration]:
    """All groups of payments, the oldest first, and how odd the newest were beside what was there before each."""
    groups = Groups()
    odd = [past.oddity for past in past_payments(payments, n=N_PAST, groups=groups)]
    return groups, Calibration(sorted(odd))


def past_payments(payments: Sequence[Payment], *, n: int, groups: Groups | None = None) -> Iterator[Past]:
    """The newest `n` payments as they were seen on their day; the oldest first. Fills `groups` on its way."""
    start = max(len(payments) - n, N_BEFORE)
    groups, drawn = Groups() if groups is None else groups, _Drawn()
    for at, (payment, amount_log, keys) in enumerate(keyed(payments, groups)):
        if at >= start:
            known = drawn.levels(keys, groups)
            if known:
                yield Past(payment, oddity(amount_log, list(known.values())), known)


class _Drawn:
    """Sketches of groups that grow, drawn anew once a group has grown by a fiftieth."""

    def __init__(self) -> None:
        self._known: dict[Key, tuple[int, Sketch]] = {}

    def levels(self, keys: Iterable[Key], groups: Groups) -> dict[str, Sketch]:
        """What is known of each key, in their order."""
        return {key.level: self._sketch(key, groups[key]) for key in keys if key in groups}

    def _sketch(self, key: Key, found: Group) -> Sketch:
        n, known = self._known.get(key, (0, None))
        if known is None or found.n > 1.02 * n:
            step = -(-found.n // _N_DRAWN)
            logs = found.logs[::-step]
            known = sketch(logs, [found.n / len(logs)] * len(logs))
            self._known[key] = (found.n, known)
        return known
