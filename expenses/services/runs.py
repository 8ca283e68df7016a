"""The life of a run: who works on it, how far it is, how it ends and how it goes on.

Tasks may be queued twice and workers may die: the claim alone decides who works. The worker holds the claim's name for
as long as it lives, so everybody sees at once that it was killed. Whoever loses a claim notices before the next write:
every chunk of work is one database transaction that begins with `advance`.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.module_loading import import_string

from accounts.models import User
from accounts.queue import enqueue
from accounts.services.refusal_log import log_refusal
from expenses.models import Omission, Run, RunStatus
from expenses.models.bulk_insert import insert_ignoring_known
from expenses.models.ledgers import ledger_id_of
from expenses.services.ledger_lock import Refusal, lock_ledger
from expenses.services.life_signs import abandoned, hold_claim

TASK = "expenses.tasks.carry_out_run"
#: Rows that a run works through within the request.
AT_ONCE = 100
CRASHED = "It failed; the server's log says how. Resume the run to go on, or revert what it did."
#: A run that was interrupted so often without progress does not go on by itself: it may be what kills the workers.
MOST_INTERRUPTIONS = 3
KILLED = (
    "Its worker was stopped three times without progress, perhaps for want of memory. What it did stays. "
    "Resume the run to go on, or revert what it did."
)
DETAIL_LENGTH = Omission._meta.get_field("detail").max_length or 0
UNFINISHED = (RunStatus.PENDING, RunStatus.RUNNING)


class ClaimLost(Exception):
    """The loss of a run to its cancellation or another worker: write nothing more."""


class Work(ABC):
    """The work of the runs of one kind; settings.RUN_WORK names the class of each kind."""

    #: A new try begins with the first row, and leaves out what is there.
    starts_over = False
    #: It changes rows, which a revert gives back.
    is_revertible = True
    #: The priority of its task; None is that of imports and edits.
    priority: int | None = None

    @abstractmethod
    def perform(self, run: Run) -> None:
        """Do the rest, chunk by chunk, each after `advance`. Raises Refusal where it cannot be done."""

    def before_resume(self, run: Run) -> None:  # noqa: B027 - most have nothing to look at
        """Check the run within the database transaction that resumes it. Raises Refusal if it cannot go on."""

    def after_end(self, run: Run) -> None:  # noqa: B027 - the same
        """Clean up within the database transaction that ends the run or its try, whatever its status."""

    def after_revert(self, run: Run) -> None:  # noqa: B027 - the same
        """Stamp what shows the run's status within the database transaction that ends its revert."""


def work_of(run: Run) -> Work:
    """The work of the run's kind."""
    work: Work = import_string(settings.RUN_WORK[run.kind])()
    return work


def perform_run(*, run_id: int) -> None:
    """Work on a run, unless another worker is at it or it has ended."""
    with claim_run(run_id) as run:
        if run is None:
            return
        try:
            work_of(run).perform(run)
        except ClaimLost:
            return
        except Refusal as error:
            end_run(run, RunStatus.FAILED, error=str(error))
            what = f"run {run.pk} ({run.kind})"
            log_refusal(what, run=run.pk, kind=run.kind, user_id=run.user_id, codes=[error.code])
        except Exception:
            end_run(run, RunStatus.FAILED, error=CRASHED)
            raise
        else:
            end_run(run, RunStatus.SUCCEEDED)


@contextmanager
def claim_run(run_id: int) -> Iterator[Run | None]:
    """Claim a run that waits or was interrupted, until the end of the block. Give None if it cannot be claimed."""
    run: Run = Run.objects.get(pk=run_id)
    interrupt_abandoned([run])
    fields: dict[str, Any] = {"status": RunStatus.RUNNING, "error": ""}
    fields |= {"started_at": Coalesce(F("started_at"), timezone.now()), "finished_at": None}
    if work_of(run).starts_over:
        fields["done"] = 0
    with hold_claim() as claim:
        waiting = Run.objects.filter(pk=run_id, status=RunStatus.PENDING, reverting_at=None)
        is_ours = waiting.update(**fields, claim=claim)
        run.refresh_from_db()
        yield run if is_ours else None


def advance(run: Run, *, n_rows: int, n_lasting: int | None = None) -> None:
    """Say that these rows are done. Call it first in a chunk's database transaction.

    `n_lasting` of them need not be done again by another try: all, if not given, or none of a run that starts over.
    Rows that last begin the count of interruptions anew. Until the transaction ends nobody else can claim or cancel
    the run. Raises ClaimLost.
    """
    if n_lasting is None:
        n_lasting = 0 if work_of(run).starts_over else n_rows
    fields: dict[str, Any] = {"done": F("done") + n_rows} | ({"n_interruptions": 0} if n_lasting else {})
    held = Run.objects.filter(pk=run.pk, claim=run.claim, status=RunStatus.RUNNING)
    if not held.update(**fields):
        raise ClaimLost
    run.done += n_rows


