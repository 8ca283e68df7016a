"""What is done with statements after the answer is sent."""

from django_tasks import task

from expenses.models import Run
from statements.importer import UnreadableFile
from statements.models import Import, ImportStatus
from statements.services.committing import perform_commit
from statements.services.receiving import read_statement


@task()
def read_import(import_id: int) -> None:
    """Read a large file."""
    statement = Import.objects.select_related("account", "user").get(pk=import_id)
    try:
        read_statement(statement=statement)
    except UnreadableFile as error:
        Import.objects.filter(pk=import_id).update(status=ImportStatus.FAILED, error=error.detail)


@task()
def commit_import(run_id: int) -> None:
    """Record the rows of an import."""
    perform_commit(run_id=run_id)


def resume_imports() -> int:
    """Queue what a crash interrupted; each task can be done twice without harm. Returns how many."""
    reading = list(Import.objects.filter(status=ImportStatus.READING).values_list("pk", flat=True))
    unfinished = Run.objects.filter(kind="import", status__in=[Run.Status.PENDING, Run.Status.RUNNING])
    runs = list(unfinished.values_list("pk", flat=True))
    for import_id in reading:
        read_import.enqueue(import_id)
    for run_id in runs:
        commit_import.enqueue(run_id)
    return len(reading) + len(runs)
