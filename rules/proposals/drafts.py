"""The conditions of a rule for transactions that a person put into one category: as narrow as they can be. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from providers.normalization import normalize
from rules.engine.conditions import compile_conditions
from rules.engine.movements import Movement
from rules.proposals.grouping import ALIKE
from rules.proposals.phrases import MAX_LENGTH, Phrase, shared_phrase
from rules.proposals.separation import text_condition
from rules.proposals.vocabulary import Vocabulary

#: Where the merchant is looked for: in what the bank wrote, else in what the client named.
FIELDS = ("raw_description", "merchant")


@dataclass(frozen=True, slots=True)
class RuleDraft:
    """Conditions of which all hold, and the phrase that they are about."""

    phrase: str
    conditions: list[dict[str, Any]]

    def narrowed(self, *conditions: dict[str, Any]) -> "RuleDraft":
        return replace(self, conditions=[*self.conditions, *conditions])


def draft_of_many(examples: Sequence[Movement], *, head: str, vocabulary: Vocabulary) -> RuleDraft | None:
    """What all the examples share from the word `head` on; None where that names nobody."""
    for field in FIELDS:
        phrase = shared_phrase([getattr(example, field) for example in examples], head=head)
        if phrase is not None and vocabulary.is_telling(normalized_words(phrase)):
            return _draft(phrase, field, examples[0].direction)
    return None


def draft_of_one(example: Movement, *, head: str, vocabulary: Vocabulary) -> RuleDraft | None:
    """As of many, without the words at the end that name nothing, such as the town: one text alone cannot show them."""
    for field in FIELDS:
        phrase = shared_phrase([getattr(example, field)], head=head)
        while phrase is not None and vocabulary.is_telling(normalized_words(phrase)):
            shorter = phrase.without_last()
            if vocabulary.may_name(phrase.words[-1]) or not vocabulary.is_telling(normalized_words(shorter)):
                return _draft(phrase, field, example.direction)
            phrase = shorter
    return None


def draft_of_alike(examples: Sequence[Movement], *, words: Sequence[str], vocabulary: Vocabulary) -> RuleDraft | None:
    """A fuzzy condition on the first example's text, whose normalized `words` are given, if it holds for all."""
    text, direction = examples[0].raw_description.casefold(), examples[0].direction
    if len(text) > MAX_LENGTH or not vocabulary.is_telling(words):
        return None
    fuzzy = text_condition("raw_description", "fuzzy", text) | {"threshold": ALIKE}
    draft = RuleDraft(text, [fuzzy, text_condition("direction", "equals", direction)])
    compiled = compile_conditions("all", draft.conditions)
    return draft if all(compiled.matches(example) for example in examples) else None


def normalized_words(phrase: Phrase) -> list[str]:
    """The words of the phrase as normalized texts have them, where any are left."""
    return normalize(phrase.text).split() or list(phrase.words)


def _draft(phrase: Phrase, field: str, direction: str) -> RuleDraft:
    op = "starts_with" if phrase.is_at_start else "contains"
    conditions = [text_condition(field, op, phrase.text), text_condition("direction", "equals", direction)]
    return RuleDraft(phrase.text, conditions)
