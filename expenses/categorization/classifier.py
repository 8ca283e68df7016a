"""The link that asks the classifier trained on a ledger's confirmed transactions."""

from collections import defaultdict
from collections.abc import Hashable, Sequence
from functools import lru_cache
from typing import ClassVar

from expenses.models import Classifier
from providers.interface import Answer, LabeledQuestion, Provider, Question
from providers.learning.provider import TaughtProvider, key_of, suggest_all
from providers.learning.weights import UnusableWeights, Weights

#: Number of classifiers in memory; each takes a few megabytes.
MAX_KEPT = 8


class LearnedProvider(Provider):
    """Asks the ledger's own classifier, if there is one of use."""

    name = TaughtProvider.name
    version = TaughtProvider.version
    silence: ClassVar[str] = "It has not learned from enough confirmed transactions yet, or was of no use."

    def __init__(self, *, country: str = "") -> None:
        """Take the ISO 3166 alpha-2 code to assume for transactions without a country."""
        self.country = country

    def key(self, question: Question) -> Hashable:
        """Return the cache key; equal for all transactions of a ledger without a classifier."""
        classifier = question.trust.classifier
        return (classifier, *key_of(question)) if classifier else ""

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
