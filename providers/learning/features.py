"""Features of a transaction: its text, direction and amount, and the knowledge of dictionary and name classifier.

The text gives two blocks: words with pairs of words, and pieces of words. Each block is weighted by TF-IDF (Salton and
Buckley 1988, with logarithmic counts) and scaled to length 1, so that a long text says no more than a short one.

The dictionary's finding is a feature like any other. So a user who puts all pharmacies into "Family" has taught that
for pharmacies never seen before.
"""

import math
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from providers.calibration import log_odds
from providers.damaged_names.shipped import find_shipped_name
from providers.grams import Features, GramTable, codes_of_pieces, grams_of
from providers.interface import Direction, Question, size_of
from providers.merchants.provider import LEAST_CERTAIN, MerchantFinding, doubtful_category, find_answer, is_certain
from providers.name_classifier.provider import load_name_classifier
from providers.normalization import normalize

#: Buckets of words and pairs of words, of pieces of words, and of features that are no part of the text.
_WORD_BUCKETS, _PIECE_BUCKETS, _NAMED_BUCKETS = 1 << 16, 1 << 17, 1 << 12
FIRST_PIECE = _WORD_BUCKETS
FIRST_NAMED = FIRST_PIECE + _PIECE_BUCKETS
WIDTH = FIRST_NAMED + _NAMED_BUCKETS
_PIECES = (2, 3, 4, 5)

_DIRECTION = 0.7
_AMOUNT = 0.4
_ACCOUNT = 0.3
_FINDING = 1.5
_KIND = 1.0
#: A finding of this confidence counts in full. A less sure one, such as a brand of another country, counts less.
_TYPICAL_FINDING = 0.85
_NOTHING_FOUND = 0.5
#: A resemblance below this probability is no feature.
_LEAST_RESEMBLANCE = 0.05
_TYPICAL_RESEMBLANCE = 0.6


class TextKnowledge(NamedTuple):
    """The dictionary's finding for a text, and the categories that its name resembles, with their probabilities.

    `has_known_word`: the dictionary or the name classifier knows one of its words at all.
    """

    finding: MerchantFinding | None
    resemblances: tuple[tuple[str, float], ...]
    has_known_word: bool


def known_of(questions: Sequence[Question], *, country: str = "") -> list[TextKnowledge]:
    """Look up each text; equal ones cost little more than one. `country` as in MerchantProvider."""
    asked = [(t.text, t.direction, (t.country or country).lower()) for t in questions]
    texts = list(dict.fromkeys(asked))
    spent = [normalize(text) if direction == "out" else "" for text, direction, _ in texts]
    classifier = load_name_classifier()
    likely = classifier.probabilities([grams_of(text) for text in spent]).tolist()
    known = {}
    for (text, direction, code), name, row in zip(texts, spent, likely, strict=True):
        finding = find_answer(text, direction, code) or _damaged_finding(text, direction, code)
        doubted = doubtful_category(finding)
        alike = [pair for pair in zip(classifier.categories, row, strict=True) if pair[1] > _LEAST_RESEMBLANCE]
        resemblances = tuple([pair for pair in alike if pair[0] != doubted]) if name else ()
        known[text, direction, code] = TextKnowledge(
            finding, resemblances, finding is not None or classifier.knows(normalize(text))
        )
    return [known[one] for one in asked]


def _damaged_finding(text: str, direction: Direction, country: str) -> MerchantFinding | None:
    """Find a brand or word of the dictionary in damaged text."""
    found = find_shipped_name(tuple(normalize(text).split()), direction, country)
    if found is None or found.confidence < LEAST_CERTAIN:
        return None
    return MerchantFinding(found.category, found.confidence, 1.0, "damaged", found.match.name, found.brand)


def features_of(questions: Sequence[Question], known: Sequence[TextKnowledge]) -> list[Features]:
    """Return the features of each transaction, whose text is looked up in `known`.

    Values of words and pieces are logarithmic counts, which `weigh` turns into TF-IDF.
    """
    return [_features(t, k) for t, k in zip(questions, known, strict=True)]


