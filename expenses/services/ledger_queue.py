"""Background tasks of which each ledger has at most one in the queue."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, models, transaction
from django.db.models import Q
from django.utils import timezone

from accounts.queue import enqueue
from expenses.models import Ledger, TrackRecord

#: A queued task that has not ended by then is taken for lost, and the next write queues another.
LOST_AFTER = timedelta(minutes=30)
#: A ledger's next task waits this many times as long as the last one took, so that one ledger never fills a worker.
REST_FACTOR = 10
#: No task takes longer, whatever a restored ledger says.
LONGEST_S = 3600


@dataclass(frozen=True, slots=True)
class LedgerTask:
    """A task at a dotted path that takes a ledger's id, and is queued once for each ledger.

    A row of `model`, whose primary key is the ledger, holds the claim: until the instant in that column, only the
    task itself queues another. A crash that loses the task leaves a claim behind, which runs out.
    """

    path: str
    model: type[models.Model]
    claim: str
    #: The columns with the end of the last task and the seconds that it took; None if no rest is needed.
    rest: tuple[str, str] | None = None

    def queue(self, ledger_id: int) -> bool:
        """Queue the task on commit, unless one is queued already. Return True if it was queued.

        Writers call it under the ledger's lock. The task waits until the ledger's rest is over.
        """
        now = ready = timezone.now()
        if self.rest is not None:
            last = self._rows(ledger_id).values_list(self.claim, *self.rest).first()
            if last is not None:
                claimed_until, ended_at, took_s = last
                if claimed_until is not None and claimed_until >= now:
                    return False
                rest = timedelta(seconds=REST_FACTOR * min(max(took_s, 0), LONGEST_S))
                ready = max(now, min(ended_at or now, now) + rest)
        claimed_until = ready + LOST_AFTER
        queued = self._claim(ledger_id, now, claimed_until)
        if not queued and self.model is not Ledger:
            claim = {self.claim: claimed_until}
            _, queued = self.model._default_manager.get_or_create(pk=ledger_id, defaults=claim)
        if queued:
            enqueue(self.path, ledger_id, run_after=ready if ready > now else None)
        return queued

    def go_on(self, ledger_id: int, *args: Any, wait: timedelta = timedelta(0), priority: int | None = None) -> None:
        """Queue the next task from within the running one. A retry with a wait gives way to a later one."""
        now = timezone.now()
        is_first = Q((self.claim, None)) | Q((f"{self.claim}__lte", now + LOST_AFTER)) if wait else Q()
        if self._rows(ledger_id).filter(is_first).update(**{self.claim: now + wait + LOST_AFTER}):
            enqueue(self.path, ledger_id, *args, priority=priority, run_after=now + wait if wait else None)

    def finish(self, ledger_id: int, *, has_more: Callable[[], bool]) -> None:
        """Give the claim up at the end of a task, and queue the next one if something was written meanwhile."""
        with transaction.atomic():
            if Ledger.objects.select_for_update().filter(pk=ledger_id).exists():
                self.release(ledger_id)
                if has_more():
                    self.queue(ledger_id)

    def release(self, ledger_id: int) -> None:
        """Give the claim up."""
        self._rows(ledger_id).update(**{self.claim: None})

    def resume(self, ledger_ids: Iterable[int]) -> int:
        """Queue the task for ledgers whose tasks a crash may have lost, whatever is queued. Return how many."""
        ids = list(ledger_ids)
        rows = self.model._default_manager.filter(pk__in=ids)
        rows.update(**{self.claim: timezone.now() + LOST_AFTER})
        for ledger_id in ids:
            enqueue(self.path, ledger_id)
        return len(ids)

    def _claim(self, ledger_id: int, now: datetime, until: datetime) -> bool:
        """Take the claim if it is free. In SQL, which Django would compose with every write for half a millisecond."""
        names = (self.model._meta.db_table, str(self.model._meta.pk.column), self.claim)
        table, key, claim = (connection.ops.quote_name(name) for name in names)
        sql = f"UPDATE {table} SET {claim} = %s WHERE {key} = %s AND ({claim} IS NULL OR {claim} < %s)"  # noqa: S608
        with connection.cursor() as cursor:
            adapt = connection.ops.adapt_datetimefield_value
            cursor.execute(sql, [adapt(until), ledger_id, adapt(now)])
            return int(cursor.rowcount) > 0

    def _rows(self, ledger_id: int) -> "models.QuerySet[Any]":
        return self.model._default_manager.filter(pk=ledger_id)


#: Ask the model about rows that await it.
RESOLVE_PENDING = LedgerTask("expenses.tasks.resolve_pending", Ledger, "resolving_until")
#: Learn from confirmed rows.
LEARN_FROM_CHOICES = LedgerTask(
    "expenses.tasks.learn_from_choices", TrackRecord, "learning_until", rest=("learned_at", "learned_for_s")
)
