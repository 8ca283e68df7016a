"""Writes what rules decided into rows: grouped by what is written, since a statement for each row takes as long as all
the rest of a run."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from django.db import connection
from django.utils import timezone

from expenses.ledger.search_text import searchable
from expenses.models import Decision, Run, Transaction
from expenses.models.bulk_insert import insert_ignoring_known
from expenses.services.editing import Author, write_down
from expenses.services.journal import Fields
from expenses.services.ledger_lock import ROWS_OF_A_VERSION, next_version
from expenses.services.obstacles import note_omissions
from expenses.services.tags import find_or_create_tags
from providers.chain import Outcome
from providers.interface import EFFECT_FIELDS
from rules.engine.evaluation import REASONS, SOURCE, TEXTS, VERSION, Evaluation, explain
from rules.engine.evaluator import Evaluator
from rules.engine.movements import Movement
from rules.engine.stored_rows import StoredRow

#: Movement's field → column, in the order in which changes are told.
COLUMNS = {
    "source": "category_source",
    "confidence": "category_confidence",
    "status": "review_status",
    "category": "category_id",
    "suggested": "suggested_category_id",
}
CIRCLE = "circle"

Evaluated = tuple[StoredRow, Evaluation]


class _Writing(NamedTuple):
    """What rows with the same settlement get: column → value, and what the journal says, without the decision.

    `is_searched` says whether it changes what a search looks at.
    """

    columns: dict[str, Any]
    journal: Fields
    is_searched: bool


class Storage:
    """Writes settlements of one ledger; rows that a run wrote for the same reason share a decision."""

    def __init__(self, *, ledger_id: int, run: Run | None = None) -> None:
        self.ledger_id, self.run = ledger_id, run
        self._decisions: dict[tuple[Any, ...], int] = {}

    def store(self, evaluated: Iterable[Evaluated], *, evaluator: Evaluator, version: int) -> int:
        """Write those that change, a thousand a version. Returns how many. The caller holds the ledger's lock."""
        changed = [(record, evaluation) for record, evaluation in evaluated if evaluation.is_change]
        self._create_tags(changed, evaluator, version)
        for start in range(0, len(changed), ROWS_OF_A_VERSION):
            of_part = next_version(self.ledger_id) if start else version
            self._store_part(changed[start : start + ROWS_OF_A_VERSION], evaluator, of_part)
        return len(changed)

    def _create_tags(self, changed: Sequence[Evaluated], evaluator: Evaluator, version: int) -> None:
        evaluations = {id(evaluation): evaluation for _, evaluation in changed}.values()
        names = [c.value for s in evaluations for name, c in s.written.items() if name.startswith("tag:") and c.value]
        tags = find_or_create_tags(ledger_id=self.ledger_id, names=names, version=version)
        evaluator.tag_names.update({tag.pk: tag.name for tag in tags.values()} if tags else {})

    def _store_part(self, part: Sequence[Evaluated], evaluator: Evaluator, version: int) -> None:
        now = connection.ops.adapt_datetimefield_value(timezone.now())
        writings: dict[int, _Writing] = {}
        groups: dict[tuple[Any, ...], list[int]] = defaultdict(list)
        journal: dict[int, Fields] = {}
        told: dict[tuple[int, int | None], Fields] = {}
        for record, evaluation in part:
            if id(evaluation) not in writings:
                writings[id(evaluation)] = self._writing(record, evaluation, evaluator)
            columns, fields, is_searched = writings[id(evaluation)]
            search = [("search_text", _search_text(record, evaluation))] if is_searched else []
            groups[*columns.items(), *search].append(record.id)
            decision = columns.get("decision_id")
            key = id(evaluation), record.decision if decision else None
            if key not in told:
                told[key] = fields | ({"decision_id": [record.decision, decision]} if decision else {})
            journal[record.id] = told[key]
        _update(groups, version=version, now=now)
        write_down(journal, ledger_id=self.ledger_id, version=version, author=Author(SOURCE, run=self.run))
        _link_tags(part, evaluator)

    @property
    def _run_id(self) -> int | None:
        return self.run.pk if self.run is not None else None

    def _writing(self, record: StoredRow, evaluation: Evaluation, evaluator: Evaluator) -> _Writing:
        before, after = evaluation.before, evaluation.after
        names = [name for name in (*COLUMNS, *EFFECT_FIELDS) if getattr(before, name) != getattr(after, name)]
        columns = {COLUMNS.get(name, name): getattr(after, name) for name in names}
        journal = {_journal_name(name): [_told(name, state, evaluator) for state in (before, after)] for name in names}
        if before.tags != after.tags:
            journal["tags"] = [evaluator.spelled(state.tags) for state in (before, after)]
        if "category" in evaluation.written:
            columns["decision_id"] = self._decision(evaluation, evaluator)
        kind = evaluator.kind_of(record, after.category)
        if kind != record.kind:
            columns["kind"], journal["kind"] = kind, [record.kind, kind]
        return _Writing(columns, journal, not evaluation.written.keys().isdisjoint(TEXTS))

    def _decision(self, evaluation: Evaluation, evaluator: Evaluator) -> int:
        claim = evaluation.written["category"]
        key = claim, tuple(evaluation.matched)
        if key not in self._decisions:
            name, explanation = evaluator.catalog.name(claim.value), explain(evaluation)
            decision = Decision.objects.create(
                ledger_id=self.ledger_id,
                source=SOURCE,
                source_id=claim.rule.id,
                category_name=name,
                confidence=1.0,
                explanation=explanation,
                attempts=[_attempt(evaluation, name, explanation, self._run_id)],
            )
            self._decisions[key] = decision.pk
        return self._decisions[key]


