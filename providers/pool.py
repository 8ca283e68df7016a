"""The pool: one answer from what all links say, where none of them alone is sure.

Each link speaks for categories by its support. Its weight of evidence for a category (Good 1950) is the logarithm of
that support beside a floor, and those of all links add up. The softmax of the sums gives the likeliest category and its
probability. docs/decisions/0022 has the weights and where they come from.
"""

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import islice
from typing import NamedTuple

from providers.interface import Evidence, Suggestion, SupportWeight

MOST_ALTERNATIVES = 4
#: Answers of less confidence are left out: they are no better than a guess without the text.
LEAST_CONFIDENCE = 0.1
#: An answer that another link covers counts half when so many transactions are confirmed.
FADES_AT = 10
#: No answer is certain, and none is impossible.
_LEAST, _MOST = 0.001, 0.999


class Voice(NamedTuple):
    """The answer of a link, by its name. `weight` turns the answer's support into evidence."""

    link: str
    answer: Suggestion
    weight: SupportWeight | None = None


class PooledAnswer(NamedTuple):
    """The likeliest category, its probability, and the other categories, the likeliest first.

    `source` is the place of the first voice that names the category.
    """

    category: int
    confidence: float
    source: int
    others: tuple[tuple[int, float], ...]


def pool(voices: Sequence[Voice], *, offered: Sequence[int], n_confirmed: int) -> PooledAnswer | None:
    """Return the answer that these voices together make likeliest; None if none names a category, or it is unlikely.

    Only a category that a voice names is answered. `offered` are ids of categories.
    """
    names = {voice.link for voice in voices}
    scores: dict[int | None, float] = dict.fromkeys(offered, 0.0)
    scores[None] = 0.0  # for "none of the offered"
    for voice in voices:
        fade = 1 / (1 + n_confirmed / FADES_AT) if voice.answer.covered_by in names else 1.0
        for category, weight in _evidence(voice, n_offered=len(offered), n_confirmed=n_confirmed).items():
            if category in scores:
                scores[category] += fade * weight
    most = max(scores.values())
    odds = {category: math.exp(score - most) for category, score in scores.items()}
    # Without evidence, each offered category has the same odds; that no offered one is right has none.
    odds[None] -= math.exp(-most)
    total = math.fsum(odds.values())
    ranked = sorted(((odds[c] / total, c) for c in offered), key=lambda pair: (-pair[0], pair[1]))
    named = {voice.answer.category for voice in voices}
    share, best = next((pair for pair in ranked if pair[1] in named), (0.0, 0))
    if share < LEAST_CONFIDENCE:
        return None
    confidence = round(min(share, _MOST, _most_by_name(voices, best)), 4)
    others = ((c, round(min(other, confidence), 4)) for other, c in ranked if c != best and scores[c] > 0)
    source = next(i for i, voice in enumerate(voices) if voice.answer.category == best)
    return PooledAnswer(best, confidence, source, tuple(islice(others, MOST_ALTERNATIVES)))


def _most_by_name(voices: Sequence[Voice], category: int) -> float:
    """Return how sure a known name can make the category; 1 if the owner's own rows speak for it, too.

    All that knows a name has it from the dictionary, so links that agree on it make it no surer.
    """
    agreeing = [voice.answer for voice in voices if voice.answer.category == category]
    if any(answer.evidence not in {Evidence.NAME, Evidence.SOUND} for answer in agreeing):
        return 1.0
    return max((answer.confidence for answer in agreeing if answer.evidence is Evidence.NAME), default=1.0)


def _evidence(voice: Voice, *, n_offered: int, n_confirmed: int) -> Mapping[int | None, float]:
    """Return the weights of evidence of a voice by category; None stands for all categories that are not offered."""
    answer, found = voice.answer, defaultdict[int | None, float](float)
    if voice.weight is None or not answer.support:
        # Evidence that alone gives the answer its own confidence; categories that it does not name share the rest.
        own = () if answer.category is None else ((answer.category, answer.confidence),)
        shares = (*own, *answer.alternatives)
        rest = max(1 - math.fsum(share for _, share in shares), _LEAST) / max(n_offered - len(shares), 1)
        found.update({category: math.log(max(share, _LEAST) / rest) for category, share in shares})
        return found
    factor, floor, half, is_share = voice.weight
    factor /= 1 + n_confirmed / half
    for category, support in answer.support:
        found[category] = factor * math.log((support + floor) / floor)
    if is_share:
        lost = max(0.0, 1 - math.fsum(support for _, support in answer.support))
        found[None] = factor * math.log((lost + floor) / floor)
    return found
