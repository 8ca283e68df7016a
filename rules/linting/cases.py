"""Rules as the linter compares them, and its findings."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Any

from rules.engine.compilation import compile_stored
from rules.engine.evaluation import claims_of
from rules.engine.prefilter import NeedleIndex
from rules.engine.rule_sets import CompiledRule
from rules.engine.stored_rows import StoredRow
from rules.linting.deadline import Deadline
from rules.linting.formulas import PLAIN, Conditions, FieldTest, Formula, formula_of, tests_of
from rules.linting.history import MatchHistory
from rules.linting.proofs import implies
from rules.models import Rule


@dataclass(frozen=True, eq=False)
class RuleCase:
    """One active rule. `position` is its place in the order of rules."""

    position: int
    rule: CompiledRule
    conditions: Conditions
    n_timeouts: int

    @classmethod
    def of(cls, position: int, rule: Rule) -> "RuleCase":
        """Return the case of a stored rule."""
        conditions = {"match": rule.match, "conditions": rule.conditions}
        return cls(position, compile_stored(rule), conditions, rule.n_timeouts)

    @cached_property
    def formula(self) -> Formula:
        """The conditions as a formula."""
        return formula_of(self.conditions)

    @cached_property
    def tests(self) -> tuple[FieldTest, ...]:
        """All tests of the formula."""
        return tuple(tests_of(self.formula))

    @cached_property
    def effects(self) -> dict[str, Any]:
        """Values that the rule can write, by field; for a tag, whether it will be there."""
        claims = claims_of((self.rule,), {self.rule.category or 0})
        return {
            name: claim.value is not None if name.startswith("tag:") else claim.value for name, claim in claims.items()
        }

    @property
    def quoted(self) -> str:
        """The rule's name in quotes."""
        return f"“{self.rule.name}”"


class FindingKind(StrEnum):
    """Kind of problem."""

    SHADOWED = "shadowed"
    DEAD = "dead"
    DUPLICATE = "duplicate"
    CONTRADICTORY = "contradictory"
    SLOW = "slow"


class LintVerdict(StrEnum):
    """Certainty of a finding: true for any rows, disproved by a row, or suggested by the ledger's rows."""

    PROVED = "proved"
    DISPROVED = "disproved"
    UNDECIDED = "undecided"


@dataclass(frozen=True, slots=True)
class LintFinding:
    """One sentence about some rules, with the affected rule first, and an example row."""

    kind: FindingKind
    verdict: LintVerdict
    cases: tuple[RuleCase, ...]
    explanation: str
    example: StoredRow | None = None

    @property
    def rules(self) -> list[int | None]:
        """Ids of the rules."""
        return [case.rule.id for case in self.cases]

    @property
    def names(self) -> list[str]:
        """Names of the rules."""
        return [case.rule.name for case in self.cases]


def count_transactions(n_rows: int) -> str:
    """Return a number of transactions in words."""
    return "one transaction" if n_rows == 1 else f"{n_rows:,} transactions"


@dataclass
class LintContext:
    """The rules of a ledger with its history, and the proofs about them, each searched for once.

    `kinds` are the kinds of categories that are neither hidden nor deleted, by id.
    """

    cases: Sequence[RuleCase]
    history: MatchHistory
    deadline: Deadline
    kinds: Mapping[int, str]
    categories: frozenset[int]
    accounts: frozenset[int]
    #: Rules that are proved to do nothing: other findings about them are pointless.
    dead: set[RuleCase] = field(default_factory=set)
    _proofs: dict[tuple[RuleCase, ...], bool] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._index = NeedleIndex([case.rule.needles for case in self.cases])
        self._of_rule = {case.rule: case for case in self.cases}

    def case_of(self, rule: CompiledRule) -> RuleCase:
        """Return the case of a compiled rule."""
        return self._of_rule[rule]

    @property
    def living(self) -> list[RuleCase]:
        """Rules that are not known to be dead."""
        return [case for case in self.cases if case not in self.dead]

    def related(self, case: RuleCase) -> list[RuleCase]:
        """Return other living rules that may match the same rows, judged by their words, in order."""
        texts: dict[str, str] = defaultdict(str)
        for test in case.tests:
            if test.op in PLAIN and not test.is_denied:
                texts[test.field] += f"{test.value.casefold()}\n"
        fields = case.rule.compiled.fields
        found = [self.cases[position] for position in self._index.candidates(texts)]
        return [
            other
            for other in found
            if other is not case and other not in self.dead and other.rule.compiled.fields & fields
        ]

    def broader(self, case: RuleCase) -> list[RuleCase]:
        """Return the related rules that match every row of the ledger that this one matches."""
        always = self.history.always_with(case.rule)
        return [other for other in self.related(case) if always is None or other.rule in always]

    def implies(self, narrow: RuleCase, *broad: RuleCase) -> bool:
        """Return True if it is proved that rows that match `narrow` match one of `broad`; False after the deadline."""
        key = narrow, *broad
        if key not in self._proofs:
            if self.deadline.has_passed():
                return False
            self._proofs[key] = implies(narrow.formula, *(case.formula for case in broad))
        return self._proofs[key]

    def disputed_fields(self, one: RuleCase, other: RuleCase) -> list[str]:
        """Return the fields for which both rules can win with different values, on any row."""
        if not one.rule.triggers & other.rule.triggers:
            return []
        return [
            name
            for name, value in one.effects.items()
            if name in other.effects and value != other.effects[name] and self._compete(name, one, other)
        ]

    def takes_from(self, earlier: RuleCase, later: RuleCase) -> bool:
        """Return True if the later rule gets nothing on rows that the earlier one matches, too."""
        if earlier.position < later.position and earlier.rule.triggers >= later.rule.triggers:
            return earlier.rule.stops or all(
                name in earlier.effects and self._compete(name, earlier, later)
                for name in later.effects
                if name != "category" or later.rule.category in self.kinds
            )
        return False

    def _compete(self, name: str, one: RuleCase, other: RuleCase) -> bool:
        """Return True if both rules can win the field on the same rows: categories must be of one kind."""
        if name != "category":
            return True
        kind = self.kinds.get(one.rule.category or 0)
        return kind is not None and kind == self.kinds.get(other.rule.category or 0)
