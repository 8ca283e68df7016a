"""Runs of rules over stored rows. A run works in chunks, so it can be killed and continued."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial

from accounts.models import User
from expenses.categorization.catalog import Catalog
from expenses.garbage_collection import collection_paused
from expenses.models import Plan, Run, Transaction
from expenses.querysets import TransactionQuerySet
from expenses.services.bulk_runs import ChunkWork, PlannedWork, order_run
from expenses.services.ledger_lock import Refusal
from rules.engine.compilation import compile_all, rules_of
from rules.engine.evaluator import Evaluator
from rules.engine.rule_sets import Matcher, RuleSet
from rules.engine.stored_rows import read_stored_rows
from rules.models import Rule
from rules.operators.patterns import pattern_budget
from rules.services.evaluation_writer import EvaluationWriter, note_left
from rules.services.rules import note_timeouts

KIND = "rules"
CHUNK = 5000
#: A worker has more time for regular expressions than a request, but must show signs of life.
REGEX_S_OF_CHUNK = 10.0
#: Fields of a rule that a plan stores: later edits of the rule do not change the run.
KEPT = {"id", "name", "stop_processing", "mode", "triggers", "overwrite", "priority", "match", "conditions", "actions"}


@dataclass(frozen=True, slots=True)
class RunScope:
    """The rows of a run, from `start` to `end`. With `force`, rules may replace a user's own values."""

    start: date | None = None
    end: date | None = None
    force: bool = False

    def rows_of(self, user: User) -> TransactionQuerySet:
        """Return the user's rows in the scope."""
        rows: TransactionQuerySet = Transaction.objects.for_user(user)
        if self.start is not None:
            rows = rows.filter(date__gte=self.start)
        if self.end is not None:
            rows = rows.filter(date__lte=self.end)
        return rows


def order_rule(*, by: User, rule: Rule, scope: RunScope) -> Run:
    """Create a run of one rule, whatever its triggers. Raises Refusal if the rule is switched off."""
    if not rule.is_active:
        raise Refusal("This rule is switched off; switch it on (is_active: true) and try again.", code="inactive")
    return _order(by, [rule], scope, subject=rule.pk)


def order_rules(*, by: User, scope: RunScope) -> Run:
    """Create a run of all active rules with the trigger manual."""
    rules = [rule for rule in Rule.objects.for_user(by).filter(is_active=True) if "manual" in rule.triggers]
    return _order(by, rules, scope)


def _order(by: User, rules: Sequence[Rule], scope: RunScope, *, subject: int | None = None) -> Run:
    ids = list(scope.rows_of(by).order_by("pk").values_list("pk", flat=True))
    changes = {
        "rules": [{name: getattr(rule, name) for name in KEPT} for rule in rules],
        "force": scope.force,
    }
    about = {
        "rules": [{"id": rule.pk, "name": rule.name} for rule in rules],
        "start": scope.start and scope.start.isoformat(),
        "end": scope.end and scope.end.isoformat(),
        "force": scope.force,
    }
    return order_run(KIND, by=by, rows=ids, changes=changes, subject=subject, about=about)


class ApplyWork(PlannedWork):
    """The work of a run: the rules of its plan, compiled once for all chunks."""

    def prepare(self, run: Run, plan: Plan) -> tuple[ChunkWork, int]:
        matcher = Matcher(RuleSet(compile_all(Rule(**body) for body in plan.changes["rules"])))
        return partial(_apply, run, plan, matcher, EvaluationWriter(ledger_id=run.ledger_id, run=run)), CHUNK


@collection_paused()
def _apply(
    run: Run, plan: Plan, matcher: Matcher, writer: EvaluationWriter, ids: list[int], version: int
) -> dict[str, int]:
    catalog = Catalog.load(run.ledger_id)
    evaluator = Evaluator(ledger_id=run.ledger_id, matcher=matcher, catalog=catalog, force=plan.changes["force"])
    rows = Transaction.objects.filter(ledger_id=run.ledger_id, pk__range=(ids[0], ids[-1])).order_by("pk")
    stored = read_stored_rows(rows, user=run.user, with_tags=evaluator.uses_tags)
    with pattern_budget(REGEX_S_OF_CHUNK) as budget:
        evaluated = [(row, evaluator.evaluate(row)) for row in stored if row.id in plan.chosen]
    note_timeouts(ledger_id=run.ledger_id, rules=matcher.rule_set.rules, timeouts=budget.timeouts)
    return {
        "matched": sum(bool(evaluation.matched) for _, evaluation in evaluated),
        "changed": writer.write(evaluated, evaluator=evaluator, version=version),
        "left_alone": note_left(evaluated, run=run),
        **({"timeouts": sum(budget.timeouts.values())} if budget.timeouts else {}),
    }


def apply_at_once(*, ledger_id: int, ids: Sequence[int], trigger: str, run: Run | None, version: int) -> int:
    """Apply the rules of a trigger to a few rows, within another write. Return the number of changed rows."""
    rule_set = rules_of(ledger_id).triggered_by(trigger)
    if not rule_set.rules or not ids:
        return 0
    evaluator = Evaluator(ledger_id=ledger_id, matcher=Matcher(rule_set), catalog=Catalog.load(ledger_id))
    rows = Transaction.objects.filter(ledger_id=ledger_id, pk__in=ids).order_by("pk")
    stored = read_stored_rows(rows, user=None, with_tags=evaluator.uses_tags)
    with pattern_budget() as budget:
        evaluated = [(row, evaluator.evaluate(row)) for row in stored]
    note_timeouts(ledger_id=ledger_id, rules=rule_set.rules, timeouts=budget.timeouts)
    return EvaluationWriter(ledger_id=ledger_id, run=run).write(evaluated, evaluator=evaluator, version=version)
