"""A write that raises the ledger's version is named by `changes/`; any other leaves the lists as they are."""

from collections.abc import Iterator
from typing import Any

import pytest

from accounts.token_cache import forget_tokens
from config.api.pagination import forget_counts
from rules.engine.compilation import forget_rules
from rules.services.statistics import forget_statistics
from tests.api.copies import Copy, ledger_of
from tests.api.permissions.ledger import fill
from tests.api.permissions.operations import IN_ORDER, Operation, op, ops, send
from tests.api.permissions.undoing import undone
from tests.conftest import Api

pytestmark = pytest.mark.usefixtures("silent_chain", "files_in_memory")

#: They end the session, so that nobody can ask afterwards.
LAST_WORDS = ops("DELETE users/me/", "POST auth/logout/", "POST auth/logoutall/")
WRITES = [operation for operation in IN_ORDER if operation.method != "get" and operation not in LAST_WORDS]
#: They order a run, which raises the version for each part of its rows, even where it leaves all of them as they are.
ORDERS = ops("PATCH transactions/bulk/", "POST review/resolve/", "POST rules/apply/", "POST rules/{id}/apply/")
#: It changes an offer alone. `duplicates/`, which is not in `changes/`, shows by its tag that it has changed.
OFFERS = ops("POST duplicates/{id}/dismiss/")
#: Fields of a page that name no row.
POSITION = {"version", "has_more"}
#: Requests that change something, where those of the table do not.
BODIES: dict[Operation, Any] = {
    op("PATCH users/me/"): {"preferences": {"locale": "de-AT"}},
    op("PATCH imports/{id}/"): {"profile": {}, "save_as": "My bank"},
}


@pytest.fixture
def files_in_memory(settings: Any) -> None:
    in_memory = {"BACKEND": "django.core.files.storage.InMemoryStorage"}
    settings.STORAGES = settings.STORAGES | {"default": in_memory}


def forget_versions() -> None:
    """Clear what is cached by version, which comes again where a write is undone."""
    forget_rules()
    forget_statistics()
    forget_counts()
    forget_tokens()


def faults(ana: Api, operation: Operation, ids: dict[str, int], copy: Copy) -> Iterator[str]:
    """Send the request twice; the second one mostly changes nothing, or is refused."""
    for time in ("first", "second"):
        before, since = copy.tables, copy.version
        copy.tables = {name: dict(rows) for name, rows in before.items()}
        answer = send(ana, operation, ids, body=BODIES.get(operation))
        if answer.status_code >= 300 and time == "first":
            yield f"{operation} is refused: {answer.content!r}"
        page, now = copy.pull_page(), ledger_of(ana)
        is_named = any(value for name, value in page.items() if name not in POSITION)
        if page["version"] > since and not is_named and operation not in {*ORDERS, *OFFERS}:
            yield f"the {time} {operation} raises the version, and nothing is named"
        if page["version"] == since and now != before:
            yield f"the {time} {operation} changes a list, and the version stays"
        if copy.tables != now:
            yield f"after the {time} {operation}, a copy is not equal"


def test_every_write_is_named_by_the_next_page_and_a_copy_follows_it(ana: Api) -> None:
    ids, found = fill(ana), list[str]()
    for operation in WRITES:
        with undone():
            forget_versions()
            found += faults(ana, operation, ids, Copy(ana).pull())
    forget_versions()
    assert found == []
