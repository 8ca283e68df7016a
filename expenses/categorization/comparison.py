"""The use of the classifier: the chain's answers with it and without it, compared row by row. Pure.

Only rows count that one of the two got right and the other one wrong. Did the classifier change nothing, each would be
right on half of them. So the sign test (exact McNemar) tells how likely chance gives one of the two so many of them.
"""

from collections.abc import Iterable
from enum import StrEnum
from math import comb
from typing import NamedTuple

#: Raise it when the same rows give another verdict: every ledger is then measured anew.
VERSION = 2
#: An advantage that is likelier by chance shows nothing.
LEVEL = 0.05


class HelpVerdict(StrEnum):
    """Helps: more than chance. Too early: nothing is shown yet, and it is used. No help: it harms, and is not used."""

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
        return HelpVerdict.NO_HELP if sign_test(self.n_lost, self.n_gained) < LEVEL else HelpVerdict.TOO_EARLY

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
