"""A model that hangs holds up nothing but the tasks that ask it: real workers, and a server that never answers."""

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from providers.chain import TO_COME
from tests.api.health_parts import part
from tests.providers.ollama_impostor import Impostor
from tests.servers import Server, kill, run_server

pytestmark = [pytest.mark.allow_hosts(["127.0.0.1"]), pytest.mark.timeout(300)]
on_linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux lists its processes in /proc")
#: More than a request records at once.
N_ROWS = 150
N_CONFIRMED = 30


@pytest.fixture
def model() -> Iterator[Impostor]:
    """A server that takes every question and never answers."""
    with Impostor() as server:
        yield server


def wait_until(is_so: Callable[[], Any], *, within_s: float = 60) -> Any:
    """Return the first result that is true."""
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        if found := is_so():
            return found
        time.sleep(0.1)
    raise AssertionError("it does not happen")


def n_calls(model: Impostor) -> int:
    return [path for path, _ in model.asked].count("/api/chat")


def with_hanging_model(folder: Path, model: Impostor, *command: str, **variables: str) -> Any:
    return run_server(folder, *command, OLLAMA_HOST=model.url, OUTLAY_OLLAMA_MODEL="tiny:1b", **variables)


def ask_the_model(server: Server, model: Impostor) -> int:
    """Write a row that only the model may know, wait until a worker asks about it, and return the id of the row."""
    server.register()
    body = server.request("POST", "expenses/", {"amount": "4.50", "description": "Qzwxv Brmpf"})[1]
    assert body["categorization"]["explanation"] == TO_COME
    wait_until(lambda: n_calls(model))
    number: int = body["id"]
    return number


def record_statement(server: Server) -> int:
    """Upload a statement and return the run that records it."""
    server.request("POST", "accounts/", {"name": "Giro", "currency": "EUR"})
    lines = [f"2026-10-{i % 30 + 1:02};Shop {i};-{i % 90 + 1}.50;EUR" for i in range(N_ROWS)]
    part = "--X\r\nContent-Disposition: form-data; name="
    text = "\n".join(["Date;Payee;Amount;Currency", *lines])
    form = f'{part}"account"\r\n\r\nGiro\r\n{part}"file"; filename="october.csv"\r\n\r\n{text}\r\n--X--\r\n'
    statement = server.request("POST", "imports/", form=form.encode())[1]
    number: int = server.request("POST", f"imports/{statement['id']}/commit/")[1]["id"]
    return number


def confirm_rows(server: Server) -> None:
    rows = [
        {"amount": "3.00", "description": f"Kumquat {i % 5}", "category": "Dining" if i % 2 else "Pets"}
        for i in range(N_CONFIRMED)
    ]
    server.request("POST", "transactions/bulk/", {"transactions": [row | {"direction": "out"} for row in rows]})


def health(server: Server, name: str) -> dict[str, Any]:
    [found] = [part for part in server.request("GET", "health/ready/")[1]["parts"] if part["name"] == name]
    return dict(found)


def test_imports_learning_and_insights_go_on_while_the_model_hangs(tmp_path, model):
    with with_hanging_model(tmp_path, model) as server:
        row = ask_the_model(server, model)
        number = record_statement(server)
        run = wait_until(lambda: has_ended(server.request("GET", f"runs/{number}/")[1]))
        confirm_rows(server)
        wait_until(lambda: server.request("GET", "categorization/calibration/")[1]["measured_at"])
        wait_until(lambda: server.request("GET", "insights/anomalies/")[1]["computed_at"])
        assert (run["status"], run["counts"]["created"]) == ("succeeded", N_ROWS)
        waiting = server.request("GET", f"transactions/{row}/")[1]["categorization"]
        assert (waiting["explanation"], n_calls(model)) == (TO_COME, 1)  # the one call still hangs
        assert health(server, "tasks") == part("tasks")


def has_ended(run: dict[str, Any]) -> dict[str, Any]:
    return {} if run["status"] in {"pending", "running"} else run


def test_several_workers_call_the_model_one_at_a_time(tmp_path, model):
    with with_hanging_model(tmp_path, model, OUTLAY_TASK_WORKERS="2") as server:
        ask_the_model(server, model)
        ben = {"username": "ben", "email": "ben@example.org", "password": "blue-Tomato-99"}
        server.token = server.request("POST", "auth/register/", ben)[1]["token"]
        server.request("POST", "expenses/", {"amount": "4.50", "description": "Vbnqx Plompf"})
        number = record_statement(server)
        wait_until(lambda: has_ended(server.request("GET", f"runs/{number}/")[1]))
        assert n_calls(model) == 1


@on_linux
def test_a_worker_stops_gently_while_the_model_hangs_and_the_next_one_asks_again(tmp_path, model):
    with with_hanging_model(tmp_path, model) as server:
        ask_the_model(server, model)
        [worker] = server.children("work")
        os.kill(worker, signal.SIGTERM)
        wait_until(lambda: n_calls(model) == 2)
        server.stop()
        said = server.process.communicate(timeout=60)[0]
    assert "The worker ended with code 0; starting it again" in said


@on_linux
def test_another_worker_asks_the_model_when_the_one_that_did_is_killed(tmp_path, model):
    with with_hanging_model(tmp_path, model, OUTLAY_TASK_WORKERS="2") as server:
        ask_the_model(server, model)
        for worker in server.children("work"):
            kill(worker)
        wait_until(lambda: n_calls(model) == 2)


@on_linux
def test_a_missing_lane_is_told(tmp_path, model):
    with with_hanging_model(tmp_path, model) as server:
        server.register()
        wait_until(lambda: health(server, "model") == part("model"))
    with with_hanging_model(tmp_path / "other", model, "web") as server:
        detail = "No worker runs the tasks that ask the model; is a worker running?"
        assert health(server, "model") == part("model", "failing", detail)
