"""Looks at all rules of a ledger, and at its rows, and says what is wrong, within a few seconds."""

from collections.abc import Iterator
from dataclasses import dataclass

from accounts.models import User
from expenses.categorization.catalog import Catalog
from expenses.models import Account
from expenses.models.ledgers import ledger_id_of
from rules.linting.cases import case_of
from rules.linting.circles import circling_rules
from rules.linting.clock import Clock
from rules.linting.contradictions import contradictory_rules
from rules.linting.deadness import dead_rules
from rules.linting.duplicates import duplicate_rules
from rules.linting.findings import Finding, Kind, Verdict
from rules.linting.history import read_history
from rules.linting.shadows import shadowed_rules
from rules.linting.slowness import slow_rules
from rules.linting.study import Study
from rules.models import Rule

#: What a look may take, of which reading rows at most the first part.
TOTAL_S = 3.7
READING_S = 2.5


@dataclass(frozen=True, slots=True)
class Report:
    """What was found, on how many rows, and whether there was time for all of it."""

    findings: list[Finding]
    n_rows: int
    is_complete: bool


def lint_rules(*, user: User) -> Report:
    """Look at the active rules of the person's ledger."""
    clock = Clock(TOTAL_S)
    catalog = Catalog.load_for(user)
    study = _study(user, catalog, clock)
    findings = [*_findings(study, ledger_id=ledger_id_of(user), catalog=catalog)]
    return Report(_without_repeats(findings), study.history.n_rows, study.history.is_whole and not clock.has_struck)


def _study(user: User, catalog: Catalog, clock: Clock) -> Study:
    cases = [case_of(*numbered) for numbered in enumerate(Rule.objects.for_user(user).filter(is_active=True))]
    history = read_history(user=user, rules=[case.rule for case in cases], catalog=catalog, clock=Clock(READING_S))
    return Study(
        cases=cases,
        history=history,
        clock=clock,
        kinds={pk: category.kind for pk, category in catalog.categories.items() if not category.is_hidden},
        categories=frozenset(catalog.categories),
        accounts=frozenset(Account.objects.for_user(user).values_list("pk", flat=True)),
    )


def _findings(study: Study, *, ledger_id: int, catalog: Catalog) -> Iterator[Finding]:
    """What is dead comes first, since nothing else is said of it."""
    yield from dead_rules(study)
    yield from duplicate_rules(study)
    yield from shadowed_rules(study)
    yield from contradictory_rules(study)
    yield from circling_rules(study, ledger_id=ledger_id, catalog=catalog)
    yield from slow_rules(study)


def _without_repeats(findings: list[Finding]) -> list[Finding]:
    """A rule that repeats an earlier one never gets a turn either: once is enough."""
    repeats = {
        frozenset(finding.cases)
        for finding in findings
        if finding.kind == Kind.DUPLICATE and finding.verdict == Verdict.PROVED
    }
    return [finding for finding in findings if finding.kind != Kind.SHADOWED or frozenset(finding.cases) not in repeats]
