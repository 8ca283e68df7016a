"""What an unknown name sounds like: the likeliest category of a text that holds no known brand or word.

`classifier.npz` is a linear classifier over pieces of words, trained by `train` on the names of known brands, on
general words, and on what OpenStreetMap's editors call kinds of places in some thirty languages. It is right about half
of the time, and says so: an answer of it is a suggestion.
"""

from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from providers.calibration import log_odds, logistic
from providers.grams import Features, Table, grams_of

FILE = "classifier.npz"
#: From the classifier's probability to the share of right answers: intercept and factor of the log-odds. Measured by
#: `benchmarks/curves.py`.
CURVE = (0.1, 1.0)
_MOST_GUESSES = 3


class Guess(NamedTuple):
    """The key of a category, the probability that it is right, and the classifier's own measure."""

    category: str
    confidence: float
    score: float


class Resemblance(NamedTuple):
    """Weights of shape (buckets, categories) in units of `scale`; `version` is that of the sources."""

    version: str
    categories: tuple[str, ...]
    weights: NDArray[np.int8]
    scale: float
    bias: NDArray[np.float32]

    def probabilities(self, texts: Sequence[Features]) -> NDArray[np.float32]:
        """How likely each text belongs to each category, shape (texts, categories); each row adds up to 1."""
        scores = Table.of(texts).times(self.weights) * self.scale + self.bias
        each = 1 / (1 + np.exp(-scores))
        shares: NDArray[np.float32] = each / each.sum(axis=1, keepdims=True)
        return shares


def guess_categories(texts: Sequence[str]) -> list[list[Guess]]:
    """The likeliest categories of each normalized text, likeliest first."""
    if not texts:
        return []
    sounds = load_resemblance()
    shares = sounds.probabilities([grams_of(text) for text in texts])
    order = np.argsort(-shares, axis=1, kind="stable")[:, :_MOST_GUESSES]
    return [
        [_guess(sounds.categories[i], float(row[i])) for i in likeliest]
        for row, likeliest in zip(shares, order, strict=True)
    ]


def _guess(category: str, share: float) -> Guess:
    intercept, of_odds = CURVE
    return Guess(category, round(logistic(intercept + of_odds * log_odds(share)), 4), round(share, 4))


@cache
def load_resemblance() -> Resemblance:
    """The classifier that ships, read once per process."""
    with files(__package__).joinpath(FILE).open("rb") as file, np.load(file, allow_pickle=False) as stored:
        return Resemblance(
            version=str(stored["version"]),
            categories=tuple(map(str, stored["categories"])),
            weights=stored["weights"],
            scale=float(stored["scale"]),
            bias=stored["bias"],
        )
