"""Records the rows of a statement as a run: in chunks, each whole, so that it can be killed and taken up again."""

from collections.abc import Iterator
from itertools import islice

from django.db import transaction
from django.db.models import Count
from django.utils import timezone

from accounts.models import User
from expenses.catalog import Catalog
from expenses.models import Run, Transaction
from expenses.services.statement_rows import record_statement_rows
from statements.entries import Entry
from statements.models import Import, ImportStatus
from statements.reading import Record, read_records

CHUNK = 5000


def start_commit(*, by: User, statement: Import) -> Run:
    """Create the run that will record the rows; it does not start by itself.

    Raises ValueError when another request was first.
    """
    with transaction.atomic():
        run: Run = Run.objects.create(
            ledger_id=statement.ledger_id, user=by, kind="import", subject=statement.pk, total=statement.n_rows
        )
        claimed = Import.objects.filter(pk=statement.pk, status=ImportStatus.PARSED)
        if not claimed.update(status=ImportStatus.COMMITTING, run=run):
            raise ValueError("This import is being committed, or has been.")
    statement.status, statement.run = ImportStatus.COMMITTING, run
    return run


def perform_commit(*, run_id: int) -> None:
    """Record the rows. Rows that are there already, from this run's earlier try or from another file, are left out."""
    run = Run.objects.get(pk=run_id)
    statement = Import.objects.select_related("account", "user").get(run=run)
    if run.status in {Run.Status.SUCCEEDED, Run.Status.FAILED}:
        return
    run.status, run.started_at, run.done = Run.Status.RUNNING, run.started_at or timezone.now(), 0
    run.save()
    try:
        _record(run, statement)
    except Exception as error:
        _finish(run, statement, Run.Status.FAILED, ImportStatus.PARSED, error=f"{type(error).__name__}: {error}")
        raise
    _finish(run, statement, Run.Status.SUCCEEDED, ImportStatus.COMMITTED)


def _record(run: Run, statement: Import) -> None:
    assert statement.account is not None  # noqa: S101 - nothing is committed without an account
    for chunk in _chunks(read_records(statement)):
        entries = [record for record in chunk if isinstance(record, Entry)]
        record_statement_rows(
            run=run,
            account=statement.account,
            drafts=[entry.draft(statement.account) for entry in entries],
            catalog=Catalog.load(run.ledger_id),
        )
        run.done += len(entries)
        run.save(update_fields=["done"])


def _count(run: Run) -> dict[str, int]:
    """What became of the rows, whichever try recorded them: how many are new, and how their categories stand."""
    rows = Transaction.objects.filter(run=run).order_by().values_list("review_status")
    by_status = dict(rows.annotate(n=Count("pk")))
    created = sum(by_status.values())
    return {"created": created, "duplicates": run.done - created, **by_status}


def _finish(run: Run, statement: Import, status: str, import_status: str, *, error: str = "") -> None:
    with transaction.atomic():
        run.status, run.error, run.finished_at, run.counts = status, error, timezone.now(), _count(run)
        run.save()
        statement.status, statement.error = import_status, error
        statement.n_new, statement.n_duplicates = run.counts["created"], run.counts["duplicates"]
        statement.save(update_fields=["status", "error", "n_new", "n_duplicates"])


def _chunks(records: Iterator[Record]) -> Iterator[list[Record]]:
    while chunk := list(islice(records, CHUNK)):
        yield chunk
