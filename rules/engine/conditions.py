"""Compiles the conditions of a rule, once, to closures over a subject. Pure."""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from rules.operators import OPERATORS, SORTS, Operator, Sort
from rules.operators.patterns import Undecided

Condition = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Movement:
    """What conditions look at: one transaction, frozen.

    `amount` is positive; `account` and `category` are ids; `tags` are casefolded names; `source` says where the
    category comes from, "" where there is none.
    """

    raw_description: str = ""
    description: str = ""
    merchant: str = ""
    amount: Decimal | None = None
    direction: str = "out"
    currency: str = ""
    account: int | None = None
    category: int | None = None
    date: dt.date | None = None
    tags: frozenset[str] = frozenset()
    payment_method: str = ""
    notes: str = ""
    iban: str = ""
    mcc: str = ""
    source: str = ""
    #: Texts that were casefolded already, by field.
    folds: dict[str, str] = field(default_factory=dict, compare=False, repr=False)

    def folded(self, name: str) -> str:
        """The text of a field as conditions compare it that do not mind the case."""
        if name not in self.folds:
            self.folds[name] = getattr(self, name).casefold()
        return self.folds[name]


Predicate = Callable[[Movement], bool]
TEXT_FIELDS = tuple(name for name, sort in SORTS.items() if sort is Sort.TEXT)


@dataclass(frozen=True, slots=True)
class Compiled:
    """Conditions ready to be asked: `on_text` and `on_rest` must both hold, None is no condition.

    `on_text` looks at texts alone, so its answer is the same for all rows with these texts.
    """

    on_text: Predicate | None
    on_rest: Predicate | None
    fields: frozenset[str]
    patterns: frozenset[str]

    def matches(self, movement: Movement) -> bool:
        """Whether the conditions hold."""
        on_text, on_rest = self.on_text, self.on_rest
        return (on_text is None or on_text(movement)) and (on_rest is None or on_rest(movement))


def compile_conditions(match: str, conditions: Sequence[Condition]) -> Compiled:
    """Compile a checked list of conditions."""
    textual = [c for c in conditions if _is_textual(c)]
    others = [c for c in conditions if not _is_textual(c)]
    if match == "any" and others:
        textual, others = [], list(conditions)
    leaves = [leaf for condition in conditions for leaf in leaves_of(condition)]
    patterns = frozenset(leaf["value"] for leaf in leaves if leaf["op"] == "regex")
    on_text, on_rest = _combined(match, textual), _combined(match, others)
    return Compiled(
        on_text=_decided(on_text) if patterns and on_text else on_text,
        on_rest=_decided(on_rest) if patterns and on_rest else on_rest,
        fields=frozenset(leaf["field"] for leaf in leaves),
        patterns=patterns,
    )


def _decided(predicate: Predicate) -> Predicate:
    """A rule does not match where a pattern had no time, whether that is negated or not."""

    def holds(movement: Movement) -> bool:
        try:
            return predicate(movement)
        except Undecided:
            return False

    return holds


def leaves_of(condition: Condition) -> Sequence[Condition]:
    """The tests in a condition: itself, or those of its group."""
    leaves: Sequence[Condition] = condition.get("conditions", [condition])
    return leaves


def _is_textual(condition: Condition) -> bool:
    return all(SORTS[leaf["field"]] is Sort.TEXT for leaf in leaves_of(condition))


def _combined(match: str, conditions: Sequence[Condition]) -> Predicate | None:
    predicates = [_compile(condition) for condition in conditions]
    if len(predicates) < 2:
        return predicates[0] if predicates else None
    if match == "any":
        return lambda movement: any(predicate(movement) for predicate in predicates)
    return lambda movement: all(predicate(movement) for predicate in predicates)


def _compile(condition: Condition) -> Predicate:
    predicate = _compile_asserted(condition)
    if condition.get("negate"):
        return lambda movement: not predicate(movement)
    return predicate


def _compile_asserted(condition: Condition) -> Predicate:
    """A group or a test of one field, as if it were not negated."""
    if "conditions" in condition:
        combined = _combined(condition["match"], condition["conditions"])
        assert combined is not None  # noqa: S101 - a group has at least one condition
        return combined
    name = condition["field"]
    return _text_predicate(condition) if SORTS[name] is Sort.TEXT else _value_predicate(condition)


def _value_predicate(condition: Condition) -> Predicate:
    name, test = condition["field"], make_test(condition)
    return lambda movement: test(getattr(movement, name))


def _text_predicate(condition: Condition) -> Predicate:
    name, test = condition["field"], make_test(condition)
    if is_literal(condition):
        return lambda movement: test(getattr(movement, name))
    return lambda movement: test(movement.folded(name))


def is_literal(condition: Condition) -> bool:
    """Whether its test wants the text as it is written; patterns mind the case themselves."""
    return condition["op"] == "regex" or bool(condition.get("case_sensitive"))


def make_test(condition: Condition) -> Callable[[Any], bool]:
    """The test of the field's value, which a text condition wants casefolded unless `is_literal`."""
    operator = OPERATORS[condition["field"]][condition["op"]]
    value = condition.get("value")
    if SORTS[condition["field"]] is Sort.TEXT and not is_literal(condition):
        value = fold(value)
    return operator.make(value, **options_of(condition, operator))


def options_of(condition: Condition, operator: Operator) -> dict[str, Any]:
    """What the operator is told besides the value; of the case it is told only where that is no matter of folding."""
    told = {name: condition.get(name, default) for name, default in operator.options.items()}
    if condition["op"] != "regex":
        told.pop("case_sensitive", None)
    return told


def fold(value: Any) -> Any:
    """A text, or the texts of a list, casefolded."""
    if isinstance(value, list):
        return [item.casefold() for item in value]
    return value.casefold() if isinstance(value, str) else value
