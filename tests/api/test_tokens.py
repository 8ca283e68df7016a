"""Tokens under names, for reading or for writing, and taking them back."""

import itertools
from datetime import UTC, datetime, timedelta
from importlib import import_module
from types import SimpleNamespace

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Token
from tests.api.bodies import assert_problem
from tests.conftest import Api

PASSWORD = "blue-Tomato-99"


def opened_with(secret: str) -> Api:
    api = Api(None)
    api.client.credentials(HTTP_AUTHORIZATION=f"Token {secret}")
    return api


def days_from_now(text: str) -> float:
    return (datetime.fromisoformat(text) - datetime.now(UTC)) / timedelta(days=1)


def test_a_token_is_made_shown_once_and_listed(ana):
    answer = ana.post("auth/tokens/", {"name": "Phone", "scope": "read", "expires_in_days": 7})
    assert answer.status_code == 201
    body = answer.json()
    secret = body.pop("token")
    assert body == {"id": body["id"], "name": "Phone", "scope": "read", "created": body["created"],
                    "last_used_at": None, "expiry": body["expiry"], "is_current": False}  # fmt: skip
    assert 6.9 < days_from_now(body["expiry"]) <= 7
    listed = ana.get("auth/tokens/").json()
    assert [row["is_current"] for row in listed["results"]] == [False, True]
    assert listed["results"][0] == body
    assert secret not in str(listed)
    seen = opened_with(secret).get("auth/tokens/").json()["results"]
    assert [row["is_current"] for row in seen] == [True, False]


def test_what_identifies_a_token_opens_nothing(ana):
    row = Token.objects.get()
    number = ana.get("auth/tokens/").json()["results"][0]["id"]
    for secret in (str(number), row.digest, row.token_key):
        assert opened_with(secret).get("users/me/").status_code == 401


def test_a_stranger_sees_and_revokes_no_token_of_mine(ana, ben):
    number = ana.get("auth/tokens/").json()["results"][0]["id"]
    assert [row["id"] for row in ben.get("auth/tokens/").json()["results"]] != [number]
    assert_problem(ben.delete(f"auth/tokens/{number}/"), 404, (None, "not_found"))
    assert ana.get("users/me/").status_code == 200


def test_a_revoked_token_is_refused_at_once(ana):
    made = ana.post("auth/tokens/", {"name": "Phone"}).json()
    phone = opened_with(made["token"])
    assert phone.get("users/me/").status_code == 200
    assert ana.delete(f"auth/tokens/{made['id']}/").status_code == 204
    assert_problem(phone.get("users/me/"), 401, (None, "authentication_failed"))
    assert ana.get("users/me/").status_code == 200
    assert_problem(ana.delete(f"auth/tokens/{made['id']}/"), 404, (None, "not_found"))


@pytest.mark.parametrize(
    ("body", "attr", "code"),
    [
        ({}, "name", "required"),
        ({"name": ""}, "name", "blank"),
        ({"name": "x" * 101}, "name", "max_length"),
        ({"name": "a", "scope": "admin"}, "scope", "invalid_choice"),
        ({"name": "a", "expires_in_days": 0}, "expires_in_days", "min_value"),
        ({"name": "a", "expires_in_days": 3651}, "expires_in_days", "max_value"),
        ({"name": "a", "expires_in_days": None}, "expires_in_days", "null"),
    ],
)
def test_a_wrong_field_is_named_and_nothing_is_made(ana, body, attr, code):
    assert_problem(ana.post("auth/tokens/", body), 400, (attr, code))
    assert Token.objects.count() == 1


def test_a_token_for_reading_reads_and_nothing_else(ana):
    reader = opened_with(ana.post("auth/tokens/", {"name": "Screen", "scope": "read"}).json()["token"])
    for method, path in itertools.product(("get", "head", "options"), ("users/me/", "expenses/", "auth/tokens/")):
        assert reader.request(method, path).status_code == 200
    row = {"amount": "5", "description": "Tea"}
    writes = [("post", "expenses/", row), ("patch", "users/me/", {}), ("post", "auth/tokens/", {"name": "x"}),
              ("post", "auth/logoutall/", {}), ("delete", "auth/tokens/1/", None), ("put", "rules/1/", {})]  # fmt: skip
    for method, path, body in writes:
        assert_problem(reader.request(method, path, body), 403, (None, "read_only_token"))
        with_key = reader.request(method, path, body, HTTP_IDEMPOTENCY_KEY="one")
        assert_problem(with_key, 403, (None, "read_only_token"))
    assert ana.get("expenses/").json()["count"] == 0
    assert reader.post("auth/logout/").status_code == 204
    assert reader.get("users/me/").status_code == 401


