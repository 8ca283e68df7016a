"""What holds of some transactions, and of few others: the conditions that make a rule narrower. Pure."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from rules.engine.conditions import compile_conditions
from rules.engine.movements import Movement
from rules.proposals.phrases import words_of

#: Words that are shorter are found in too many others.
LEAST_LETTERS = 4
MAX_ADDED = 3
#: Of the words that only the others have, the most frequent ones.
MAX_TRIED = 50

Condition = dict[str, Any]
Movements = Sequence[Movement]


def text_condition(field: str, op: str, value: str, *, negate: bool = False) -> Condition:
    """A test of a text, as rules keep it."""
    return {"field": field, "op": op, "value": value, "negate": negate, "case_sensitive": False}


def separating(examples: Movements, others: Movements) -> list[Condition]:
    """Conditions that all the examples meet and as few of the others as can be; none where nothing tells them apart.

    Of conditions that do equally well the first one counts: more words of the texts, the account, words that only the
    others have, the amount, the currency.
    """
    added: list[Condition] = []
    left = list(others)
    while left and len(added) < MAX_ADDED:
        candidates = _candidates(examples, left)
        meets = {index: _meeting(condition, left) for index, condition in enumerate(candidates)}
        best = min(meets, key=lambda index: (len(meets[index]), index), default=None)
        if best is None or len(meets[best]) == len(left):
            break
        added.append(candidates[best])
        left = meets[best]
    return added


def account_condition(examples: Movements) -> Condition | None:
    """The one account that all the examples are of; None where they are of several, or of none."""
    accounts = {example.account for example in examples}
    return _account_in(accounts) if len(accounts) == 1 else None


def _meeting(condition: Condition, movements: Movements) -> list[Movement]:
    compiled = compile_conditions("all", [condition])
    return [movement for movement in movements if compiled.matches(movement)]


def _candidates(examples: Movements, others: Movements) -> list[Condition]:
    found = [make(examples, others) for make in (_shared_words, _accounts, _foreign_words, _amounts, _currencies)]
    return [condition for conditions in found for condition in conditions]


def _shared_words(examples: Movements, others: Movements) -> Iterator[Condition]:
    shared = set.intersection(*(set(words_of(example.raw_description)) for example in examples))
    for word in words_of(examples[0].raw_description):
        if word in shared and len(word) >= LEAST_LETTERS:
            yield text_condition("raw_description", "contains", word)


def _foreign_words(examples: Movements, others: Movements) -> Iterator[Condition]:
    texts = [example.folded("raw_description") for example in examples]
    counted = Counter(word for other in others for word in set(words_of(other.raw_description)))
    for word, _ in sorted(counted.items(), key=lambda item: (-item[1], item[0]))[:MAX_TRIED]:
        if len(word) >= LEAST_LETTERS and not any(word in text for text in texts):
            yield text_condition("raw_description", "contains", word, negate=True)


def _accounts(examples: Movements, others: Movements) -> Iterator[Condition]:
    condition = _account_in({example.account for example in examples})
    if condition is not None:
        yield condition


def _account_in(accounts: set[int | None]) -> Condition | None:
    known = {account for account in accounts if account is not None}
    if known != accounts:
        return None
    return {"field": "account", "op": "in", "value": sorted(known), "negate": False}


def _amounts(examples: Movements, others: Movements) -> Iterator[Condition]:
    amounts = [example.amount for example in examples if example.amount is not None]
    if len(amounts) == len(examples) > 1:
        bounds = [f"{bound.normalize():f}" for bound in (min(amounts), max(amounts))]
        yield {"field": "amount", "op": "between", "value": bounds, "negate": False}


def _currencies(examples: Movements, others: Movements) -> Iterator[Condition]:
    currencies = {example.currency for example in examples}
    if len(currencies) == 1:
        yield text_condition("currency", "equals", currencies.pop())
