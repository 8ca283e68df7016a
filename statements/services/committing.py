"""Recording the rows of a statement as a run: in whole chunks, so that it survives a kill and can be resumed."""

from itertools import islice

from django.db.models import Count

from accounts.models import User
from expenses.categorization.catalog import Catalog
from expenses.models import Run, RunStatus, Transaction
from expenses.services.ledger_lock import Refusal, ledger_write, make_room
from expenses.services.pairs import pair_run
from expenses.services.runs import Work
from expenses.services.statement_rows import record_statement_rows
from statements.entries import Entry
from statements.importer import UnreadableFile
from statements.models import Import, ImportStatus
from statements.reading import read_records

CHUNK = 5000
SUPERSEDED = "Its import is gone, or another run has committed it; look at the import."


def start_commit(*, by: User, statement: Import) -> Run:
    """Create the run that records the rows; it does not start by itself. Raises Refusal if another run was first."""
    if statement.account is not None and not statement.account.is_active:
        detail = f"“{statement.account}” is closed; open it again (is_active: true), or give the import another one."
        raise Refusal(detail, code="closed")
    with ledger_write(statement.ledger_id):
        run: Run = Run.objects.create(
            ledger_id=statement.ledger_id, user=by, kind="import", subject=statement.pk, total=statement.n_rows
        )
        claimed = Import.objects.filter(pk=statement.pk).standing(ImportStatus.PARSED)
        if not claimed.update(status=ImportStatus.COMMITTING, run=run):
            raise Refusal("This import is being committed, or has been.", code="committed")
    statement.status, statement.run = ImportStatus.COMMITTING, run
    return run


class ImportWork(Work):
    """The work of an import; it leaves out rows that an earlier try or another file recorded."""

    starts_over = True

    def perform(self, run: Run) -> None:
        statement = Import.objects.select_related("account").filter(run=run).first()
        if statement is None:
            raise Refusal(SUPERSEDED, code="committed")
        if statement.account is None:
            raise Refusal("The account of this import is gone; give it another one.", code="account")
        try:
            records = read_records(statement)
            while chunk := list(islice(records, CHUNK)):
                drafts = [record.draft(statement.account) for record in chunk if isinstance(record, Entry)]
                catalog = Catalog.load(run.ledger_id)
                record_statement_rows(run=run, account=statement.account, drafts=drafts, catalog=catalog)
                make_room()
            pair_run(run)
        except UnreadableFile as error:
            raise Refusal(str(error), code="unreadable") from None

    def before_resume(self, run: Run) -> None:
        statement = Import.objects.filter(run=run).standing(ImportStatus.PARSED)
        if not statement.update(status=ImportStatus.COMMITTING, error=""):
            raise Refusal(SUPERSEDED, code="committed")
        run.total = Import.objects.get(run=run).n_rows  # its profile may have been corrected
        run.save(update_fields=["total"])

    def after_end(self, run: Run) -> None:
        rows = Transaction.objects.filter(run=run).order_by().values_list("review_status")
        by_status = dict(rows.annotate(n=Count("pk")))
        created = sum(by_status.values())  # by whichever try
        run.counts = {"created": created, "duplicates": max(run.done - created, 0), **by_status}
        run.save(update_fields=["counts"])
        is_done = run.status == RunStatus.SUCCEEDED
        Import.objects.filter(run=run).update(
            status=ImportStatus.COMMITTED if is_done else ImportStatus.PARSED,
            error=run.error,
            n_new=run.counts["created"],
            n_duplicates=run.counts["duplicates"],
        )
