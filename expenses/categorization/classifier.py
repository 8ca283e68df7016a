"""The link that has learned, with the classifier that is kept for each ledger."""

from collections import defaultdict
from collections.abc import Hashable, Sequence
from functools import lru_cache
from typing import ClassVar

from expenses.models import Classifier
from providers.interface import Answer, LabeledQuestion, Provider, Question
from providers.learning.provider import TaughtProvider, key_of, suggest_all
from providers.learning.weights import UnusableWeights, Weights

#: Each takes a few megabytes.
MAX_KEPT = 8


class LearnedProvider(Provider):
    """Asks the owner's own classifier, where there is one that is of use to them."""

    name = TaughtProvider.name
    version = TaughtProvider.version
    silence: ClassVar[str] = "It has not learned from enough confirmed transactions yet, or was of no use."

    def __init__(self, *, country: str = "") -> None:
        """`country` is the ISO 3166 alpha-2 code assumed where a transaction has none, as for the merchants' link."""
        self.country = country

    def key(self, transaction: Question) -> Hashable:
        """Where nothing has learned, all are equal: nothing is said of any."""
        classifier = transaction.trust.classifier
        return (classifier, *key_of(transaction)) if classifier else ""

    def categorize_many(self, transactions: Sequence[Question]) -> Sequence[Answer]:
        """One query for each classifier that this process has not used lately."""
        asked: dict[str, list[int]] = defaultdict(list)
        for i, transaction in enumerate(transactions):
            asked[transaction.trust.classifier].append(i)
        answers: list[Answer] = [None] * len(transactions)
        for digest, places in asked.items():
            weights = weights_of(digest) if digest else None
            given = suggest_all(weights, [transactions[i] for i in places], country=self.country)
            for i, answer in zip(places, given, strict=True):
                answers[i] = answer
        return answers

    def learn(self, confirmed: Sequence[LabeledQuestion]) -> Provider:
        return TaughtProvider(country=self.country).learn(confirmed)


def weights_of(digest: str) -> Weights | None:
    """The stored weights with this digest; None where they are gone, damaged or of another version."""
    try:
        return load_weights(digest)
    except (Classifier.DoesNotExist, UnusableWeights):
        return None


@lru_cache(maxsize=MAX_KEPT)
def load_weights(digest: str) -> Weights:
    """Kept by this process once they were read. Raises Classifier.DoesNotExist, UnusableWeights."""
    content = Classifier.objects.filter(digest=digest).values_list("content", flat=True)[:1].get()
    return Weights.from_bytes(bytes(content), digest=digest)
