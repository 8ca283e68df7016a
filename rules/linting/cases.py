"""A rule as the linter looks at it: what it asks as a formula, and what it can ever write."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from rules.engine.compilation import compile_stored
from rules.engine.evaluation import claims_of
from rules.engine.rule_sets import CompiledRule
from rules.linting.formulas import Conditions, Formula, Test, formula_of, tests_of
from rules.models import Rule

#: Category → its kind, of those that are offered to anything: neither hidden nor gone.
Kinds = Mapping[int, str]


@dataclass(frozen=True, eq=False)
class Case:
    """One active rule. `position` counts in the order in which rules are asked."""

    position: int
    rule: CompiledRule
    conditions: Conditions
    n_timeouts: int

    @cached_property
    def formula(self) -> Formula:
        return formula_of(self.conditions)

    @cached_property
    def denial(self) -> Formula:
        return formula_of(self.conditions, is_denied=True)

    @cached_property
    def tests(self) -> tuple[Test, ...]:
        return tuple(tests_of(self.formula))

    @cached_property
    def wishes(self) -> dict[str, Any]:
        """What it wants by field; of a tag, whether it shall be there."""
        claims = claims_of((self.rule,), {self.rule.category or 0})
        return {
            name: claim.value is not None if name.startswith("tag:") else claim.value for name, claim in claims.items()
        }

    @property
    def quoted(self) -> str:
        return f"“{self.rule.name}”"


def case_of(position: int, rule: Rule) -> Case:
    """The case of a stored rule."""
    conditions = {"match": rule.match, "conditions": rule.conditions}
    return Case(position, compile_stored(rule), conditions, rule.n_timeouts)


def conflicts(one: Case, other: Case, kinds: Kinds) -> list[str]:
    """Fields for which both can win and want something different, whatever the row."""
    return [
        name
        for name, wish in one.wishes.items()
        if name in other.wishes and wish != other.wishes[name] and _compete(name, one, other, kinds)
    ]


def covers(earlier: Case, later: Case, kinds: Kinds) -> bool:
    """Whether the earlier one claims each field that the later one could, on every row that both match."""
    return all(
        name in earlier.wishes and _compete(name, earlier, later, kinds)
        for name in later.wishes
        if name != "category" or later.rule.category in kinds
    )


def _compete(name: str, one: Case, other: Case, kinds: Kinds) -> bool:
    """Of categories only those of one kind: of others one may be passed over where the other is not."""
    if name != "category":
        return True
    kind = kinds.get(one.rule.category or 0)
    return kind is not None and kind == kinds.get(other.rule.category or 0)
