"""The arrays of a trained classifier, stored as bytes that hold nothing but numbers."""

import hashlib
import io
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from providers.grams import Features, GramTable, shares_of
from providers.learning.features import WIDTH

#: Raised whenever features or arrays change: weights of another format are not used.
FORMAT = 1


class UnusableWeights(Exception):
    """The bytes are not those that were stored, or of another version."""


@dataclass(frozen=True)
class Weights:
    """`categories` are ids; `buckets` those that have a weight, in order; `weights` of shape (buckets, categories).

    `n_confirmed` is how many confirmed transactions it was trained on.
    """

    categories: tuple[int, ...]
    buckets: NDArray[np.int32]
    weights: NDArray[np.float16]
    bias: NDArray[np.float32]
    n_confirmed: int

    def probabilities(self, texts: Sequence[Features]) -> NDArray[np.float64]:
        """Return the probability of each category for each text, before calibration; each row adds up to 1."""
        return shares_of(GramTable.of(texts).times(self._padded, self._rows) + self.bias)

    def weight_of(self, bucket: int, category: int) -> float:
        """Return the weight of a feature for the category at that index; 0 for one never seen."""
        return float(self._padded[self._rows[bucket], category])

    @cached_property
    def _rows(self) -> NDArray[np.int64]:
        """The row of each bucket; buckets without a weight share the last one."""
        rows = np.full(WIDTH, len(self.buckets), dtype=np.int64)
        rows[self.buckets] = np.arange(len(self.buckets))
        return rows

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
            weights=self.weights,
            bias=self.bias,
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
                categories = tuple(map(int, stored["categories"]))
                return cls(categories, stored["buckets"], stored["weights"], stored["bias"], int(stored["n_confirmed"]))
        except (zipfile.BadZipFile, KeyError, ValueError) as error:
            raise UnusableWeights("The stored weights are no weights.") from error


def digest_of(content: bytes) -> str:
    """Return the SHA-256 in hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()
