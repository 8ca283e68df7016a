"""Every answer has security headers, and an operator is warned of an open door."""

import os
import subprocess
import sys
from typing import Any

import pytest
from django.conf import settings as current
from django.core.files.uploadedfile import SimpleUploadedFile

COMMON = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
DATA = COMMON | {
    "Content-Security-Policy": "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
}


def headers_of(answer: Any, names: dict[str, str]) -> dict[str, str | None]:
    return {name: answer.headers.get(name) for name in names}


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("get", "users/me/", 200),
        ("get", "auth/tokens/", 200),
        ("post", "auth/login/", 400),
        ("get", "expenses/999/", 404),
        ("get", "nothing/", 404),
        ("put", "users/me/", 405),
        ("options", "expenses/", 200),
        ("delete", "users/me/", 400),
        ("get", "health/live/", 200),
        ("get", "categorization/chain/", 200),
    ],
)
def test_answers_with_data_may_not_be_cached_or_framed(ana, method, path, status):
    answer = ana.request(method, path)
    assert answer.status_code == status
    assert headers_of(answer, DATA) == DATA


def test_only_the_client_may_cache_an_etagged_answer(ana):
    answer = ana.post("accounts/", {"name": "Checking", "currency": "EUR"})
    assert "ETag" in answer.headers
    assert headers_of(answer, DATA) == DATA | {"Cache-Control": "private, no-cache"}


@pytest.mark.parametrize("path", ["/", "/metrics", "/static/drf_spectacular_sidecar/redoc/bundles/redoc.standalone.js"])
def test_other_answers_are_guarded_too(anyone, path):
    answer = anyone.get(path)
    answer.close()
    assert headers_of(answer, COMMON) == COMMON


def test_pages_have_a_policy_of_their_own(anyone):
    for page in ("docs/", "redoc/"):
        answer = anyone.get(page)
        assert headers_of(answer, COMMON) == COMMON
        assert answer.headers["Content-Security-Policy"].startswith("default-src 'self';")


def test_pages_of_other_sites_are_told_nothing(ana):
    headers = {"HTTP_ORIGIN": "https://elsewhere.example"}
    for method in ("get", "options"):
        answer = ana.request(method, "expenses/", HTTP_ACCESS_CONTROL_REQUEST_METHOD="GET", **headers)
        assert [name for name in answer.headers if name.lower().startswith("access-control-")] == []


def test_a_refused_body_gets_the_same_headers(ana, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 10
    answer = ana.post("expenses/", {"amount": "1", "description": "x" * 50})
    assert answer.status_code == 413
    assert headers_of(answer, DATA) == DATA


def test_an_upload_over_the_limit_is_refused(ana, settings):
    settings.IMPORT_MAX_BYTES = 10
    file = SimpleUploadedFile("a.csv", b"Date;Payee;Amount\n2026-11-13;Cafe;-5.50\n")
    assert ana.post("imports/", {"file": file}, format="multipart").status_code in {400, 413}


@pytest.fixture
def https(settings: Any) -> None:
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    settings.SECURE_SSL_REDIRECT, settings.SECURE_HSTS_SECONDS = True, 31_536_000


@pytest.mark.usefixtures("https")
def test_behind_tls_clients_are_sent_there_and_told_to_stay(ana):
    answer = ana.get("users/me/")
    assert (answer.status_code, answer["Location"]) == (301, "https://testserver/api/v1/users/me/")
    answer = ana.get("users/me/", HTTP_X_FORWARDED_PROTO="https")
    assert answer.status_code == 200
    assert answer["Strict-Transport-Security"] == "max-age=31536000"
    assert ana.get("health/live/").status_code == 200
    assert ana.get("/metrics").status_code == 200


def check(*options: str, **environment: str) -> tuple[int, list[str]]:
    """The exit code of `check --deploy`, and the ids of what it says."""
    command: Any = [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING", *options]
    env = os.environ | {"DJANGO_SETTINGS_MODULE": "tests.settings"} | environment
    run = subprocess.run(command, cwd=current.BASE_DIR, env=env, capture_output=True, text=True, check=False)  # noqa: S603
    return run.returncode, [
        line.split(")")[0].removeprefix("?: (") for line in run.stderr.splitlines() if "?: (" in line
    ]


@pytest.mark.parametrize(
    "environment",
    [{}, {"OUTLAY_HTTPS": "yes", "OUTLAY_PROXIES": "1", "OUTLAY_HOST": "0.0.0.0"}],  # noqa: S104
)
def test_a_safe_configuration_gives_no_warning(environment):
    assert check(**environment) == (0, [])


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"OUTLAY_HOST": "::1"}, (0, [])),
        ({"OUTLAY_HOST": "localhost"}, (0, [])),
        ({"OUTLAY_HOST": "0.0.0.0"}, (1, ["outlay.W001"])),  # noqa: S104
        ({"OUTLAY_HTTPS": "yes"}, (1, ["outlay.W002"])),
    ],
)
def test_an_open_configuration_gives_a_warning(environment, expected):
    assert check("--tag", "security", **environment) == expected
