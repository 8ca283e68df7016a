"""Links of the chain that say what a test tells them to."""

from collections.abc import Sequence
from typing import ClassVar

from providers.interface import Answer, Effects, Evidence, Provider, ProviderError, Question, Suggestion


class ScriptedProvider(Provider):
    """Answers by key of category, for texts that contain a word; `script` is set by the test.

    A value is a pair of category key and confidence, an exception to raise or give, or None to decline. A
    category that is not offered is declined, too.
    """

    name = "model"
    version = "scripted"
    script: ClassVar[dict[str, tuple[str, float] | Exception | None]] = {}
    asked: ClassVar[list[str]] = []

    def categorize_many(self, transactions: Sequence[Question]) -> Sequence[Answer]:
        return [self._answer(transaction) for transaction in transactions]

    def _answer(self, transaction: Question) -> Answer:
        self.asked.append(transaction.text)
        said = next((said for word, said in self.script.items() if word in transaction.text), None)
        if isinstance(said, Exception):
            raise said
        if said is None:
            return None
        key, confidence = said
        category = next((c for c in transaction.categories if c.key == key), None)
        if category is None:
            return None
        return Suggestion(category.id, confidence, f"The script says {category.name}.", score=confidence)


class RecallingProvider(ScriptedProvider):
    """Remembers what it answered, as the model's link does, under all that the model would see."""

    known: ClassVar[dict[object, Suggestion]] = {}

    def key(self, transaction: Question) -> object:
        return transaction.owner, transaction.text, transaction.direction, transaction.categories, transaction.examples

    def categorize_many(self, transactions: Sequence[Question]) -> Sequence[Answer]:
        answers = super().categorize_many(transactions)
        for transaction, answer in zip(transactions, answers, strict=True):
            if isinstance(answer, Suggestion):
                self.known[self.key(transaction)] = answer
        return answers

    def recall(self, transactions: Sequence[Question]) -> Sequence[Suggestion | None]:
        return [self.known.get(self.key(transaction)) for transaction in transactions]


class HalfwayProvider(ScriptedProvider):
    """Gives its errors for the transaction that they concern instead of raising them, and adds a tag to the rest."""

    def _answer(self, transaction: Question) -> Answer:
        try:
            answer = super()._answer(transaction)
        except ProviderError as error:
            return error
        if not isinstance(answer, Suggestion):
            return answer
        effects = Effects(merchant="Scripted", tags=("by-model",))
        return Suggestion(answer.category, answer.confidence, answer.explanation, answer.score, effects)


class OutspokenProvider(Provider):
    """Answers as each text says: `Quill name 93 dining` is put into Dining with 0.93, by the evidence of a name."""

    name = "merchants"
    version = "outspoken"

    def categorize_many(self, transactions: Sequence[Question]) -> Sequence[Answer]:
        return [self._answer(transaction) for transaction in transactions]

    def _answer(self, transaction: Question) -> Answer:
        _, evidence, percent, key = transaction.description.split()
        category = next(c for c in transaction.categories if c.key == key)
        return Suggestion(
            category.id, int(percent) / 100, f"The text says {category.name}.", evidence=Evidence(evidence)
        )
