"""Guessing ends in a lock-out, and what is worth guarding cannot be done too often."""

import json
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as current
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from rest_framework.settings import api_settings

from accounts.models import GuessCount
from tests.api.bodies import assert_problem
from tests.conftest import Api
from tests.databases import new_instance

PASSWORD = "blue-Tomato-99"


@pytest.fixture(autouse=True)
def _limits(settings: Any) -> None:
    settings.LOCKOUT_AFTER, settings.LOCKOUT_ADDRESS_AFTER = 3, 8


def guess(api: Api, name: str, password: str = "wrong", **headers: str) -> Any:  # noqa: S107
    return api.post("auth/login/", {"username": name, "password": password}, **headers)


def test_after_some_wrong_passwords_none_is_looked_at(ana, anyone):
    for _ in range(3):
        assert_problem(guess(anyone, "ana"), 400, (None, "authorization"))
    for password in ("wrong", PASSWORD):
        answer = guess(anyone, "ana", password)
        assert_problem(answer, 429, (None, "locked_out"))
        assert 890 <= int(answer["Retry-After"]) <= 900


def test_a_name_that_nobody_has_gets_the_same_answers(ana, anyone):
    answers = {
        name: [(a.status_code, a.json(), "Retry-After" in a) for a in (guess(anyone, name) for _ in range(4))]
        for name in ("ana", "zoe")
    }
    assert answers["ana"] == answers["zoe"]


def test_a_locked_name_is_open_again_after_a_while(ana, anyone):
    for _ in range(4):
        guess(anyone, "ana")
    GuessCount.objects.update(ends_at=timezone.now() - timedelta(seconds=1))
    assert guess(anyone, "ana", PASSWORD).status_code == 200


def test_a_right_password_begins_the_count_anew(ana, anyone):
    for _ in range(3):
        guess(anyone, "ana")
        guess(anyone, "ana")
        assert guess(anyone, "ana", PASSWORD).status_code == 200


@pytest.mark.parametrize("spelling", ["ANA", " ana ", "aNa"])
def test_another_spelling_is_the_same_name(ana, anyone, spelling):
    for _ in range(3):
        guess(anyone, "ana")
    assert_problem(guess(anyone, spelling, PASSWORD), 429, (None, "locked_out"))


def test_others_sign_in_while_one_name_is_locked(ana, ben, anyone):
    for _ in range(20):
        guess(anyone, "ana")
    assert guess(anyone, "ben", PASSWORD).status_code == 200
    assert ana.get("users/me/").status_code == 200


def test_many_names_from_one_address_lock_the_address(ana, anyone):
    for number in range(8):
        assert guess(anyone, f"nobody{number}").status_code == 400
    assert_problem(guess(anyone, "ana", PASSWORD), 429, (None, "locked_out"))
    assert guess(anyone, "ana", PASSWORD, REMOTE_ADDR="192.0.2.7").status_code == 200


def test_a_right_password_does_not_begin_the_address_anew(ana, anyone):
    for number in range(8):
        guess(anyone, f"nobody{number}")
        guess(anyone, "ana", PASSWORD)
    assert guess(anyone, "ana", PASSWORD).status_code == 429


def test_one_client_has_all_addresses_of_its_network(ana, anyone):
    for number in range(8):
        guess(anyone, f"nobody{number}", REMOTE_ADDR=f"2001:db8::{number + 1}")
    assert guess(anyone, "ana", PASSWORD, REMOTE_ADDR="2001:db8::9").status_code == 429
    assert guess(anyone, "ana", PASSWORD, REMOTE_ADDR="2001:db8:0:1::9").status_code == 200


def test_nobody_chooses_an_address_by_a_header(ana, anyone):
    for number in range(8):
        guess(anyone, f"nobody{number}", HTTP_X_FORWARDED_FOR=f"192.0.2.{number}")
    assert guess(anyone, "ana", PASSWORD, HTTP_X_FORWARDED_FOR="192.0.2.99").status_code == 429


