"""The arrays of a trained classifier, stored as bytes that hold nothing but numbers."""

import hashlib
import io
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from providers.grams import Features, GramTable, shares_of
from providers.learning.features import FIRST_NAMED, WIDTH, bucket_of_word, weigh

#: Raised whenever features or arrays change: weights of another format are not used.
FORMAT = 2


class UnusableWeights(Exception):
    """The bytes are not those that were stored, or of another version."""


@dataclass(frozen=True)
class Weights:
    """`categories` are ids; `buckets` those that have a weight, in order; `weights` of shape (buckets, categories).

    `idf` has the inverse document frequency of each of the buckets, 1 for features that are no text. `words` are the
    CRC-32 of the words that were learned from, in order. `n_confirmed` is the number of those transactions.
    """

    categories: tuple[int, ...]
    buckets: NDArray[np.int32]
    idf: NDArray[np.float32]
    weights: NDArray[np.float16]
    bias: NDArray[np.float32]
    words: NDArray[np.uint32]
    n_confirmed: int

    def probabilities(self, texts: Sequence[Features]) -> NDArray[np.float64]:
        """Return the probability of each category for each text, before calibration; each row adds up to 1."""
        table = weigh(GramTable.of(texts), self._idf_by_bucket)
        return shares_of(table.times(self._padded, self._rows) + self.bias)

    def weight_of(self, bucket: int, category: int) -> float:
        """Return the weight of a feature for the category at that index; 0 for one never seen."""
        return float(self._padded[self._rows[bucket], category])

    def weight_of_word(self, word: str, category: int) -> float:
        """Return the weight of a word for the category at that index, where it is all that a text says."""
        return self.weight_of(bucket_of_word(word), category) if self.knows(word) else 0.0

    def knows(self, word: str) -> bool:
        """Return True if the word was learned from."""
        return crc32(word.encode()) in self._known_words

    @cached_property
    def _known_words(self) -> frozenset[int]:
        return frozenset(self.words.tolist())

    @cached_property
    def _rows(self) -> NDArray[np.int32]:
        """The row of each bucket; buckets without a weight share the last one."""
        rows = np.full(WIDTH, len(self.buckets), dtype=np.int32)
        rows[self.buckets] = np.arange(len(self.buckets))
        return rows

    @cached_property
    def _idf_by_bucket(self) -> NDArray[np.float32]:
        idf = np.zeros(WIDTH, dtype=np.float32)
        idf[FIRST_NAMED:] = 1.0
        idf[self.buckets] = self.idf
        return idf

    @cached_property
    def _padded(self) -> NDArray[np.float16]:
        return np.vstack([self.weights, np.zeros((1, len(self.categories)), dtype=np.float16)])

    def to_bytes(self) -> bytes:
        """Write NumPy's own format, which `from_bytes` reads without running anything that it holds."""
        file = io.BytesIO()
        np.savez_compressed(
            file,
            format=FORMAT,
            categories=np.array(self.categories, dtype=np.int64),
            buckets=self.buckets,
            idf=self.idf,
            weights=self.weights,
            bias=self.bias,
            words=self.words,
            n_confirmed=self.n_confirmed,
        )
        return file.getvalue()

    @classmethod
    def from_bytes(cls, content: bytes, *, digest: str) -> "Weights":
        """Read stored weights. Raise UnusableWeights for another digest or format."""
        if digest_of(content) != digest:
            raise UnusableWeights("The stored weights are damaged.")
        try:
            zipfile.ZipFile(io.BytesIO(content)).close()  # else NumPy reads other formats, too
            with np.load(io.BytesIO(content), allow_pickle=False) as stored:
                if int(stored["format"]) != FORMAT:
                    raise UnusableWeights("The stored weights are of another version.")
                return cls(
                    categories=tuple(map(int, stored["categories"])),
                    buckets=stored["buckets"],
                    idf=stored["idf"],
                    weights=stored["weights"],
                    bias=stored["bias"],
                    words=stored["words"],
                    n_confirmed=int(stored["n_confirmed"]),
                )
        except (zipfile.BadZipFile, KeyError, ValueError) as error:
            raise UnusableWeights("The stored weights are no weights.") from error


def codes_of_words(words: Iterable[str]) -> NDArray[np.uint32]:
    """Return the CRC-32 of each distinct word, in order."""
    return np.array(sorted({crc32(word.encode()) for word in words}), dtype=np.uint32)


def digest_of(content: bytes) -> str:
    """Return the SHA-256 in hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()
