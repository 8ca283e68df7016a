"""The preview of a rule, saved or not: a run without its writes."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from accounts.models import User
from expenses.categorization.catalog import Catalog
from expenses.garbage_collection import collection_paused
from expenses.models.ledgers import ledger_id_of
from providers.interface import EFFECT_FIELDS
from rules.engine.compilation import compile_stored, rules_of
from rules.engine.evaluation import REASONS, claims_of
from rules.engine.evaluator import Evaluator
from rules.engine.movements import Movement
from rules.engine.rule_sets import CompiledRule, Matcher, RuleSet
from rules.engine.spans import Span, matched_spans
from rules.engine.stored_rows import StoredRow, read_stored_rows
from rules.models import Rule
from rules.operators.patterns import pattern_budget
from rules.services.runs import RunScope


@dataclass(frozen=True, slots=True)
class FieldConflict:
    """A field of a row about which rules disagree. `would_win` says whether the tested rule writes it, once saved.

    `wins_today` is another rule, or the saved version of the tested rule if that would lose the field.
    """

    transaction: int
    field: str
    wins_today: CompiledRule
    would_win: bool


@dataclass(frozen=True, slots=True)
class PreviewedRow:
    """A row that matches, the values of the rule's fields before and after, and why fields stay."""

    row: StoredRow
    before: dict[str, Any]
    after: dict[str, Any]
    locked: dict[str, str]
    spans: list[Span]


@dataclass(slots=True)
class Preview:
    """Numbers of all rows; the newest rows that match, and their conflicts, up to the limit."""

    n_rows: int = 0
    n_matched: int = 0
    n_changing: int = 0
    n_locked: int = 0
    n_timeouts: int = 0
    rows: list[PreviewedRow] = field(default_factory=list)
    conflicts: list[FieldConflict] = field(default_factory=list)


@collection_paused()
def preview_rule(*, by: User, rule: Rule, scope: RunScope, limit: int, changes_only: bool, catalog: Catalog) -> Preview:
    """Return what a run of this rule alone would do now; rows are listed and compared up to the limit."""
    ledger_id = ledger_id_of(by)
    tested = compile_stored(rule)
    rivals = _Rivals(tested, rules_of(ledger_id).rules)
    evaluator = Evaluator(ledger_id=ledger_id, matcher=Matcher(RuleSet([tested])), catalog=catalog, force=scope.force)
    tags = ["tags"] if tested.add_tags or tested.remove_tags else []
    fields = [name for name in ("category", *EFFECT_FIELDS) if name in tested.writes] + tags
    preview = Preview()
    rows = scope.rows_of(by).order_by("-date", "-id")
    with pattern_budget() as budget:
        for row in read_stored_rows(rows, user=by, with_tags=evaluator.uses_tags or rivals.look_at_tags):
            found = evaluator.evaluate(row)
            preview.n_rows += 1
            preview.n_matched += bool(found.matched)
            preview.n_changing += found.is_change
            preview.n_locked += bool(found.locked)
            is_listed = found.is_change if changes_only else found.matched
            if is_listed and len(preview.rows) < limit:
                movement = evaluator.movement(row)
                preview.rows.append(
                    PreviewedRow(
                        row=row,
                        before=_values(found.before, fields, row, evaluator),
                        after=_values(found.after, fields, row, evaluator),
                        locked={_spelled(name, evaluator): REASONS[code] for name, code in found.locked.items()},
                        spans=matched_spans(rule.conditions, movement),
                    )
                )
                for name, winner, would_win in rivals.conflicts(movement):
                    conflict = FieldConflict(row.id, _spelled(name, evaluator), winner, would_win)
                    preview.conflicts.append(conflict)
    preview.n_timeouts = sum(budget.timeouts[pattern] for pattern in tested.compiled.patterns)
    return preview


def _values(movement: Movement, fields: list[str], row: StoredRow, evaluator: Evaluator) -> dict[str, Any]:
    """Return the values of these fields for a client."""
    values: dict[str, Any] = {name: getattr(movement, name) for name in fields if name in EFFECT_FIELDS}
    if "category" in fields:
        values["category"] = movement.category
        values["category_name"] = evaluator.catalog.name(movement.category) or None
        values["status"] = movement.status
        values["suggestion"] = evaluator.catalog.name(movement.suggested) or None
        values["kind"] = evaluator.kind_of(row, movement.category)
    if "tags" in fields:
        values["tags"] = evaluator.spelled(movement.tags)
    return values


def _spelled(name: str, evaluator: Evaluator) -> str:
    """Return the name of a field; a tag is spelled as the ledger does."""
    return f"tags: {evaluator.spelled([name.removeprefix('tag:')])[0]}" if name.startswith("tag:") else name


class _Rivals:
    """The rules with a trigger of the tested one: who wins a field today, and who once it is saved."""

    def __init__(self, tested: CompiledRule, rules: Iterable[CompiledRule]) -> None:
        today = [rule for rule in rules if rule.triggers & tested.triggers]
        others = [rule for rule in today if rule.id != tested.id]
        then = sorted([*others, tested], key=lambda rule: (rule.priority, rule.id is None, rule.id))
        self._tested, self._today, self._then = tested, Matcher(RuleSet(today)), Matcher(RuleSet(then))
        self.look_at_tags = "tags" in self._today.rule_set.fields | self._then.rule_set.fields

    def conflicts(self, movement: Movement) -> Iterator[tuple[str, CompiledRule, bool]]:
        """Yield fields on which rules disagree: name, winner today, and whether the tested rule would win."""
        today = claims_of(self._today.matched(movement), movement.offered)
        then = claims_of(self._then.matched(movement), movement.offered)
        for name, claim in claims_of((self._tested,), movement.offered).items():
            now, later = today.get(name), then.get(name)
            rival = later if now is not None and now.rule.id == self._tested.id else now
            if now is not None and rival is not None and rival.value != claim.value:
                yield name, now.rule, later is not None and later.rule is self._tested
