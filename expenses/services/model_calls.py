"""The privacy ledger: keeps each call of a model, notes the rows that it was for, and deletes it in time."""

import re
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from expenses.models import Transaction
from expenses.models.model_calls import KEPT_DAYS, ModelCall, PrivacyChoices
from expenses.services.ledger_lock import lock_ledger
from providers.interface import ProviderError
from providers.loading import configured_model
from providers.ollama.calls import CallEnd, CallOutcome, CallRequest

#: The longest texts that are kept, in characters. A longer request is not sent, a longer answer is cut.
MAX_REQUEST, MAX_RESPONSE = 1_000_000, 100_000
#: A call without an end is under way for so many seconds, or for as long as the longest deadline of the model's link.
UNDER_WAY_S = 600
#: Characters that PostgreSQL stores in no text, or that no encoding has.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


class ModelCallLog:
    """The log that providers keep their calls in (`providers.ollama.calls.CallLog`)."""

    def begin(self, request: CallRequest) -> str:
        """Keep the call before it is sent, and return its id. An exception means that nothing may be sent.

        Raises RuntimeError within a database transaction, which could take the record back after the call was sent;
        ProviderError for a request that is too long to be kept; DatabaseError.
        """
        if len(request.body) > MAX_REQUEST:
            raise ProviderError(
                f"The prompt has {len(request.body):,} characters; a prompt of more than {MAX_REQUEST:,} is not sent."
            )
        with transaction.atomic(durable=True):
            call = ModelCall.objects.create(
                ledger_id=request.owner,
                purpose=request.purpose,
                endpoint=_storable(request.endpoint)[:300],
                model=_storable(request.model)[:200],
                digest=_storable(request.digest)[:80],
                prompt_version=_storable(request.prompt_version)[:40],
                request=_storable(request.body),
                n_bytes_sent=len(request.body.encode("utf-8", "surrogatepass")),
            )
        return str(call.pk)

    def end(self, call: str, end: CallEnd) -> None:
        """Keep how the call ended. A call that was deleted meanwhile, with its ledger, stays deleted.

        An owner who keeps calls for 0 days keeps no text beyond the call.
        """
        this = ModelCall.objects.filter(pk=call)
        no_text = PrivacyChoices.objects.filter(ledger__in=this.values("ledger_id"), kept_days=0).exists()
        texts = {"request": "", "response": ""} if no_text else {"response": _storable(end.received)[:MAX_RESPONSE]}
        nothing_sent = {} if end.was_sent else {"n_bytes_sent": 0}
        this.update(
            outcome=end.outcome,
            n_bytes_received=end.n_bytes_received,
            duration_ms=end.duration_ms,
            **texts,
            **nothing_sent,
        )


def _storable(text: str) -> str:
    return _UNSTORABLE.sub("\N{REPLACEMENT CHARACTER}", text)


def calls_in(details: Mapping[str, Any]) -> list[str]:
    """Return the ids of the calls that the details of an attempt name, in their order."""
    asked = [question.get("call") for question in details.get("questions", ())]
    return [call for call in dict.fromkeys([*asked, *details.get("calls", ())]) if call]


def note_rows(*, ledger_id: int, calls: Mapping[int, Iterable[str]]) -> None:
    """Note which transactions calls were made for; `calls` has their ids by the id of the transaction. Safe to repeat.

    Calls and rows that are gone meanwhile are left out. Raises Ledger.DoesNotExist if the whole ledger is.
    """
    made = {row: set(ids) for row, ids in calls.items() if ids}
    if not made:
        return
    with transaction.atomic():
        lock_ledger(ledger_id)
        wanted = set().union(*made.values())
        kept = ModelCall.objects.filter(ledger_id=ledger_id, pk__in=wanted).values_list("pk", flat=True)
        known = set(map(str, kept))
        rows = Transaction.everything.filter(ledger_id=ledger_id, pk__in=made).values_list("pk", flat=True)
        through = ModelCall.transactions.through
        pairs = [
            through(modelcall_id=call, transaction_id=row) for row in rows.order_by() for call in made[row] & known
        ]
        through.objects.bulk_create(pairs, ignore_conflicts=True)


def delete_calls(calls: QuerySet[Any], *, ledger_id: int) -> int:
    """Delete calls of one ledger that have ended, and return how many. Their transactions stay as they are."""
    with transaction.atomic():
        lock_ledger(ledger_id)
        ids = list(_ended(calls).order_by().values_list("pk", flat=True).distinct())
        _, deleted = ModelCall.objects.filter(ledger_id=ledger_id, pk__in=ids).only("pk").delete()
    return deleted.get(ModelCall._meta.label, 0)


def _ended(calls: QuerySet[Any]) -> QuerySet[Any]:
    """Leave out calls under way, which must be listed until they have ended. Killed ones count as ended some day."""
    model = configured_model()
    longest_s = max(UNDER_WAY_S, *((model.timeout_s, model.load_timeout_s) if model is not None else (0,)))
    return calls.filter(~Q(outcome=CallOutcome.SENT) | Q(created_at__lt=timezone.now() - timedelta(seconds=longest_s)))


def prune_calls(*, is_dry_run: bool = False) -> int:
    """Delete the calls of all ledgers that were kept for as long as their owners want. Return how many."""
    now, n = timezone.now(), 0
    kept_days = dict(PrivacyChoices.objects.values_list("ledger_id", "kept_days"))
    for ledger_id in list(ModelCall.objects.order_by().values_list("ledger_id", flat=True).distinct()):
        days = kept_days.get(ledger_id, KEPT_DAYS)
        if days is not None:
            old = ModelCall.objects.filter(ledger_id=ledger_id, created_at__lt=now - timedelta(days=days))
            n += _ended(old).count() if is_dry_run else delete_calls(old, ledger_id=ledger_id)
    return n
