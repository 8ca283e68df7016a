"""Calls of the model as providers record them."""

from datetime import UTC, datetime
from typing import Any

from expenses.models import ModelCall
from expenses.models.ledgers import ledger_id_of as founded
from expenses.services.model_calls import ModelCallLog, note_rows
from providers.ollama.calls import CallEnd, CallOutcome, CallRequest, Purpose
from tests.conftest import Api

ENDPOINT = "http://127.0.0.1:11434"
REQUEST = '{"model":"quill:1b","messages":[{"role":"user","content":"cafe luna"}]}'
RESPONSE = '{"message":{"role":"assistant","content":"A"}}'


def record_call(
    api: Api,
    *,
    rows: tuple[int, ...] = (),
    at: str = "",
    purpose: Purpose = Purpose.CATEGORIZE,
    outcome: CallOutcome = CallOutcome.ANSWERED,
    model: str = "quill:1b",
    request: str = REQUEST,
    response: str = RESPONSE,
    endpoint: str = ENDPOINT,
) -> str:
    """Record a call of the person's ledger through the log, and return its id; `at` is a UTC instant without offset."""
    ledger_id = ledger_id_of(api)
    log = ModelCallLog()
    call = log.begin(CallRequest(ledger_id, purpose, endpoint, model, "sha256:11aa", "2", request))
    size = len(response.encode("utf-8", "replace"))
    log.end(call, CallEnd(outcome, response, size, 240, was_sent=outcome != CallOutcome.REFUSED))
    note_rows(ledger_id=ledger_id, calls={row: [call] for row in rows})
    if at:
        ModelCall.objects.filter(pk=call).update(created_at=datetime.fromisoformat(at).replace(tzinfo=UTC))
    return call


def ledger_id_of(api: Api) -> int:
    """The ledger that a person works in, which their first request makes."""
    assert api.user is not None
    return founded(api.user)


def body_of_call(call: str, **fields: Any) -> dict[str, Any]:
    """The body of a call that `record_call` made."""
    return {
        "id": call,
        "created_at": "2026-11-02T09:30:00Z",
        "purpose": "categorize",
        "endpoint": ENDPOINT,
        "model": "quill:1b",
        "digest": "sha256:11aa",
        "prompt_version": "2",
        "request": REQUEST,
        "response": RESPONSE,
        "n_bytes_sent": len(REQUEST),
        "n_bytes_received": len(RESPONSE),
        "duration_ms": 240,
        "outcome": "answered",
        "transactions": [],
    } | fields
