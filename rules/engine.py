"""Compiles rules to closures and applies them to a transaction. Pure: no database, no settings."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from rules.operators import OPERATORS, TEXT_FIELDS


@dataclass(frozen=True, slots=True)
class Subject:
    """What conditions look at. `amount` is positive; `account` is an id."""

    raw_description: str
    description: str = ""
    merchant: str = ""
    amount: Decimal | None = None
    direction: str = "out"
    currency: str = ""
    account: int | None = None


Predicate = Callable[[Subject], bool]


@dataclass(frozen=True, slots=True)
class CompiledRule:
    """A rule ready to be asked. `fields` are those of the subject that its conditions look at."""

    id: int
    name: str
    matches: Predicate
    fields: frozenset[str]
    triggers: frozenset[str]
    category: int | None = None
    tags: tuple[str, ...] = ()
    suggests_only: bool = False
    stops: bool = True


@dataclass(slots=True)
class Outcome:
    """What the rules wish for one subject: the first rule that writes a field wins it; tags add up."""

    category: int | None = None
    category_rule: CompiledRule | None = None
    tags: list[str] = field(default_factory=list)
    matched: list[CompiledRule] = field(default_factory=list)


def compile_conditions(match: str, conditions: Sequence[Mapping[str, Any]]) -> tuple[Predicate, frozenset[str]]:
    """The predicate of a checked list of conditions, and the fields that it looks at."""
    compiled = [_compile(condition) for condition in conditions]
    fields = frozenset[str]().union(*(used for _, used in compiled))
    return _combine(match, [predicate for predicate, _ in compiled]), fields


def apply_rules(rules: Sequence[CompiledRule], subject: Subject, *, trigger: str, offered: frozenset[int]) -> Outcome:
    """Ask the rules in order. A category that is not offered (of the wrong kind, or gone) is passed over."""
    outcome = Outcome()
    for rule in rules:
        if trigger not in rule.triggers or not rule.matches(subject):
            continue
        outcome.matched.append(rule)
        if outcome.category is None and rule.category in offered:
            outcome.category, outcome.category_rule = rule.category, rule
        outcome.tags.extend(rule.tags)
        if rule.stops:
            break
    return outcome


def _compile(condition: Mapping[str, Any]) -> tuple[Predicate, frozenset[str]]:
    predicate, fields = _compile_asserted(condition)
    if condition.get("negate"):
        return lambda subject: not predicate(subject), fields
    return predicate, fields


def _compile_asserted(condition: Mapping[str, Any]) -> tuple[Predicate, frozenset[str]]:
    """A group or a test of one field, as if it were not negated."""
    if "conditions" in condition:
        return compile_conditions(condition["match"], condition["conditions"])
    name = condition["field"]
    return _text_predicate(condition) if name in TEXT_FIELDS else _value_predicate(condition), frozenset({name})


def _text_predicate(condition: Mapping[str, Any]) -> Predicate:
    name, value = condition["field"], condition.get("value")
    make = OPERATORS[name][condition["op"]].make
    if condition.get("case_sensitive"):
        test = make(value)
        return lambda subject: test(getattr(subject, name))
    test = make(_fold(value))
    return lambda subject: test(getattr(subject, name).casefold())


def _value_predicate(condition: Mapping[str, Any]) -> Predicate:
    name, value = condition["field"], condition.get("value")
    test = OPERATORS[name][condition["op"]].make(_typed(name, value))
    return lambda subject: test(getattr(subject, name))


def _typed(name: str, value: Any) -> Any:
    if name != "amount":
        return value
    return [Decimal(item) for item in value] if isinstance(value, list) else Decimal(value)


def _fold(value: Any) -> Any:
    if isinstance(value, list):
        return [item.casefold() for item in value]
    return value.casefold() if isinstance(value, str) else value


def _combine(match: str, predicates: Sequence[Predicate]) -> Predicate:
    if len(predicates) == 1:
        return predicates[0]
    if match == "any":
        return lambda subject: any(predicate(subject) for predicate in predicates)
    return lambda subject: all(predicate(subject) for predicate in predicates)
