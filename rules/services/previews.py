"""What a rule would do, saved or not: read with the same eyes as a run, and nothing is written."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from accounts.models import User
from expenses.categorization.catalog import Catalog
from expenses.collection import collection_paused
from expenses.models.ledgers import ledger_id_of
from rules.engine.compilation import compile_stored, rules_of
from rules.engine.evaluation import Evaluation, claims_of
from rules.engine.evaluator import Evaluator
from rules.engine.rule_sets import CompiledRule, Matcher, RuleSet
from rules.engine.spans import Span, matched_spans
from rules.engine.stored_rows import StoredRow, read_stored_rows
from rules.models import Rule
from rules.operators.patterns import pattern_budget
from rules.services.runs import RunScope


@dataclass(frozen=True, slots=True)
class FieldConflict:
    """A field of a row about which rules disagree. `would_win` says whether the tested rule writes it, once saved.

    `wins_today` is another rule, or the tested one as it is saved now, where it would lose the field.
    """

    transaction: int
    field: str
    wins_today: CompiledRule
    would_win: bool


@dataclass(frozen=True, slots=True)
class PreviewedRow:
    """A row that matches, what becomes of it, and where its texts match."""

    record: StoredRow
    evaluation: Evaluation
    spans: list[Span]


@dataclass(slots=True)
class Preview:
    """Numbers of all rows; the newest rows that match, and their conflicts, up to the limit."""

    tested: CompiledRule
    evaluator: Evaluator
    n_rows: int = 0
    n_matched: int = 0
    n_changing: int = 0
    n_locked: int = 0
    n_timeouts: int = 0
    shown: list[PreviewedRow] = field(default_factory=list)
    conflicts: list[FieldConflict] = field(default_factory=list)


@collection_paused()
def preview_rule(*, by: User, rule: Rule, order: RunScope, limit: int, changes_only: bool, catalog: Catalog) -> Preview:
    """What a run of this rule alone over these rows would do now; rows are shown and compared up to the limit."""
    ledger_id = ledger_id_of(by)
    tested = compile_stored(rule)
    rivals = _Rivals(tested, rules_of(ledger_id).rules)
    matcher = Matcher(RuleSet([tested]))
    evaluator = Evaluator(ledger_id=ledger_id, matcher=matcher, catalog=catalog, force=order.force)
    preview = Preview(tested, evaluator)
    rows = order.rows_of(by).order_by("-date", "-id")
    with pattern_budget() as time:
        for record in read_stored_rows(rows, user=by, with_tags=evaluator.uses_tags or rivals.look_at_tags):
            evaluation = evaluator.evaluate(record)
            _count(preview, evaluation)
            is_shown = evaluation.is_change if changes_only else evaluation.matched
            if is_shown and len(preview.shown) < limit:
                preview.shown.append(_show(record, evaluation, rule, evaluator))
                preview.conflicts += rivals.conflicts(record, evaluator)
    preview.n_timeouts = sum(time.timeouts[pattern] for pattern in tested.compiled.patterns)
    return preview


def _count(preview: Preview, evaluation: Evaluation) -> None:
    preview.n_rows += 1
    preview.n_matched += bool(evaluation.matched)
    preview.n_changing += evaluation.is_change
    preview.n_locked += bool(evaluation.locked)


def _show(record: StoredRow, evaluation: Evaluation, rule: Rule, evaluator: Evaluator) -> PreviewedRow:
    return PreviewedRow(record, evaluation, matched_spans(rule.conditions, evaluator.movement(record)))


class _Rivals:
    """The rules that are asked when the tested one is: who wins a field today, and who once it is saved."""

    def __init__(self, tested: CompiledRule, rules: Iterable[CompiledRule]) -> None:
        today = [rule for rule in rules if rule.triggers & tested.triggers]
        others = [rule for rule in today if rule.id != tested.id]
        then = sorted([*others, tested], key=lambda rule: (rule.priority, rule.id is None, rule.id))
        self._tested, self._today, self._then = tested, Matcher(RuleSet(today)), Matcher(RuleSet(then))

    @property
    def look_at_tags(self) -> bool:
        return "tags" in self._today.rule_set.fields | self._then.rule_set.fields

    def conflicts(self, record: StoredRow, evaluator: Evaluator) -> Iterator[FieldConflict]:
        """Fields that another rule gives another value, today or once the tested one is saved."""
        movement, offered = evaluator.movement(record), evaluator.offered(record)
        today = claims_of(self._today.matched(movement), offered)
        then = claims_of(self._then.matched(movement), offered)
        for name, claim in claims_of((self._tested,), offered).items():
            now, later = today.get(name), then.get(name)
            rival = later if now is not None and now.rule.id == self._tested.id else now
            if now is not None and rival is not None and rival.value != claim.value:
                is_won = later is not None and later.rule is self._tested
                yield FieldConflict(record.id, name, now.rule, is_won)
