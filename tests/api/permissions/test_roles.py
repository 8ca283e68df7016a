"""Every operation as every role. OUTLAY_RECORD_PERMISSIONS=1 pytest tests/api/permissions -n 0 writes the table anew.

The rules of the house are asserted first, so that recording cannot bless a hole.
"""

import re
from collections.abc import Iterator, Set
from contextlib import contextmanager
from io import BytesIO
from typing import Any

import pdfplumber
import pytest
from django.db import connection

from accounts.models import Scope
from accounts.roles import ADMIN, give_role
from accounts.services.tokens import issue_token
from tests.api.backups import document_of, undated
from tests.api.bodies import assert_problem
from tests.api.permissions import table
from tests.api.permissions.ledger import contents, fill, ledger_of, name_the_rest, reference_rate
from tests.api.permissions.operations import (
    BODIES,
    DESCRIBED,
    IN_ORDER,
    OPERATIONS,
    PAGES,
    QUERIES,
    Operation,
    address_of,
    op,
    ops,
    send,
)
from tests.api.permissions.undoing import undone
from tests.conftest import Api

pytestmark = pytest.mark.usefixtures("silent_chain")

#: The second in which an export was made.
SENT_AT = re.compile(rb"<DTSERVER>.*?</DTSERVER>")
#: Everybody may, with or without a token.
OPEN = PAGES | ops("POST auth/register/", "POST auth/login/", "GET health/live/", "GET health/ready/")
#: Writes what is the person's own, or nothing, whosever ledger they work in.
OWN = ops(
    "POST auth/login/", "POST auth/register/", "POST auth/logout/", "POST auth/logoutall/", "POST auth/tokens/",
    "PATCH users/me/", "DELETE users/me/", "POST users/me/password/", "POST categorization/suggest/",
    "POST insights/score-transaction/", "POST insights/ask/",
)  # fmt: skip
#: What belongs to a person and not to a ledger.
PERSONAL = ops("DELETE auth/tokens/{id}/")
#: What other members of the ledger do not find, either.
PRIVATE = PERSONAL | ops("GET insights/ask/{id}/", "DELETE insights/ask/{id}/")
READ_TOKEN_MAY = ops(
    "POST auth/login/", "POST auth/register/", "POST auth/logout/", "POST insights/score-transaction/",
    "POST insights/ask/",
)  # fmt: skip
#: What the edit window closes to a user, an admin with `as_user` may do, and take back.
EDITS = ops("PATCH transactions/bulk/", "DELETE transactions/bulk/").union(
    *(
        ops(
            f"PATCH {path}/{{id}}/", f"PUT {path}/{{id}}/", f"DELETE {path}/{{id}}/", f"POST {path}/{{id}}/restore/",
            f"PUT {path}/{{id}}/split/", f"DELETE {path}/{{id}}/split/",
        )
        for path in ("transactions", "expenses", "incomes")
    )
)  # fmt: skip
LEAVING = op("DELETE users/me/")
#: Concerns who asks, in whatever ledger.
OF_NO_LEDGER = (
    OPEN | ops("POST categorization/suggest/") | {o for o in OPERATIONS if o.path.startswith(("auth/", "users/"))}
)
WRITES = {o for o in OPERATIONS if o.method != "get"}
NAMES_AN_ID = {o for o in OPERATIONS if o.names_an_id}


