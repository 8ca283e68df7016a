"""One envelope for everything that goes wrong, and health."""

from typing import Any

import pytest
from django.conf import settings
from django.db import OperationalError, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.http import HttpRequest, HttpResponse
from django.urls import include, path
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from tests.api.bodies import assert_problem
from tests.api.health_parts import part

SECRET = "postgres://user:secret@db"


class CrashingView(APIView):
    """Has a bug inside DRF."""

    authentication_classes = ()
    permission_classes = ()

    def get(self, request: Request) -> Response:
        raise RuntimeError(SECRET)


def crash(request: HttpRequest) -> HttpResponse:
    """Has a bug outside of DRF."""
    raise RuntimeError(SECRET)


urlpatterns = [
    path("crash-inside/", CrashingView.as_view()),
    path("crash-outside/", crash),
    path("", include("config.urls")),
]
handler400, handler403 = "config.api.errors.bad_request", "config.api.errors.permission_denied"
handler404, handler500 = "config.api.errors.not_found", "config.api.errors.server_error"


@pytest.mark.logs_errors
@pytest.mark.urls(__name__)
@pytest.mark.parametrize("address", ["/crash-inside/", "/crash-outside/"])
def test_a_bug_answers_a_problem_without_a_word_of_the_inside(anyone, address):
    anyone.client.raise_request_exception = False
    answer = anyone.get(address)
    assert_problem(answer, 500, (None, "error"))
    assert b"secret" not in answer.content


@pytest.mark.parametrize("address", ["/nowhere/", "/api/v1/nowhere/", "/api/", "/api/v1/", "/admin/"])
def test_an_unknown_address_is_a_problem(ana, address):
    assert_problem(ana.get(address), 404, (None, "not_found"))


def test_a_missing_slash_is_explained(ana):
    for method in ("get", "post"):
        body = assert_problem(getattr(ana, method)("/api/v1/expenses"), 404, (None, "slash_missing"))
        assert body["detail"] == "Addresses end with a slash: /api/v1/expenses/"


@pytest.mark.parametrize(("method", "address"), [("delete", "expenses/"), ("post", "users/me/"), ("get", "auth/login/"),
                                                 ("post", "schema/"), ("post", "docs/"), ("put", "redoc/"),
                                                 ("post", "health/live/")])  # fmt: skip
def test_a_method_that_is_not_served_is_a_problem(ana, method, address):
    answer = getattr(ana, method)(address)
    assert_problem(answer, 405, (None, "method_not_allowed"))
    assert method.upper() not in answer["Allow"]


def test_a_media_type_that_is_not_written_is_a_problem(ana):
    answer = ana.get("expenses/", HTTP_ACCEPT="application/xml")
    assert (answer.status_code, answer["Content-Type"]) == (406, "application/problem+json")
    assert answer.json()["errors"][0]["code"] == "not_acceptable"


@pytest.mark.logs_errors
def test_a_host_that_is_not_ours_is_a_problem(anyone):
    for address in ("health/live/", "expenses/", "/nowhere/"):
        body = assert_problem(anyone.get(address, HTTP_HOST="evil.example"), 400, (None, "host_not_allowed"))
        assert "“evil.example”" in body["detail"]
        assert "OUTLAY_ALLOWED_HOSTS" in body["detail"]


def test_without_a_token_the_scheme_is_named(anyone):
    answer = anyone.get("expenses/")
    assert_problem(answer, 401, (None, "not_authenticated"))
    assert answer["WWW-Authenticate"] == "Token"


def test_several_faults_are_all_named(ana):
    body = assert_problem(ana.post("expenses/", {"amount": "0", "date": "x"}), 400,
                          ("amount", "min_value"), ("date", "invalid"), ("description", "required"))  # fmt: skip
    assert body["detail"] == "3 fields are wrong: amount, date, description."


@pytest.fixture
def without_model(use_chain):
    use_chain({"BACKEND": "rules.provider.RulesProvider"})


def test_a_live_server_says_so(anyone):
    answer = anyone.get("health/live/")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


def test_a_ready_server_names_its_parts(anyone, without_model):
    answer = anyone.get("health/ready/")
    off = part("model", "off", "No local model is configured.")
    assert answer.status_code == 200
    assert answer.json() == {
        "status": "ok",
        "parts": [
            part("database"),
            part("migrations"),
            part("cache"),
            part("tasks"),
            off,
            part("backup", "off", "No backup is scheduled."),
        ],
    }


@pytest.mark.logs_errors
def test_a_missing_migration_is_not_ready(anyone, without_model):
    [last] = MigrationLoader(connection).graph.leaf_nodes("statements")
    MigrationRecorder(connection).record_unapplied(*last)
    answer = anyone.get("health/ready/")
    assert answer.status_code == 503
    assert answer.json()["status"] == "failing"
    assert answer.json()["parts"][1] == part("migrations", "failing", "1 migrations are not applied.")
    assert answer.json()["parts"][0] == part("database")


@pytest.mark.logs_errors
def test_a_database_that_is_down_is_not_ready_but_live(anyone, without_model):
    def refuse(*args: Any) -> None:
        raise OperationalError(SECRET)

    with connection.execute_wrapper(refuse):
        ready, live = anyone.get("health/ready/"), anyone.get("health/live/")
    assert (ready.status_code, live.status_code) == (503, 200)
    failing = {p["name"]: (p["status"], p["detail"]) for p in ready.json()["parts"]}
    affected = {"database", "migrations"} | ({"cache"} if settings.CACHES["default"]["LOCATION"] == "cache" else set())
    assert {name: failing[name] for name in affected} == dict.fromkeys(affected, ("failing", "OperationalError"))
    assert b"secret" not in ready.content


def test_the_answers_forbid_sniffing_and_framing(anyone):
    for address in ("health/live/", "expenses/", "/nowhere/", "docs/"):
        answer = anyone.get(address)
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert answer["X-Frame-Options"] == "DENY"
