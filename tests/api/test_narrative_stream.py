"""Sentences as server-sent events: one by one as a worker stores them, within limits."""

import json
import socket
import time
from collections.abc import Callable

import pytest
from django.conf import settings
from django.core.signals import request_finished
from django.db import close_old_connections

from insights.models import Narrative
from insights.views import streams
from tests.api.bodies import assert_problem
from tests.api.test_narrative import two_months
from tests.servers import run_server

ADDRESS = "insights/narrative/?month=2024-11&format=sse"
ANSWER = "You spent €1,200.00."


def events(answer):
    """Return the name, id and data of each event, and the number of comments."""
    found, n_comments = [], 0
    for block in b"".join(answer.streaming_content).decode().split("\n\n"):
        lines = dict(line.split(": ", 1) for line in block.splitlines() if not line.startswith(":"))
        n_comments += block.startswith(":")
        if lines:
            found.append((lines["event"], lines.get("id"), json.loads(lines["data"])))
    return found, n_comments


@pytest.fixture
def looks(monkeypatch):
    """What happens while a stream waits for its next look at the table, a list of functions."""
    steps: list[Callable[[], object]] = []
    monkeypatch.setattr("insights.views.streams.time.sleep", lambda _: steps.pop(0)() if steps else None)
    return steps


@pytest.fixture
def model(use_chain):
    options = {"model": "tiny:1b", "host": "http://127.0.0.1:9"}
    use_chain({"BACKEND": "providers.ollama.OllamaProvider", "DEFERRED": True, "OPTIONS": options})


def stored(*texts, state="writing"):
    parts = [{"part": "summary", "text": text, "figures": ["spending-amount"]} for text in texts]
    Narrative.objects.update(sentences=parts, state=state)


def test_sentences_come_as_they_are_stored_and_the_whole_text_at_the_end(ana, model, looks):
    two_months(ana)
    looks += [lambda: stored(ANSWER), lambda: stored(ANSWER, "You earned €2,400.00.", state="written")]
    answer = ana.get(ADDRESS)
    assert answer["Content-Type"] == "text/event-stream; charset=utf-8"
    found, n_comments = events(answer)
    assert [(name, body.get("text")) for name, _, body in found] == [
        ("sentence", ANSWER),
        ("sentence", "You earned €2,400.00."),
        ("text", None),
    ]
    assert n_comments == 3
    assert found[0][2] == {
        "id": "summary-1", "part": "summary", "text": ANSWER, "source": "model", "figures": ["spending-amount"],
    }  # fmt: skip
    assert found[2][2] == ana.get("insights/narrative/?month=2024-11").json()
    assert found[2][2]["model"] == "written"


def test_a_client_that_comes_again_goes_on_after_its_last_event(ana, model, looks):
    two_months(ana)
    looks += [lambda: stored(ANSWER, state="writing"), lambda: stored(ANSWER, "You earned €2,400.00.", state="written")]
    first = events(ana.get(ADDRESS))[0][0][1]
    Narrative.objects.update(state="writing")
    looks += [lambda: stored(ANSWER, "You earned €2,400.00.", state="written")]
    found, _ = events(ana.get(ADDRESS, headers={"Last-Event-ID": first}))
    assert [body.get("text") for _, _, body in found] == ["You earned €2,400.00.", None]


def test_a_sentence_has_the_same_id_in_the_stream_and_in_the_text(ana, model, looks):
    two_months(ana)
    named = [("summary", ANSWER), ("behavior", "You spent €90.00 more on Dining."), ("behavior", "Dining is dearer.")]
    parts = [{"part": part, "text": text, "figures": ["spending-amount"]} for part, text in named]
    looks.append(lambda: Narrative.objects.update(sentences=parts, state="written"))
    found, _ = events(ana.get(ADDRESS))
    told = {body["id"]: body["text"] for name, _, body in found if name == "sentence"}
    assert list(told) == ["summary-1", "behavior-1", "behavior-2"]
    [text] = [body for name, _, body in found if name == "text"]
    shown = {one["id"]: one["text"] for one in text["sentences"] if one["source"] == "model"}
    assert shown == told


@pytest.mark.parametrize("number", ["\u00b2", "-1", "1" * 5000])
def test_a_last_event_with_a_strange_number_starts_at_the_beginning(ana, model, looks, number):
    two_months(ana)
    looks += [lambda: stored(ANSWER), lambda: stored(ANSWER, state="written")]
    (_, first, _), *_ = events(ana.get(ADDRESS))[0]
    Narrative.objects.update(state="writing")
    looks.append(lambda: stored(ANSWER, state="written"))
    last = first.rpartition("-")[0] + f"-{number}"
    found, _ = events(ana.get(ADDRESS, headers={"Last-Event-ID": last}))
    assert [name for name, _, _ in found] == ["sentence", "text"]


