"""Work that is done after the answer is sent."""

from datetime import timedelta
from typing import Any

from django.core.cache import cache
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django_tasks import task

from expenses.categorization.catalog import Catalog
from expenses.categorization.history import with_examples
from expenses.categorization.training_rows import READING, stamp_of_confirmed
from expenses.models import Ledger, Run, TrackRecord, Transaction
from expenses.services.deferred import Progress, end_of_batch, resolve_some_rows
from expenses.services.learning import ask_some_again, learn
from expenses.services.ledger_lock import ledger_write
from expenses.services.runs import SILENCE, interrupted_runs, perform_run
from providers.interface import Transaction as Question
from providers.loading import configured_chain

#: A queued task that has not ended by then is taken for lost, and the next write queues another.
LOST_AFTER = timedelta(minutes=30)
#: Whoever commits a statement need not wait until the model has answered for all rows of the one before.
LOW_PRIORITY = -10
#: Nobody waits for what is learned.
LOWEST_PRIORITY = -30
#: How many times as long as it learned a worker does not learn from the same ledger again.
REST_FACTOR = 10
#: Batches of open rows that one task asks about again: others wait no longer than some seconds.
BATCHES_AGAIN = 10
#: Rows that a run works through within the request.
AT_ONCE = 100
#: How long a text that the model made nothing of is not asked again.
IN_VAIN_FOR_S = 600
FIRST_RETRY_S = 10
LONGEST_RETRY_S = 120


@task(priority=LOW_PRIORITY)
def resolve_pending(ledger_id: int, n_retries: int = 0, after: int = 0) -> None:
    """Ask about some of the ledger's pending rows, those after a row's id, and queue the next task for the rest.

    While the model cannot be asked, the next one comes later, ever more seldom.
    """
    try:
        progress, last = resolve_some_rows(ledger_id=ledger_id, after=after)
    except Exception:
        _retry(ledger_id, n_retries, end_of_batch(ledger_id=ledger_id, after=after))
        raise
    if progress is Progress.STUCK:
        _retry(ledger_id, n_retries, last)
    elif progress is Progress.MORE:
        _go_on(ledger_id, last)
    else:
        _end(ledger_id)


@task(priority=LOW_PRIORITY)
def ask_model(owner: int, questions: list[dict[str, Any]]) -> None:
    """Ask the deferred links about texts that are no rows; they keep the answers, and a later request recalls them.

    Each question has `merchant`, `description`, `direction` and the `kinds` of category to choose from. Where nothing
    came of it, the verdict is kept in the cache under its `key`, so that nobody waits for an answer that will not come.
    """
    if not Ledger.objects.filter(pk=owner).exists():
        return  # whoever asked left, and what they spend on is told nobody any more
    catalog = Catalog.load(owner)
    verdicts = configured_chain().resolve(with_examples([_question(owner, fields, catalog) for fields in questions]))
    for fields, verdict in zip(questions, verdicts, strict=True):
        if verdict.best is None and not verdict.is_waiting:
            cache.set(fields["key"], verdict, IN_VAIN_FOR_S)


def _question(owner: int, fields: dict[str, Any], catalog: Catalog) -> Question:
    return Question(
        description=fields["description"],
        categories=tuple(c for c in catalog.offered("in", None) if c.kind in fields["kinds"]),
        owner=owner,
        direction=fields["direction"],
        merchant=fields["merchant"],
        kinds=catalog.kinds,
        trust=catalog.trust,
    )


@task()
def carry_out_run(run_id: int) -> None:
    """Work on a run; harmless when it is queued twice."""
    perform_run(run_id=run_id)


@task(priority=LOWEST_PRIORITY)
def learn_from_choices(ledger_id: int) -> None:
    """Learn what was confirmed, then ask about open rows again, a part in each task; begin anew if more was confirmed.

    Harmless when queued twice.
    """
    learn(ledger_id=ledger_id)
    if ask_some_again(ledger_id=ledger_id, n_batches=BATCHES_AGAIN):
        TrackRecord.objects.filter(pk=ledger_id).update(learning_until=timezone.now() + LOST_AFTER)
        learn_from_choices.enqueue(ledger_id)
        return
    with transaction.atomic():
        if not Ledger.objects.select_for_update().filter(pk=ledger_id).exists():
            return
        TrackRecord.objects.filter(pk=ledger_id).update(learning_until=None)
        if TrackRecord.objects.filter(pk=ledger_id).exclude(learned_from=stamp_of_confirmed(ledger_id)).exists():
            queue_learning(ledger_id=ledger_id)


