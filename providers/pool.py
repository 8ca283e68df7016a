"""The pool: one answer from what all links say, where none of them alone is sure.

Each link speaks for categories by its `support`. Its weight of evidence for a category (Good 1950) is the logarithm of
its support beside a floor, and those of all links add up. The softmax of the sums gives the likeliest category and its
probability. Weights and floors were fitted on the statements of several people, each left out once
(docs/decisions/0022).
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

from providers.calibration import log_odds, logistic
from providers.interface import Evidence, Suggestion
from providers.merchants.provider import LEAST_CERTAIN

#: From the pool's probability to the share of right answers: intercept and factor of the log-odds. Measured by
#: `benchmarks/curves.py`.
CURVE = (0.0, 1.0)
MOST_ALTERNATIVES = 4
#: Answers of less confidence are left out: they are no better than a guess without the text.
LEAST_CONFIDENCE = 0.1
_LEAST_REST = 0.001


class PoolWeight(NamedTuple):
    """`factor` times log((support + floor) / floor). The factor halves at `half` confirmed transactions."""

    factor: float
    floor: float
    half: float = math.inf


#: By the name of the link. The support of history is a number of votes, that of the others a probability. What a name
#: sounds like says less and less beside what was learned. Other links count by their confidence.
WEIGHTS = {
    "history": PoolWeight(1.3, 0.5),
    "learned": PoolWeight(1.0, 0.001),
    "resemblance": PoolWeight(0.8, 0.02, half=100),
}
#: Links whose support is a share of all categories: what they give to others speaks against those that are offered.
PROBABILITIES = frozenset({"learned", "resemblance"})
#: Links whose certain findings count only where the other one is silent, which has them among its features.
COVERED_BY = {"merchants": "learned", "keywords": "learned"}


class PooledAnswer(NamedTuple):
    """The likeliest category, its probability, and the other categories, the likeliest first.

    `source` is the place of the answer that speaks for the category first, in the order of the links.
    """

    category: int
    confidence: float
    source: int
    others: tuple[tuple[int, float], ...]


def pool(said: Sequence[tuple[str, Suggestion]], *, offered: Sequence[int], n_confirmed: int) -> PooledAnswer | None:
    """Return the answer that these suggestions, by the names of their links, make likeliest.

    Only a category that a link names is answered. Where the owner has put the very same text into several categories,
    only one of these is, and no more surely than those choices say. Return None if no link names a category, or if it
    is too unlikely.
    """
    evidence: dict[int, float] = dict.fromkeys(offered, 0.0)
    names = {name for name, _ in said}
    named = {suggestion.category for _, suggestion in said if suggestion.category is not None}
    own = next((suggestion for _, suggestion in said if suggestion.evidence is Evidence.REPEAT), None)
    if own is not None:
        named &= {category for category, _ in own.support}
    other = 0.0  # the evidence that no offered category is right
    for name, suggestion in said:
        alone = () if suggestion.category is None else ((suggestion.category, suggestion.confidence),)
        if suggestion.is_pooled and suggestion.confidence >= LEAST_CERTAIN and COVERED_BY.get(name) in names:
            continue
        if name in WEIGHTS and suggestion.support:
            factor, floor, half = WEIGHTS[name]
            factor /= 1 + n_confirmed / half
            added = {c: factor * math.log((support + floor) / floor) for c, support in suggestion.support}
            if name in PROBABILITIES:
                lost = max(0.0, 1 - math.fsum(support for _, support in suggestion.support))
                other += factor * math.log((lost + floor) / floor)
        else:
            added = _evidence_of_confidence((*alone, *suggestion.alternatives), n_offered=len(offered))
        for category, weight in added.items():
            if category in evidence:
                evidence[category] += weight
    if not named:
        return None
    most = max(other, *evidence.values())
    shares = {category: math.exp(score - most) for category, score in evidence.items()}
    total = math.fsum((*shares.values(), math.exp(other - most) - math.exp(-most)))
    ranked = sorted(((shares[c] / total, c) for c in named if c in shares), key=lambda pair: (-pair[0], pair[1]))
    if not ranked:
        return None
    likeliest, best = ranked[0]
    confidence = min(confidence_of(likeliest), own.confidence if own is not None else 1.0)
    if confidence < LEAST_CONFIDENCE:
        return None
    left = (1 - confidence) / (1 - likeliest + 1e-9)
    others = tuple((c, round(min(share * left, confidence), 4)) for share, c in ranked[1 : MOST_ALTERNATIVES + 1])
    source = next(i for i, (_, suggestion) in enumerate(said) if suggestion.category == best)
    return PooledAnswer(best, confidence, source, others)


def _evidence_of_confidence(shares: Sequence[tuple[int, float]], *, n_offered: int) -> dict[int, float]:
    """Return the evidence that alone gives the categories these probabilities; the others share the rest."""
    rest = max(1 - math.fsum(share for _, share in shares), _LEAST_REST) / max(n_offered - len(shares), 1)
    return {category: math.log(max(share, _LEAST_REST) / rest) for category, share in shares}


def confidence_of(share: float) -> float:
    """Return the share of right answers among those that the pool gives this probability."""
    intercept, slope = CURVE
    return round(logistic(intercept + slope * log_odds(share)), 4)
