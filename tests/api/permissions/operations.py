"""The operations of the OpenAPI document, which test_schema proves to be the generated one, and a request for each."""

from pathlib import Path
from typing import Any, NamedTuple

import yaml
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile

from tests.conftest import Api

PASSWORD = "blue-Tomato-99"
ROOT = "/api/v1/"
_TEXT = (Path(settings.BASE_DIR) / "docs" / "openapi.yaml").read_bytes()
DOCUMENT: dict[str, Any] = yaml.load(_TEXT, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506


class Operation(NamedTuple):
    """A method of an address below /api/v1/, where an id is written as `{id}`."""

    path: str
    method: str

    @property
    def names_an_id(self) -> bool:
        return any(name in self.path for name in ("{id}", "{transaction}", "{key}"))

    def __str__(self) -> str:
        return f"{self.method.upper()} {self.path}"


def op(text: str) -> Operation:
    """The operation that is written as `GET accounts/`."""
    method, path = text.split()
    return Operation(path, method.lower())


def ops(*texts: str) -> set[Operation]:
    return {op(text) for text in texts}


DESCRIBED: dict[Operation, dict[str, Any]] = {
    Operation(path.removeprefix(ROOT), method): operation
    for path, operations in DOCUMENT["paths"].items()
    for method, operation in operations.items()
}
#: The document itself and its pages, which it does not describe.
PAGES = ops("GET schema/", "GET docs/", "GET redoc/")
OPERATIONS = sorted({*DESCRIBED, *PAGES})
#: Deletions last, because files would not come back with the rows of the database.
IN_ORDER = sorted(OPERATIONS, key=lambda o: (o.method == "delete", o.path == "users/me/", o))

#: The kind of thing that an address has in place of `{id}`, by the first part of the address, or the first two.
KINDS = {
    "accounts": "account",
    "attachments": "attachment",
    "auth": "token",
    "categories": "category",
    "categorization": "hint",
    "duplicates": "duplicate",
    "expenses": "expense",
    "import-profiles": "profile",
    "imports": "import",
    "insights": "recurring",
    "insights/ask": "question",
    "privacy": "call",
    "incomes": "income",
    "rates": "rate",
    "rules": "rule",
    "runs": "run",
    "tags": "tag",
    "transactions": "expense",
    "transfers": "transfer",
}
#: Where only a thing in another state will do.
STATES = {
    op("DELETE accounts/{id}/"): "empty_account",
    op("GET rules/proposals/{id}/"): "proposal",
    op("POST rules/proposals/{id}/accept/"): "proposal",
    op("POST rules/proposals/{id}/narrow/"): "proposal",
    op("POST rules/proposals/{id}/never/"): "proposal",
    op("POST runs/{id}/cancel/"): "waiting_run",
    op("POST runs/{id}/resume/"): "canceled_run",
    op("DELETE transactions/{id}/split/"): "split_expense",
    op("DELETE expenses/{id}/split/"): "split_expense",
    op("DELETE incomes/{id}/split/"): "split_income",
    op("POST transactions/{id}/restore/"): "deleted_expense",
    op("POST expenses/{id}/restore/"): "deleted_expense",
    op("POST incomes/{id}/restore/"): "deleted_income",
}
ROW = {"amount": "5.50", "description": "Cafe Luna", "direction": "out"}
INCOME = ROW | {"direction": "in"}
PARTS = [{"amount": "5.00"}, {"amount": "0.50"}]
CONDITION = {"field": "description", "op": "contains", "value": "cafe"}
ACTION = {"type": "set_category", "value": "Dining"}
RULE = {"name": "Bars", "conditions": [CONDITION], "actions": [ACTION]}
RATE = {"base": "USD", "quote": "CHF", "date": "2026-11-01", "rate": "0.8"}
FILE = object()
#: A kind of shop, which is everybody's; where it is put, is a ledger's own.
SHOPS = "shop=coffee"
ANOMALY = "unusual_week-all-2026-11-02"
#: What each operation that takes a body is sent, so that it succeeds for who may.
BODIES: dict[Operation, Any] = {
    op("POST accounts/"): {"name": "Purse"},
    op("PATCH accounts/{id}/"): {"name": "Giro"},
    op("POST auth/login/"): {"username": "ana", "password": PASSWORD},
    op("POST auth/register/"): {"username": "carla", "email": "carla@example.org", "password": PASSWORD},
    op("POST auth/tokens/"): {"name": "Tablet"},
    op("POST categories/"): {"name": "Coffee", "kind": "expense"},
    op("PATCH categories/{id}/"): {"name": "Green tea"},
    op("POST categories/{id}/merge/"): {"into": "Dining"},
    op("POST categorization/suggest/"): {"description": "Cafe"},
    op("POST insights/ask/"): {"question": "How much did I spend this month?"},
    op("POST insights/score-transaction/"): {"description": "Cafe", "amount": "5.50"},
    op("POST categorization/backtest/"): {"target_precision": 0.9},
    op("PATCH categorization/thresholds/"): {"thresholds": {}, "evidence": {}},
    op("POST categorization/thresholds/adopt/"): {},
    op("PUT categorization/kinds/{kind}/"): {"category": "Dining"},
    op("POST categorization/hints/"): {"text": "Paw Palace is for the dog"},
    op("PATCH categorization/hints/{id}/"): {"position": 2},
    op("POST imports/"): {"file": FILE},
    op("PATCH imports/{id}/"): {"profile": {}},
    op("POST imports/{id}/commit/"): {},
    op("POST import-profiles/"): {"name": "New", "format": "csv", "columns": [], "fingerprint": "", "profile": {}},
    op("POST insights/anomalies/{key}/feedback/"): {"verdict": "normal"},
    op("PATCH insights/narrative/"): {"hint": "short"},
    op("PUT insights/recurring/{id}/choice/"): {"verdict": "rejected"},
    op("PATCH privacy/"): {"kept_days": 30, "names": ["Quentin Quill"]},
    op("POST rates/"): RATE,
    op("PATCH rates/{id}/"): {"rate": "0.9"},
    op("POST restore/"): {"file": FILE, "dry_run": True},
    op("POST review/resolve/"): {"key": "out:cafe luna"},
    op("POST rules/"): RULE,
    op("POST rules/import/"): {"format": "outlay-rules", "format_version": 1, "rules": [RULE]},
    op("POST rules/test/"): {"conditions": [CONDITION], "actions": [ACTION]},
    op("POST rules/apply/"): {"end": "2026-11-30"},
    op("POST rules/{id}/apply/"): {"end": "2026-11-30"},
    op("POST rules/reorder/"): {"ids": []},
    op("PUT rules/{id}/"): RULE,
    op("PATCH rules/{id}/"): {"priority": 5},
    op("POST rules/proposals/{id}/accept/"): {"apply": True},
    op("POST rules/proposals/{id}/never/"): {"scope": "merchant"},
    op("POST transactions/{id}/propose-rule/"): {"category": "Dining"},
    op("POST rules/proposals/{id}/narrow/"): {"conditions": [CONDITION | {"value": "cafe luna"}]},
    op("POST tags/"): {"name": "Cold"},
    op("PATCH tags/{id}/"): {"name": "Warm"},
    op("POST tags/{id}/merge/"): {"into": "sweet"},
    op("POST transactions/bulk/"): {"transactions": [ROW]},
    op("PATCH transactions/bulk/"): {"filter": {"all": True}, "set": {"notes": "x"}},
    op("DELETE transactions/bulk/"): {"filter": {"all": True}},
    op("POST transactions/{transaction}/attachments/"): {"file": FILE},
    op("POST transfers/"): {"from_account": "Left", "to_account": "Right", "amount": "5"},
    op("PATCH users/me/"): {},
    op("POST users/me/password/"): {"current_password": PASSWORD, "new_password": "green-Kettle-42"},
    op("DELETE users/me/"): {"password": PASSWORD},
}
for _name in ("transactions", "expenses", "incomes"):
    BODIES |= {
        op(f"POST {_name}/"): INCOME if _name == "incomes" else ROW,
        op(f"PUT {_name}/{{id}}/"): {"amount": "1", "description": "x"},
        op(f"PATCH {_name}/{{id}}/"): {"notes": "x"},
        op(f"PUT {_name}/{{id}}/split/"): {"parts": PARTS},
    }
QUERIES = {op("GET rates/convert/"): {"amount": "1", "from": "EUR", "to": "EUR"}}


def statement() -> SimpleUploadedFile:
    return SimpleUploadedFile("one.csv", b"Date;Payee;Amount;Currency\n2026-11-13;Cafe Luna;-5.50;EUR\n", "text/csv")


def backup() -> SimpleUploadedFile:
    return SimpleUploadedFile("backup.json", (Path(__file__).parents[1] / "samples" / "backup-1.json").read_bytes())


def receipt(text: bytes = b"one more") -> SimpleUploadedFile:
    return SimpleUploadedFile("receipt.pdf", b"%PDF-1.7 " + text)


#: Address → the file that is sent there; to others, a receipt.
FILES = {"imports/": statement, "restore/": backup}


def address_of(operation: Operation, ids: dict[str, int], query: dict[str, Any] | None = None) -> str:
    """Its address with the id of something that is in `ids`."""
    kind = STATES.get(operation) or kind_of(operation)
    filled = _filled(operation, ids.get(str(kind)))
    parameters = "&".join(f"{name}={value}" for name, value in (QUERIES.get(operation, {}) | (query or {})).items())
    return f"{filled}?{parameters}" if parameters else filled


def address_in_another_state(operation: Operation, ids: dict[str, int]) -> str:
    """Its address with the id of something that is not in the state which it asks for."""
    return _filled(operation, ids.get(kind_of(operation) or ""))


def kind_of(operation: Operation) -> str | None:
    """The kind of thing that its address names."""
    first, second, *_ = [*operation.path.split("/"), ""]
    return KINDS.get(f"{first}/{second}") or KINDS.get(first)


def _filled(operation: Operation, number: int | None) -> str:
    filled = operation.path
    for name in ("{id}", "{transaction}"):
        filled = filled.replace(name, str(number))
    return filled.replace("{kind}", SHOPS).replace("{key}", ANOMALY)


def send(
    api: Api,
    operation: Operation,
    ids: dict[str, int],
    *,
    query: dict[str, Any] | None = None,
    body: Any = None,
    headers: dict[str, str] | None = None,
) -> Any:
    """The answer to a request that its owner may make, or to one with another body or more headers."""
    body = BODIES.get(operation) if body is None else body
    address, form = address_of(operation, ids, query), {}
    if isinstance(body, dict) and body.get("file") is FILE:
        body, form = (
            body | {"file": FILES.get(operation.path, receipt)()},
            {"format": "multipart"},
        )
    answer = api.request(operation.method, address, body, **form, **(headers or {}))
    if answer.streaming:
        answer.streaming_content = [b"".join(answer.streaming_content)]  # to the end, which closes the file
    return answer
