"""The worker is killed while it asks about many rows, and so is the model: no row is lost, and none is asked twice."""

import json
import sys
from collections import Counter
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from tests.config.test_lane import wait_until
from tests.providers.ollama_impostor import HANG_UP, Impostor
from tests.servers import Server, kill, run_server

pytestmark = [
    pytest.mark.allow_hosts(["127.0.0.1"]),
    pytest.mark.timeout(300),
    pytest.mark.skipif(sys.platform != "linux", reason="only Linux lists its processes in /proc"),
]
N_ROWS = 200
#: Answers after which the worker, and then the model, is killed.
N_BEFORE = 60
ANSWER = {
    "message": {"role": "assistant", "content": "C"},
    "logprobs": [{"token": "C", "logprob": -0.5, "top_logprobs": [{"token": "C", "logprob": -0.5}]}],
}


def record_rows(server: Server) -> None:
    """Record rows of which no word means anything, so that no other link knows them."""
    words = ["".join(letters) for letters in product("qxzw", "vjkp", "bmfd", "hgtc")][:N_ROWS]
    rows = [{"amount": "3.00", "description": f"Qz{word} Wv{word}", "direction": "out"} for word in words]
    for start in range(0, N_ROWS, 100):
        status, body = server.request("POST", "transactions/bulk/", {"transactions": rows[start : start + 100]})
        assert (status, len(body["created"])) == (200, 100)


def queue(server: Server) -> dict[str, Any]:
    found: dict[str, Any] = server.request("GET", "categorization/queue/?page_size=500")[1]
    return found


def answers(server: Server) -> list[dict[str, Any]]:
    rows = server.request("GET", "transactions/?page_size=500")[1]["results"]
    return [row["categorization"] for row in rows]


def test_neither_a_killed_worker_nor_a_killed_model_loses_a_row(tmp_path: Path):
    answered: list[str] = []

    def answer(body: Any) -> tuple[int, str]:
        answered.append(json.dumps(body["messages"]))
        return 200, json.dumps(ANSWER)

    with (
        Impostor() as model,
        run_server(tmp_path, OLLAMA_HOST=model.url, OUTLAY_OLLAMA_MODEL="tiny:1b") as server,
    ):
        model.answers["/api/chat"] = answer
        server.register()
        record_rows(server)
        wait_until(lambda: len(answered) >= N_BEFORE)
        for worker in server.children("work"):
            kill(worker)
        n = len(answered)
        wait_until(lambda: len(answered) >= n + N_BEFORE)
        model.answers["/api/chat"] = HANG_UP
        wait_until(lambda: queue(server)["state"] == "away")
        away = queue(server)
        assert 0 < away["waiting"] < N_ROWS
        assert len(answers(server)) == N_ROWS
        assert sum(each["n"] for each in away["reasons"]) == away["waiting"]
        assert "broke off" in away["last_error"]
        model.answers["/api/chat"] = answer
        assert server.request("POST", "categorization/queue/retry/")[0] == 202
        wait_until(lambda: queue(server)["waiting"] == 0)
        assert queue(server)["state"] == "idle"
        assert len(shown := answers(server)) == N_ROWS
        assert [a for a in shown if a["awaits_model"] or "The local model tiny:1b chose" not in a["explanation"]] == []
    repeated = {prompt: n for prompt, n in Counter(answered).items() if n > 1}
    assert (len(set(answered)), sum(repeated.values()) - len(repeated)) in ((N_ROWS, 0), (N_ROWS, 1))
