"""The resemblance link: the likeliest category of a text that holds no known brand or word.

`classifier.npz` is a linear classifier over pieces of words. `train` makes it from the names of known brands, general
words, and OpenStreetMap's names for kinds of places in some thirty languages. About half of its answers are right, and
their confidence says so: they are suggestions.
"""

from collections.abc import Hashable, Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from providers.grams import Features, GramTable, grams_of, shares_of
from providers.interface import Evidence, Provider, Question, Suggestion
from providers.merchants.dictionary import load_dictionary
from providers.merchants.provider import KindCategories
from providers.normalization import normalize

FILE = "classifier.npz"
#: From the classifier's probability to the share of right answers: intercept and factor of the log-odds. Measured by
#: `benchmarks/curves.py`.
CURVE = (-0.34, 1.14)
#: Confidences are rounded to this step: they are not known better, and equal answers are stored once.
STEP = 0.05
#: No guess is certain.
_MOST_STEPS = 19
_MOST_GUESSES = 2


class Guess(NamedTuple):
    """The key of a category and the probability that it is right."""

    category: str
    confidence: float


class NameClassifier(NamedTuple):
    """Weights of shape (buckets, categories) in units of `scale`; `version` is that of the sources."""

    version: str
    categories: tuple[str, ...]
    weights: NDArray[np.int8]
    scale: float
    bias: NDArray[np.float32]

    def probabilities(self, texts: Sequence[Features]) -> NDArray[np.float64]:
        """Return the probability of each category, shape (texts, categories); each row adds up to 1."""
        return shares_of(GramTable.of(texts).times(self.weights) * self.scale + self.bias)


def guess_categories(texts: Sequence[str]) -> list[tuple[Guess, ...]]:
    """Return the likeliest categories of each normalized text; equal results share one tuple."""
    if not texts:
        return []
    classifier = load_name_classifier()
    shares = classifier.probabilities([grams_of(text) for text in texts])
    order = np.argsort(-shares, axis=1, kind="stable")[:, :_MOST_GUESSES]
    intercept, of_odds = CURVE
    held = np.clip(np.take_along_axis(shares, order, axis=1), 0.001, 0.999)
    confidences = 1 / (1 + np.exp(-(intercept + of_odds * np.log(held / (1 - held)))))
    steps = np.rint(confidences / STEP).astype(int).clip(max=_MOST_STEPS)
    made: dict[tuple[tuple[int, ...], tuple[int, ...]], tuple[Guess, ...]] = {}
    guesses = []
    for places, parts in zip(order.tolist(), steps.tolist(), strict=True):
        key = tuple(places), tuple(parts)
        if key not in made:
            pairs = zip(places, parts, strict=True)
            made[key] = tuple(Guess(classifier.categories[i], round(n * STEP, 2)) for i, n in pairs if n)
        guesses.append(made[key])
    return guesses


@cache
def load_name_classifier() -> NameClassifier:
    """Read the shipped classifier, once per process."""
    return read_name_classifier(Path(str(files(__package__))) / FILE)


def read_name_classifier(path: Path) -> NameClassifier:
    """Read a file that `train` wrote."""
    with np.load(path, allow_pickle=False) as stored:
        return NameClassifier(
            version=str(stored["version"]),
            categories=tuple(map(str, stored["categories"])),
            weights=stored["weights"],
            scale=float(stored["scale"]),
            bias=stored["bias"],
        )


#: Answers of less confidence are left out.
LEAST_CONFIDENCE = 0.3
_CODE_VERSION = "1"


class NameClassifierProvider(Provider):
    """A link that guesses by the pieces of a name: "Zahnarztpraxis Meier" is a dentist."""

    name = "resemblance"  # as settings, stored decisions and the API call the link

    @property
    def version(self) -> str:  # type: ignore[override]
        """The version of the data and of this code."""
        return f"{_CODE_VERSION}+{load_name_classifier().version}"

    def key(self, question: Question) -> Hashable:
        """Return a key for equal answers. Categories and kinds are compared by identity: cheap."""
        t = question
        return normalize(t.text), t.direction, id(t.categories), id(t.kinds)

    def categorize_many(self, questions: Sequence[Question]) -> list[Suggestion | None]:
        """Guess the category of money spent; decline if the name says little, or money came in."""
        texts = [normalize(t.text) if t.direction == "out" else "" for t in questions]
        places = {(id(t.categories), id(t.kinds)): KindCategories(t.categories, t.kinds) for t in questions}
        made: dict[Hashable, Suggestion | None] = {}
        answers: list[Suggestion | None] = []
        for guesses, text, t in zip(guess_categories(texts), texts, questions, strict=True):
            offer = id(t.categories), id(t.kinds)
            known = _known_categories(text)
            key = (*offer, guesses, known)
            if text and key not in made:
                made[key] = _suggest(guesses, places[offer], known=known)
            answers.append(made[key] if text else None)
        return answers


def _known_categories(text: str) -> frozenset[str]:
    """Return the categories of the brand, of any country, that the text begins with."""
    match = load_dictionary().find_leading(text.split(), "")
    return frozenset(brand.kind.category for brand in match.brands) if match else frozenset()


def _suggest(guesses: Sequence[Guess], places: KindCategories, *, known: frozenset[str]) -> Suggestion | None:
    placed = [(place, guess) for guess in guesses if (place := places.find(group=guess.category))]
    if not placed or placed[0][1].confidence < LEAST_CONFIDENCE:
        return None
    # It has learned the names of the dictionary: of these it knows no more than the dictionary says.
    if placed[0][1].category in known:
        return None
    (place, guess), *others = placed
    named = f"what you put into {place.category.name}" if place.mapped else place.category.name
    return Suggestion(
        category=place.category.id,
        confidence=guess.confidence,
        explanation=f"It sounds like {named}." if known else f"Nobody by this name is known; it sounds like {named}.",
        alternatives=tuple((p.category.id, g.confidence) for p, g in others if p.category.id != place.category.id),
        evidence=Evidence.SOUND,
    )
