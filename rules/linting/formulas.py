"""What conditions say, as a formula: negations are pushed down to the tests, and lists of words are taken apart."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rules.operators import FIELD_TYPES, OPERATORS, FieldType

#: A rule's or a group's match, its conditions and its negation, as they are stored.
Conditions = Mapping[str, Any]

#: Tests of a list → the test of each of its items, and whether all of them must hold.
LISTS = {
    "contains_any": ("contains", False),
    "contains_all": ("contains", True),
    "has_any": ("has", False),
    "has_all": ("has", True),
}
#: What is compared letter by letter, in words or whole.
PLAIN = {"equals", "contains", "starts_with", "ends_with"}


@dataclass(frozen=True, slots=True)
class Test:
    """One test of one field, which holds or, if denied, fails. Texts are folded unless case counts."""

    field: str
    op: str
    value: Any = None
    is_denied: bool = False
    minds_case: bool = False
    options: tuple[tuple[str, Any], ...] = ()

    @property
    def condition(self) -> dict[str, Any]:
        """What the engine would compile to ask whether it holds."""
        value = list(self.value) if isinstance(self.value, tuple) else self.value
        asked = {"field": self.field, "op": self.op, "value": value, "negate": self.is_denied}
        return asked | ({"case_sensitive": True} if self.minds_case else {}) | dict(self.options)


@dataclass(frozen=True, slots=True)
class Every:
    """Holds where all parts do; of none, everywhere."""

    parts: tuple["Formula", ...]


@dataclass(frozen=True, slots=True)
class Some:
    """Holds where any part does; of none, nowhere."""

    parts: tuple["Formula", ...]


Formula = Test | Every | Some


def formula_of(conditions: Conditions, *, is_denied: bool = False) -> Formula:
    """The formula of a rule's or group's conditions, or of their denial."""
    is_denied ^= bool(conditions.get("negate"))
    parts = [_formula_of_condition(condition, is_denied=is_denied) for condition in conditions["conditions"]]
    return _join(parts, needs_all=(conditions["match"] == "all") is not is_denied)


def _formula_of_condition(condition: Mapping[str, Any], *, is_denied: bool) -> Formula:
    if "conditions" in condition:
        return formula_of(condition, is_denied=is_denied)
    is_denied ^= bool(condition.get("negate"))
    op = condition["op"]
    if op == "has_none":
        return _formula_of_list(condition, "has_any", is_denied=not is_denied)
    if op in LISTS:
        return _formula_of_list(condition, op, is_denied=is_denied)
    return _test(condition, op, condition.get("value"), is_denied=is_denied)


def _formula_of_list(condition: Mapping[str, Any], op: str, *, is_denied: bool) -> Formula:
    single, needs_all = LISTS[op]
    tests = [_test(condition, single, item, is_denied=is_denied) for item in condition["value"]]
    return _join(tests, needs_all=needs_all is not is_denied)


def _test(condition: Mapping[str, Any], op: str, value: Any, *, is_denied: bool) -> Test:
    if FIELD_TYPES[condition["field"]] is FieldType.TEXT:
        return _text_test(condition, op, value, is_denied=is_denied)
    if op == "has":
        value = value.casefold()
    value = tuple(value) if isinstance(value, list) else value
    return Test(condition["field"], op, value, is_denied, options=_options(condition, op))


def _text_test(condition: Mapping[str, Any], op: str, value: Any, *, is_denied: bool) -> Test:
    if op == "is_empty":
        return Test(condition["field"], "equals", "", is_denied)
    minds_case = bool(condition.get("case_sensitive")) and not (op in PLAIN and is_caseless(value))
    text = value if minds_case or op == "regex" else value.casefold()
    return Test(condition["field"], op, text, is_denied, minds_case, _options(condition, op))


def _options(condition: Mapping[str, Any], op: str) -> tuple[tuple[str, Any], ...]:
    operator = OPERATORS[condition["field"]].get(op)
    defaults = operator.options if operator is not None else {}
    return tuple((name, condition.get(name, default)) for name, default in defaults.items() if name != "case_sensitive")


def is_caseless(text: str) -> bool:
    """Whether case makes no difference: no other character folds to, or has in what it folds to, any of these."""
    return text.isascii() and not any(letter.isalpha() for letter in text)


def _join(parts: Sequence[Formula], *, needs_all: bool) -> Formula:
    """Written alike however its parts were ordered or repeated."""
    distinct = sorted(set(parts), key=repr)
    if len(distinct) == 1:
        return distinct[0]
    return Every(tuple(distinct)) if needs_all else Some(tuple(distinct))


def tests_of(formula: Formula) -> Iterator[Test]:
    """Every test in it, in order."""
    if isinstance(formula, Test):
        yield formula
        return
    for part in formula.parts:
        yield from tests_of(part)
