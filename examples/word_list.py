"""Custom provider: words that name a category, given as OPTIONS of its entry in CATEGORIZATION_PROVIDERS."""

from collections.abc import Mapping, Sequence

from providers.interface import Answer, Provider, Question, Suggestion


class WordListProvider(Provider):
    """Provider that answers the category of a word in the text."""

    name = "words"

    def __init__(self, *, words: Mapping[str, str], confidence: float = 0.9) -> None:
        self.words = {word.casefold(): category for word, category in words.items()}
        self.confidence = confidence

    def categorize_many(self, questions: Sequence[Question]) -> Sequence[Answer]:
        return [self._answer(question) for question in questions]

    def _answer(self, question: Question) -> Answer:
        text, offered = question.text.casefold(), {c.name: c.id for c in question.categories}
        for word, name in self.words.items():
            if word in text and name in offered:
                return Suggestion(offered[name], self.confidence, f"“{word}” is on your list for {name}.")
        return None