class House:
    """Ana's ledger, and who sends requests about it."""

    def __init__(self, ana: Api) -> None:
        self.ana, self.ids, self.ledger = ana, fill(ana), ledger_of(ana)

    def ask(self, api: Api, *, may_write: bool, may_edit: Set[Operation] = frozenset(), **query: str) -> table.Statuses:
        """The status of every operation. What one did is taken back before the next.

        `query` goes to addresses of a ledger, the others know no `as_user`.
        """
        self.before, statuses = contents(self.ledger), {}
        for operation in IN_ORDER:
            may_change = may_write or operation in may_edit or operation.method == "get"
            with undone(), self.unchanged(operation, may_change=may_change):
                asked = {} if operation in OF_NO_LEDGER else query
                statuses[operation] = send(api, operation, self.ids, query=asked).status_code
            assert query or is_described(operation, statuses[operation]), operation
        return statuses

    @contextmanager
    def unchanged(self, operation: Operation, *, may_change: bool) -> Iterator[None]:
        """Ana's rows are as before, but for tokens where somebody signs in or out, and members where one leaves.

        Asking about insights may queue a task that computes them. The rows are only read where something was written.
        """
        aside = {"tokens"} if operation in READ_TOKEN_MAY else {"Membership"} if operation == LEAVING else set()
        private = {"InsightState", "Narrative", "LedgerQuestion"}
        aside |= private if operation.path.startswith("insights/") else set()
        written: list[str] = []

        def note(execute: Any, sql: str, *args: Any) -> Any:
            if not sql.lstrip("( ").upper().startswith(("SELECT", "SAVEPOINT", "RELEASE", "ROLLBACK")):
                written.append(sql)
            return execute(sql, *args)

        with connection.execute_wrapper(note):
            yield
        if written and not may_change:
            now = contents(self.ledger)
            assert all(now[name] == rows for name, rows in self.before.items() if name not in aside), operation


def is_described(operation: Operation, status: int) -> bool:
    """The document tells of the answer; it does not tell of `as_user`."""
    return operation in PAGES or str(status) in DESCRIBED[operation]["responses"]


@pytest.fixture
def house(ana, files) -> House:
    return House(ana)


def succeeded(statuses: table.Statuses) -> set[Operation]:
    return {operation for operation, status in statuses.items() if 200 <= status < 300}


def those_with(status: int, statuses: table.Statuses) -> set[Operation]:
    return {operation for operation, found in statuses.items() if found == status}


def test_the_table_and_the_requests_leave_no_operation_out():
    for role, statuses in table.read().items():
        assert sorted(statuses) == OPERATIONS, role
    with_body = {o for o, described in DESCRIBED.items() if "requestBody" in described}
    assert set(BODIES) == with_body
    assert set(QUERIES) <= set(OPERATIONS)


def test_an_owner_may_do_everything(house):
    statuses = house.ask(house.ana, may_write=True)
    assert succeeded(statuses) == set(OPERATIONS)
    table.compare("owner", statuses)


def test_an_editor_may_as_much_but_for_what_is_the_owners_person(house, join_ledger_of):
    statuses = house.ask(join_ledger_of(house.ana, "eva", "editor"), may_write=True)
    assert set(OPERATIONS) - succeeded(statuses) == PRIVATE == those_with(404, statuses)
    table.compare("editor", statuses)


def test_a_viewer_looks_and_writes_nothing(house, join_ledger_of):
    statuses = house.ask(join_ledger_of(house.ana, "vera", "viewer"), may_write=False)
    looks(statuses)
    table.compare("viewer", statuses)


def looks(statuses: table.Statuses, *, may_edit: Set[Operation] = frozenset()) -> None:
    """Sees everything of the ledger, and writes nothing in it but what is named."""
    assert those_with(403, statuses) == WRITES - OWN - PRIVATE - may_edit
    assert those_with(404, statuses) == PRIVATE
    assert succeeded(statuses) == set(OPERATIONS) - WRITES - PRIVATE | OWN | may_edit


def test_a_stranger_finds_nothing(house, ben):
    name_the_rest(ben)
    statuses = house.ask(ben, may_write=False)
    finds_nothing(statuses)
    table.compare("stranger", statuses)


def finds_nothing(statuses: table.Statuses) -> None:
    assert those_with(404, statuses) == NAMES_AN_ID
    assert succeeded(statuses) == set(OPERATIONS) - NAMES_AN_ID


def test_an_admin_is_a_stranger_unless_the_server_says_otherwise(house, ben):
    name_the_rest(ben)
    give_role(user=ben.user, role=ADMIN)
    statuses = house.ask(ben, may_write=False)
    finds_nothing(statuses)
    table.compare("admin", statuses)


def test_an_admin_who_does_not_ask_to_look_in_is_a_stranger(house, ben, settings):
    settings.ADMIN_SEES_ALL = True
    name_the_rest(ben)
    give_role(user=ben.user, role=ADMIN)
    finds_nothing(house.ask(ben, may_write=False))


