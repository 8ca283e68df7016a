"""One model for questions of persons and for rows: neither holds up the other, and both count in its breaker."""

import json
from typing import Any

import pytest

from insights.ask import agent
from tests.api.reports import report
from tests.api.test_narrative import two_months
from tests.providers.ollama_impostor import HANG_UP, Impostor

pytestmark = pytest.mark.enable_socket

MODEL = "tiny:1b"
LIKELY = {"token": "A", "logprob": -0.01, "top_logprobs": [{"token": "A", "logprob": -0.01}]}
LETTER = {
    "model": MODEL, "done": True, "message": {"role": "assistant", "content": "A"}, "logprobs": [LIKELY],
}  # fmt: skip
WORDS = {"model": MODEL, "done": True, "message": {"role": "assistant", "content": "Done."}}


@pytest.fixture
def server(use_chain):
    with Impostor() as impostor:
        options = {
            "model": MODEL, "host": impostor.url, "timeout_s": 2, "load_timeout_s": 2, "num_ctx": 16_384,
            "log": "expenses.services.model_calls.ModelCallLog",
        }  # fmt: skip
        use_chain({"BACKEND": "providers.ollama.OllamaProvider", "DEFERRED": True, "OPTIONS": options})
        yield impostor


def ask(api: Any, word: str = "dough") -> Any:
    answer = api.post("insights/ask/", {"question": f"How much {word} did I shell out in October?"})
    assert answer.status_code == 202, answer.json()
    return answer.json()


def post(api: Any, description: str) -> Any:
    body = {"amount": "4.50", "description": description, "date": "2026-11-02"}
    answer = api.post("expenses/", body)
    assert answer.status_code == 201, answer.json()
    return answer.json()


def asked(server: Impostor) -> list[str]:
    """Tell for each chat whether it was about a question, the category of a row, or the text of a month."""
    chats = [body for path, body in server.asked if path == "/api/chat"]
    return ["question" if body.get("tools") else "row" if body.get("logprobs") else "text" for body in chats]


def breaker(api: Any) -> Any:
    [link] = [link for link in api.get("categorization/chain/").json()["links"] if link["name"] == "model"]
    return link["breaker"]


def queue(api: Any) -> Any:
    return api.get("categorization/queue/").json()


def test_three_questions_without_an_answer_open_the_breaker_and_the_next_fails_at_once(ana, server, run_tasks):
    server.answers["/api/chat"] = HANG_UP
    waiting = [ask(ana) for _ in range(5)]
    run_tasks()
    assert asked(server) == ["question"] * 3
    shown = breaker(ana)
    assert (shown["state"], shown["n_failures"]) == ("open", 3)
    reasons = [ana.get(f"insights/ask/{body['id']}/").json()["reason"] for body in waiting]
    last = (
        f"The model kept failing, so it is asked again at {shown['next_try_at']}. "
        f"Its last failure: {shown['last_error']}"
    )
    first = [f"{waiting[0]['reason']} {shown['last_error']}"] * 3
    assert reasons == [*first, f"{waiting[0]['reason']} {last}", f"{waiting[0]['reason']} {last}"]


def test_an_answer_to_a_question_closes_the_breaker_for_rows(ana, server, run_tasks):
    server.answers["/api/chat"] = HANG_UP
    ask(ana), ask(ana)
    run_tasks()
    assert breaker(ana)["n_failures"] == 2
    server.answer("/api/chat", WORDS)
    ask(ana)
    run_tasks()
    assert breaker(ana) == {"state": "closed", "n_failures": 0, "last_error": None, "next_try_at": None}


def test_a_model_without_tools_does_not_open_the_breaker(ana, server, run_tasks):
    server.answer("/api/chat", {"error": "registry.ollama.ai/library/tiny:1b does not support tools"}, status=400)
    for _ in range(4):
        ask(ana)
    run_tasks()
    assert breaker(ana) == {"state": "closed", "n_failures": 0, "last_error": None, "next_try_at": None}
    assert asked(server) == ["question"] * 4


def test_texts_of_months_count_in_the_breaker_and_heed_it(ana, server, run_tasks):
    two_months(ana)
    server.answers["/api/chat"] = HANG_UP
    assert report(ana, "narrative", month="2024-11")["model"] == "writing"
    ask(ana), ask(ana)
    run_tasks()
    shown = breaker(ana)
    assert (shown["state"], asked(server)) == ("open", ["question", "question", "text"])
    assert report(ana, "narrative", month="2024-10")["model"] == "writing"
    run_tasks()
    assert len(asked(server)) == 3
    assert report(ana, "narrative", month="2024-10")["reason"] == (
        f"The model kept failing, so it is asked again at {shown['next_try_at']}. "
        f"Its last failure: {shown['last_error']}"
    )


