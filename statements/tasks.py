"""Tasks of statements."""

from django_tasks import task

from accounts.services.refusal_log import log_refusal
from expenses.services.runs import perform_run
from statements.importer import UnreadableFile
from statements.models import Import, ImportStatus
from statements.services.imports import fail_reading, read_statement, start_commit


@task()
def read_import(import_id: int) -> None:
    """Read a large file. Record its rows if the upload asked for it and no question is left."""
    statement = Import.objects.select_related("account", "user").get(pk=import_id)
    if statement.status != ImportStatus.READING:
        return
    try:
        read_statement(statement=statement)
    except UnreadableFile as error:
        fail_reading(import_id=import_id, error=error.detail)
        log_refusal(f"import {import_id}", import_id=import_id, user_id=statement.user_id, codes=[error.code])
    except Exception:
        fail_reading(import_id=import_id, error="It could not be read; the server's log says why. Upload it again.")
        raise
    if statement.wants_commit and statement.is_clear:
        perform_run(run_id=start_commit(by=statement.user, statement=statement).pk)


def resume_reading() -> int:
    """Queue the files that a crash left unread and return how many. A task may run twice without harm."""
    reading = list(Import.objects.filter(status=ImportStatus.READING).values_list("pk", flat=True))
    for import_id in reading:
        read_import.enqueue(import_id)
    return len(reading)
