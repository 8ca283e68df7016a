"""What is done with statements after the answer is sent."""

from django.utils import timezone
from django_tasks import task

from expenses.models import Run
from statements.importer import UnreadableFile
from statements.models import Import, ImportStatus
from statements.services.committing import SILENCE, perform_commit, start_commit
from statements.services.receiving import read_statement


@task()
def read_import(import_id: int) -> None:
    """Read a large file, and record its rows where that was wished and nothing is left to ask."""
    statement = Import.objects.select_related("account", "user").get(pk=import_id)
    if statement.status != ImportStatus.READING:
        return
    try:
        read_statement(statement=statement)
    except UnreadableFile as error:
        _fail(import_id, error.detail)
    except Exception:
        _fail(import_id, "It could not be read; the server's log says why. Upload it again.")
        raise
    if statement.wants_commit and statement.is_clear:
        perform_commit(run_id=start_commit(by=statement.user, statement=statement).pk)


@task()
def commit_import(run_id: int) -> None:
    """Record the rows of an import."""
    perform_commit(run_id=run_id)


def resume_imports() -> int:
    """Queue what a crash interrupted; each task can be done twice without harm. Returns how many."""
    reading = list(Import.objects.filter(status=ImportStatus.READING).values_list("pk", flat=True))
    for import_id in reading:
        read_import.enqueue(import_id)
    unfinished = Run.objects.filter(kind="import", status__in=[Run.Status.PENDING, Run.Status.RUNNING])
    runs = list(unfinished.values_list("pk", "alive_at"))
    for run_id, alive_at in runs:  # a run with a worker is let alone: its task comes to nothing
        commit_import.using(run_after=(alive_at or timezone.now() - SILENCE) + SILENCE).enqueue(run_id)
    return len(reading) + len(runs)


def _fail(import_id: int, error: str) -> None:
    Import.objects.filter(pk=import_id, status=ImportStatus.READING).update(status=ImportStatus.FAILED, error=error)
