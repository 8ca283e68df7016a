"""Conditions for transactions that a user put into one category, as narrow as possible. Pure."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from providers.normalization import normalize
from rules.engine.conditions import compile_conditions
from rules.engine.movements import Movement
from rules.operators import make_condition
from rules.proposals.phrases import MAX_LENGTH, Phrase, shared_phrase, words_of
from rules.proposals.vocabulary import Vocabulary

#: Fields that are searched for the merchant: the bank's text, then the client's name for it.
FIELDS = ("raw_description", "merchant")
#: Shorter words occur inside too many others.
LEAST_LETTERS = 4
#: Conditions added to narrow a rule.
MAX_ADDED = 3
#: Most frequent words of the other transactions that are tried.
MAX_TRIED = 50

Condition = dict[str, Any]
Movements = Sequence[Movement]


@dataclass(frozen=True, slots=True)
class RuleDraft:
    """Conditions that must all hold, and the phrase that they are about."""

    phrase: str
    conditions: list[Condition]


def draft_of_many(examples: Movements, *, head: str, vocabulary: Vocabulary) -> RuleDraft | None:
    """Return a draft with all that the examples share from the word `head` on, or None if that names no merchant."""
    for field in FIELDS:
        phrase = shared_phrase([getattr(example, field) for example in examples], head=head)
        if phrase is not None and vocabulary.is_telling(normalized_words(phrase)):
            return _draft(phrase, field, examples[0].direction)
    return None


def draft_of_one(example: Movement, *, head: str, vocabulary: Vocabulary) -> RuleDraft | None:
    """Return a draft for one example, without the words at its end that name nothing, such as the town."""
    for field in FIELDS:
        phrase = shared_phrase([getattr(example, field)], head=head)
        while phrase is not None and vocabulary.is_telling(normalized_words(phrase)):
            shorter = phrase.without_last()
            if vocabulary.may_name(phrase.words[-1]) or not vocabulary.is_telling(normalized_words(shorter)):
                return _draft(phrase, field, example.direction)
            phrase = shorter
    return None


def draft_of_similar(examples: Movements, *, words: Sequence[str], vocabulary: Vocabulary) -> RuleDraft | None:
    """Return a fuzzy draft of the first example's text, whose normalized `words` are given, if it fits all."""
    text, direction = examples[0].raw_description.casefold(), examples[0].direction
    if len(text) > MAX_LENGTH or not vocabulary.is_telling(words):
        return None
    conditions = [make_condition("raw_description", "fuzzy", text), make_condition("direction", "equals", direction)]
    compiled = compile_conditions("all", conditions)
    return RuleDraft(text, conditions) if all(compiled.matches(example) for example in examples) else None


def normalized_words(phrase: Phrase) -> list[str]:
    """Return the words of the phrase as normalized texts have them, if any are left."""
    return normalize(phrase.text).split() or list(phrase.words)


def _draft(phrase: Phrase, field: str, direction: str) -> RuleDraft:
    op = "starts_with" if phrase.is_at_start else "contains"
    conditions = [make_condition(field, op, phrase.text), make_condition("direction", "equals", direction)]
    return RuleDraft(phrase.text, conditions)


def separating_conditions(examples: Movements, others: Movements) -> list[Condition]:
    """Return conditions that all examples meet and few of the others; an empty list if there are none.

    Among equally good conditions the first in this order wins: more words of the texts, the account, words that only
    the others have, the amount, the currency.
    """
    added: list[Condition] = []
    left = list(others)
    while left and len(added) < MAX_ADDED:
        best, fewest = None, left
        for condition in _candidates(examples, left):
            compiled = compile_conditions("all", [condition])
            meeting = [other for other in left if compiled.matches(other)]
            if len(meeting) < len(fewest):
                best, fewest = condition, meeting
        if best is None:
            break
        added.append(best)
        left = fewest
    return added


def account_condition(examples: Movements) -> Condition | None:
    """Return the condition for the account that all examples share, or None if they share none."""
    accounts = {example.account for example in examples}
    return make_condition("account", "in", [*accounts]) if len(accounts) == 1 and None not in accounts else None


def _candidates(examples: Movements, others: Movements) -> Iterator[Condition]:
    shared = set.intersection(*(set(words_of(example.raw_description)) for example in examples))
    for word in words_of(examples[0].raw_description):
        if word in shared and len(word) >= LEAST_LETTERS:
            yield make_condition("raw_description", "contains", word)
    accounts = {example.account for example in examples}
    if None not in accounts:
        yield make_condition("account", "in", sorted(account for account in accounts if account is not None))
    texts = [example.folded("raw_description") for example in examples]
    counted = Counter(word for other in others for word in set(words_of(other.raw_description)))
    for word, _ in sorted(counted.items(), key=lambda item: (-item[1], item[0]))[:MAX_TRIED]:
        if len(word) >= LEAST_LETTERS and not any(word in text for text in texts):
            yield make_condition("raw_description", "contains", word, negate=True)
    amounts = [example.amount for example in examples if example.amount is not None]
    if len(amounts) == len(examples) > 1:
        bounds = [f"{bound.normalize():f}" for bound in (min(amounts), max(amounts))]
        yield make_condition("amount", "between", bounds)
    currencies = {example.currency for example in examples}
    if len(currencies) == 1:
        yield make_condition("currency", "equals", currencies.pop())