@pytest.mark.usefixtures("keep_connection")
def test_between_two_questions_a_batch_of_rows_has_its_turn(ana, server, run_tasks, monkeypatch):
    monkeypatch.setattr("expenses.tasks.LONGEST_BATCH_S", 0)
    server.answers["/api/chat"] = lambda body: (200, json.dumps(WORDS if body.get("tools") else LETTER))
    for word in ("sol", "verde", "rio"):
        post(ana, f"Luna {word}")
    for _ in range(3):
        ask(ana)
    run_tasks()
    assert asked(server) == ["question", "row"] * 3
    assert queue(ana)["waiting"] == 0


@pytest.mark.usefixtures("keep_connection")
def test_ledgers_have_their_turns_one_after_the_other(ana, ben, server, run_tasks, monkeypatch):
    monkeypatch.setattr("expenses.tasks.LONGEST_BATCH_S", 0)
    server.answers["/api/chat"] = lambda body: (200, json.dumps(WORDS if body.get("tools") else LETTER))
    for word in ("sol", "verde"):
        post(ana, f"Luna {word}")
        post(ben, f"Stella {word}")
    ask(ana), ask(ana)
    run_tasks()
    rows = [str(body["messages"][-1]) for path, body in server.asked if path == "/api/chat" and not body.get("tools")]
    assert ["stella" in text.lower() for text in rows[:2]] in ([True, False], [False, True])


def test_the_queue_says_that_the_model_answers_a_person_first(ana, server, run_tasks, monkeypatch):
    post(ana, "Luna")
    seen: list[Any] = []

    def look(*args: Any, **kwargs: Any) -> list[Any]:
        seen.append(queue(ana))
        return []

    monkeypatch.setattr(agent, "read_with_model", look)
    server.answer("/api/chat", LETTER)
    ask(ana)
    run_tasks()
    [shown] = seen
    reason = "It waits for its turn: the model answers a person first."
    assert (shown["state"], shown["next_try_at"]) == ("busy", None)
    assert shown["reasons"] == [{"reason": reason, "n": 1}]
    assert [row["reason"] for row in shown["results"]] == [reason]
    assert queue(ana)["state"] == "idle"


def test_the_queue_says_so_also_after_a_failure(ana, server, run_tasks, monkeypatch):
    server.answers["/api/chat"] = HANG_UP
    ask(ana)
    run_tasks()
    post(ana, "Luna")
    seen: list[Any] = []

    def look(*args: Any, **kwargs: Any) -> list[Any]:
        seen.append(queue(ana))
        return []

    monkeypatch.setattr(agent, "read_with_model", look)
    ask(ana)
    run_tasks()
    [shown] = seen
    assert (shown["state"], shown["next_try_at"]) == ("away", None)
    assert shown["reasons"] == [{"reason": "It waits for its turn: the model answers a person first.", "n": 1}]


def test_five_questions_of_a_person_wait_at_most(ana, ben, server):
    for _ in range(5):
        ask(ana)
    answer = ana.post("insights/ask/", {"question": "How much dough did I shell out in October?"})
    assert (answer.status_code, answer["Retry-After"]) == (429, "5")
    assert answer.json()["errors"] == [
        {
            "attr": None,
            "code": "too_many_questions",
            "detail": "The local model still works on 5 questions of yours. Ask again when one has ended.",
        }
    ]
    assert ana.post("insights/ask/", {"question": "How much did I spend in October?"}).status_code == 200
    ask(ben)


def test_a_retry_is_asked_before_questions_and_begins_with_an_untried_row(ana, server, run_tasks):
    server.answers["/api/chat"] = HANG_UP
    post(ana, "Luna")
    for _ in range(3):
        run_tasks()
        assert ana.post("categorization/queue/retry/").status_code == 202
    run_tasks()
    post(ana, "Sol")
    shown = queue(ana)
    assert shown["state"] == "away"
    assert shown["next_try_at"] == breaker(ana)["next_try_at"] is not None
    server.answers["/api/chat"] = lambda body: (200, json.dumps(WORDS if body.get("tools") else LETTER))
    server.asked.clear()
    ask(ana)
    assert ana.post("categorization/queue/retry/").status_code == 202
    run_tasks()
    assert asked(server) == ["row", "row", "question"]
    told = [str(body["messages"][-1]).lower() for path, body in server.asked if path == "/api/chat"]
    assert "sol" in told[0]
    assert queue(ana)["state"] == "idle"
