"""A cached token is never older than the last revocation, whichever process made it."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection, transaction

from accounts import token_cache
from accounts.models import Token, User
from accounts.token_cache import TOKENS, TokenCache, forget_tokens, revocation_stamp
from config.environment import BASE_DIR
from tests.conftest import Api, make_user
from tests.databases import new_instance

#: Answers each line "METHOD ADDRESS TOKEN" with the status and the number of queries about tokens.
SERVER = """
import django
django.setup()
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
while True:
    method, address, token = input().split()
    client = Client(SERVER_NAME="localhost", headers={"Authorization": f"Token {token}"})
    with CaptureQueriesContext(connection) as queries:
        status = client.generic(method, f"/api/v1/{address}").status_code
    print(status, sum("accounts_token" in q["sql"] for q in queries), flush=True)
"""
PREPARE = """
import django
django.setup()
from config.processes.serving import prepare
prepare()
from accounts.services.users import register_user, sign_in
ana = register_user(username="ana", email="ana@example.org", password="blue-Tomato-99")
print(ana.token, sign_in(user=ana.user).token)
"""


class Process:
    """Another process of the same instance."""

    def __init__(self, environment: dict[str, str]) -> None:
        self.child = subprocess.Popen(  # noqa: S603
            [sys.executable, "-c", SERVER], cwd=BASE_DIR, env=environment, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip

    def ask(self, method: str, address: str, token: str) -> tuple[int, int]:
        assert self.child.stdin is not None
        assert self.child.stdout is not None
        print(method, address, token, file=self.child.stdin, flush=True)
        status, queries = self.child.stdout.readline().split()
        return int(status), int(queries)


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[tuple[Process, Process, str, str]]:
    """Two processes on one database, and two tokens of one person."""
    with new_instance(tmp_path) as environment:
        command: Any = [sys.executable, "-c", PREPARE]
        made = subprocess.run(command, cwd=BASE_DIR, env=environment, capture_output=True, text=True, check=True)  # noqa: S603
        one, other = Process(environment), Process(environment)
        try:
            yield one, other, *made.stdout.split()  # type: ignore[misc]
        finally:
            for process in (one, other):
                process.child.kill()
                process.child.communicate()


def test_a_revoked_token_is_refused_at_once_in_every_process(instance):
    one, other, mine, phones = instance
    assert other.ask("GET", "users/me/", phones)[0] == 200
    assert other.ask("GET", "users/me/", phones) == (200, 0)
    assert one.ask("POST", "auth/logout/", phones)[0] == 204
    assert other.ask("GET", "users/me/", phones) == (401, 1)
    assert other.ask("GET", "users/me/", mine)[0] == 200
    assert other.ask("GET", "users/me/", mine) == (200, 0)
    assert one.ask("POST", "auth/logoutall/", mine)[0] == 204
    assert other.ask("GET", "users/me/", mine) == (401, 1)


@pytest.fixture
def api(transactional_db: None, tmp_path: Path, settings: Any) -> Api:
    """A user whose token is cached."""
    settings.DATA_DIR = tmp_path
    api = Api(make_user("ana"))
    assert api.client.get("/api/v1/users/me/").status_code == 200
    return api


def test_a_rollback_revokes_nothing(api):
    before = revocation_stamp()
    with transaction.atomic():
        Token.objects.all().delete()
        transaction.set_rollback(True)
    assert revocation_stamp() == before
    assert api.client.get("/api/v1/users/me/").status_code == 200


@pytest.mark.parametrize(
    "change",
    [
        lambda user: user.save(),
        lambda user: User.objects.update(locale="de"),
        lambda user: user.groups.create(name="Friends"),
        lambda user: Token.objects.get().delete(),
        lambda user: Token.objects.update(scope="read"),
        lambda user: Token.objects.get().save(),
        lambda user: user.delete(),
    ],
)
def test_the_stamp_moves_with_the_commit_of_every_change(api, change):
    with transaction.atomic():
        before = revocation_stamp()
        change(api.user)
        assert revocation_stamp() == before
    assert revocation_stamp() != before


def test_new_users_and_tokens_leave_the_stamp(api):
    before = revocation_stamp()
    Api(make_user("ben"))
    assert revocation_stamp() == before


def test_each_request_gets_its_own_copy_of_the_user(api):
    digest, stamp = Token.objects.get().digest, revocation_stamp()
    one, other = (TOKENS.get(digest, stamp=stamp) for _ in range(2))
    assert one is not None
    assert other is not None
    assert (one[0], one[1]) == (other[0], other[1]) == (api.user, Token.objects.get())
    assert one[0] is not other[0]
    one[0].locale, one[1].scope = "xx", "read"
    third = TOKENS.get(digest, stamp=stamp)
    assert third is not None
    assert (third[0].locale, third[1].scope) == ("en", "read_write")
    assert other[1].user is other[0]


def test_cached_tokens_expire_and_are_limited_in_number(api, monkeypatch):
    token, stamp, cached = Token.objects.get(), revocation_stamp(), TokenCache()
    for number in range(token_cache.MAX_TOKENS + 10):
        cached.put(str(number), stamp=stamp, user=api.user, token=token)
    assert len(cached) == token_cache.MAX_TOKENS
    assert cached.get("9", stamp=stamp) is None
    assert cached.get("10", stamp=stamp) is not None
    monkeypatch.setattr(token_cache, "KEPT_S", -1)
    assert cached.get("10", stamp=stamp) is None


def test_other_databases_keep_the_stamp_in_the_shared_cache(api, monkeypatch):
    with monkeypatch.context() as other:  # over before the tables are emptied, which asks for the vendor, too
        other.setattr(connection, "vendor", "postgresql")
        before = revocation_stamp()
        assert before == revocation_stamp() is not None
        forget_tokens()
        assert revocation_stamp() != before
        before = revocation_stamp()
        cache.clear()
        assert revocation_stamp() not in {before, None}
