"""What every test may use: people with clients, a worker that runs queued tasks, a chain made for the test."""

import gc
import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connections, transaction
from django.test import TestCase
from rest_framework.test import APIClient

from accounts.models import User
from accounts.services.users import sign_in
from config.api.pagination import forget_counts
from providers.loading import configured_chain
from rules.engine.compilation import forget_rules
from rules.services.statistics import forget_statistics
from tests import queued, redis_databases
from tests.laws import THOROUGH, load_profile

load_profile()
pytest.register_assert_rewrite("tests.api", "tests.insights", "tests.rules", "tests.kills")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out tests that touch no database where they ran on SQLite already; the thorough run leaves out none."""
    if connections["default"].vendor == "sqlite" or THOROUGH:
        return
    aside = [item for item in items if not touches_database(item)]
    config.hook.pytest_deselected(items=aside)
    items[:] = [item for item in items if touches_database(item)]


def pytest_collection_finish(session: pytest.Session) -> None:
    """Collect garbage seldom from here on: most objects of a test run live as long as it does."""
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)


def touches_database(item: Any) -> bool:
    """Return True if the test has a fixture or base class with a database, or starts processes on one."""
    starts_processes = any(
        hasattr(item.module, name) for name in ("new_instance", "new_database", "run_server", "queued")
    )
    has_database = "django_db_setup" in item.fixturenames or item.get_closest_marker("django_db") is not None
    return starts_processes or has_database or (item.cls is not None and issubclass(item.cls, TestCase))


class Client(APIClient):
    """Checks the id in each problem against the header, and takes it out, since no test can know a new id."""

    def _parse_json(self, response: Any, **extra: Any) -> Any:
        is_known = hasattr(response, "_json")  # Django keeps the body with the answer
        body = super()._parse_json(response, **extra)  # type: ignore[misc]
        if response["Content-Type"] == "application/problem+json" and not is_known:
            assert body.pop("request_id") == response["X-Request-ID"]
        return body


class Api:
    """A signed-in client, with addresses relative to /api/v1/. What a request leaves for after the commit is done."""

    def __init__(self, user: User | None) -> None:
        self.user = user
        self.client = Client()
        if user is not None:
            self.client.credentials(HTTP_AUTHORIZATION=f"Token {sign_in(user=user).token}")

    def request(self, method: str, path: str, data: Any = None, **kwargs: Any) -> Any:
        address = path if path.startswith("/") else f"/api/v1/{path}"
        with TestCase.captureOnCommitCallbacks(execute=True):
            return getattr(self.client, method)(address, data, **kwargs)

    def get(self, path: str, data: Any = None, **kwargs: Any) -> Any:
        return self.request("get", path, data, **kwargs)

    def post(self, path: str, data: Any = None, **kwargs: Any) -> Any:
        return self.request("post", path, data, **kwargs)

    def put(self, path: str, data: Any = None, **kwargs: Any) -> Any:
        return self.request("put", path, data, **kwargs)

    def patch(self, path: str, data: Any = None, **kwargs: Any) -> Any:
        return self.request("patch", path, data, **kwargs)

    def delete(self, path: str, data: Any = None, **kwargs: Any) -> Any:
        return self.request("delete", path, data, **kwargs)


def make_user(name: str) -> User:
    """A person who can sign in with the password of all test people."""
    return User.objects.create_user(username=name, email=f"{name}@example.org", password="blue-Tomato-99")


@pytest.fixture
def ana(db: None) -> Api:
    """The owner of what a test is about."""
    return Api(make_user("ana"))


@pytest.fixture
def ben(db: None) -> Api:
    """A stranger, who must see nothing of it."""
    return Api(make_user("ben"))


@pytest.fixture
def anyone(db: None) -> Api:
    """Somebody without a token."""
    return Api(None)


@pytest.fixture
def keep_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    """The worker, and the application around a request, drop connections: here it would be the test's own."""
    monkeypatch.setattr(connections["default"], "close_if_unusable_or_obsolete", lambda: None)


@pytest.fixture
def run_tasks(keep_connection: None) -> Callable[[], None]:
    """Run every task that is due, and the due tasks that those queue, as the worker does."""

    def run() -> None:
        has_more = True
        while has_more:
            with TestCase.captureOnCommitCallbacks(execute=True) as callbacks:
                queued.run_due()
            has_more = bool(callbacks)

    return run


@pytest.fixture(scope="module")
def module_database(django_db_setup: None, django_db_blocker: Any) -> Iterator[Callable[[], Any]]:
    """A transaction around all tests of a module: rows written within `with module_database():` are there for each."""
    outer = transaction.atomic()
    with django_db_blocker.unblock():
        outer.__enter__()
    yield django_db_blocker.unblock
    with django_db_blocker.unblock():
        transaction.set_rollback(True)
        outer.__exit__(None, None, None)


@pytest.fixture(scope="session", autouse=True)
def _own_redis() -> Iterator[None]:
    redis_databases.require_free()
    yield
    redis_databases.empty()


@pytest.fixture(autouse=True)
def _empty_redis(_own_redis: None) -> None:
    """What Redis keeps is not rolled back with a test, as the database is."""
    redis_databases.empty()


@pytest.fixture
def use_chain(settings: Any) -> Callable[..., None]:
    """Configure the chain for one test, entry by entry."""

    def use(*entries: dict[str, Any]) -> None:
        settings.CATEGORIZATION_PROVIDERS = list(entries)

    return use


@pytest.fixture(autouse=True)
def _fresh_chain() -> None:
    """Ids and versions begin anew with each test, so what a link compiled for the ledger of another must go."""
    configured_chain.cache_clear()
    forget_rules()
    forget_counts()
    forget_statistics()


@pytest.fixture(autouse=True)
def _no_unexpected_errors(request: pytest.FixtureRequest, caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """A logged ERROR is a failure: the chain survives crashing links, and would hide a missing cassette."""
    yield
    if request.node.get_closest_marker("logs_errors"):
        return
    errors = [r.getMessage() for r in caplog.get_records("call") if r.levelno >= logging.ERROR]
    assert errors == [], "logged as errors"
