"""Background tasks of the ledger. Other modules queue them by dotted path, with `accounts.queue.enqueue`."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from django.core.cache import cache
from django.db.models import Q
from django.utils import timezone
from django_tasks import task

from accounts.queue import MODEL_QUEUE
from expenses.categorization.catalog import Catalog
from expenses.categorization.history import with_examples
from expenses.categorization.questions import question_from_json
from expenses.categorization.suggestions import ASKED_FOR_S
from expenses.categorization.training_rows import READING, stamp_of_confirmed
from expenses.models import Ledger, TrackRecord, Transaction
from expenses.services.deferred import ResolvedRows, next_awaiting, resolve_rows
from expenses.services.learning import ask_some_again, learn
from expenses.services.ledger_queue import LEARN_FROM_CHOICES, LOST_AFTER, RESOLVE_PENDING
from expenses.services.model_queue import holding_rows
from expenses.services.runs import perform_run
from providers.chain import Outcome
from providers.loading import CacheBreaker, configured_chain

#: For learning and insights, which no request waits for.
LOWEST_PRIORITY = -30
#: In the queue of the model: a person waits for the answer to a question, then for a narrative or the category of a
#: text, and nobody for the categories of rows.
ASK_PRIORITY, NARRATE_PRIORITY, CATEGORIZE_PRIORITY = 10, 0, -10
#: Batches of open rows that one task asks about again, so that other tasks wait for seconds at most.
BATCHES_AGAIN = 10
#: How long a text without an answer is not asked about again.
IN_VAIN_FOR_S = 600
#: How long a task asks the model, so that a person's question in the same queue waits for seconds.
LONGEST_BATCH_S = 10
FIRST_RETRY_S = 10
LONGEST_RETRY_S = 120
#: The cache key of the ledger whose rows had the last turn between two answers to persons.
_LAST_TURN = "model:turn"


@task(queue_name=MODEL_QUEUE, priority=CATEGORIZE_PRIORITY)
def resolve_pending(ledger_id: int, n_retries: int = 0, after: int = 0) -> None:
    """Ask about a batch of the ledger's rows that await the model, those after an id, and queue the next task.

    While the model cannot be asked, the next task comes later and later, and never while the model rests.
    """
    rows = next_awaiting(ledger_id=ledger_id, after=after)
    if not rows:
        RESOLVE_PENDING.finish(
            ledger_id, has_more=lambda: Transaction.objects.filter(ledger_id=ledger_id).awaiting_model().exists()
        )
        return
    done = ResolvedRows(is_stuck=True, last=rows[-1].pk)
    try:
        done = resolve_rows(rows, until=time.monotonic() + LONGEST_BATCH_S)
    finally:
        wait = _wait(n_retries) if done.is_stuck else timedelta(0)
        RESOLVE_PENDING.go_on(ledger_id, n_retries + 1 if done.is_stuck else 0, done.last, wait=wait)


def _wait(n_retries: int) -> timedelta:
    """Return the time to the next try: until the breaker lets one question through, else longer with each retry."""
    breakers = [CacheBreaker().describe(link.provider.name) for link in configured_chain().deferred]
    rests_until = [datetime.fromisoformat(str(each["next_try_at"])) for each in breakers if each["state"] == "open"]
    if rests_until:
        return max(max(rests_until) - timezone.now(), timedelta(0)) + timedelta(seconds=1)
    return timedelta(seconds=min(FIRST_RETRY_S * 2 ** min(n_retries, 10), LONGEST_RETRY_S))


@contextmanager
def before_rows() -> Iterator[None]:
    """Answer a person while rows wait, which their queue tells. Then a batch of rows has its turn."""
    with holding_rows():
        yield
    _give_rows_a_turn()


def _give_rows_a_turn() -> None:
    """Ask about one batch of rows, of each ledger in turn, unless the model rests.

    Rows that waited for a retry go on at once if the model answers again.
    """
    states = [CacheBreaker().describe(link.provider.name)["state"] for link in configured_chain().deferred]
    waiting = Ledger.objects.exclude(resolving_until=None).order_by("pk").values_list("pk", "resolving_until")
    turn = waiting.filter(pk__gt=cache.get(_LAST_TURN, 0)).first() or waiting.first()
    if turn is None or not states or "open" in states:
        return
    ledger_id, claimed_until = turn
    cache.set(_LAST_TURN, ledger_id)
    rows = next_awaiting(ledger_id=ledger_id)
    if not rows:
        return
    done = resolve_rows(rows, until=time.monotonic() + LONGEST_BATCH_S)
    if not done.is_stuck and claimed_until is not None and claimed_until > timezone.now() + LOST_AFTER:
        RESOLVE_PENDING.go_on(ledger_id)


@task(queue_name=MODEL_QUEUE, priority=NARRATE_PRIORITY)
def ask_model(owner: int, questions: list[dict[str, Any]]) -> None:
    """Ask the deferred links about texts that are no rows. They keep the answers, and a later request recalls them.

    Each question has `merchant`, `description`, `direction` and the `kinds` of category to choose from. A verdict
    without an answer is cached under the question's `key`, so that clients stop waiting for one.
    """
    if not Ledger.objects.filter(pk=owner).exists():
        return  # the user has left, and their texts go nowhere any more
    catalog = Catalog.load(owner)
    asked = [question_from_json(fields, catalog=catalog) for fields in questions]
    verdicts = configured_chain().resolve(with_examples(asked), until=time.monotonic() + LONGEST_BATCH_S)
    rest = []
    for fields, verdict in zip(questions, verdicts, strict=True):
        if any(attempt.outcome is Outcome.WAITING for attempt in verdict.attempts):
            rest.append(fields)
        elif verdict.best is None:
            cache.set(fields["key"], verdict, ASKED_FOR_S if verdict.is_waiting else IN_VAIN_FOR_S)
    is_away = any(attempt.outcome is Outcome.FAILED and attempt.will_retry for v in verdicts for attempt in v.attempts)
    if rest and not is_away:
        ask_model.enqueue(owner, rest)


@task()
def carry_out_run(run_id: int) -> None:
    """Work on a run. Queued twice, it does the work once."""
    perform_run(run_id=run_id)


@task(priority=LOWEST_PRIORITY)
def learn_from_choices(ledger_id: int) -> None:
    """Learn from confirmed rows, then ask about open rows again, a part in each task.

    Queued twice, it does the work once.
    """
    learn(ledger_id=ledger_id)
    if ask_some_again(ledger_id=ledger_id, n_batches=BATCHES_AGAIN):
        LEARN_FROM_CHOICES.go_on(ledger_id)
        return
    records = TrackRecord.objects.filter(pk=ledger_id)
    is_asking = Q(asking_before__isnull=False)
    LEARN_FROM_CHOICES.finish(
        ledger_id, has_more=lambda: records.filter(is_asking | ~Q(learned_from=stamp_of_confirmed(ledger_id))).exists()
    )


def resume_learning() -> int:
    """Queue learning for ledgers whose task a crash may have lost, or whose texts are read otherwise since an upgrade.

    Return how many.
    """
    records = TrackRecord.objects.order_by("pk")
    lost = records.filter(learning_until__isnull=False) | records.filter(asking_before__isnull=False)
    stale = records.exclude(learned_from="").exclude(learned_from__startswith=f"{READING}-")
    return LEARN_FROM_CHOICES.resume((lost | stale).values_list("pk", flat=True))


def resume_resolving() -> int:
    """Queue the task for every ledger with rows that await the model, whatever a crash has lost. Return how many."""
    waiting = Transaction.objects.awaiting_model().order_by().values_list("ledger_id", flat=True).distinct()
    return RESOLVE_PENDING.resume(waiting)
