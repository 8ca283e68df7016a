"""Conditions on texts and ids of Actual, whose payees are merchants here."""

import re
from collections.abc import Callable, Iterable
from typing import Any

from rules.exchange.actual.documents import ActualDocument, Part
from rules.exchange.conversion import Condition, NotCarried

#: Field of Actual → field here.
FIELDS = {
    "imported_payee": "raw_description",
    "payee": "merchant",
    "payee_name": "merchant",
    "notes": "notes",
    "category": "category",
    "account": "account",
}
BY_ID = {"payee", "category", "account"}
NEGATIVE = {"isNot": "is", "doesNotContain": "contains", "notOneOf": "oneOf"}
TAG = re.compile(r"#[^#\s]+")
CAPITAL_CLASS = re.compile(r"\\[A-Z]")
NO_SUCH_TEST = "A rule here cannot ask this."


def condition_of(part: Part, document: ActualDocument) -> Condition:
    """One condition, perhaps a group. Raises NotCarried."""
    if part.op in {"hasTags", "hasAnyTag"}:
        return _tags(part)
    op, negate = NEGATIVE.get(part.op, part.op), part.op in NEGATIVE
    if part.field in BY_ID:
        return _by_id(part, op, document, negate=negate)
    tests = TEXT_OPS.get(op)
    if tests is None:
        raise NotCarried(NO_SUCH_TEST)
    return _one_of([tests(FIELDS[part.field], text) for text in _texts(part, op)], negate=negate)


def _texts(part: Part, op: str) -> list[str]:
    values = part.value if op == "oneOf" else [part.value]
    if not isinstance(values, list) or not values or not all(isinstance(value, str) for value in values):
        raise NotCarried("Its value is no text.")
    return [value for value in values if value or op == "is"]


def _by_id(part: Part, op: str, document: ActualDocument, *, negate: bool) -> Condition:
    field = FIELDS[part.field]
    if op == "is" and part.value is None:
        return {"field": field, "op": "is_empty", "negate": negate}
    if op not in {"is", "oneOf"}:
        raise NotCarried("A rule here asks for whole names, where Actual compares with its own ids.")
    values = part.value if op == "oneOf" else [part.value]
    if not isinstance(values, list) or not values:
        raise NotCarried("Its value is no list of ids.")
    condition = _named(field, [document.name(part.field, value) for value in values])
    if negate and op == "oneOf":  # what has none is not one of others in Actual
        return {"match": "all", "conditions": [_opposite(c) for c in condition] + [_is_set(field)]}
    return _one_of(condition, negate=negate)


def _named(field: str, names: list[str]) -> list[Condition]:
    """Conditions of which one must hold."""
    if field == "merchant":
        return [_equals(field, name) for name in names]
    return [{"field": field, "op": "in", "value": names}]


def _is_set(field: str) -> Condition:
    return {"field": field, "op": "is_empty", "negate": True}


def _opposite(condition: Condition) -> Condition:
    return condition | {"negate": True}


def _one_of(conditions: list[Condition], *, negate: bool) -> Condition:
    if not conditions:
        raise NotCarried("Its list is empty.")
    if len(conditions) == 1:
        return conditions[0] | {"negate": negate}
    return {"match": "any", "negate": negate, "conditions": conditions}


def _equals(field: str, text: str) -> Condition:
    return {"field": field, "op": "equals", "value": text} if text else {"field": field, "op": "is_empty"}


def _contains(field: str, text: str) -> Condition:
    return {"field": field, "op": "contains", "value": text}


def _matches(field: str, text: str) -> Condition:
    if CAPITAL_CLASS.search(text):
        raise NotCarried(r"Actual reads patterns in small letters: “\D” as “\d”. Write it anew as you mean it.")
    return {"field": field, "op": "regex", "value": text}


def _tags(part: Part) -> Condition:
    """Tags are words in the notes there, found whatever the case and whole."""
    if part.field != "notes":
        raise NotCarried(NO_SUCH_TEST)
    words = _unique(word for text in _texts(part, part.op) for word in TAG.findall(text))
    conditions = [{"field": "notes", "op": "regex", "value": rf"(?<!#){re.escape(word)}(?:[\s#]|$)"} for word in words]
    if part.op == "hasAnyTag" or len(conditions) < 2:
        return _one_of(conditions, negate=False)
    return {"match": "all", "conditions": conditions}


def _unique(words: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(words))


TEXT_OPS: dict[str, Callable[[str, Any], Condition]] = {
    "is": _equals,
    "oneOf": _equals,
    "contains": _contains,
    "matches": _matches,
}
