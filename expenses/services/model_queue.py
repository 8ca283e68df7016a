"""The rows that await the model: how many, since when and why, and the next try."""

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from django.core.cache import cache
from django.db import transaction
from django.db.models import Count, F, Max
from django.utils import timezone

from expenses.models import Ledger, ModelAnswer, ModelMiss, Transaction
from expenses.models.model_misses import REASON_LENGTH
from expenses.querysets import TRANSACTION_AWAITS, TransactionQuerySet
from expenses.services.ledger_lock import lock_ledger
from expenses.services.ledger_queue import LOST_AFTER, RESOLVE_PENDING
from providers.loading import CacheBreaker, configured_chain

#: A row that failed so often, while the model answered about others, is not asked about again.
MOST_TRIES = 5
ITS_TURN = "It waits for its turn."
AFTER_PERSON = "It waits for its turn: the model answers a person first."
RESTS = "It waits until the model is asked again, at {}."
#: Above all priorities of `expenses.tasks`: the owner wants the rows asked about next.
RETRY_PRIORITY = 20
#: The cache key that says that the model answers a person, and how long it holds if the worker is killed.
_HELD, _HELD_S = "model:answers_person", 1800
NO_MODEL = "No local model is configured, so it waits for one."


@dataclass(frozen=True, slots=True)
class ModelQueue:
    """The state of a ledger's queue, and each reason with its number of rows, the most frequent first."""

    waiting: int
    oldest: datetime | None
    state: Literal["idle", "asking", "busy", "away", "off"]
    next_try_at: datetime | None
    last_error: str | None
    #: The reason of rows about which the model was not asked yet.
    reason: str
    reasons: list[dict[str, Any]]


def read_queue(*, ledger_id: int, waiting: int | None = None) -> ModelQueue:
    """Return the state of the ledger's queue, in a few queries. A known number of rows spares the slowest of them."""
    rows = waiting_rows(ledger_id)
    waiting = rows.count() if waiting is None else waiting
    oldest = rows.values_list("created_at", flat=True).first()
    links = configured_chain().deferred
    breakers = [CacheBreaker().describe(link.provider.name) for link in links]
    last_error = next((str(breaker["last_error"]) for breaker in breakers if breaker["last_error"]), None)
    claimed_until = Ledger.objects.values_list("resolving_until", flat=True).get(pk=ledger_id)
    next_try_at = claimed_until - LOST_AFTER if waiting and links and claimed_until is not None else None
    rests = [datetime.fromisoformat(str(each["next_try_at"])) for each in breakers if each["state"] == "open"]
    if next_try_at is not None and rests:
        next_try_at = max(rests)
    is_later = next_try_at is not None and next_try_at > timezone.now()
    state: Literal["idle", "asking", "busy", "away", "off"] = "asking"
    is_held = cache.get(_HELD) is not None
    reason = AFTER_PERSON if is_held else ITS_TURN
    if not links:
        state, reason = "off", NO_MODEL
    elif last_error is not None:
        state = "away"
    elif not waiting:
        state = "idle"
    elif is_held:
        state = "busy"
    if next_try_at is not None and is_later and state == "away":
        reason = RESTS.format(f"{next_try_at:%Y-%m-%dT%H:%M:%SZ}")
    missed = ModelMiss.objects.filter(TRANSACTION_AWAITS, ledger_id=ledger_id).values("reason")
    reasons: list[dict[str, Any]] = [dict(each) for each in missed.annotate(n=Count("pk")).order_by("reason")]
    n_untried = waiting - sum(int(each["n"]) for each in reasons)
    reasons += [{"reason": reason, "n": n_untried}] if n_untried else []
    reasons.sort(key=lambda each: -int(each["n"]))
    return ModelQueue(waiting, oldest, state, next_try_at if is_later else None, last_error, reason, reasons)


def waiting_rows(ledger_id: int) -> TransactionQuerySet:
    """Return the rows that await the model, in the order in which they were recorded."""
    rows: TransactionQuerySet = Transaction.objects.filter(ledger_id=ledger_id).awaiting_model().order_by("id")
    return rows


def retry_now(*, ledger_id: int) -> None:
    """Let the model be asked about the ledger's rows next, even while it rests after failures."""
    for link in configured_chain().deferred:
        CacheBreaker().end_rest(link.provider.name)
    if waiting_rows(ledger_id).exists():
        RESOLVE_PENDING.go_on(ledger_id, priority=RETRY_PRIORITY)


@contextmanager
def holding_rows() -> Iterator[None]:
    """Answer a person: meanwhile the queue says why it holds rows."""
    cache.set(_HELD, 1, _HELD_S)
    try:
        yield
    finally:
        cache.delete(_HELD)


def forget_holding() -> None:
    """Forget that the model answers a person, as after its worker was killed."""
    cache.delete(_HELD)


def find_hopeless(*, ledger_id: int, among: Collection[int]) -> set[int]:
    """Return the rows whose next failure is their own: the model answered about others since their first one."""
    last_answer = ModelAnswer.objects.filter(ledger_id=ledger_id).aggregate(at=Max("answered_at"))["at"]
    if last_answer is None:
        return set()
    misses = ModelMiss.objects.filter(pk__in=among, n_tries__gte=MOST_TRIES - 1, since__lt=last_answer)
    return set(misses.values_list("pk", flat=True))


def note_misses(*, ledger_id: int, missed: Mapping[int, str], asked: Collection[int]) -> None:
    """Count a failed try for each row of `missed`, id → reason, and forget those of rows that were asked about."""
    with transaction.atomic():
        lock_ledger(ledger_id)
        ModelMiss.objects.filter(transaction__in=[pk for pk in asked if pk not in missed]).delete()
        for pk in waiting_rows(ledger_id).filter(pk__in=missed).values_list("pk", flat=True):
            fields: dict[str, Any] = {"reason": missed[pk][:REASON_LENGTH]}
            if not ModelMiss.objects.filter(pk=pk).update(**fields, n_tries=F("n_tries") + 1):
                ModelMiss.objects.create(pk=pk, ledger_id=ledger_id, **fields)
