"""Whole bodies, so that a field that goes missing or is added unseen breaks a test."""

import json
from datetime import datetime
from typing import Any

NOBODY_ASKED = "Nothing was asked about this text."
CHOSEN = {
    "status": "confirmed",
    "source": "user",
    "confidence": None,
    "explanation": "You chose this category.",
    "awaits_model": False,
    "suggestion": None,
}
CLEARED = {
    "status": "none",
    "source": None,
    "confidence": None,
    "explanation": "You took the category away.",
    "awaits_model": False,
    "suggestion": None,
}
UNASKED = {
    "status": "none",
    "source": None,
    "confidence": None,
    "explanation": NOBODY_ASKED,
    "awaits_model": False,
    "suggestion": None,
}
TITLES = {
    503: "Service Unavailable",
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    409: "Conflict",
    412: "Precondition Failed",
    413: "Request Entity Too Large",
    415: "Unsupported Media Type",
    422: "Unprocessable Entity",
    429: "Too Many Requests",
    500: "Internal Server Error",
}


def transaction(**fields: Any) -> dict[str, Any]:
    """The body of an expense of which only `fields` are known, without what the server makes up."""
    text = fields.get("description", "Cafe Luna")
    return {
        "kind": "expense",
        "direction": "out",
        "currency": "EUR",
        "description": text,
        "raw_description": text,
        "merchant": "",
        "account": None,
        "account_name": None,
        "category": None,
        "category_name": None,
        "tags": [],
        "payment_method": None,
        "iban": "",
        "mcc": "",
        "review": None,
        "is_excluded_from_budget": False,
        "notes": "",
        "external_id": None,
        "parent": None,
        "is_split": False,
        "transfer": None,
        "deleted_at": None,
        "import": None,
        "categorization": UNASKED,
        **fields,
    }


def with_key(text: str = "k-1") -> dict[str, Any]:
    """What makes a request one that may be repeated."""
    return {"headers": {"Idempotency-Key": text}}


def settled(body: dict[str, Any]) -> dict[str, Any]:
    """The body without what the server makes up, which is looked at here."""
    rest = dict(body)
    assert type(rest.pop("id")) is int
    assert type(rest.pop("version")) is int
    for name in ("created_at", "updated_at"):
        if name in rest:
            assert datetime.fromisoformat(rest.pop(name)).tzinfo is not None
    return rest


def summary_of(errors: list[dict[str, Any]]) -> str:
    """Return the `detail` of a problem with these errors: it names the fields, and says what is wrong with one."""
    fields = list(dict.fromkeys(error["attr"] for error in errors))
    if len(fields) > 1:
        more = f" and {len(fields) - 5} more" if len(fields) > 5 else ""
        return f"{len(fields)} fields are wrong: {', '.join(fields[:5])}{more}."
    return ": ".join(filter(None, (fields[0], " ".join(error["detail"] for error in errors))))


def assert_problem(answer: Any, status: int, *errors: tuple[str | None, str]) -> dict[str, Any]:
    """The answer is a problem with exactly these fields and codes to blame. Returns its body."""
    assert answer.status_code == status, answer.content
    assert answer["Content-Type"] == "application/problem+json"
    assert json.loads(answer.content)["request_id"] == answer["X-Request-ID"]
    body: dict[str, Any] = answer.json()
    body.pop("request_id", None)  # a test's own client has taken it out
    assert set(body) == {"type", "title", "status", "detail", "errors"}
    assert (body["type"], body["title"], body["status"]) == ("about:blank", TITLES[status], status)
    assert all(set(error) == {"attr", "code", "detail"} and error["detail"] for error in body["errors"])
    assert [(error["attr"], error["code"]) for error in body["errors"]] == list(errors)
    assert body["detail"] == summary_of(body["errors"])
    return body
