"""The use of the classifier: the chain's answers with it and without it, compared row by row. Pure.

Only rows count that one of the two got right and the other one wrong. Were the classifier of no use, each would be
right on half of them. So the sign test (exact McNemar) tells how likely chance gives the classifier so many of them.
"""

from collections.abc import Iterable
from enum import StrEnum
from math import comb
from typing import NamedTuple

#: Raise it when the same rows give another verdict: every ledger is then measured anew.
VERSION = 1
#: An advantage that is likelier by chance is no help.
LEVEL = 0.05
#: Rows imagined to speak for a classifier whose own rows are too few to tell: in all measured histories it helped
#: (docs/decisions/0020). It is the least number that passes the test when nothing else is known.
N_IMAGINED = 5
#: So many rows are enough to tell without imagined ones.
ENOUGH = 300
#: From so many rows on, it must have made more answers right than the chain without it.
MUST_GAIN_FROM = 100


class HelpVerdict(StrEnum):
    """Helps: more than chance. Too early: it may help, and is used. No help: it is not used."""

    HELPS = "helps"
    TOO_EARLY = "too_early"
    NO_HELP = "no_help"


class PairedComparison(NamedTuple):
    """Right answers with the classifier and without it; `n_gained` only with it, `n_lost` only without it."""

    n: int
    n_right: int
    n_right_without: int
    n_gained: int
    n_lost: int

    @property
    def p_value(self) -> float:
        """Return the probability that chance alone gives an advantage as large."""
        return sign_test(self.n_gained, self.n_lost)

    @property
    def verdict(self) -> HelpVerdict:
        """Return whether the classifier helps."""
        if self.p_value < LEVEL:
            return HelpVerdict.HELPS
        has_gained = self.n_gained > self.n_lost or self.n < MUST_GAIN_FROM
        if self.n < ENOUGH and has_gained and sign_test(self.n_gained + N_IMAGINED, self.n_lost) < LEVEL:
            return HelpVerdict.TOO_EARLY
        return HelpVerdict.NO_HELP

    @property
    def is_of_use(self) -> bool:
        """Return True if the chain asks the classifier."""
        return self.verdict is not HelpVerdict.NO_HELP


def compare(pairs: Iterable[tuple[bool, bool]]) -> PairedComparison:
    """Compare answers: whether each was right with the classifier, and without it."""
    counted = list(pairs)
    return PairedComparison(
        n=len(counted),
        n_right=sum(one for one, _ in counted),
        n_right_without=sum(other for _, other in counted),
        n_gained=sum(one and not other for one, other in counted),
        n_lost=sum(other and not one for one, other in counted),
    )


def sign_test(n_for: int, n_against: int) -> float:
    """Return the probability that at least `n_for` of all are for it, if each is as likely for it as against it."""
    n = n_for + n_against
    return float(sum(comb(n, k) for k in range(n_for, n + 1)) / 2**n)