def test_login_names_the_token_and_chooses_its_scope(ana, anyone):
    login = {"username": "ana", "password": PASSWORD}
    reader = opened_with(anyone.post("auth/login/", {**login, "name": "Wall", "scope": "read"}).json()["token"])
    anyone.post("auth/login/", login, HTTP_USER_AGENT="Ledgerbook/2.1 (phone)")
    names = [(row["name"], row["scope"]) for row in ana.get("auth/tokens/").json()["results"]]
    assert names == [("Ledgerbook/2.1 (phone)", "read_write"), ("Wall", "read"), ("", "read_write")]
    assert_problem(reader.patch("users/me/", {}), 403, (None, "read_only_token"))
    assert_problem(anyone.post("auth/login/", {**login, "scope": "all"}), 400, ("scope", "invalid_choice"))
    assert_problem(anyone.post("auth/login/", {**login, "name": "x" * 101}), 400, ("name", "max_length"))


def test_use_is_noted_every_few_minutes_and_not_each_time(ana):
    ana.get("users/me/")
    first = Token.objects.get().last_used_at
    assert first is not None
    assert timezone.now() - first < timedelta(seconds=30)
    ana.get("users/me/")
    assert Token.objects.get().last_used_at == first
    Token.objects.update(last_used_at=first - timedelta(minutes=4))
    ana.get("users/me/")
    assert Token.objects.get().last_used_at == first - timedelta(minutes=4)
    Token.objects.update(last_used_at=first - timedelta(minutes=6))
    ana.get("users/me/")
    assert Token.objects.get().last_used_at >= first


def test_use_puts_off_the_end_of_a_device_and_not_one_that_was_said(ana):
    ana.post("auth/tokens/", {"name": "Visitor", "expires_in_days": 2})
    soon = timezone.now() + timedelta(days=1)
    Token.objects.update(expiry=soon)
    device, visitor = Token.objects.order_by("id")
    ana.get("users/me/")
    device.refresh_from_db()
    assert device.expiry > soon + timedelta(days=28)
    visitor.refresh_from_db()
    assert visitor.expiry == soon


def test_expired_tokens_are_not_listed_and_go_at_the_next_sign_in(ana, anyone):
    made = ana.post("auth/tokens/", {"name": "Visitor", "expires_in_days": 1}).json()
    Token.objects.filter(pk=made["id"]).update(expiry=timezone.now())
    assert made["id"] not in [row["id"] for row in ana.get("auth/tokens/").json()["results"]]
    assert_problem(opened_with(made["token"]).get("users/me/"), 401, (None, "authentication_failed"))
    anyone.post("auth/login/", {"username": "ana", "password": PASSWORD})
    assert not Token.objects.filter(pk=made["id"]).exists()


def test_the_token_is_looked_up_once_and_not_for_each_request(ana):
    ana.get("users/me/")
    with CaptureQueriesContext(connection) as queries:
        for _ in range(20):
            assert ana.get("health/live/").status_code == 200
            assert ana.get("users/me/").status_code == 200
    assert [q["sql"] for q in queries if "accounts_token" in q["sql"]] == []


OLD_TABLE = """
    CREATE TABLE knox_authtoken (
        digest varchar(128) PRIMARY KEY, token_key varchar(25), user_id bigint REFERENCES accounts_user,
        created timestamp, expiry timestamp
    )
"""


def test_tokens_of_an_older_database_stay_valid(ana):
    before = ana.get("auth/tokens/").json()["results"]
    with connection.cursor() as cursor:
        cursor.execute(OLD_TABLE)
        cursor.execute(
            "INSERT INTO knox_authtoken SELECT digest, token_key, user_id, created, expiry FROM accounts_token"
        )
    Token.objects.all().delete()
    for _ in range(2):  # the second time there is nothing to move
        import_module("accounts.migrations.0003_named_tokens").move_tokens(None, SimpleNamespace(connection=connection))
    after = ana.get("auth/tokens/").json()["results"]
    assert [row | {"id": 0, "last_used_at": None} for row in after] == [
        row | {"id": 0, "last_used_at": None} for row in before
    ]
    assert "knox_authtoken" not in connection.introspection.table_names()
