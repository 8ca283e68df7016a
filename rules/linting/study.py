"""The rules of a ledger side by side: which pairs are worth a proof, and the proofs, each found once."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from rules.engine.prefilter import NeedleIndex
from rules.engine.rule_sets import CompiledRule
from rules.linting.cases import Case, Kinds
from rules.linting.clock import Clock
from rules.linting.formulas import PLAIN
from rules.linting.history import History
from rules.linting.proofs import is_refuted


@dataclass
class Study:
    """All that findings are made of. `accounts` are the ids that there are."""

    cases: Sequence[Case]
    history: History
    clock: Clock
    kinds: Kinds
    categories: frozenset[int]
    accounts: frozenset[int]
    #: Rules of which is proved that they do nothing: what else could be said of them is no news.
    dead: set[Case] = field(default_factory=set)
    _proofs: dict[tuple[Case, ...], bool] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._index = NeedleIndex([case.rule.needles for case in self.cases])
        self._of_rule = {case.rule: case for case in self.cases}

    def case_of(self, rule: CompiledRule) -> Case:
        """The case of a compiled rule."""
        return self._of_rule[rule]

    @property
    def living(self) -> list[Case]:
        """Rules that are not known to be dead."""
        return [case for case in self.cases if case not in self.dead]

    def akin(self, case: Case) -> list[Case]:
        """Other living rules that may match what this one does, by their words; the first asked first."""
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

    def broader(self, case: Case) -> list[Case]:
        """Those of them that match every row of the ledger that this one does."""
        always = self.history.always_with(case.rule)
        return [other for other in self.akin(case) if always is None or other.rule in always]

    def implies(self, narrow: Case, *broad: Case) -> bool:
        """Whether it is proved that whatever matches `narrow` matches one of `broad`; False once the time is up."""
        key = narrow, *broad
        if key not in self._proofs:
            if self.clock.is_up():
                return False
            is_same = any(narrow.formula == other.formula for other in broad)
            self._proofs[key] = is_same or is_refuted([*(other.denial for other in broad), narrow.formula])
        return self._proofs[key]

    def are_equivalent(self, one: Case, other: Case) -> bool:
        """Whether it is proved that both match the same rows."""
        return self.implies(one, other) and self.implies(other, one)