def note_left(evaluated: Iterable[Evaluated], *, run: Run) -> int:
    """Keep, row by row, what rules wanted and could not write. Returns of how many rows."""
    left = [(record, evaluation) for record, evaluation in evaluated if _is_left(evaluation)]
    return note_omissions(run, ((record.id, *_reason(evaluation)) for record, evaluation in left))


def _is_left(evaluation: Evaluation) -> bool:
    return evaluation.is_circle or bool(evaluation.locked)


def _reason(evaluation: Evaluation) -> tuple[str, str]:
    if evaluation.is_circle:
        return CIRCLE, explain(evaluation)
    fields: dict[str, list[str]] = defaultdict(list)
    for name, code in evaluation.locked.items():
        fields[code].append(name.replace("tag:", "tag "))
    told = " ".join(f"{', '.join(names)}: {REASONS[code]}" for code, names in fields.items())
    return next(iter(fields)), told


def _attempt(evaluation: Evaluation, category_name: str, explanation: str, run_id: int | None) -> dict[str, Any]:
    """The decision's only attempt, in the form of the chain's."""
    rules = [{"id": rule.id, "name": rule.name} for rule in evaluation.matched]
    suggests_only = evaluation.written["category"].rule.suggests_only
    return {
        "provider": SOURCE,
        "version": VERSION,
        "outcome": str(Outcome.UNSURE if suggests_only else Outcome.ANSWERED),
        "category_name": category_name,
        "confidence": 1.0,
        "score": None,
        "explanation": explanation,
        "duration_ms": 0.0,
        "details": {"rules": rules, "run": run_id},
    }


def _journal_name(name: str) -> str:
    return COLUMNS.get(name, name).removesuffix("_id")


def _told(name: str, state: Movement, evaluator: Evaluator) -> Any:
    """A value as the journal keeps it."""
    value = getattr(state, name)
    if name not in {"category", "suggested"} or value is None:
        return value
    return [value, evaluator.catalog.name(value)]


def _search_text(record: StoredRow, evaluation: Evaluation) -> str:
    """What a search will look at."""
    texts = {name: getattr(record, name) for name in TEXTS}
    texts |= {name: getattr(evaluation.after, name) for name in TEXTS if name in evaluation.written}
    return searchable(raw_description=record.raw_description, **texts)


def _update(groups: Mapping[tuple[Any, ...], Sequence[int]], *, version: int, now: Any) -> None:
    table = connection.ops.quote_name(Transaction._meta.db_table)
    with connection.cursor() as cursor:
        for items, ids in groups.items():
            columns = [*items, ("version", version), ("updated_at", now)]
            sets = ", ".join(f"{connection.ops.quote_name(name)} = %s" for name, _ in columns)
            marks = ", ".join(["%s"] * len(ids))
            sql = f"UPDATE {table} SET {sets} WHERE id IN ({marks})"  # noqa: S608 - names of our columns
            cursor.execute(sql, [*(value for _, value in columns), *ids])


def _link_tags(part: Sequence[Evaluated], evaluator: Evaluator) -> None:
    changed = [(r, s) for r, s in part if s.before.tags != s.after.tags]
    if not changed:
        return
    ids = {name.casefold(): pk for pk, name in evaluator.tag_names.items()}
    new = [[r.id, ids[tag]] for r, s in changed for tag in s.after.tags - s.before.tags]
    insert_ignoring_known(Transaction.tags.through, ["transaction_id", "tag_id"], new)
    gone: dict[int, list[int]] = defaultdict(list)
    for record, evaluation in changed:
        for tag in evaluation.before.tags - evaluation.after.tags:
            gone[ids[tag]].append(record.id)
    for tag_id, rows in gone.items():
        Transaction.tags.through.objects.filter(tag=tag_id, transaction__in=rows).delete()
