"""The rule that could have said what a person just said of a group of rows; offered, never saved."""

from collections.abc import Sequence
from functools import cache
from typing import Any

from accounts.models import User
from expenses.models import Category, Transaction
from expenses.review_groups import OpenRow
from providers.merchants.words import load_words
from rules.models import Mode, Rule

#: A shorter text occurs in too many words.
SHORTEST = 4
#: Texts that the rule is held against; a group may have thousands.
MAX_TEXTS = 500


def offered_rule(user: User, rows: Sequence[OpenRow], category: Category | None) -> dict[str, Any] | None:
    """A body for POST rules/ that matches all of the rows; None where it would say too much, or is there already.

    The rows are of one merchant and direction, and begin with the same words.
    """
    words = {row.words for row in rows}
    phrase = words.pop() if len(words) == 1 else ""
    if category is None or _is_generic(phrase) or len({row.direction for row in rows}) != 1:
        return None
    name = f"{phrase.title()} → {category}"[:100]
    is_there = Rule.objects.for_user(user).filter(name=name).exists()
    condition = None if is_there else _condition(phrase, _texts(user, rows))
    return condition and _body(name, [condition, _is("direction", rows[0].direction)], category)


def _texts(user: User, rows: Sequence[OpenRow]) -> list[str]:
    found = Transaction.objects.for_user(user).filter(pk__in=[row.id for row in rows[:MAX_TEXTS]])
    texts: list[str] = list(found.order_by().values_list("raw_description", flat=True))
    return [text.casefold() for text in texts]


def _condition(phrase: str, texts: Sequence[str]) -> dict[str, Any] | None:
    """What all texts have in common: banks put numbers between the words, and leave accents out or not."""
    words = phrase.split()
    if all(phrase in text for text in texts):
        return _is("raw_description", phrase, op="contains")
    if all(word in text for text in texts for word in words):
        return _is("raw_description", words, op="contains_all")
    return None


def _is(field: str, value: Any, *, op: str = "equals") -> dict[str, Any]:
    return {"field": field, "op": op, "value": value}


def _body(name: str, conditions: list[dict[str, Any]], category: Category) -> dict[str, Any]:
    action = {"type": "set_category", "value": category.pk, "value_name": category.display_name}
    return {"name": name, "mode": str(Mode.APPLY), "match": "all", "conditions": conditions, "actions": [action]}


def _is_generic(phrase: str) -> bool:
    """Whether it names nobody: too short, or made of words that stand for a kind of shop or payment."""
    return len(phrase.replace(" ", "")) < SHORTEST or set(phrase.split()) <= _general_words()


@cache
def _general_words() -> frozenset[str]:
    return frozenset(word for entry in load_words().all_keys for word in entry.split())
