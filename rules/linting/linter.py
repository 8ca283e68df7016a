"""Linter of a ledger's rules: reads its rules and rows, and runs all checks within a few seconds."""

from collections.abc import Collection
from dataclasses import dataclass

from accounts.models import User
from expenses.categorization.catalog import Catalog
from expenses.models import Account
from expenses.models.ledgers import ledger_id_of
from rules.linting.cases import FindingKind, LintContext, LintFinding, LintVerdict, RuleCase
from rules.linting.checks import contradictory_rules, dead_rules, duplicate_rules, shadowed_rules
from rules.linting.circles import circling_rules
from rules.linting.deadline import Deadline
from rules.linting.history import read_history
from rules.linting.slowness import slow_rules
from rules.models import Rule

#: Time for a lint run, and for reading rows within it.
TOTAL_S = 3.7
READING_S = 2.5


@dataclass(frozen=True, slots=True)
class LintReport:
    """Findings, the number of rows read, and whether there was time for everything."""

    findings: list[LintFinding]
    n_rows: int
    is_complete: bool


def lint_rules(*, user: User, verdicts: Collection[LintVerdict]) -> LintReport:
    """Check the active rules of the user's ledger; report findings of these verdicts."""
    deadline = Deadline(TOTAL_S)
    catalog = Catalog.load_for(user)
    active = Rule.objects.for_user(user).filter(is_active=True)
    cases = [RuleCase.of(position, rule) for position, rule in enumerate(active)]
    rules, reading = [case.rule for case in cases], Deadline(READING_S)
    history = read_history(user=user, rules=rules, catalog=catalog, deadline=reading)
    context = LintContext(
        cases=cases,
        history=history,
        deadline=deadline,
        kinds={pk: category.kind for pk, category in catalog.categories.items() if not category.is_hidden},
        categories=frozenset(catalog.categories),
        accounts=frozenset(Account.objects.for_user(user).values_list("pk", flat=True)),
    )
    findings = [
        *dead_rules(context),  # first: the other checks skip dead rules
        *duplicate_rules(context),
        *shadowed_rules(context),
        *contradictory_rules(context),
        *circling_rules(context, ledger_id=ledger_id_of(user), catalog=catalog),
        *slow_rules(context),
    ]
    duplicates = {
        frozenset(finding.cases)
        for finding in findings
        if finding.kind == FindingKind.DUPLICATE and finding.verdict == LintVerdict.PROVED
    }
    wanted = [
        finding
        for finding in findings
        if finding.verdict in verdicts
        # A duplicate never gets a turn either, so its shadow says nothing new.
        and (finding.kind != FindingKind.SHADOWED or frozenset(finding.cases) not in duplicates)
    ]
    return LintReport(wanted, history.n_rows, history.is_whole and not deadline.was_missed)
