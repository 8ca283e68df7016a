"""The probability that a damaged name is the one that it looks like, and the choice among several."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from providers.damaged_names.index import Damage, NameMatch
from providers.normalization import GIVEN_NAMES

#: Letters by which a match is weaker: beside unknown words or a person's name, behind other words of the text, beside
#: unknown letters or cut off within the text, and where it is a small part of its word.
BESIDE_UNKNOWN, FURTHER_ON, UNCLEAN, SMALL_PART = 3, 2, 3, 1
#: The same for a general word. Cut or glued, it may stand anywhere; misspelled, it may be somebody's name.
GENERAL_WORD = 4
_MOST_OF_A_WORD = 0.7
#: The least strength, in letters, that counts as found, and the one beyond which there is no more to gain.
LEAST_STRENGTH, MOST_STRENGTH = 3, 10
#: Kind of damage → share of right answers by strength, from 3 to 10, measured by `benchmarks/keywords.py`.
CONFIDENCE: Mapping[Damage, Sequence[float]] = {
    Damage.CUT: (0.45, 0.75, 0.88, 0.92, 0.94, 0.96, 0.97, 0.98),
    Damage.GLUED: (0.50, 0.70, 0.90, 0.94, 0.96, 0.97, 0.97, 0.98),
    Damage.ABBREVIATED: (0.50, 0.80, 0.90, 0.93, 0.95, 0.96, 0.97, 0.98),
    Damage.MISSPELLED: (0.30, 0.50, 0.80, 0.86, 0.93, 0.95, 0.96, 0.98),
}


def strength_of(match: NameMatch, words: Sequence[str], *, is_general: bool = False) -> int:
    """Return the letters that speak for a match in the words of its text, less what speaks against it."""
    besides = (*words[: match.start], *words[match.end :])
    strength = match.n_letters
    if is_general:
        strength -= GENERAL_WORD
    if not is_general or match.damage in (Damage.MISSPELLED, Damage.ABBREVIATED):
        if match.n_unknown or not GIVEN_NAMES.isdisjoint(besides):
            strength -= BESIDE_UNKNOWN
        if match.start:
            strength -= FURTHER_ON
    if not match.is_clean:
        strength -= UNCLEAN
    if match.damage is Damage.GLUED and match.likeness < _MOST_OF_A_WORD:
        strength -= SMALL_PART
    return strength


class NameCandidate(NamedTuple):
    """A match, its strength, and the category that its name stands for, by anything that can be compared."""

    match: NameMatch
    strength: int
    category: str | int


class Choice(NamedTuple):
    """The chosen match, the probability of its category, and the other categories that it may be as well."""

    match: NameMatch
    confidence: float
    category: str | int
    others: tuple[str | int, ...] = ()


def choose(candidates: Collection[NameCandidate]) -> Choice | None:
    """Choose the strongest candidate. Names of other categories that are as near take their share.

    Return None if no candidate is strong enough.
    """
    strong = [candidate for candidate in candidates if candidate.strength >= LEAST_STRENGTH]
    if not strong:
        return None
    best = max(strong, key=_rank)
    near = Counter(
        other.category
        for other in strong
        if (other.match.damage, other.match.n_letters) == (best.match.damage, best.match.n_letters)
    )
    share = near[best.category] / near.total()
    level = min(best.strength, MOST_STRENGTH) - LEAST_STRENGTH
    others = sorted((category for category in near if category != best.category), key=str)
    return Choice(best.match, round(CONFIDENCE[best.match.damage][level] * share, 4), best.category, tuple(others))


def _rank(candidate: NameCandidate) -> tuple[object, ...]:
    match = candidate.match
    is_complete = match.damage in (Damage.GLUED, Damage.MISSPELLED)
    return candidate.strength, is_complete, match.likeness, -match.start, match.name, str(candidate.category)
