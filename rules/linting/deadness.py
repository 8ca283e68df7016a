"""Finds rules that never match, or of which nothing comes."""

from collections.abc import Iterator, Mapping
from typing import Any

from rules.linting.cases import Case
from rules.linting.findings import Finding, Kind, Verdict
from rules.linting.formulas import Test, formula_of
from rules.linting.proofs import is_refuted
from rules.linting.study import Study

COMES_IN = Test("direction", "equals", "in")


def dead_rules(study: Study) -> Iterator[Finding]:
    """Proved where no row can match, or nothing can come of it; undecided where no row of the ledger matches."""
    for case in study.cases:
        if study.clock.is_up():
            return
        if reason := _reason(case, study):
            study.dead.add(case)
            yield Finding(Kind.DEAD, Verdict.PROVED, (case,), f"{case.quoted} never {reason}.")
        elif _is_idle(case, study):
            explanation = f"{case.quoted} matches none of the transactions that you have ({study.history.n_rows:,})."
            yield Finding(Kind.DEAD, Verdict.UNDECIDED, (case,), explanation)


def _reason(case: Case, study: Study) -> str:
    """What it never does, and why; "" where that is not proved."""
    if is_refuted([case.formula]):
        return "matches: no transaction can meet its conditions"
    if _named(case) - _known(study) and is_refuted([formula_of(_without_gone(case.conditions, study))]):
        return "matches: it asks for an account or a category that is gone"
    if set(case.wishes) != {"category"}:
        return ""
    kind = study.kinds.get(case.rule.category or 0)
    if kind is None:
        return "writes anything: the category that it sets is hidden or gone"
    if kind == "income" and is_refuted([case.formula, COMES_IN]):
        return "writes anything: its category is of money that comes in, and it asks for money that goes out"
    return ""


def _is_idle(case: Case, study: Study) -> bool:
    history = study.history
    is_known = history.is_whole and history.n_rows > 0 and case.rule not in history.unsure
    return is_known and not history.of(case.rule)


def _known(study: Study) -> set[tuple[str, int]]:
    return {("account", pk) for pk in study.accounts} | {("category", pk) for pk in study.categories}


def _named(case: Case) -> set[tuple[str, int]]:
    return {(test.field, pk) for test in case.tests if test.op == "in" for pk in test.value}


def _without_gone(conditions: Mapping[str, Any], study: Study) -> dict[str, Any]:
    """The conditions without the ids that nothing has any more."""
    return {**conditions, "conditions": [_kept(condition, study) for condition in conditions["conditions"]]}


def _kept(condition: Mapping[str, Any], study: Study) -> Mapping[str, Any]:
    if "conditions" in condition:
        return _without_gone(condition, study)
    if condition["op"] != "in":
        return condition
    there = study.accounts if condition["field"] == "account" else study.categories
    return {**condition, "value": [pk for pk in condition["value"] if pk in there]}
