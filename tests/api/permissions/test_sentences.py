"""No operation answers a wrong value in the words of a framework, which a stranger does not understand."""

import re
from typing import Any

import pytest
from rest_framework.settings import api_settings

from tests.api.permissions.ledger import fill
from tests.api.permissions.operations import BODIES, DESCRIBED, DOCUMENT, FILE, IN_ORDER, Operation, send

WRONG: list[Any] = [True, "", "x", [[]], {"a": 1}, None, "x" * 6000, -1]
WRONG_BODIES: list[Any] = [[], "x", [{}], 5]
FRAMEWORK = re.compile(
    r"[Tt]his field |may not be|Ensure |is required|\b[Vv]alid |Invalid |Expected |dictionary|credentials"
    r"|Not found|not allowed|\bpk\b|parse error|Enter a|Select a|Must be|item type|got type"
)


@pytest.fixture(autouse=True)
def _no_limits(settings: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Any, use_chain: Any) -> None:
    use_chain()
    settings.MEDIA_ROOT = tmp_path
    settings.LOCKOUT_AFTER = settings.LOCKOUT_ADDRESS_AFTER = 10**6
    for name in list(api_settings.DEFAULT_THROTTLE_RATES):
        monkeypatch.setitem(api_settings.DEFAULT_THROTTLE_RATES, name, None)


def fields_of(operation: Operation) -> list[str]:
    """Return the fields of the operation's JSON body."""
    content = DESCRIBED.get(operation, {}).get("requestBody", {}).get("content", {})
    names = set(BODIES[operation] if isinstance(BODIES.get(operation), dict) else ())
    for media in content.values():
        component = media["schema"].get("$ref", "").rpartition("/")[2]
        names |= set(DOCUMENT["components"]["schemas"].get(component, {}).get("properties", {}))
    return sorted(names)


def wrong_requests(operation: Operation) -> list[dict[str, Any]]:
    """Return the body or the query of requests with one wrong value each."""
    body = BODIES.get(operation)
    made: list[dict[str, Any]] = []
    if isinstance(body, dict):
        made += [{"body": wrong} for wrong in WRONG_BODIES if body.get("file") is not FILE]
        made += [
            {"body": body | {name: wrong}}
            for name in fields_of(operation)
            for wrong in WRONG
            if body.get("file") is not FILE or isinstance(wrong, str | int)
        ]
    for parameter in DESCRIBED.get(operation, {}).get("parameters", []):
        if parameter["in"] == "query":
            made += [{"query": {parameter["name"]: wrong}} for wrong in ("", "x", "-1", "x" * 600)]
    return made


def test_no_wrong_value_is_answered_in_the_words_of_a_framework(ana):
    ids, found, n = fill(ana), set(), 0
    for operation in IN_ORDER:
        for request in wrong_requests(operation):
            answer = send(ana, operation, ids, **request)
            assert answer.status_code < 500, (str(operation), request)
            if answer.status_code < 400:
                continue
            n += 1
            told = [answer.json()["detail"], *(error["detail"] for error in answer.json()["errors"])]
            found |= {(str(operation), text[:200]) for text in told if FRAMEWORK.search(text)}
    assert sorted(found) == []
    assert n > 1000
