"""Where in a transaction's texts a rule's conditions match, for people to see. Pure."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import NamedTuple

from rapidfuzz import fuzz

from rules.engine.conditions import Condition, compile_conditions, fold, is_literal, leaves_of, make_test
from rules.engine.movements import Movement
from rules.operators import FIELD_TYPES, FieldType
from rules.operators.patterns import Undecided, compile_pattern, find


class Span(NamedTuple):
    """A part of a field's text, `start` included and `end` not, counted in characters."""

    field: str
    start: int
    end: int
    text: str


def matched_spans(conditions: Sequence[Condition], movement: Movement) -> list[Span]:
    """The parts of texts that tests hold for, in the order of the conditions.

    What is negated has none, and a group only where it holds as a whole.
    """
    leaves = [
        leaf
        for condition in conditions
        if not condition.get("negate") and _may_hold(condition, movement)
        for leaf in leaves_of(condition)
        if not leaf.get("negate") and FIELD_TYPES[leaf["field"]] is FieldType.TEXT
    ]
    found: dict[Span, None] = {}
    for leaf in leaves:
        with suppress(Undecided):
            found |= dict.fromkeys(_spans_of(leaf, movement))
    return list(found)


def _may_hold(condition: Condition, movement: Movement) -> bool:
    """Tests by themselves are looked at one by one."""
    return "conditions" not in condition or compile_conditions("all", [condition]).matches(movement)


def _spans_of(leaf: Condition, movement: Movement) -> Iterator[Span]:
    text: str = getattr(movement, leaf["field"])
    compared, places = (text, None) if is_literal(leaf) else _folded(text)
    if not text or not make_test(leaf)(compared):
        return
    for start, end in FINDERS[leaf["op"]](leaf, compared):
        first, last = (start, end) if places is None else (places[start], places[end - 1] + 1)
        yield Span(leaf["field"], first, last, text[first:last])


def _folded(text: str) -> tuple[str, list[int]]:
    """The casefolded text, and for each of its characters the place of the one that it was: ß becomes two."""
    folded = [(part, place) for place, character in enumerate(text) for part in character.casefold()]
    return "".join(part for part, _ in folded), [place for _, place in folded]


Found = list[tuple[int, int]]


def _values(leaf: Condition) -> list[str]:
    value = leaf["value"] if is_literal(leaf) else fold(leaf["value"])
    return value if isinstance(value, list) else [value]


def _occurrences(leaf: Condition, text: str) -> Found:
    return [(text.index(value), text.index(value) + len(value)) for value in _values(leaf) if value and value in text]


def _at_start(leaf: Condition, text: str) -> Found:
    return [(0, len(value)) for value in _values(leaf) if value]


def _at_end(leaf: Condition, text: str) -> Found:
    return [(len(text) - len(value), len(text)) for value in _values(leaf) if value]


def _of_pattern(leaf: Condition, text: str) -> Found:
    pattern = compile_pattern(leaf["value"], case_sensitive=leaf.get("case_sensitive", False))
    match = find(pattern, text)
    return [match.span()] if match is not None and match.end() > match.start() else []


def _alike(leaf: Condition, text: str) -> Found:
    [value] = _values(leaf)
    best = fuzz.partial_ratio_alignment(value, text) if len(text) >= len(value) else None
    return [(best.dest_start, best.dest_end)] if best is not None and best.dest_end > best.dest_start else []


def _nowhere(leaf: Condition, text: str) -> Found:
    return []


FINDERS: dict[str, Callable[[Condition, str], Found]] = {
    "equals": _at_start,
    "contains": _occurrences,
    "contains_any": _occurrences,
    "contains_all": _occurrences,
    "starts_with": _at_start,
    "ends_with": _at_end,
    "regex": _of_pattern,
    "fuzzy": _alike,
    "is_empty": _nowhere,
}
