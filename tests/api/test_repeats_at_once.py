"""Repeats that meet the first request, and processes that are killed over it, on a real database."""

import json
import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta
from threading import Barrier, Event
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db import connection
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import StoredAnswer
from accounts.services.users import sign_in
from expenses.models import Transaction
from tests.api.bodies import assert_problem
from tests.conftest import make_user

pytestmark = pytest.mark.usefixtures("silent_chain")

BODY = '{"amount": "5.50", "description": "Cafe Luna", "date": "2026-11-02", "direction": "out"}'
N_THREADS = 8
#: Sends the request and stops at a moment, as if the machine were slow there; says when it has come to it.
CHILD = r"""
import json, os, signal, sys
moment, headers, body = sys.argv[1], json.loads(sys.argv[2]), sys.argv[3]
import django
django.setup()
from django.db import connection, transaction
from django.test import Client

def stop():
    os.write(1, b"here\n")
    signal.pause()

def watch(execute, sql, *rest):
    writes = sql.startswith('INSERT INTO "expenses_transaction" ')
    if writes and moment == "claimed":
        stop()
    answer = execute(sql, *rest)
    if writes and moment == "written":
        stop()
    if writes:
        transaction.on_commit(stop)
    return answer

with connection.execute_wrapper(watch):
    Client(SERVER_NAME="localhost").post(
        "/api/v1/transactions/", body, content_type="application/json", headers=headers
    )
"""


@pytest.fixture
def owner(real_database: str) -> dict[str, str]:
    """The headers of somebody's request."""
    return {"Authorization": f"Token {sign_in(user=make_user('ana')).token}", "Idempotency-Key": "k-1"}


def send(owner: dict[str, str], watch: Any = None) -> Any:
    """A request with a connection of its own, as a thread of the web server has; `watch` sees its statements."""
    with closing(connection), connection.execute_wrapper(watch or (lambda execute, *args: execute(*args))):
        return APIClient().post("/api/v1/transactions/", BODY, content_type="application/json", headers=owner)


def test_of_many_at_once_one_does_the_work(owner):
    start = Barrier(N_THREADS)

    def race(_: int) -> Any:
        start.wait()
        return send(owner)

    with ThreadPoolExecutor(N_THREADS) as pool:
        answers = list(pool.map(race, range(N_THREADS)))
    statuses = sorted(answer.status_code for answer in answers)
    assert statuses.count(201) == 1
    assert set(statuses) <= {200, 201, 409}
    first = next(answer.json() for answer in answers if answer.status_code == 201)
    for answer in answers:
        if answer.status_code == 409:
            assert_problem(answer, 409, ("Idempotency-Key", "key_in_use"))
            assert answer["Retry-After"] == "1"
        else:
            assert answer.json() == first
    assert Transaction.objects.count() == 1
    assert send(owner).json() == first


@pytest.fixture
def stopped_request(owner):
    """A request that has written its row, and waits before it commits until this is called for its answer."""
    written, go_on = Event(), Event()

    def stop(execute, sql, *rest):
        answer = execute(sql, *rest)
        if sql.startswith('INSERT INTO "expenses_transaction" '):
            written.set()
            assert go_on.wait(30)
        return answer

    def finish():
        go_on.set()
        return answer.result()

    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(send, owner, stop)
        assert written.wait(30)
        yield finish
        go_on.set()


def test_a_repeat_does_not_wait_for_the_first(owner, stopped_request):
    assert_problem(send(owner), 409, ("Idempotency-Key", "key_in_use"))
    first = stopped_request()
    assert first.status_code == 201
    again = send(owner)
    assert (again.status_code, again.json()) == (200, first.json())


@pytest.mark.skipif(connection.vendor == "sqlite", reason="Nobody else writes in SQLite while somebody does.")
def test_a_slow_process_that_lives_is_not_taken_for_dead(owner, stopped_request, monkeypatch):
    monkeypatch.setattr("accounts.services.stored_answers.LEASE", timedelta(0))
    assert_problem(send(owner), 409, ("Idempotency-Key", "key_in_use"))
    assert stopped_request().status_code == 201


def kill_at(moment: str, owner: dict[str, str], database: str) -> None:
    environment = os.environ | {"DATABASE_URL": database, "DJANGO_SETTINGS_MODULE": "tests.settings"}
    command = [sys.executable, "-c", CHILD, moment, json.dumps(owner), BODY]
    child = subprocess.Popen(command, cwd=django_settings.BASE_DIR, env=environment, stdout=subprocess.PIPE)  # noqa: S603
    with child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"here\n"
        child.send_signal(signal.SIGKILL)


@pytest.mark.parametrize("moment", ["claimed", "written"])
def test_a_process_killed_before_the_commit_leaves_neither_work_nor_answer(owner, real_database, moment):
    kill_at(moment, owner, real_database)
    assert not Transaction.objects.exists()
    assert list(StoredAnswer.objects.values_list("key", "status")) == [("k-1", None)]
    assert_problem(send(owner), 409, ("Idempotency-Key", "key_in_use"))
    StoredAnswer.objects.update(claimed_at=timezone.now() - timedelta(seconds=61))
    assert [send(owner).status_code for _ in range(2)] == [201, 200]
    assert Transaction.objects.count() == 1


def test_a_process_killed_after_the_commit_leaves_both(owner, real_database):
    kill_at("committed", owner, real_database)
    row = Transaction.objects.get()
    again = send(owner)
    assert (again.status_code, again["Idempotency-Replayed"]) == (200, "true")
    assert again.json()["id"] == row.pk
    assert Transaction.objects.count() == 1