def weigh(table: GramTable, idf: NDArray[np.float32]) -> GramTable:
    """Multiply words and pieces by their `idf`, one for each bucket, and scale each block of each text to length 1.

    A word with an IDF of 0, which was never learned, does not count.
    """
    values = table.values * idf[table.buckets]
    for first, end in ((0, FIRST_PIECE), (FIRST_PIECE, FIRST_NAMED)):
        is_inside = (table.buckets >= first) & (table.buckets < end)
        squares = np.add.reduceat(np.append(np.where(is_inside, values * values, 0.0), 0.0), table.starts[:-1])
        lengths = np.repeat(np.sqrt(squares, where=squares > 0, out=np.ones_like(squares)), np.diff(table.starts))
        values = np.where(is_inside, values / lengths, values)
    return GramTable(table.buckets, values.astype(np.float32), table.starts)


def bucket_of_word(word: str) -> int:
    """Return the bucket of a word of a normalized text."""
    return crc32(word.encode()) % _WORD_BUCKETS


def buckets_of_finding(finding: MerchantFinding) -> tuple[int, ...]:
    """Return the buckets of the features that stand for the dictionary's finding."""
    return _named(_finding(finding))[0]


def example_of_finding(category: str, direction: str) -> Features:
    """Return the features of a transaction of which only the dictionary's category (its key) is known."""
    return _named([(f"D{category}", _FINDING), (f"dir{direction}", _DIRECTION)])


def example_of_resemblance(category: str) -> Features:
    """Return the features of a transaction of which only a resemblance to the category is known."""
    return _named([(f"G{category}", _TYPICAL_RESEMBLANCE), ("Dnone", _NOTHING_FOUND), ("dirout", _DIRECTION)])


@lru_cache(maxsize=4096)
def text_features(text: str) -> Features:
    """Return the buckets of a normalized text, with logarithmic counts: words, pairs of words, and pieces of words."""
    words = text.split()
    buckets = [bucket_of_word(word) for word in words]
    buckets += [bucket_of_word(f"{first} {second}") for first, second in pairwise(words)]
    for word in words:
        buckets += _pieces_of(word)
    counted = Counter(buckets)
    return tuple(counted), tuple([1.0 if n == 1 else 1.0 + math.log(n) for n in counted.values()])


@lru_cache(maxsize=16_384)
def _pieces_of(word: str) -> list[int]:
    """Return the buckets of the pieces of a word."""
    return [FIRST_PIECE + code % _PIECE_BUCKETS for code in codes_of_pieces(word, _PIECES)]


def _features(question: Question, known: TextKnowledge) -> Features:
    buckets, counts = text_features(normalize(question.text))
    named = [(f"dir{question.direction}", _DIRECTION)]
    size = size_of(question.amount)
    if size is not None:
        named += [(f"a{size}", _AMOUNT), (f"a{question.direction}{size // 2}", _AMOUNT)]
    if question.account is not None:
        named.append((f"in{question.account}", _ACCOUNT))
    finding = known.finding
    named += _finding(finding) if finding and is_certain(finding) else [("Dnone", _NOTHING_FOUND)]
    named += [(f"G{category}", probability) for category, probability in known.resemblances]
    others, weights = _named(named)
    return (*buckets, *others), (*counts, *weights)


def _finding(finding: MerchantFinding) -> list[tuple[str, float]]:
    strength = max(0.0, min(log_odds(finding.confidence) / log_odds(_TYPICAL_FINDING), 1.0))
    told = [(f"D{finding.category}", _FINDING * strength)]
    return [*told, (f"K{finding.brand.kind.tag}", _KIND * strength)] if finding.brand else told


def _named(features: Sequence[tuple[str, float]]) -> Features:
    buckets = [FIRST_NAMED + crc32(name.encode()) % _NAMED_BUCKETS for name, _ in features]
    return tuple(buckets), tuple([value for _, value in features])