def test_behind_a_proxy_the_address_is_what_the_proxy_saw(ana, anyone, settings):
    settings.REST_FRAMEWORK = {**settings.REST_FRAMEWORK, "NUM_PROXIES": 1}
    for number in range(8):
        guess(anyone, f"nobody{number}", HTTP_X_FORWARDED_FOR=f"192.0.2.{number}, 198.51.100.4")
    assert guess(anyone, "ana", PASSWORD, HTTP_X_FORWARDED_FOR="192.0.2.99, 198.51.100.4").status_code == 429
    assert guess(anyone, "ana", PASSWORD, HTTP_X_FORWARDED_FOR="198.51.100.4, 198.51.100.5").status_code == 200


def test_neither_names_nor_addresses_are_kept_readable(ana, anyone):
    guess(anyone, "my-password-typed-as-a-name", REMOTE_ADDR="192.0.2.7")
    assert [len(count.key) for count in GuessCount.objects.all()] == [64, 64]


#: Forty guesses at once; prints how many got which answer.
GUESSES = """
import json, django
django.setup()
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from django.db import connection
from django.test import Client
from config.processes.serving import prepare
prepare()
def guess(_):
    body = json.dumps({"username": "ana", "password": "wrong"})
    try:
        return Client(SERVER_NAME="localhost").post("/api/v1/auth/login/", body, "application/json").status_code
    finally:
        connection.close()
with ThreadPoolExecutor(8) as pool:
    print(json.dumps(Counter(pool.map(guess, range(40)))))
"""


def test_guesses_at_once_do_not_pass_the_limit(tmp_path: Path):
    command: Any = [sys.executable, "-c", GUESSES]
    with new_instance(tmp_path) as variables:
        environment = variables | {"OUTLAY_RATE_LOGIN": "off"}
        run = subprocess.run(command, cwd=current.BASE_DIR, env=environment, capture_output=True, text=True, check=True)  # noqa: S603
    assert json.loads(run.stdout) == {"400": 10, "429": 30}


@pytest.fixture
def rates(settings: Any) -> None:
    """Twice an hour, whatever it is."""
    twice = dict.fromkeys(api_settings.DEFAULT_THROTTLE_RATES, "2/hour")
    settings.REST_FRAMEWORK = {**settings.REST_FRAMEWORK, "DEFAULT_THROTTLE_RATES": twice}


GUARDED: list[tuple[str, str, Any]] = [
    ("post", "auth/tokens/", {"name": "x"}),
    ("post", "categorization/suggest/", {"description": "Cafe"}),
    ("post", "transactions/bulk/", {"transactions": []}),
    ("post", "imports/", "file"),
]


@pytest.mark.usefixtures("rates", "silent_chain")
@pytest.mark.parametrize(("method", "path", "body"), GUARDED)
def test_what_is_guarded_cannot_be_done_too_often(ana, ben, settings, tmp_path, method, path, body):
    settings.MEDIA_ROOT = tmp_path

    def send(api: Api) -> Any:
        if body != "file":
            return api.request(method, path, body)
        file = SimpleUploadedFile("a.csv", b"Date;Payee;Amount;Currency\n2026-11-13;Cafe Luna;-5.50;EUR\n")
        return api.request(method, path, {"file": file}, format="multipart")

    assert [send(ana).status_code < 300 for _ in range(2)] == [True, True]
    answer = send(ana)
    assert_problem(answer, 429, (None, "throttled"))
    assert 3500 < int(answer["Retry-After"]) <= 3600
    wait = f"Try again in {answer['Retry-After']} seconds."
    assert answer.json()["detail"] == f"This was too often: at most 2 such requests an hour. {wait}"
    assert send(ben).status_code < 300
    assert ana.get(path).status_code != 429


@pytest.mark.usefixtures("rates")
@pytest.mark.parametrize("path", ["auth/register/", "auth/login/"])
def test_one_address_cannot_come_in_too_often(anyone, path):
    assert [anyone.post(path, {}).status_code for _ in range(3)] == [400, 400, 429]
    assert anyone.post(path, {}, REMOTE_ADDR="192.0.2.7").status_code == 400


@pytest.mark.usefixtures("rates")
def test_ordinary_reads_and_writes_are_not_counted(ana):
    for number in range(5):
        assert ana.post("accounts/", {"name": f"Purse {number}"}).status_code == 201
        assert ana.get("accounts/").status_code == 200
