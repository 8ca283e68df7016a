"""What the classifier sees of a transaction: its text, which way the money went, how much, and what is known of it.

What the dictionary says of a text is a feature like any other. So a person who puts all pharmacies into "Family" has
taught that for pharmacies never seen before.
"""

import math
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import NamedTuple
from zlib import crc32

from providers.grams import BUCKETS, Features, bucket_of, grams_of
from providers.interface import Direction, Question
from providers.merchants.provider import MerchantFinding, find_answer
from providers.name_classifier.provider import load_name_classifier
from providers.normalization import leading_words, normalize

#: Buckets for what is no part of the text.
_NAMED_BUCKETS = 4096
WIDTH = BUCKETS + _NAMED_BUCKETS

_WHOLE = 1.0
_DIRECTION = 0.7
_AMOUNT = 0.4
_ACCOUNT = 0.3
_FINDING = 1.5
_KIND = 1.0
_NOTHING_FOUND = 0.5
#: Likelier than that, a resemblance is told.
_LEAST_RESEMBLANCE = 0.05
_TYPICAL_RESEMBLANCE = 0.6


#: Text, direction, and a country's code in small letters or "".
Asked = tuple[str, Direction, str]


class TextKnowledge(NamedTuple):
    """What is known of a text without anybody's history: what the dictionary finds, and what the name sounds like."""

    finding: MerchantFinding | None
    resemblances: tuple[tuple[str, float], ...]


def known_of(transactions: Sequence[Question], *, country: str = "") -> list[TextKnowledge]:
    """What is known of each; equal texts cost little more than one. `country` as in MerchantProvider."""
    asked: list[Asked] = [(t.text, t.direction, (t.country or country).lower()) for t in transactions]
    texts = list(dict.fromkeys(asked))
    known = dict(zip(texts, _look_up(texts), strict=True))
    return [known[question] for question in asked]


def features_of(transactions: Sequence[Question], known: Sequence[TextKnowledge]) -> list[Features]:
    """The features of each transaction, of which that is known."""
    return [_features(t, k) for t, k in zip(transactions, known, strict=True)]


def buckets_of_finding(finding: MerchantFinding) -> tuple[int, ...]:
    """Those of the features that tell the dictionary's finding."""
    return _named(_finding(finding))[0]


def example_of_finding(category: str, direction: str) -> Features:
    """What a transaction would look like of which nothing is known but the dictionary's category (its key)."""
    return _named([(f"D{category}", _FINDING), (f"dir{direction}", _DIRECTION)])


def example_of_resemblance(category: str) -> Features:
    """The same of a name that sounds like the category."""
    return _named([(f"G{category}", _TYPICAL_RESEMBLANCE), ("Dnone", _NOTHING_FOUND), ("dirout", _DIRECTION)])


def size_of(amount: Decimal | None) -> int | None:
    """The power of two that the amount, in units of its currency and one more, reaches."""
    return None if amount is None else int(math.log2(float(amount) + 1))


def _look_up(texts: Sequence[Asked]) -> list[TextKnowledge]:
    spent = [normalize(text) if direction == "out" else "" for text, direction, _ in texts]
    return [
        TextKnowledge(find_answer(text, direction, country), resemblances)
        for (text, direction, country), resemblances in zip(texts, _resemblances(spent), strict=True)
    ]


def _resemblances(texts: Sequence[str]) -> Iterator[tuple[tuple[str, float], ...]]:
    """What each normalized text sounds like; nothing for an empty one."""
    sounds = load_name_classifier()
    likely = sounds.probabilities([grams_of(text) for text in texts])
    for text, row in zip(texts, likely, strict=True):
        told = (row > _LEAST_RESEMBLANCE).nonzero()[0] if text else ()
        yield tuple((sounds.categories[i], float(row[i])) for i in told)


def _features(transaction: Question, known: TextKnowledge) -> Features:
    text = normalize(transaction.text)
    buckets, values = grams_of(text)
    whole = _whole_texts(text)
    others, weights = _named([*_circumstances(transaction), *_knowledge(known)])
    return (*buckets, *whole, *others), (*values, *(_WHOLE,) * len(whole), *weights)


def _whole_texts(text: str) -> tuple[int, ...]:
    if not text:
        return ()
    return bucket_of(f"x{text}"), bucket_of(f"1{leading_words(text, 1)}"), bucket_of(f"2{leading_words(text, 2)}")


def _circumstances(transaction: Question) -> Iterator[tuple[str, float]]:
    """Direction, the amount's power of two, and the account."""
    yield f"dir{transaction.direction}", _DIRECTION
    size = size_of(transaction.amount)
    if size is not None:
        yield f"a{size}", _AMOUNT
        yield f"a{transaction.direction}{size // 2}", _AMOUNT
    if transaction.account is not None:
        yield f"in{transaction.account}", _ACCOUNT


def _knowledge(known: TextKnowledge) -> Iterator[tuple[str, float]]:
    if known.finding is None:
        yield "Dnone", _NOTHING_FOUND
    else:
        yield from _finding(known.finding)
    for category, probability in known.resemblances:
        yield f"G{category}", probability


def _finding(finding: MerchantFinding) -> list[tuple[str, float]]:
    told = [(f"D{finding.category}", _FINDING)]
    return [*told, (f"K{finding.brand.kind.tag}", _KIND)] if finding.brand else told


def _named(features: Sequence[tuple[str, float]]) -> Features:
    buckets = tuple(BUCKETS + crc32(name.encode()) % _NAMED_BUCKETS for name, _ in features)
    return buckets, tuple(value for _, value in features)
