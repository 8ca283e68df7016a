"""Finds rules that say the same as another one."""

from collections import defaultdict
from collections.abc import Hashable, Iterator

from rules.linting.cases import Case
from rules.linting.findings import Finding, Kind, Verdict, counted
from rules.linting.history import Group
from rules.linting.study import Study

#: Fewer equal rows may be chance.
LEAST_ROWS = 3
#: Rules that match the same rows, with whose rows those of one rule are compared.
MAX_COMPARED = 20


def duplicate_rules(study: Study) -> Iterator[Finding]:
    """Proved where rules that do the same ask for the same; undecided where they match the same rows of the ledger."""
    alike: dict[Hashable, list[Case]] = defaultdict(list)
    for case in study.living:
        alike[_does(case)].append(case)
    for cases in alike.values():
        for case in cases[1:]:
            if study.clock.is_up():
                return
            found = _finding(case, [other for other in cases if other.position < case.position], study)
            if found is not None:
                yield found


def _does(case: Case) -> Hashable:
    """What it does, when, and to which values."""
    rule = case.rule
    return frozenset(case.wishes.items()), rule.suggests_only, rule.overwrite, rule.triggers


def _finding(case: Case, earlier: list[Case], study: Study) -> Finding | None:
    akin = set(study.broader(case))
    for other in earlier:
        if other in akin and study.are_equivalent(case, other):
            explanation = f"{case.quoted} asks for the same as {other.quoted}, and does the same."
            return Finding(Kind.DUPLICATE, Verdict.PROVED, (case, other), explanation, study.history.newest(case.rule))
    together = {rule for group in study.history.of(case.rule) for rule in group.matched}
    met = [other for other in earlier if other.rule in together][:MAX_COMPARED]
    found = (_by_rows(case, other, study) for other in met)
    return min(filter(None, found), key=lambda finding: finding.verdict == Verdict.DISPROVED, default=None)


def _by_rows(case: Case, other: Case, study: Study) -> Finding | None:
    """What the rows say of two rules that match some of them both."""
    if {case.rule, other.rule} & study.history.unsure:
        return None
    groups, others = study.history.of(case.rule), study.history.of(other.rule)
    if differing := _first(set(groups) ^ set(others), [*groups, *others]):
        explanation = f"{case.quoted} and {other.quoted} do the same, but not to the same transactions."
        return Finding(Kind.DUPLICATE, Verdict.DISPROVED, (case, other), explanation, differing.example)
    n_rows = sum(group.n_rows for group in groups)
    if n_rows < LEAST_ROWS:
        return None
    explanation = f"{case.quoted} does the same as {other.quoted}, and both match the same {counted(n_rows)}."
    return Finding(Kind.DUPLICATE, Verdict.UNDECIDED, (case, other), explanation, groups[0].example)


def _first(wanted: set[Group], groups: list[Group]) -> Group | None:
    return next((group for group in groups if group in wanted), None)
