"""The link that asks the classifier trained on a ledger's confirmed transactions, or the shipped one without."""

from collections import defaultdict
from collections.abc import Hashable, Sequence
from functools import lru_cache
from typing import ClassVar

from expenses.models import Classifier
from providers.interface import NOTHING_VARYING, Answer, LabeledQuestion, Provider, Question
from providers.learning.provider import LEARNED_FROM, TaughtProvider, key_of, suggest_all
from providers.learning.weights import UnusableWeights, Weights

#: Number of classifiers in memory; each takes a few megabytes.
MAX_KEPT = 8


class LearnedProvider(Provider):
    """Asks the ledger's own classifier, if there is one of use; else the dictionary's knowledge alone."""

    name = TaughtProvider.name
    version = TaughtProvider.version
    support_weight = TaughtProvider.support_weight
    silence: ClassVar[str] = "It knows no word of this text."

    def __init__(self, *, country: str = "") -> None:
        """Take the ISO 3166 alpha-2 code to assume for transactions without a country."""
        self.country = country

    def key(self, question: Question) -> Hashable:
        return question.trust.classifier, *key_of(question)

    def looks_at(self, question: Question) -> frozenset[str]:
        """Return nothing without a classifier of the owner's: the shipped weights know no amounts."""
        return LEARNED_FROM if question.trust.classifier else NOTHING_VARYING

    def categorize_many(self, questions: Sequence[Question]) -> Sequence[Answer]:
        """Answer all; one query for each classifier that this process has not used lately."""
        asked: dict[str, list[int]] = defaultdict(list)
        for i, question in enumerate(questions):
            asked[question.trust.classifier].append(i)
        answers: list[Answer] = [None] * len(questions)
        for digest, places in asked.items():
            weights = weights_of(digest) if digest else None
            given = suggest_all(weights, [questions[i] for i in places], country=self.country)
            for i, answer in zip(places, given, strict=True):
                answers[i] = answer
        return answers

    def learn(self, confirmed: Sequence[LabeledQuestion]) -> Provider:
        return TaughtProvider(country=self.country).learn(confirmed)


def weights_of(digest: str) -> Weights | None:
    """Return the stored weights with this digest, None if they are gone, damaged or of another version."""
    try:
        return load_weights(digest)
    except (Classifier.DoesNotExist, UnusableWeights):
        return None


@lru_cache(maxsize=MAX_KEPT)
def load_weights(digest: str) -> Weights:
    """Load weights and cache them in this process. Raises Classifier.DoesNotExist, UnusableWeights."""
    content = Classifier.objects.filter(digest=digest).values_list("content", flat=True)[:1].get()
    return Weights.from_bytes(bytes(content), digest=digest)
