"""Every operation answers a query parameter or a field that it does not know with 400, names it, and writes nothing."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connection
from rest_framework.settings import api_settings

from tests.api.bodies import assert_problem
from tests.api.permissions.ledger import fill
from tests.api.permissions.operations import BODIES, DESCRIBED, IN_ORDER, Operation, send
from tests.api.permissions.undoing import undone
from tests.conftest import Api

pytestmark = pytest.mark.usefixtures("silent_chain", "files")

READS = ("SELECT", "SAVEPOINT", "RELEASE", "ROLLBACK")
#: An operation that reads ignores a body, as HTTP tells it to.
TAKES_FIELDS = [operation for operation in IN_ORDER if operation.method != "get"]


@pytest.fixture
def ids(ana) -> dict[str, int]:
    return fill(ana)


@contextmanager
def nothing_written() -> Iterator[None]:
    """Nothing in the database is written, whichever table it is in."""
    written: list[str] = []

    def note(execute: Any, sql: str, *args: Any) -> Any:
        if not sql.lstrip("( \n").upper().startswith(READS) and '"cache"' not in sql:  # where requests are counted
            written.append(sql)
        return execute(sql, *args)

    with undone(), connection.execute_wrapper(note):
        yield
    assert written == []


def sent(api: Api, operation: Operation, ids: dict[str, int], **more: Any) -> Any:
    with nothing_written():
        return send(api, operation, ids, **more)


def test_an_unknown_query_parameter_is_named_by_every_operation(ana, ids):
    for operation in IN_ORDER:
        body = assert_problem(sent(ana, operation, ids, query={"foo": "1"}), 400, ("foo", "unknown"))
        assert "parameter" in body["detail"], operation
    assert {*IN_ORDER} >= {*DESCRIBED}  # no operation is an exception


def test_an_unknown_field_is_named_by_every_operation_that_writes(ana, ids):
    for operation in TAKES_FIELDS:
        answer = sent(ana, operation, ids, body=BODIES.get(operation, {}) | {"foo": "1"})
        assert_problem(answer, 400, ("foo", "unknown"))
    assert {*TAKES_FIELDS} == {operation for operation in DESCRIBED if operation.method != "get"}


@pytest.mark.parametrize("body", [[], ["foo"], "foo", 7])
def test_a_body_that_is_no_object_is_refused_where_none_is_taken(ana, ids, body):
    for operation in TAKES_FIELDS:
        if operation not in BODIES:
            assert_problem(sent(ana, operation, ids, body=body), 400, (None, "unknown"))


def test_an_operation_that_takes_no_body_takes_an_empty_one(ana, ids):
    for operation in TAKES_FIELDS:
        if operation not in BODIES:
            with undone():
                assert 200 <= send(ana, operation, ids, body={}).status_code < 300, operation


def test_a_parameter_that_takes_one_value_is_given_once(ana, ids, monkeypatch):
    monkeypatch.setitem(api_settings.DEFAULT_THROTTLE_RATES, "export", None)
    for operation, described in DESCRIBED.items():
        for parameter in described.get("parameters", []):
            name, takes_many = parameter["name"], parameter["schema"].get("type") == "array"
            if parameter["in"] == "query" and not (takes_many and parameter.get("explode", True)):
                value = parameter["schema"].get("enum", ["1"])[0]
                answer = sent(ana, operation, ids, query={name: f"{value}&{name}={value}"})
                assert_problem(answer, 400, (name, "repeated"))


def test_every_list_that_names_a_cursor_goes_by_it(ana, ids):
    for operation, described in DESCRIBED.items():
        names = {parameter["name"] for parameter in described.get("parameters", [])}
        if "cursor" in names:
            answer = send(ana, operation, ids, query={"cursor": ""})
            assert (answer.status_code, answer.json()["count"]) == (200, None), operation
        elif "page" in names:
            assert_problem(send(ana, operation, ids, query={"cursor": ""}), 400, ("cursor", "unknown"))
