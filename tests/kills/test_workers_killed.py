"""A worker of a real instance is killed in the middle of an import, which goes on by itself."""

import sys
import time
from collections.abc import Callable
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest

from tests.servers import Server, kill, run_server

pytestmark = [
    pytest.mark.allow_hosts(["127.0.0.1"]),
    pytest.mark.timeout(300),
    pytest.mark.skipif(sys.platform != "linux", reason="only Linux lists its processes in /proc"),
]
N_ROWS = 12_000


def commit_statement(server: Server) -> int:
    """Upload a large statement of few amounts, and return the run that records it."""
    server.register()
    server.request("POST", "accounts/", {"name": "Giro", "currency": "EUR"})
    lines = [f"2026-10-{i % 30 + 1:02};Shop {i};-{i % 90}.50;EUR" for i in range(1, N_ROWS + 1)]
    part = "--X\r\nContent-Disposition: form-data; name="
    text = "\n".join(["Date;Payee;Amount;Currency", *lines])
    form = f'{part}"account"\r\n\r\nGiro\r\n{part}"file"; filename="october.csv"\r\n\r\n{text}\r\n--X--\r\n'
    statement = server.request("POST", "imports/", form=form.encode())[1]
    run = server.request("POST", f"imports/{statement['id']}/commit/")[1]
    assert run["status"] == "pending", run
    number: int = run["id"]
    return number


def poll(server: Server, number: int, *, until: Callable[[dict[str, Any]], bool]) -> list[dict[str, Any]]:
    """Return every state of the run that a client sees until one fits."""
    seen: list[dict[str, Any]] = []
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        seen.append(server.request("GET", f"runs/{number}/")[1] | {"at": time.monotonic()})
        if until(seen[-1]):
            return seen
        time.sleep(0.1)
    raise AssertionError(f"it stays {seen[-1]}")


def has_ended(run: dict[str, Any]) -> bool:
    return run["status"] not in {"pending", "running"}


def statuses(seen: list[dict[str, Any]]) -> list[str]:
    return [status for status, _ in groupby(run["status"] for run in seen)]


def test_an_import_whose_worker_was_killed_goes_on_by_itself(tmp_path: Path):
    with run_server(tmp_path) as server:
        number = commit_statement(server)
        before = poll(server, number, until=lambda run: run["progress"]["done"] > 0)[-1]
        for worker in server.children("work"):
            kill(worker)
        seen = poll(server, number, until=has_ended)
        assert before["progress"]["done"] < N_ROWS
        assert statuses(seen) in (["running", "pending", "running", "succeeded"], ["pending", "running", "succeeded"])
        assert {run["error"] for run in seen} == {None}
        stopped = "Its worker was stopped. What it did stays, and the run goes on by itself."
        assert {run["note"][: len(stopped)] for run in seen[1:-1]} == {stopped}
        assert seen[-1]["counts"]["created"] == N_ROWS
        resumed_at = next(run["at"] for run in seen if run["status"] == "running" and run["note"])
        assert resumed_at - before["at"] < 10
