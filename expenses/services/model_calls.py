"""Keeps each call of a model in the privacy ledger of its owner."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.db import transaction

from expenses.models.model_calls import ModelCall
from providers.ollama.calls import CallEnd, CallRequest


class ModelCallLog:
    """The log that providers keep their calls in (`providers.ollama.calls.CallLog`)."""

    def begin(self, request: CallRequest) -> str:
        """Keep the call before it is sent, and return its id. A database error means that nothing is sent.

        Raise RuntimeError within a transaction, which could take the record back after the call.
        """
        with transaction.atomic(durable=True):
            call = ModelCall.objects.create(
                ledger_id=request.owner,
                purpose=request.purpose,
                endpoint=request.endpoint[:300],
                model=request.model[:200],
                digest=request.digest,
                prompt_version=request.prompt_version,
                request=request.body,
                n_bytes_sent=len(request.body.encode("utf-8", "replace")),
            )
        return str(call.pk)

    def end(self, call: str, end: CallEnd) -> None:
        """Keep how the call ended. A call that its owner has deleted meanwhile stays deleted."""
        changes: dict[str, Any] = {
            "outcome": end.outcome,
            "response": end.received.replace("\x00", "\N{REPLACEMENT CHARACTER}"),
            "n_bytes_received": end.n_bytes_received,
            "duration_ms": end.duration_ms,
        }
        if not end.was_sent:
            changes["n_bytes_sent"] = 0
        ModelCall.objects.filter(pk=call).update(**changes)


def note_rows(*, ledger_id: int, calls: Mapping[int, Iterable[str]]) -> None:
    """Note which transactions calls were made for; `calls` has their ids by the id of the transaction."""
    wanted = {call for made in calls.values() for call in made}
    kept = set(map(str, ModelCall.objects.filter(ledger_id=ledger_id, pk__in=wanted).values_list("pk", flat=True)))
    through = ModelCall.transactions.through
    pairs = [
        through(modelcall_id=call, transaction_id=row) for row, made in calls.items() for call in made if call in kept
    ]
    through.objects.bulk_create(pairs, ignore_conflicts=True)
