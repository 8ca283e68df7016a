"""The resemblance link: the likeliest category of a text that holds no known brand or word.

`classifier.npz` is a linear classifier over pieces of words. `train` makes it from the names of known brands, general
words, and OpenStreetMap's names for kinds of places in some thirty languages. About half of its answers are right, and
their confidence says so: they are suggestions.
"""

from collections import defaultdict
from collections.abc import Hashable, Sequence
from functools import cache, lru_cache
from importlib.resources import files
from pathlib import Path
from typing import ClassVar, NamedTuple
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from providers.calibration import log_odds, logistic
from providers.grams import Features, GramTable, grams_of, shares_of
from providers.interface import NOTHING_VARYING, Evidence, Provider, Question, Suggestion, SupportWeight
from providers.merchants.provider import (
    KindCategories,
    KindCategory,
    doubtful_category,
    find_answer,
    is_certain,
    offer_key,
)
from providers.normalization import normalize

FILE = "classifier.npz"
#: From the classifier's probability to the share of right answers: intercept and factor of the log-odds. Measured by
#: `benchmarks/curves.py`.
CURVE = (-0.34, 1.14)
#: Confidences are rounded to this step: they are not known better, and equal answers are stored once.
STEP = 0.05
#: No guess is certain.
_MOST_STEPS = 19
MOST_GUESSES = 2
#: The fewest letters of a known word, and of a known beginning or end of a longer word.
LEAST_WORD, LEAST_PART = 3, 5
#: The fewest letters beside a known part.
_LEAST_REST = 2


class NameClassifier(NamedTuple):
    """Weights of shape (buckets, categories) in units of `scale`; `version` is that of the sources.

    `words` are the CRC-32 of all words that it was trained on.
    """

    version: str
    categories: tuple[str, ...]
    weights: NDArray[np.int8]
    scale: float
    bias: NDArray[np.float32]
    words: frozenset[int]

    def probabilities(self, texts: Sequence[Features]) -> NDArray[np.float64]:
        """Return the probability of each category, shape (texts, categories); each row adds up to 1."""
        return shares_of(GramTable.of(texts).times(self.weights) * self.scale + self.bias)

    def knows(self, text: str) -> bool:
        """Return True if it was trained on a word of the normalized text, or on the beginning or end of one.

        An invented word resembles something, too. Without a known word, that says nothing.
        """
        return any(_knows_word(word) for word in text.split())


@lru_cache(maxsize=16_384)
def _knows_word(word: str) -> bool:
    known = load_name_classifier().words
    if len(word) < LEAST_WORD or word.isdigit():
        return False
    if crc32(word.encode()) in known:
        return True
    sizes = range(LEAST_PART, len(word) - _LEAST_REST + 1)
    return any(crc32(part.encode()) in known for size in sizes for part in (word[:size], word[-size:]))


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
            words=frozenset(stored["words"].tolist()),
        )


#: Answers of less confidence are left out.
LEAST_CONFIDENCE = 0.1
_CODE_VERSION = "2"


class NameClassifierProvider(Provider):
    """A link that guesses by the pieces of a name: "Zahnarztpraxis Meier" is a dentist."""

    name = "resemblance"  # as settings, stored decisions and the API call the link
    silence: ClassVar[str] = "It has nothing to add."
    #: It says less and less beside what was learned.
    support_weight = SupportWeight(0.8, 0.02, half=100, is_share=True)

    def __init__(self, *, country: str = "") -> None:
        """Take the ISO 3166 alpha-2 code to assume for transactions without a country."""
        self._country = country

    @property
    def version(self) -> str:  # type: ignore[override]
        """The version of the data and of this code."""
        return f"{_CODE_VERSION}+{load_name_classifier().version}"

    def key(self, question: Question) -> Hashable:
        """Return a key for equal answers."""
        country = question.country or self._country
        return normalize(question.text), question.direction, country.lower(), offer_key(question)

    def looks_at(self, question: Question) -> frozenset[str]:
        return NOTHING_VARYING

    def categorize_many(self, questions: Sequence[Question]) -> list[Suggestion | None]:
        """Guess the category of money spent; decline if the name says little, or money came in."""
        classifier = load_name_classifier()
        texts = [normalize(t.text) if t.direction == "out" else "" for t in questions]
        asked = [i for i, text in enumerate(texts) if classifier.knows(text)]
        shares = classifier.probabilities([grams_of(texts[i]) for i in asked])
        places: dict[Hashable, list[KindCategory | None]] = {}
        answers: list[Suggestion | None] = [None] * len(questions)
        for i, row in zip(asked, shares.tolist(), strict=True):
            offer = offer_key(questions[i])
            if offer not in places:
                known = KindCategories.of(questions[i])
                places[offer] = [known.find(group=group) for group in classifier.categories]
            country = (questions[i].country or self._country).lower()
            finding = find_answer(questions[i].text, questions[i].direction, country)
            # It has learned the names of brands: of these it knows no more than the dictionary says.
            is_known = finding is not None and finding.brand is not None and is_certain(finding)
            if not is_known and classifier.categories[row.index(max(row))] != doubtful_category(finding):
                answers[i] = _suggest(row, places[offer])
        return answers


def _suggest(shares: Sequence[float], places: Sequence[KindCategory | None]) -> Suggestion | None:
    """Suggest the likeliest of the categories; kinds of names that share a category add up."""
    likely: dict[int, float] = defaultdict(float)
    named: dict[int, KindCategory] = {}
    for share, place in zip(shares, places, strict=True):
        if place is not None:
            likely[place.category.id] += share
            named.setdefault(place.category.id, place)
    ranked = sorted(likely.items(), key=lambda pair: -pair[1])
    guesses = [(category, confidence_of_share(share)) for category, share in ranked[:MOST_GUESSES]]
    if not guesses or guesses[0][1] < LEAST_CONFIDENCE:
        return None
    (best, confidence), *others = guesses
    place = named[best]
    alike = f"what you put into {place.category.name}" if place.mapped else place.category.name
    return Suggestion(
        category=best,
        confidence=confidence,
        explanation=f"It sounds like {alike}.",
        alternatives=tuple((category, held) for category, held in others if held > 0),
        evidence=Evidence.SOUND,
        support=tuple(ranked),
        is_pooled=True,
    )


def confidence_of_share(share: float) -> float:
    """Return the share of right answers among those with this share, rounded to STEP."""
    intercept, of_odds = CURVE
    steps = round(logistic(intercept + of_odds * log_odds(share)) / STEP)
    return round(min(steps, _MOST_STEPS) * STEP, 2)
