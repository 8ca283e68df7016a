"""What the tests of the API share: chains that say nothing or what they are told, and ledgers of several people."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, connections

from expenses.models import Ledger, Membership
from rules.operators import patterns
from tests.conftest import Api, make_user
from tests.databases import address_of
from tests.fakes import ScriptedProvider
from tests.laws import THOROUGH


@pytest.fixture
def short_patterns(monkeypatch: pytest.MonkeyPatch) -> float:
    """A fifth of the time for slow patterns in the daily run. Return the share of the usual limits that holds."""
    share = 1.0 if THOROUGH else 0.2
    monkeypatch.setattr(patterns, "MATCH_S", patterns.MATCH_S * share)
    monkeypatch.setattr(patterns, "TOTAL_S", patterns.TOTAL_S * share)
    return share


@pytest.fixture
def silent_chain(use_chain: Callable[..., None]) -> None:
    """No link at all: rows without a category stay without one."""
    use_chain()


@pytest.fixture
def files(settings: Any) -> None:
    """Files in memory, where a request that is undone may leave some behind."""
    in_memory = {"BACKEND": "django.core.files.storage.InMemoryStorage"}
    settings.STORAGES = settings.STORAGES | {"default": in_memory}


@pytest.fixture
def model(use_chain: Callable[..., None]) -> Iterator[dict[str, Any]]:
    """The user's history, then a model that says what the returned script tells it to."""
    ScriptedProvider.script, ScriptedProvider.asked[:] = {}, []
    use_chain(
        {"BACKEND": "rules.provider.RulesProvider"},
        {"BACKEND": "expenses.categorization.history.HistoryProvider", "MIN_CONFIDENCE": 0.85},
        {"BACKEND": "tests.fakes.ScriptedProvider", "MIN_CONFIDENCE": 0.8, "DEFERRED": True},
    )
    yield ScriptedProvider.script
    ScriptedProvider.script, ScriptedProvider.asked[:] = {}, []


@pytest.fixture
def join_ledger_of() -> Callable[[Api, str, str], Api]:
    """Somebody new who works in another person's ledger, in a role."""

    def join(owner: Api, name: str, role: str) -> Api:
        assert owner.user is not None
        ledger = Ledger.objects.get(memberships__user=owner.user)
        member = make_user(name)
        Membership.objects.create(ledger=ledger, user=member, role=role)
        return Api(member)

    return join


@pytest.fixture
def real_database(transactional_db: None, tmp_path: Path) -> Iterator[str]:
    """A database that threads and processes share, where a commit is one. Gives its URL.

    The tests' SQLite is in memory, where writers do not wait for one another: it is copied to a file.
    """
    settings = connections.settings["default"]
    if connection.vendor != "sqlite":
        yield address_of(str(settings["NAME"]))
        return
    path, in_memory, name = tmp_path / "real.sqlite3", connections["default"], settings["NAME"]
    with closing(sqlite3.connect(path)) as copy:
        in_memory.ensure_connection()
        in_memory.connection.backup(copy)
    settings["NAME"] = str(path)
    connections["default"] = connections.create_connection("default")
    yield f"sqlite:///{path}"
    connections["default"].close()
    settings["NAME"], connections["default"] = name, in_memory