def note_omissions(run: Run, left: Iterable[tuple[int, str, str]]) -> int:
    """Keep the rows that the run left as they were: id, code and sentence. Return how many."""
    rows = [[run.pk, pk, code, detail[:DETAIL_LENGTH]] for pk, code, detail in left]
    insert_ignoring_known(Omission, ["run_id", "transaction", "code", "detail"], rows)
    return len(rows)


def add_counts(run: Run, counts: dict[str, int]) -> None:
    """Add to what the run has counted so far, within a chunk's database transaction."""
    run.counts = {**run.counts, **{name: run.counts.get(name, 0) + n for name, n in counts.items()}}
    run.save(update_fields=["counts"])


def begin_run(run: Run) -> Run:
    """Do a small run at once, which takes no longer than a page of a list. Queue any other."""
    if run.total > AT_ONCE:
        queue_run(run)
        return run
    perform_run(run_id=run.pk)
    run.refresh_from_db()
    return run


def queue_run(run: Run) -> None:
    """Queue the run on commit. If queueing fails, the next start of a worker or a resume takes the run up."""
    enqueue(TASK, run.pk, priority=work_of(run).priority)


def resume_runs() -> int:
    """Queue every run that waits or was interrupted, whatever was queued before a crash. Return how many."""
    interrupt_abandoned(Run.objects.filter(status=RunStatus.RUNNING))
    waiting = list(Run.objects.filter(status=RunStatus.PENDING, reverting_at=None).order_by("pk"))
    for run in waiting:
        queue_run(run)
    return len(waiting)


def resume_interrupted() -> int:
    """Queue the runs whose workers were stopped since the last look. Return how many."""
    return interrupt_abandoned(Run.objects.filter(status=RunStatus.RUNNING))


def interrupt_abandoned(runs: Iterable[Run]) -> int:
    """Let those of the runs whose workers were stopped wait for another worker, and queue them. Return how many.

    A run whose workers were stopped too often without progress fails.
    """
    n_interrupted = 0
    for run in abandoned(run for run in runs if run.status == RunStatus.RUNNING):
        if run.n_interruptions + 1 >= MOST_INTERRUPTIONS:
            end_run(run, RunStatus.FAILED, error=KILLED)
        else:
            waiting = {"status": RunStatus.PENDING, "claim": "", "interrupted_at": timezone.now()}
            with transaction.atomic():
                own = Run.objects.filter(pk=run.pk, status=RunStatus.RUNNING, claim=run.claim)
                if own.update(**waiting, n_interruptions=F("n_interruptions") + 1):
                    queue_run(run)
                    n_interrupted += 1
    return n_interrupted


@transaction.atomic
def cancel_run(*, by: User, run: Run) -> Run:
    """Stop it after the chunk it is at; what it did stays. Raises Refusal when it has ended."""
    lock_ledger(run.ledger_id)
    unfinished = Run.objects.for_user(by).filter(pk=run.pk, status__in=UNFINISHED)
    stopped = unfinished.update(status=RunStatus.CANCELED, finished_at=timezone.now(), claim="")
    current: Run = Run.objects.for_user(by).get(pk=run.pk)
    if not stopped:
        raise Refusal(f"This run is {current.status}; there is nothing left to cancel.", code="ended")
    work_of(current).after_end(current)
    return current


@transaction.atomic
def reopen_run(*, by: User, run: Run) -> Run:
    """Let a run that failed or was canceled wait for a worker again. Raises Refusal for any other."""
    lock_ledger(run.ledger_id)
    current: Run = Run.objects.for_user(by).select_for_update().get(pk=run.pk)
    if current.reverting_at is not None and current.status != RunStatus.REVERTED:
        raise Refusal("Its revert has begun: revert it again to finish that.", code="reverting")
    if current.status not in {RunStatus.FAILED, RunStatus.CANCELED}:
        detail = f"This run is {current.status}; only one that failed or was canceled can go on."
        raise Refusal(detail, code="not_stopped")
    work_of(current).before_resume(current)
    current.status, current.error, current.claim = RunStatus.PENDING, "", ""
    current.finished_at, current.interrupted_at, current.n_interruptions = None, None, 0
    current.save()
    return current


def interrupt_abandoned_of(user: User) -> None:
    """Let the abandoned runs of the user's ledger wait for a worker. The look costs one query, and no lock."""
    interrupt_abandoned(Run.objects.filter(status=RunStatus.RUNNING, ledger_id=ledger_id_of(user)))


@transaction.atomic
def end_run(run: Run, status: str, *, error: str = "") -> None:
    """End a run that this worker holds. Work that must not be done twice calls it together with its last rows."""
    lock_ledger(run.ledger_id)
    held = Run.objects.filter(pk=run.pk, claim=run.claim, status=RunStatus.RUNNING)
    if held.update(status=status, error=error, finished_at=timezone.now(), claim=""):
        run.refresh_from_db()
        work_of(run).after_end(run)
