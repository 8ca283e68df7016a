"""Django serves what the OpenAPI document describes, and nothing besides."""

from typing import Any
from uuid import uuid4

import pytest
from django.urls import URLPattern, URLResolver, get_resolver

from tests.api.permissions.operations import KINDS, OPERATIONS, STATES, Operation, send

METHODS = ("get", "post", "put", "patch", "delete")
#: Beside the API: the way to its documentation, and numbers for the operator.
BESIDES = {"", "metrics"}


def routes(patterns: list[Any], prefix: str = "") -> list[tuple[str, Any]]:
    """Every address and its view, ids written as {}."""
    found: list[tuple[str, Any]] = []
    for pattern in patterns:
        address = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            found += routes(pattern.url_patterns, address)
        elif isinstance(pattern, URLPattern):
            found.append((address, pattern.callback))
    return found


def methods_of(view: Any) -> set[str]:
    named = getattr(view, "actions", None) or {name for name in METHODS if hasattr(view.cls, name)}
    allowed = set(getattr(view, "initkwargs", {}).get("http_method_names", view.cls.http_method_names))
    return set(named) & allowed - {"head", "options"}


def shape(address: str) -> str:
    """The address with `{}` for whatever stands in braces or angle brackets."""
    return "/".join("{}" if part[:1] in {"<", "{"} else part for part in address.split("/"))


def test_the_table_holds_every_address_and_method():
    every = routes(get_resolver().url_patterns)
    api = [(address.removeprefix("api/v1/"), view) for address, view in every if address.startswith("api/v1/")]
    served = {(shape(address), method) for address, view in api for method in methods_of(view)}
    assert len(served) > 100
    assert served == {(shape(operation.path), operation.method) for operation in OPERATIONS}
    assert {address.strip("^$") for address, _ in every if not address.startswith("api/v1/")} == BESIDES


@pytest.mark.usefixtures("silent_chain")
def test_no_address_takes_another_method(ana):
    absent = {Operation(o.path, method) for o in OPERATIONS for method in METHODS} - set(OPERATIONS)
    anything: dict[str, Any] = dict.fromkeys({*KINDS.values(), *STATES.values()}, 1)
    anything |= {"call": uuid4(), "question": uuid4()}
    answers = {operation: send(ana, operation, anything, body={}).status_code for operation in sorted(absent)}
    assert {operation: status for operation, status in answers.items() if status != 405} == {}