def test_an_admin_who_looks_in_sees_what_a_viewer_sees_and_edits_transactions(house, ben, settings):
    settings.ADMIN_SEES_ALL = True
    give_role(user=ben.user, role=ADMIN)
    statuses = house.ask(ben, may_write=False, as_user="ana", may_edit=EDITS)
    looks(statuses, may_edit=EDITS)
    table.compare("admin looking", statuses)


@pytest.mark.parametrize("role", ["Admin", "User"])
def test_who_may_not_look_in_is_told_so_at_every_address_of_a_ledger(house, ben, role):
    give_role(user=ben.user, role=role)
    statuses = house.ask(ben, may_write=False, as_user="ana")
    assert succeeded(statuses) == OF_NO_LEDGER - PERSONAL
    assert those_with(403, statuses) == set(OPERATIONS) - OF_NO_LEDGER
    assert those_with(404, statuses) == PERSONAL


def test_as_user_is_unknown_where_no_ledger_is_asked(house, ben, settings):
    settings.ADMIN_SEES_ALL = True
    give_role(user=ben.user, role=ADMIN)
    for operation in OF_NO_LEDGER:
        with undone():
            assert_problem(send(ben, operation, house.ids, query={"as_user": "ana"}), 400, ("as_user", "unknown"))


def test_a_token_for_reading_writes_nothing(house):
    _, secret = issue_token(user=house.ana.user, name="Wall display", scope=Scope.READ)
    reader = Api(None)
    reader.client.credentials(HTTP_AUTHORIZATION=f"Token {secret}")
    statuses = house.ask(reader, may_write=False)
    assert those_with(403, statuses) == WRITES - READ_TOKEN_MAY
    assert succeeded(statuses) == set(OPERATIONS) - WRITES | READ_TOKEN_MAY
    table.compare("read token", statuses)


def test_nobody_comes_in_without_a_token(house, anyone):
    statuses = house.ask(anyone, may_write=False)
    assert succeeded(statuses) == OPEN
    assert those_with(401, statuses) == set(OPERATIONS) - OPEN
    table.compare("anonymous", statuses)


def test_what_ana_records_changes_nothing_that_a_stranger_sees(ana, ben, files):
    reference_rate()
    asked = [o for o in OPERATIONS if o.method == "get" and not o.names_an_id and o not in OPEN]
    name_the_rest(ben)
    before = [body_of(ben, operation) for operation in asked]
    fill(ana)
    assert [body_of(ben, operation) for operation in asked] == before
    assert [body_of(ana, operation) for operation in asked] != before


def body_of(api: Api, operation: Operation) -> Any:
    answer = send(api, operation, {})
    if operation.path.startswith("export/backup."):
        content = b"".join(answer.streaming_content)
        return operation, undated(document_of(content) if operation.path.endswith("zip") else content)
    if answer.streaming:
        return operation, SENT_AT.sub(b"", b"".join(answer.streaming_content))
    if answer["Content-Type"] == "application/pdf":
        with pdfplumber.open(BytesIO(answer.content)) as document:
            return operation, [page.extract_text() for page in document.pages]
    body = answer.json()
    return operation, {key: value for key, value in body.items() if key != "exported_at"}  # the moment of asking


def test_what_is_everybodys_is_seen_by_all_and_changed_by_none(house, ben, anyone):
    rate = reference_rate()
    tea = next(row["id"] for row in house.ana.get("categories/").json()["results"] if row["is_system"])
    for kind, number in (("rate", rate), ("category", tea)):
        about = [o for o in NAMES_AN_ID if o.path.startswith(("rates/", "categories/")) and kind in str(kinds(o))]
        for operation in about:
            expected = 200 if operation.method == "get" else 403
            for api, status in ((house.ana, expected), (ben, expected), (anyone, 401)):
                assert send(api, operation, {kind: number}).status_code == status, operation


def kinds(operation: Operation) -> str:
    return {"rates": "rate", "categories": "category"}[operation.path.split("/")[0]]


def test_every_address_says_what_it_takes_to_who_is_known(house, anyone):
    for path in {operation.path: operation for operation in OPERATIONS}.values():
        address = address_of(path, house.ids)
        expected = 405 if path in ops("GET docs/", "GET redoc/") else 200
        assert house.ana.request("options", address).status_code == expected, address
        without = anyone.request("options", address).status_code
        assert without == (expected if path in OPEN or op(f"POST {path.path}") in OPEN else 401), address
