"""Conditions as logical formulas: negations are pushed down to the tests, and lists of words are taken apart."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from rules.operators import FIELD_TYPES, OPERATORS, FieldType, expand

#: Match, conditions and negation of a rule or a group, as they are stored.
Conditions = Mapping[str, Any]

#: Operator on a list → operator on each of its items, and whether all of them must hold.
LISTS = {
    "contains_any": ("contains", False),
    "contains_all": ("contains", True),
    "has_any": ("has", False),
    "has_all": ("has", True),
    "has_none": ("has", False),
}
#: Operators that compare texts letter by letter.
PLAIN = {"equals", "contains", "starts_with", "ends_with"}


@dataclass(frozen=True, slots=True)
class FieldTest:
    """One test of one field. Its texts are casefolded unless it is case-sensitive."""

    field: str
    op: str
    value: Any = None
    is_denied: bool = False
    case_sensitive: bool = False
    options: tuple[tuple[str, Any], ...] = ()

    @property
    def condition(self) -> dict[str, Any]:
        """The condition that the engine would compile."""
        value = list(self.value) if isinstance(self.value, tuple) else self.value
        asked = {"field": self.field, "op": self.op, "value": value, "negate": self.is_denied}
        return asked | ({"case_sensitive": True} if self.case_sensitive else {}) | dict(self.options)

    @property
    def denial(self) -> "FieldTest":
        """The test that holds where this one does not."""
        return replace(self, is_denied=not self.is_denied)


@dataclass(frozen=True)
class AllOf:
    """A conjunction; without parts it holds everywhere."""

    parts: tuple["Formula", ...]

    @cached_property
    def denial(self) -> "Formula":
        """The formula that holds where this one does not."""
        return _join([part.denial for part in self.parts], needs_all=False)


@dataclass(frozen=True)
class AnyOf:
    """A disjunction; without parts it holds nowhere."""

    parts: tuple["Formula", ...]

    @cached_property
    def denial(self) -> "Formula":
        """The formula that holds where this one does not."""
        return _join([part.denial for part in self.parts], needs_all=True)


Formula = FieldTest | AllOf | AnyOf


def formula_of(conditions: Conditions) -> Formula:
    """Return the formula of the conditions of a rule or a group."""
    parts: list[Formula] = []
    for one in expand(conditions["conditions"]):
        if "conditions" in one:
            parts.append(formula_of(one))
            continue
        op = one["op"]
        if op in LISTS:
            single, needs_all = LISTS[op]
            part = _join([_test(one, single, item) for item in one["value"]], needs_all=needs_all)
        else:
            part = _test(one, op, one.get("value"))
        is_denied = bool(one.get("negate")) is not (op == "has_none")
        parts.append(part.denial if is_denied else part)
    formula = _join(parts, needs_all=conditions["match"] == "all")
    return formula.denial if conditions.get("negate") else formula


def _test(condition: Mapping[str, Any], op: str, value: Any) -> FieldTest:
    name = condition["field"]
    operator = OPERATORS[name].get(op)
    defaults = operator.options if operator is not None else {}
    options = tuple((key, condition.get(key, default)) for key, default in defaults.items() if key != "case_sensitive")
    if FIELD_TYPES[name] is not FieldType.TEXT:
        value = value.casefold() if op == "has" else value
        return FieldTest(name, op, tuple(value) if isinstance(value, list) else value, options=options)
    if op == "is_empty":
        return FieldTest(name, "equals", "")
    case_sensitive = bool(condition.get("case_sensitive")) and not (op in PLAIN and is_caseless(value))
    text = value if case_sensitive or op == "regex" else value.casefold()
    return FieldTest(name, op, text, case_sensitive=case_sensitive, options=options)


def is_caseless(text: str) -> bool:
    """Return True if case makes no difference: no other character folds to one of these."""
    return text.isascii() and not any(letter.isalpha() for letter in text)


def _join(parts: Sequence[Formula], *, needs_all: bool) -> Formula:
    """Return a formula that does not depend on the order and the repetition of its parts."""
    distinct = sorted(set(parts), key=repr)
    if len(distinct) == 1:
        return distinct[0]
    return AllOf(tuple(distinct)) if needs_all else AnyOf(tuple(distinct))


def tests_of(formula: Formula) -> Iterator[FieldTest]:
    """Return every test of a formula, in order."""
    if isinstance(formula, FieldTest):
        yield formula
        return
    for part in formula.parts:
        yield from tests_of(part)
