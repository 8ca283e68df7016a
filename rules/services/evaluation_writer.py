"""Writes of what rules decided: rows with the same evaluation share their values and journal."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from expenses.models import Decision, Run
from expenses.querysets import searchable
from expenses.services.edits import Author, RowWrite, find_or_create_tags, write_rows
from expenses.services.journal import Fields
from expenses.services.ledger_lock import ROWS_OF_A_VERSION, next_version
from expenses.services.runs import note_omissions
from providers.chain import Outcome
from providers.interface import EFFECT_FIELDS, Evidence
from rules.engine.evaluation import REASONS, SOURCE, TEXTS, VERSION, Evaluation, explain
from rules.engine.evaluator import Evaluator
from rules.engine.stored_rows import COLUMN, StoredRow

Evaluated = tuple[StoredRow, Evaluation]


class EvaluationWriter:
    """Writes evaluations of one ledger. Rows that a run wrote for the same reason share a decision."""

    def __init__(self, *, ledger_id: int, run: Run | None = None) -> None:
        self.ledger_id, self.run = ledger_id, run
        self._decisions: dict[tuple[Any, ...], int] = {}

    def write(self, evaluated: Iterable[Evaluated], *, evaluator: Evaluator, version: int) -> int:
        """Write those that change their row, a thousand a version. Return how many.

        The caller holds the ledger's lock.
        """
        changed = [(row, evaluation) for row, evaluation in evaluated if evaluation.is_change]
        evaluations = {id(evaluation): evaluation for _, evaluation in changed}.values()
        names = [c.value for e in evaluations for name, c in e.written.items() if name.startswith("tag:") and c.value]
        tags = find_or_create_tags(ledger_id=self.ledger_id, names=names, version=version)
        evaluator.tag_names.update({tag.pk: tag.name for tag in tags.values()})
        author = Author(SOURCE, run=self.run)
        for start in range(0, len(changed), ROWS_OF_A_VERSION):
            of_part = next_version(self.ledger_id) if start else version
            writes = self._row_writes(changed[start : start + ROWS_OF_A_VERSION], evaluator)
            write_rows(writes, ledger_id=self.ledger_id, version=of_part, author=author)
        return len(changed)

    def _row_writes(self, part: Sequence[Evaluated], evaluator: Evaluator) -> list[RowWrite]:
        tag_ids = {name.casefold(): pk for pk, name in evaluator.tag_names.items()}
        shared: dict[int, tuple[dict[str, Any], Fields]] = {}
        journals: dict[tuple[int, int | None], Fields] = {}
        writes: list[RowWrite] = []
        for row, evaluation in part:
            before, after, written = evaluation.before, evaluation.after, evaluation.written
            if id(evaluation) not in shared:
                shared[id(evaluation)] = self._values(row, evaluation, evaluator)
            columns, journal = shared[id(evaluation)]
            if decision := columns.get("decision_id"):
                key = id(evaluation), row.decision
                if key not in journals:
                    journals[key] = journal | {"decision_id": [row.decision, decision]}
                journal = journals[key]
            if not written.keys().isdisjoint(TEXTS):
                texts = {name: getattr(after if name in written else row, name) for name in TEXTS}
                columns = columns | {"search_text": searchable(raw_description=row.raw_description, **texts)}
            new = [tag_ids[tag] for tag in after.tags - before.tags]
            lost = [tag_ids[tag] for tag in before.tags - after.tags]
            writes.append(RowWrite(row.id, columns, journal, new, lost))
        return writes

    def _values(self, row: StoredRow, evaluation: Evaluation, evaluator: Evaluator) -> tuple[dict[str, Any], Fields]:
        """Return the columns and the journal, without the decision, of rows with the evaluation."""
        before, after = evaluation.before, evaluation.after
        columns: dict[str, Any] = {}
        journal: Fields = {}
        for name in ("source", "confidence", "status", "category", "suggested", *EFFECT_FIELDS):
            values = [getattr(before, name), getattr(after, name)]
            if values[0] != values[1]:
                column = COLUMN.get(name, name)
                columns[column] = values[1]
                if name in {"category", "suggested"}:
                    values = [None if pk is None else [pk, evaluator.catalog.name(pk)] for pk in values]
                journal[column.removesuffix("_id")] = values
        if before.tags != after.tags:
            journal["tags"] = [evaluator.spelled(tags) for tags in (before.tags, after.tags)]
        if "category" in evaluation.written:
            columns["decision_id"] = self._decision(evaluation, evaluator)
        kind = evaluator.kind_of(row, after.category)
        if kind != row.kind:
            columns["kind"], journal["kind"] = kind, [row.kind, kind]
        return columns, journal

    def _decision(self, evaluation: Evaluation, evaluator: Evaluator) -> int:
        """Return the id of the decision, which has one attempt, in the form of the chain's."""
        claim = evaluation.written["category"]
        key = claim, tuple(evaluation.matched)
        if key not in self._decisions:
            name, explanation = evaluator.catalog.name(claim.value), explain(evaluation)
            attempt = {
                "provider": SOURCE,
                "version": VERSION,
                "outcome": str(Outcome.UNSURE if claim.rule.suggests_only else Outcome.ANSWERED),
                "category_name": name,
                "confidence": 1.0,
                "score": None,
                "explanation": explanation,
                "duration_ms": 0.0,
                "details": {
                    "rules": [{"id": rule.id, "name": rule.name} for rule in evaluation.matched],
                    "run": self.run.pk if self.run is not None else None,
                },
            }
            decision = Decision.objects.create(
                ledger_id=self.ledger_id,
                source=SOURCE,
                source_id=claim.rule.id,
                category_name=name,
                confidence=1.0,
                evidence=str(Evidence.RULE),
                explanation=explanation,
                attempts=[attempt],
            )
            self._decisions[key] = decision.pk
        return self._decisions[key]


def note_left(evaluated: Iterable[Evaluated], *, run: Run) -> int:
    """Keep, row by row, what rules wanted and could not write. Return of how many rows."""
    left: list[tuple[int, str, str]] = []
    for row, evaluation in evaluated:
        if evaluation.is_circle:
            left.append((row.id, "circle", explain(evaluation)))
        elif evaluation.locked:
            fields: dict[str, list[str]] = defaultdict(list)
            for name, code in evaluation.locked.items():
                fields[code].append(name.replace("tag:", "tag "))
            detail = " ".join(f"{', '.join(names)}: {REASONS[code]}" for code, names in fields.items())
            left.append((row.id, next(iter(fields)), detail))
    return note_omissions(run, left)
