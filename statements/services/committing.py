"""Records the rows of a statement as a run: in chunks, each whole, so that it can be killed and taken up again."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import islice

from django.db import transaction
from django.db.models import Count, Q
from django.utils import timezone

from accounts.models import User
from expenses.catalog import Catalog
from expenses.models import Run, Transaction
from expenses.services.detection import pair_run
from expenses.services.statement_rows import record_statement_rows
from expenses.services.writing import Refused, ledger_write
from statements.entries import Entry
from statements.importer import UnreadableFile
from statements.models import Import, ImportStatus
from statements.reading import Record, read_records

CHUNK = 5000
#: A running run that was silent for so long has lost its worker; a chunk takes about a second.
SILENCE = timedelta(seconds=30)


def start_commit(*, by: User, statement: Import) -> Run:
    """Create the run that will record the rows; it does not start by itself. Raises Refused to whoever comes second."""
    _refuse_closed(statement)
    with ledger_write(statement.ledger_id):
        run: Run = Run.objects.create(
            ledger_id=statement.ledger_id, user=by, kind="import", subject=statement.pk, total=statement.n_rows
        )
        claimed = Import.objects.filter(pk=statement.pk).standing(ImportStatus.PARSED)
        if not claimed.update(status=ImportStatus.COMMITTING, run=run):
            raise Refused("This import is being committed, or has been.", code="committed")
    statement.status, statement.run = ImportStatus.COMMITTING, run
    return run


def perform_commit(*, run_id: int) -> None:
    """Record the rows, unless another worker is at it or it has ended.

    Rows that are there already, from this run's earlier try or from another file, are left out.
    """
    if not _claim(run_id):
        return
    run = Run.objects.get(pk=run_id)
    statement = Import.objects.select_related("account", "user").get(run=run)
    try:
        _record(run, statement)
    except (Refused, UnreadableFile) as error:
        _finish(run, statement, Run.Status.FAILED, ImportStatus.PARSED, error=str(error))
    except Exception:
        _finish(run, statement, Run.Status.FAILED, ImportStatus.PARSED, error="It failed; the server's log says how.")
        raise
    else:
        _finish(run, statement, Run.Status.SUCCEEDED, ImportStatus.COMMITTED)


def _claim(run_id: int) -> bool:
    """Whether the run is ours now: one that nobody began, or whose worker has been silent."""
    now = timezone.now()
    free = Q(status=Run.Status.PENDING) | Q(status=Run.Status.RUNNING, alive_at__lt=now - SILENCE)
    fields = {"status": Run.Status.RUNNING, "started_at": now, "alive_at": now, "done": 0}
    return bool(Run.objects.filter(free, pk=run_id).update(**fields))


def _refuse_closed(statement: Import) -> None:
    if statement.account is not None and not statement.account.is_active:
        detail = f"“{statement.account}” is closed; open it again (is_active: true), or give the import another one."
        raise Refused(detail, code="closed")


def _record(run: Run, statement: Import) -> None:
    if statement.account is None:
        raise Refused("The account of this import is gone; give it another one.", code="account")
    for chunk in _chunks(read_records(statement)):
        entries = [record for record in chunk if isinstance(record, Entry)]
        record_statement_rows(
            run=run,
            account=statement.account,
            drafts=[entry.draft(statement.account) for entry in entries],
            catalog=Catalog.load(run.ledger_id),
        )
        run.done, run.alive_at = run.done + len(entries), timezone.now()
        run.save(update_fields=["done", "alive_at"])
    pair_run(run)


def _count(run: Run) -> dict[str, int]:
    """What became of the rows, whichever try recorded them: how many are new, and how their categories stand."""
    rows = Transaction.objects.filter(run=run).order_by().values_list("review_status")
    by_status = dict(rows.annotate(n=Count("pk")))
    created = sum(by_status.values())
    return {"created": created, "duplicates": max(run.done - created, 0), **by_status}


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
