"""A request that names somebody else's thing, in whatever field or filter, is refused or finds nothing."""

from io import BytesIO
from typing import Any
from zipfile import ZipFile, is_zipfile

import pytest
from rest_framework.settings import api_settings

from tests.api.permissions.ledger import contents, fill, ledger_of
from tests.api.permissions.operations import BODIES, DESCRIBED, DOCUMENT, OPERATIONS, ROW, Operation, send
from tests.api.permissions.references import (
    ACTIONS,
    FIELDS,
    FILTERS,
    PLAIN_FILTERS,
    Naming,
    fields_of,
    is_plain,
    namings,
    plain,
)
from tests.api.permissions.undoing import undone

pytestmark = pytest.mark.usefixtures("silent_chain", "files")

#: A filter by these finds nothing where the thing is not yours, instead of saying so.
FINDS_NOTHING = {"filter.import", "filter.parent", "filter.tag"}


@pytest.fixture
def both(ana, ben) -> tuple[dict[str, int], dict[str, int]]:
    """Ids of Ana's things and of Ben's, none of which is the same."""
    hers, his = fill(ana), fill(ben)
    assert not [kind for kind, number in hers.items() if his[kind] == number]
    return hers, his


def test_every_field_of_every_body_is_known_to_hold_an_id_or_none():
    unknown = []
    for operation in BODIES:
        for field in fields_of(operation):
            try:
                ways = is_plain(operation, field) or list(namings_of(operation, field))
            except KeyError:
                ways = []
            unknown += [] if ways else [(str(operation), field)]
    assert unknown == []


def namings_of(operation: Operation, field: str) -> Any:
    return [naming for naming in namings(EVERYTHING, [operation]) if naming.field.startswith(field)]


class _Everything(dict[str, int]):
    def __missing__(self, key: str) -> int:
        return 1


EVERYTHING = _Everything()


def test_what_rules_can_ask_and_do_is_known_to_hold_an_id_or_none():
    schemas = DOCUMENT["components"]["schemas"]
    assert set(plain(schemas["ConditionRequest"]["properties"]["field"])["enum"]) == set(FIELDS)
    assert set(plain(schemas["ActionRequest"]["properties"]["type"])["enum"]) == set(ACTIONS)


def test_every_filter_is_known_to_hold_an_id_or_none():
    assert {name for operation in OPERATIONS for name in filters_of(operation)} == PLAIN_FILTERS | set(FILTERS)


def filters_of(operation: Operation) -> list[str]:
    parameters = DESCRIBED.get(operation, {}).get("parameters", [])
    return [parameter["name"] for parameter in parameters if parameter["in"] == "query"]


def test_a_body_that_names_the_thing_of_somebody_else_is_refused_by_its_field(ana, ben, both):
    hers, his = both
    before, asked = contents(ledger_of(ana)), 0
    for naming in namings(hers):
        with undone():
            answer = send(ben, naming.operation, his, body=naming.body)
        assert naming.field in blamed(answer) or has_found_nothing(naming, answer), (naming, answer.content)
        asked += 1
    assert asked > 70
    assert contents(ledger_of(ana)) == before


def blamed(answer: Any) -> set[str]:
    """The fields of which the answer says that there is no such thing."""
    body = answer.json()
    if answer.status_code == 400:
        return {error["attr"] for error in body["errors"] if error["code"] == "does_not_exist"}
    assert 200 <= answer.status_code < 300 or answer.status_code == 409, answer.content
    if "created" not in body or body["created"]:
        return set()
    return {
        f"transactions.{row['index']}.{error['attr']}"
        for row in body["errors"]
        for error in row["errors"]
        if error["code"] == "does_not_exist"
    }


def has_found_nothing(naming: Naming, answer: Any) -> bool:
    return naming.field in FINDS_NOTHING and answer.json()["progress"]["total"] == 0


def test_the_same_body_about_ones_own_things_is_taken(ben, both):
    _, his = both
    for naming in namings(his):
        with undone():
            answer = send(ben, naming.operation, his, body=naming.body)
        assert naming.field not in blamed(answer), (naming, answer.content)


def test_a_filter_by_the_thing_of_somebody_else_is_refused_or_finds_nothing(ben, both, monkeypatch):
    monkeypatch.setitem(api_settings.DEFAULT_THROTTLE_RATES, "export", "1000/hour")
    hers, his = both
    for operation in OPERATIONS:
        for name in filters_of(operation):
            if name in FILTERS:
                query = {name: hers[FILTERS[name]]}
                answer = send(ben, operation, his, query=query)
                assert is_empty(answer) or blamed(answer) == {name}, (operation, query, answer.content)
                assert operation.method != "get" or not is_empty(send(ben, operation, his))


def unzipped(content: bytes) -> bytes:
    """Return what is in a file, also in one that is an archive."""
    if not is_zipfile(BytesIO(content)):
        return content
    with ZipFile(BytesIO(content)) as parts:
        return b"".join(parts.read(name) for name in parts.namelist())


def is_empty(answer: Any) -> bool:
    """Return True for a list or file without a row."""
    if answer.streaming:
        return ROW["description"].encode() not in unzipped(b"".join(answer.streaming_content))
    return bool(answer.status_code == 200 and (answer.json().get("results") == [] or answer.json().get("rules") == []))
