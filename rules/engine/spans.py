"""The parts of a transaction's texts that a rule's conditions match, shown to users. Pure."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import NamedTuple

from rules.engine.conditions import Condition, compile_conditions, fold, is_literal, make_test, options_of
from rules.engine.movements import Movement
from rules.operators import FIELD_TYPES, OPERATORS, FieldType, expand
from rules.operators.patterns import Undecided


class Span(NamedTuple):
    """A part of a field's text, from the character at `start` to the one before `end`."""

    field: str
    start: int
    end: int
    text: str


def matched_spans(conditions: Sequence[Condition], movement: Movement) -> list[Span]:
    """Return the parts of texts that match, in the order of the conditions.

    Negated conditions have none, and a group only if it holds as a whole.
    """
    found: dict[Span, None] = {}
    for condition in expand(conditions):
        if condition.get("negate"):
            continue
        if "conditions" in condition:
            if compile_conditions("all", [condition]).matches(movement):
                found |= dict.fromkeys(matched_spans(condition["conditions"], movement))
        elif FIELD_TYPES[condition["field"]] is FieldType.TEXT:
            with suppress(Undecided):
                found |= dict.fromkeys(_spans_of(condition, movement))
    return list(found)


def _spans_of(leaf: Condition, movement: Movement) -> Iterator[Span]:
    text: str = getattr(movement, leaf["field"])
    value, compared, places = leaf.get("value"), text, list(range(len(text)))
    if not is_literal(leaf):  # a casefolded text can be longer: ß becomes two letters
        folded = [(part, place) for place, character in enumerate(text) for part in character.casefold()]
        value, compared, places = fold(value), "".join(part for part, _ in folded), [place for _, place in folded]
    if not text or not make_test(leaf)(compared):
        return
    operator = OPERATORS[leaf["field"]][leaf["op"]]
    for start, end in operator.find(value, compared, **options_of(leaf)):
        first, last = places[start], places[end - 1] + 1
        yield Span(leaf["field"], first, last, text[first:last])
