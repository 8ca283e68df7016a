"""Keeps what deferred links answered about transactions, and the record that follows from it."""

from collections.abc import Sequence

from expenses.categorization.model_record import read_records, with_build
from expenses.models import Category, ModelAnswer, TrackRecord
from providers.answer_record import AnswerRecord


def store_answers(answers: Sequence[ModelAnswer]) -> None:
    """Store answers of one build about rows of one ledger, in place of earlier ones, within a write of the ledger."""
    columns = ["link", "digest", "category", "confidence", "category_without", "answered_at"]
    ModelAnswer.objects.bulk_create(
        answers, update_conflicts=True, unique_fields=["transaction"], update_fields=columns
    )
    latest = answers[-1]
    record = TrackRecord.objects.filter(pk=latest.ledger_id).only("answer_records").first()
    if record is not None:
        known = [AnswerRecord(*values) for values in record.answer_records]
        if known[:1] != (newest_first := with_build(known, link=latest.link, digest=latest.digest))[:1]:
            _store_records(latest.ledger_id, newest_first)


def move_answers(category: Category, *, into: Category, ledger_id: int) -> None:
    """Let answers name another category, which takes the place of theirs, and count them anew."""
    n_moved = 0
    for column in ("category", "category_without"):
        answers = ModelAnswer.objects.filter(ledger_id=ledger_id, **{column: category})
        n_moved += answers.update(**{column: into})
    if n_moved:
        refresh_records(ledger_id=ledger_id)


def refresh_records(*, ledger_id: int) -> None:
    """Count the outcomes of deferred links anew, within a write of the ledger; learning does so, too."""
    _store_records(ledger_id, read_records(ledger_id=ledger_id))


def _store_records(ledger_id: int, records: Sequence[AnswerRecord]) -> None:
    values = {"answer_records": [list(one) for one in records]}
    TrackRecord.objects.update_or_create(pk=ledger_id, defaults=values)