def test_an_unknown_last_event_starts_at_the_beginning(ana, model, looks):
    two_months(ana)
    looks += [lambda: stored(ANSWER, state="written")]
    found, _ = events(ana.get(ADDRESS, headers={"Last-Event-ID": "x-99"}))
    assert [name for name, _, _ in found] == ["sentence", "text"]


def test_without_a_model_the_text_comes_at_once(ana, use_chain):
    use_chain()
    two_months(ana)
    found, _ = events(ana.get("insights/narrative/?month=2024-11", headers={"Accept": "text/event-stream"}))
    assert [(name, body["source"]) for name, _, body in found] == [("text", "template")]


def test_a_stream_ends_after_a_while(ana, model, looks, monkeypatch):
    two_months(ana)
    monkeypatch.setattr(streams, "LONGEST_S", 0.0)
    found, _ = events(ana.get(ADDRESS))
    assert [(name, body["model"]) for name, _, body in found] == [("text", "writing")]
    reason = "The stream ended before the model did: read the text again after 5 seconds, or stream again."
    assert found[0][2] == ana.get("insights/narrative/?month=2024-11").json() | {"reason": reason}
    assert f"“{reason}”" in " ".join((settings.BASE_DIR / "docs/narrative.md").read_text().split())


def test_a_german_stream_says_in_german_that_it_ended_first(ana, model, looks, monkeypatch):
    ana.patch("users/me/", {"preferences": {"locale": "de"}})
    two_months(ana)
    monkeypatch.setattr(streams, "LONGEST_S", 0.0)
    found, _ = events(ana.get(ADDRESS))
    assert found[0][2]["reason"] == (
        "Der Stream endete vor dem Modell: lies den Text nach 5 Sekunden erneut, oder streame noch einmal."
    )


def leave(answer):
    """Close an answer early, and keep the connection that has the test's transaction."""
    request_finished.disconnect(close_old_connections)
    answer.close()
    request_finished.connect(close_old_connections)


def test_further_streams_are_sent_away_until_one_ends(ana, model, looks):
    two_months(ana)
    ana.client.raise_request_exception = False
    held = [ana.get(ADDRESS) for _ in range(streams.MOST_STREAMS)]
    refused = ana.get(ADDRESS)
    body = assert_problem(refused, 503, (None, "too_many_streams"))
    assert refused["Retry-After"] == "10"
    assert body["detail"] == "All streams of this server are in use. Try again later, or read the text as JSON."
    assert ana.get("insights/narrative/?month=2024-11").status_code == 200
    leave(held.pop())
    again = ana.get(ADDRESS)
    assert again.status_code == 200
    for answer in (again, *held):
        leave(answer)


@pytest.mark.enable_socket
def test_a_real_server_frees_the_streams_of_clients_that_left(tmp_path):
    silence = socket.create_server(("127.0.0.1", 0))  # a model that never answers
    host = f"http://127.0.0.1:{silence.getsockname()[1]}"
    with run_server(tmp_path, "web", OLLAMA_HOST=host, OUTLAY_OLLAMA_MODEL="tiny:1b") as server:
        server.register()
        row = {"amount": "5.00", "description": "Cafe", "date": "2024-11-02", "category": "Dining", "direction": "out"}
        assert server.request("POST", "transactions/", row)[0] == 201
        held = [_open(server) for _ in range(streams.MOST_STREAMS)]
        assert [one.recv(200).split(b"\r\n")[0] for one in held] == [b"HTTP/1.1 200 OK"] * len(held)
        assert server.request("GET", ADDRESS)[0] == 503
        assert server.request("GET", "insights/summary/")[0] == 200  # other requests have threads
        for one in held:
            one.close()
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            fresh = _open(server)
            status = fresh.recv(200).split(b"\r\n")[0]
            fresh.close()
            if b"200" in status:
                break
            time.sleep(0.5)
        assert status == b"HTTP/1.1 200 OK"
    silence.close()


def _open(server):
    connection = socket.create_connection((server.host, server.port), timeout=30)
    lines = [f"GET /api/v1/{ADDRESS} HTTP/1.1", f"Host: {server.host}", f"Authorization: Token {server.token}", "", ""]
    connection.sendall("\r\n".join(lines).encode())
    return connection
