"""What an unknown name sounds like: the likeliest category of a text that holds no known brand or word.

`classifier.npz` is a linear classifier over pieces of words, trained by `train` on the names of known brands, on
general words, and on what OpenStreetMap's editors call kinds of places in some thirty languages. It is right about half
of the time, and says so: an answer of it is a suggestion.
"""

from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from providers.grams import Features, Table, grams_of, shares_of

FILE = "classifier.npz"
#: From the classifier's probability to the share of right answers: intercept and factor of the log-odds. Measured by
#: `benchmarks/curves.py`.
CURVE = (-0.34, 1.14)
#: Confidences are told in such steps: they are not known better, and equal answers are stored once.
STEP = 0.05
#: No guess is certain.
_MOST_STEPS = 19
_MOST_GUESSES = 2


class Guess(NamedTuple):
    """The key of a category and the probability that it is right."""

    category: str
    confidence: float


class Resemblance(NamedTuple):
    """Weights of shape (buckets, categories) in units of `scale`; `version` is that of the sources."""

    version: str
    categories: tuple[str, ...]
    weights: NDArray[np.int8]
    scale: float
    bias: NDArray[np.float32]

    def probabilities(self, texts: Sequence[Features]) -> NDArray[np.float64]:
        """How likely each text belongs to each category, shape (texts, categories); each row adds up to 1."""
        return shares_of(Table.of(texts).times(self.weights) * self.scale + self.bias)


def guess_categories(texts: Sequence[str]) -> list[tuple[Guess, ...]]:
    """The likeliest categories of each normalized text, likeliest first; equal ones are the very same tuple."""
    if not texts:
        return []
    sounds = load_resemblance()
    shares = sounds.probabilities([grams_of(text) for text in texts])
    order = np.argsort(-shares, axis=1, kind="stable")[:, :_MOST_GUESSES]
    confidences = _confidences(np.take_along_axis(shares, order, axis=1))
    steps = np.rint(confidences / STEP).astype(int).clip(max=_MOST_STEPS)
    made: dict[tuple[tuple[int, ...], tuple[int, ...]], tuple[Guess, ...]] = {}
    return [
        made.setdefault((tuple(places), tuple(parts)), _guesses(sounds.categories, places, parts))
        for places, parts in zip(order.tolist(), steps.tolist(), strict=True)
    ]


def _confidences(shares: NDArray[np.float64]) -> NDArray[np.float64]:
    intercept, of_odds = CURVE
    held = np.clip(shares, 0.001, 0.999)
    confidences: NDArray[np.float64] = 1 / (1 + np.exp(-(intercept + of_odds * np.log(held / (1 - held)))))
    return confidences


def _guesses(categories: Sequence[str], places: Sequence[int], steps: Sequence[int]) -> tuple[Guess, ...]:
    return tuple(Guess(categories[i], round(n * STEP, 2)) for i, n in zip(places, steps, strict=True) if n)


@cache
def load_resemblance() -> Resemblance:
    """The classifier that ships, read once per process."""
    return read_resemblance(Path(str(files(__package__))) / FILE)


def read_resemblance(path: Path) -> Resemblance:
    """What `train` wrote."""
    with np.load(path, allow_pickle=False) as stored:
        return Resemblance(
            version=str(stored["version"]),
            categories=tuple(map(str, stored["categories"])),
            weights=stored["weights"],
            scale=float(stored["scale"]),
            bias=stored["bias"],
        )