def queue_learning(*, ledger_id: int) -> None:
    """Queue the task on commit, unless one is queued already. Call it under the ledger's lock.

    It waits ten times as long as the last one took, so that a worker is never busy with learning alone.
    """
    now = timezone.now()
    free = Q(learning_until=None) | Q(learning_until__lt=now)
    queued = TrackRecord.objects.filter(free, pk=ledger_id).update(learning_until=now + LOST_AFTER)
    if not queued:
        _, queued = TrackRecord.objects.get_or_create(
            ledger_id=ledger_id, defaults={"learning_until": now + LOST_AFTER}
        )
    if queued:
        record = TrackRecord.objects.get(pk=ledger_id)
        ready = (record.learned_at or now) + timedelta(seconds=REST_FACTOR * record.learned_for_s)
        if ready > now:
            TrackRecord.objects.filter(pk=ledger_id).update(learning_until=ready + LOST_AFTER)
        later = learn_from_choices.using(run_after=ready) if ready > now else learn_from_choices
        transaction.on_commit(lambda: later.enqueue(ledger_id), robust=True)


def resume_learning() -> int:
    """Queue the task for every ledger whose task a crash may have lost, or that an older version learned from.

    Returns how many.
    """
    is_lost = Q(learning_until__isnull=False) | Q(asking_before__isnull=False)
    is_stale = ~Q(learned_from="") & ~Q(learned_from__startswith=f"{READING}-")
    waiting = list(TrackRecord.objects.filter(is_lost | is_stale).values_list("ledger_id", flat=True))
    for ledger_id in waiting:
        learn_from_choices.enqueue(ledger_id)
    return len(waiting)


def begin_run(run: Run) -> Run:
    """Do a small run at once, which takes no longer than a page of a list; queue any other."""
    if run.total > AT_ONCE:
        queue_run(run)
        return run
    perform_run(run_id=run.pk)
    run.refresh_from_db()
    return run


def queue_run(run: Run) -> None:
    """Queue it on commit: a worker may be quicker than the request that ordered it.

    The order itself is kept by then; should queueing fail, whoever starts a worker or resumes the run takes it up.
    """
    transaction.on_commit(lambda: carry_out_run.enqueue(run.pk), robust=True)


def resume_runs() -> int:
    """Queue every run that a crash interrupted or left waiting. Returns how many.

    One whose worker may still live waits until that would have been silent for too long.
    """
    runs = interrupted_runs()
    now = timezone.now()
    for run in runs:
        carry_out_run.using(run_after=max((run.alive_at or now - SILENCE) + SILENCE, now)).enqueue(run.pk)
    return len(runs)


def queue_resolving(*, ledger_id: int) -> None:
    """Queue the task on commit, unless one is queued already. Call it under the ledger's lock."""
    now = timezone.now()
    free = Ledger.objects.filter(Q(resolving_until=None) | Q(resolving_until__lt=now), pk=ledger_id)
    if free.update(resolving_until=now + LOST_AFTER):
        transaction.on_commit(lambda: resolve_pending.enqueue(ledger_id), robust=True)


def resume_resolving() -> int:
    """Queue the task for every ledger with pending rows, whatever was queued before a crash. Returns how many."""
    waiting = list(Transaction.objects.pending().order_by().values_list("ledger_id", flat=True).distinct())
    Ledger.objects.filter(pk__in=waiting).update(resolving_until=timezone.now() + LOST_AFTER)
    for ledger_id in waiting:
        resolve_pending.enqueue(ledger_id)
    return len(waiting)


def _go_on(ledger_id: int, after: int) -> None:
    Ledger.objects.filter(pk=ledger_id).update(resolving_until=timezone.now() + LOST_AFTER)
    resolve_pending.enqueue(ledger_id, 0, after)


def _end(ledger_id: int) -> None:
    with ledger_write(ledger_id):
        Ledger.objects.filter(pk=ledger_id).update(resolving_until=None)
        if Transaction.objects.filter(ledger_id=ledger_id).pending().exists():  # written while this task ran
            queue_resolving(ledger_id=ledger_id)


def _retry(ledger_id: int, n_retries: int, after: int) -> None:
    """Queue the next try, unless a second task for the same ledger has: a restart queues one beside a waiting retry."""
    wait = timedelta(seconds=min(FIRST_RETRY_S * 2 ** min(n_retries, 10), LONGEST_RETRY_S))
    now = timezone.now()
    free = Ledger.objects.filter(Q(resolving_until=None) | Q(resolving_until__lte=now + LOST_AFTER), pk=ledger_id)
    if free.update(resolving_until=now + wait + LOST_AFTER):
        resolve_pending.using(run_after=now + wait).enqueue(ledger_id, n_retries + 1, after)
