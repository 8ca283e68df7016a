"""Finds rules that want different things for the same transactions."""

from collections.abc import Iterator, Set
from itertools import combinations

from rules.linting.cases import Case, conflicts
from rules.linting.findings import Finding, Kind, Verdict
from rules.linting.history import Group
from rules.linting.study import Study

#: More findings of one kind help nobody, and each costs two searches for a proof.
MAX_OVERLAPS = 100
#: Of the rules that match a row, those that are compared.
MAX_MATCHED = 12
#: What fields are called in a sentence.
FIELDS = {"review": "state of review", "is_excluded_from_budget": "place in the budget"}


def contradictory_rules(study: Study) -> Iterator[Finding]:
    """Proved where one asks for all that the other does; undecided where both match a row of the ledger."""
    proved = {finding.cases: finding for case in study.living if (finding := _proved(case, study))}
    yield from proved.values()
    yield from _overlaps(study, proved.keys())


def _proved(case: Case, study: Study) -> Finding | None:
    """The first rule that it contradicts: one is enough to look into it."""
    for earlier in study.broader(case):
        fields = _disputed(earlier, case, study) if earlier.position < case.position else []
        if fields and (explanation := _proof(earlier, case, fields, study)):
            example = study.history.newest(case.rule)
            return Finding(Kind.CONTRADICTORY, Verdict.PROVED, (case, earlier), explanation, example)
    return None


def _disputed(earlier: Case, case: Case, study: Study) -> list[str]:
    return conflicts(earlier, case, study.kinds) if earlier.rule.triggers & case.rule.triggers else []


def _proof(earlier: Case, case: Case, fields: list[str], study: Study) -> str:
    """Why they contradict each other; "" where that is not proved, or the earlier one stops and so casts a shadow."""
    if not study.implies(case, earlier):
        return ""
    if study.implies(earlier, case):
        return f"{case.quoted} asks for the same as {earlier.quoted}, but wants another {_spoken(fields)}."
    if earlier.rule.stops:
        return ""
    wins = f"{earlier.quoted} comes first, matches all that {case.quoted} does"
    return f"{wins}, and wants another {_spoken(fields)}."


def _overlaps(study: Study, proved: Set[tuple[Case, ...]]) -> Iterator[Finding]:
    """Pairs of which neither is an exception to the other."""
    seen = set(proved)
    for group in study.history.groups:
        for earlier, case in combinations(map(study.case_of, group.matched[:MAX_MATCHED]), 2):
            if study.clock.is_up() or len(seen) - len(proved) >= MAX_OVERLAPS:
                return
            if (case, earlier) in seen:
                continue
            if fields := [name for name in _disputed(earlier, case, study) if _is_open(name, earlier, case, group)]:
                seen.add((case, earlier))
                yield from _overlap(earlier, case, fields, group, study)


def _is_open(name: str, earlier: Case, case: Case, group: Group) -> bool:
    return name != "category" or {earlier.rule.category, case.rule.category} <= group.offered


def _overlap(earlier: Case, case: Case, fields: list[str], group: Group, study: Study) -> Iterator[Finding]:
    if study.implies(case, earlier) or study.implies(earlier, case):
        return
    explanation = (
        f"{earlier.quoted} and {case.quoted} both match this transaction, but want another {_spoken(fields)}; "
        f"{earlier.quoted} comes first."
    )
    yield Finding(Kind.CONTRADICTORY, Verdict.UNDECIDED, (case, earlier), explanation, group.example)


def _spoken(fields: list[str]) -> str:
    return " and ".join(_name(field) for field in sorted(fields))


def _name(field: str) -> str:
    if field.startswith("tag:"):
        return f"say on the tag “{field.removeprefix('tag:')}”"
    return FIELDS.get(field, field)
