"""Turn normalized text into numbers: its words and the pieces of its words, each in one of many buckets.

Hashing needs no vocabulary, so a model can use a word that it never saw. Stored weights do not reveal the words of
their training.
"""

import math
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Any, NamedTuple
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

BUCKETS = 1 << 16
#: Words that are read; the merchant stands in front.
_WORDS = 8
_SPELLED_WORDS = 5
_PAIRS = 4
_PIECES = (3, 4, 5)
_WEIGHTS_BY_PLACE = [1 / math.sqrt(1 + i / 2) for i in range(_WORDS)]
_PAIR_WEIGHT = 0.7
_SPELLING_WEIGHT = 1.2
#: Beyond these log-odds a probability is not told from 0 or 1.
_MOST_SCORE = 30.0
#: Texts whose weights are gathered at once, which takes some 10 kB each.
_AT_ONCE = 1_024

Features = tuple[tuple[int, ...], tuple[float, ...]]


@lru_cache(maxsize=4096)
def grams_of(text: str) -> Features:
    """Return buckets and values of a normalized text: words, earlier ones more; pairs; pieces of 3 to 5 letters."""
    words = words_read(text)
    # Pieces of the words with their ends marked; together of one length, however long the words are.
    counted = Counter([bucket for word in words[:_SPELLED_WORDS] for bucket in _pieces(word)])
    length = math.sqrt(sum([n * n for n in counted.values()])) or 1.0
    found: dict[int, float] = {bucket: _SPELLING_WEIGHT * n / length for bucket, n in counted.items()}
    named = [(f"w{word}", weight) for word, weight in zip(words, _WEIGHTS_BY_PLACE, strict=False)]
    named += [(f"b{first} {second}", _PAIR_WEIGHT) for first, second in pairwise(words[: _PAIRS + 1])]
    for name, value in named:
        bucket = bucket_of(name)
        found[bucket] = found.get(bucket, 0.0) + value
    return tuple(found), tuple(found.values())


def words_read(text: str) -> list[str]:
    """Return the words of a normalized text that features are made of."""
    return text.split(" ")[:_WORDS] if text else []


def bucket_of(name: str) -> int:
    """Return the bucket of a name: equal on every machine, other than hash()."""
    return crc32(name.encode()) % BUCKETS


@lru_cache(maxsize=16_384)
def _pieces(word: str) -> list[int]:
    """Return the buckets of all pieces; the cache helps because texts share most of their words."""
    return [code % BUCKETS for code in codes_of_pieces(word, _PIECES)]


def codes_of_pieces(word: str, sizes: Sequence[int]) -> list[int]:
    """Return the CRC-32 of all pieces with so many letters of a word, whose ends are marked by spaces."""
    padded = f" {word} "
    spans = [(start, start + size) for size in sizes for start in range(len(padded) - size + 1)]
    if padded.isascii():  # then letters are bytes, which are quicker to cut
        data = padded.encode()
        return [crc32(data[start:end]) for start, end in spans]
    return [crc32(padded[start:end].encode()) for start, end in spans]


class GramTable(NamedTuple):
    """Features of many texts side by side: those of text i are at starts[i] up to starts[i + 1]."""

    buckets: NDArray[np.int32]
    values: NDArray[np.float32]
    starts: NDArray[np.int64]

    @classmethod
    def of(cls, rows: Sequence[Features]) -> "GramTable":
        buckets = [bucket for found, _ in rows for bucket in found]
        values = [value for _, found in rows for value in found]
        starts = np.cumsum([0, *(len(found) for found, _ in rows)], dtype=np.int64)
        return cls(np.array(buckets, dtype=np.int32), np.array(values, dtype=np.float32), starts)

    def times(self, weights: NDArray[Any], rows: NDArray[np.integer[Any]] | None = None) -> NDArray[np.float32]:
        """Sum value times row of `weights` over the features of each text; shape (texts, columns of weights).

        `rows` says which row of `weights` belongs to a bucket; without it, row and bucket are the same.
        """
        n_texts = len(self.starts) - 1
        total = np.zeros((n_texts, weights.shape[1]), dtype=np.float32)
        for first in range(0, n_texts, _AT_ONCE):
            end = min(first + _AT_ONCE, n_texts)
            here = slice(self.starts[first], self.starts[end])
            starts = self.starts[first : end + 1] - self.starts[first]
            part = GramTable(self.buckets[here], self.values[here], starts)
            filled = np.flatnonzero(np.diff(part.starts))
            if filled.size:
                found = weights[part.buckets if rows is None else rows[part.buckets]]
                parts = found.astype(np.float32) * part.values[:, None]
                total[first + filled] = np.add.reduceat(parts, part.starts[filled], axis=0)
        return total


def shares_of(scores: NDArray[np.float32]) -> NDArray[np.float64]:
    """Turn the log-odds of each category against all others into probabilities; each row adds up to 1.

    Double precision makes the result independent of the number of rows computed at once.
    """
    each = 1 / (1 + np.exp(-np.clip(scores.astype(np.float64), -_MOST_SCORE, _MOST_SCORE)))
    shares: NDArray[np.float64] = each / each.sum(axis=1, keepdims=True)
    return shares
