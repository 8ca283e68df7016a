"""Features of a transaction: its text, direction and amount, and the knowledge of dictionary and name classifier.

The dictionary's finding is a feature like any other. So a user who puts all pharmacies into "Family" has taught that
for pharmacies never seen before.
"""

import math
from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple
from zlib import crc32

from providers.grams import BUCKETS, Features, bucket_of, grams_of
from providers.interface import Question
from providers.merchants.provider import MerchantFinding, find_answer
from providers.name_classifier.provider import load_name_classifier
from providers.normalization import leading_words, normalize

#: Buckets for features that are no part of the text.
_NAMED_BUCKETS = 4096
WIDTH = BUCKETS + _NAMED_BUCKETS

_WHOLE = 1.0
_DIRECTION = 0.7
_AMOUNT = 0.4
_ACCOUNT = 0.3
_FINDING = 1.5
_KIND = 1.0
_NOTHING_FOUND = 0.5
#: A resemblance below this probability is no feature.
_LEAST_RESEMBLANCE = 0.05
_TYPICAL_RESEMBLANCE = 0.6


class TextKnowledge(NamedTuple):
    """The dictionary's finding for a text, and the categories that its name resembles, with their probabilities."""

    finding: MerchantFinding | None
    resemblances: tuple[tuple[str, float], ...]


def known_of(questions: Sequence[Question], *, country: str = "") -> list[TextKnowledge]:
    """Look up each text; equal ones cost little more than one. `country` as in MerchantProvider."""
    asked = [(t.text, t.direction, (t.country or country).lower()) for t in questions]
    texts = list(dict.fromkeys(asked))
    spent = [normalize(text) if direction == "out" else "" for text, direction, _ in texts]
    classifier = load_name_classifier()
    likely = classifier.probabilities([grams_of(text) for text in spent])
    known = {}
    for (text, direction, code), name, row in zip(texts, spent, likely, strict=True):
        found = (row > _LEAST_RESEMBLANCE).nonzero()[0] if name else ()
        resemblances = tuple((classifier.categories[i], float(row[i])) for i in found)
        known[text, direction, code] = TextKnowledge(find_answer(text, direction, code), resemblances)
    return [known[one] for one in asked]


def features_of(questions: Sequence[Question], known: Sequence[TextKnowledge]) -> list[Features]:
    """Return the features of each transaction, whose text is looked up in `known`."""
    return [_features(t, k) for t, k in zip(questions, known, strict=True)]


def buckets_of_finding(finding: MerchantFinding) -> tuple[int, ...]:
    """Return the buckets of the features that stand for the dictionary's finding."""
    return _named(_finding(finding))[0]


def example_of_finding(category: str, direction: str) -> Features:
    """Return the features of a transaction of which only the dictionary's category (its key) is known."""
    return _named([(f"D{category}", _FINDING), (f"dir{direction}", _DIRECTION)])


def example_of_resemblance(category: str) -> Features:
    """Return the features of a transaction of which only a resemblance to the category is known."""
    return _named([(f"G{category}", _TYPICAL_RESEMBLANCE), ("Dnone", _NOTHING_FOUND), ("dirout", _DIRECTION)])


def size_of(amount: Decimal | None) -> int | None:
    """Return the power of two that the amount, in units of its currency and one more, reaches."""
    return None if amount is None else int(math.log2(float(amount) + 1))


def _features(question: Question, known: TextKnowledge) -> Features:
    text = normalize(question.text)
    buckets, values = grams_of(text)
    whole: tuple[int, ...] = ()
    if text:
        whole = bucket_of(f"x{text}"), bucket_of(f"1{leading_words(text, 1)}"), bucket_of(f"2{leading_words(text, 2)}")
    named = [(f"dir{question.direction}", _DIRECTION)]
    size = size_of(question.amount)
    if size is not None:
        named += [(f"a{size}", _AMOUNT), (f"a{question.direction}{size // 2}", _AMOUNT)]
    if question.account is not None:
        named.append((f"in{question.account}", _ACCOUNT))
    named += _finding(known.finding) if known.finding else [("Dnone", _NOTHING_FOUND)]
    named += [(f"G{category}", probability) for category, probability in known.resemblances]
    others, weights = _named(named)
    return (*buckets, *whole, *others), (*values, *(_WHOLE,) * len(whole), *weights)


def _finding(finding: MerchantFinding) -> list[tuple[str, float]]:
    told = [(f"D{finding.category}", _FINDING)]
    return [*told, (f"K{finding.brand.kind.tag}", _KIND)] if finding.brand else told


def _named(features: Sequence[tuple[str, float]]) -> Features:
    buckets = tuple(BUCKETS + crc32(name.encode()) % _NAMED_BUCKETS for name, _ in features)
    return buckets, tuple(value for _, value in features)
