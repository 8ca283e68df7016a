"""Conditions of a rule, compiled once to closures over a movement. Pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rules.engine.movements import Movement
from rules.operators import FIELD_TYPES, OPERATORS, FieldType, expand
from rules.operators.patterns import Undecided

Condition = Mapping[str, Any]
Predicate = Callable[[Movement], bool]


@dataclass(frozen=True, slots=True)
class CompiledConditions:
    """Conditions as predicates: `on_text` and `on_rest` must both hold; None always holds.

    `on_text` looks at texts alone, so movements with equal texts share its answer.
    """

    on_text: Predicate | None
    on_rest: Predicate | None
    fields: frozenset[str]
    patterns: frozenset[str]

    def matches(self, movement: Movement) -> bool:
        """Return True if the conditions hold."""
        on_text, on_rest = self.on_text, self.on_rest
        return (on_text is None or on_text(movement)) and (on_rest is None or on_rest(movement))


def compile_conditions(match: str, conditions: Sequence[Condition]) -> CompiledConditions:
    """Compile a checked list of conditions."""
    conditions = expand(conditions)
    textual: list[Condition] = []
    others: list[Condition] = []
    for condition in conditions:
        is_textual = all(FIELD_TYPES[leaf["field"]] is FieldType.TEXT for leaf in leaves_of(condition))
        (textual if is_textual else others).append(condition)
    if match == "any" and others:
        textual, others = [], list(conditions)
    leaves = [leaf for condition in conditions for leaf in leaves_of(condition)]
    patterns = frozenset(leaf["value"] for leaf in leaves if leaf["op"] == "regex")
    on_text, on_rest = _combine(match, textual), _combine(match, others)
    return CompiledConditions(
        on_text=_false_if_undecided(on_text) if patterns and on_text else on_text,
        on_rest=_false_if_undecided(on_rest) if patterns and on_rest else on_rest,
        fields=frozenset(leaf["field"] for leaf in leaves),
        patterns=patterns,
    )


def leaves_of(condition: Condition) -> Sequence[Condition]:
    """Return the tests of a condition: the condition itself, or those of its group."""
    if "conditions" not in condition:
        return [condition]
    return [leaf for member in condition["conditions"] for leaf in leaves_of(member)]


def is_literal(condition: Condition) -> bool:
    """Return True if the test takes the text as it is written; patterns handle the case themselves."""
    return condition["op"] == "regex" or bool(condition.get("case_sensitive"))


def make_test(condition: Condition) -> Callable[[Any], bool]:
    """Return the test of one field's value; texts are casefolded first unless `is_literal`."""
    operator = OPERATORS[condition["field"]][condition["op"]]
    value = condition.get("value")
    if FIELD_TYPES[condition["field"]] is FieldType.TEXT and not is_literal(condition):
        value = fold(value)
    return operator.make(value, **options_of(condition))


def options_of(condition: Condition) -> dict[str, Any]:
    """Return the options for the operator's functions. Only patterns need `case_sensitive`: other texts are folded."""
    defaults = OPERATORS[condition["field"]][condition["op"]].options
    options = {name: condition.get(name, default) for name, default in defaults.items()}
    if condition["op"] != "regex":
        options.pop("case_sensitive", None)
    return options


def fold(value: Any) -> Any:
    """Return a text, or the texts of a list, casefolded."""
    if isinstance(value, list):
        return [item.casefold() for item in value]
    return value.casefold() if isinstance(value, str) else value


def _false_if_undecided(predicate: Predicate) -> Predicate:
    """Let a rule not match where a pattern ran out of time, negated or not."""

    def holds(movement: Movement) -> bool:
        try:
            return predicate(movement)
        except Undecided:
            return False

    return holds


def _combine(match: str, conditions: Sequence[Condition]) -> Predicate | None:
    predicates = [_compile(condition) for condition in conditions]
    if len(predicates) < 2:
        return predicates[0] if predicates else None
    if match == "any":
        return lambda movement: any(predicate(movement) for predicate in predicates)
    return lambda movement: all(predicate(movement) for predicate in predicates)


def _compile(condition: Condition) -> Predicate:
    """Compile a group or a test of one field."""
    if "conditions" in condition:
        combined = _combine(condition["match"], condition["conditions"])
        assert combined is not None  # noqa: S101 - a group has at least one condition
        predicate = combined
    else:
        predicate = _compile_leaf(condition)
    return (lambda movement: not predicate(movement)) if condition.get("negate") else predicate


def _compile_leaf(condition: Condition) -> Predicate:
    name, test = condition["field"], make_test(condition)
    if FIELD_TYPES[name] is FieldType.TEXT and not is_literal(condition):
        return lambda movement: test(movement.folded(name))
    return lambda movement: test(getattr(movement, name))
