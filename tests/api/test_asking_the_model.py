"""Questions that the patterns do not understand: a real model, replayed, chooses what to read.

`OUTLAY_RECORD_CASSETTES=1 pytest -n 0 tests/api/test_asking_the_model.py` records it anew. The model with tools is made
of the other one: `python -m tests.record_cassettes tools_model`.
"""

import datetime as dt
import json
import os
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from accounts.models import User
from config.processes import housekeeping
from expenses.models import ModelCall, Transaction
from expenses.services.life_signs import hold
from insights.ask import agent
from insights.models import LedgerQuestion
from insights.services.asking import answer_with_model, resume_abandoned_questions, resume_asking
from tests import queued
from tests.api.reports import record, report
from tests.conftest import Api
from tests.providers.ollama_cassettes import cassette
from tests.providers.ollama_impostor import Impostor
from tests.providers.ollama_scenarios import HOST, MODEL, TOOLS_MODEL

QUESTION = "How much dough did I shell out in October?"
IS_RECORDED = bool(os.environ.get("OUTLAY_RECORD_CASSETTES"))


@pytest.fixture(autouse=True)
def _november(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(User, "today", lambda self: dt.date(2026, 11, 21))
    if IS_RECORDED:  # a busy machine takes its time
        monkeypatch.setattr(agent, "MOST_SECONDS", 600.0)


@pytest.fixture
def october(ana: Api) -> Api:
    record(ana, "60.00", "Groceries", "2026-10-05", merchant="Rewe")
    record(ana, "30.00", "Dining", "2026-10-30", merchant="Luna")
    return ana


@pytest.fixture
def use_model(use_chain: Callable[..., None]) -> Callable[..., None]:
    def use(model: str = TOOLS_MODEL, host: str = HOST, **options: Any) -> None:
        log = "expenses.services.model_calls.ModelCallLog"
        given = {"host": host, "model": model, "log": log, **options}
        use_chain({"BACKEND": "providers.ollama.OllamaProvider", "DEFERRED": True, "OPTIONS": given})

    return use


def ask(api: Api, question: str = QUESTION, **fields: Any) -> Any:
    answer = api.post("insights/ask/", {"question": question, **fields})
    assert (answer.status_code, answer["Retry-After"]) == (202, "5"), answer.content
    return answer.json()


def test_a_question_without_an_answer_waits_for_the_model(october, use_model):
    use_model()
    body = ask(october, month="2026-10")
    assert october.get(f"insights/ask/{body['id']}/").json() == body
    del body["id"], body["created_at"]
    assert body == {
        "question": QUESTION, "month": "2026-10", "status": "pending", "source": "model", "understood": "",
        "answer": "", "figures": [], "steps": [], "links": [],
        "reason": (
            "These words are not understood: dough, shell, out. They are no names in your ledger. Ask for example: How "
            "much did I spend on groceries in May? What was my biggest expense last week? Compare this month with last "
            "month."
        ),
    }  # fmt: skip


@pytest.mark.allow_hosts(["127.0.0.1"])
def test_the_model_chooses_a_tool_and_the_figures_are_those_of_the_report(october, use_model, run_tasks):
    use_model()
    number = ask(october)["id"]
    with cassette("ask_with_tools", record=IS_RECORDED):
        run_tasks()
    body = october.get(f"insights/ask/{number}/").json()
    assert (body["status"], body["source"], body["reason"]) == ("answered", "model", "")
    [step] = body["steps"]
    assert step["tool"] == "summary"
    summary = report(october, "summary", **step["arguments"])
    figures = {one["label"]: one["value"] for one in body["figures"]}
    assert Decimal(figures["Spending"]) == Decimal(summary["expense"])
    arguments = ", ".join(f"{name}: {value}" for name, value in step["arguments"].items())
    assert body["understood"] == f"summary ({arguments})"
    assert body["answer"].startswith("Income: €")
    assert body["links"]


@pytest.mark.allow_hosts(["127.0.0.1"])
def test_the_privacy_ledger_has_each_step_and_nothing_private(october, use_model, run_tasks):
    use_model()
    october.patch("privacy/", {"names": ["Odile Marchetti"]})
    ask(october, "How much dough did Odile Marchetti DE89370400440532013000 shell out in October?")
    with cassette("ask_about_a_person", record=IS_RECORDED):
        run_tasks()
    calls = october.get("privacy/model-calls/?purpose=ask").json()["results"]
    assert calls
    for call in calls:
        assert "Odile" not in call["request"]
        assert "DE89370400440532013000" not in call["request"]
        assert "PERSON1" in call["request"]
        assert (call["prompt_version"], call["outcome"]) == ("ask-1", "answered")
        assert json.loads(call["request"])["model"] == TOOLS_MODEL


@pytest.mark.allow_hosts(["127.0.0.1"])
def test_a_german_reads_the_model_s_figures_and_what_they_lack_in_german(october, use_model, run_tasks):
    october.patch("users/me/", {"preferences": {"locale": "de-AT"}})
    record(october, "2.00", date="2026-10-08", currency="XAU")
    call = {"function": {"name": "top", "arguments": {"date": "2026-10", "of": "merchants"}}}
    message = {"role": "assistant", "content": "", "tool_calls": [call]}
    with Impostor() as server:
        server.answer("/api/chat", {"model": "tiny:1b", "message": message, "done": True})
        use_model("tiny:1b", host=server.url, num_ctx=16_384)
        number = ask(october)["id"]
        run_tasks()
    answer = october.get(f"insights/ask/{number}/").json()["answer"]
    assert answer == "Rewe: €\xa060,00; Luna: €\xa030,00. Ohne Wechselkurs und nicht gezählt: 1."


@pytest.mark.allow_hosts(["127.0.0.1"])
def test_a_name_that_the_model_has_not_seen_is_shown_to_its_owner(october, use_model, run_tasks):
    record(october, "15.00", date="2026-10-07", merchant="Odile Marchetti")
    october.patch("privacy/", {"names": ["Odile Marchetti"]})
    call = {"function": {"name": "summary", "arguments": {"date": "2026-10", "merchant": "PERSON1"}}}
    message = {"role": "assistant", "content": "", "tool_calls": [call]}
    with Impostor() as server:
        server.answer("/api/chat", {"model": "tiny:1b", "message": message, "done": True})
        use_model("tiny:1b", host=server.url, num_ctx=16_384)
        number = ask(october, "How much dough did Odile Marchetti get?")["id"]
        run_tasks()
    body = october.get(f"insights/ask/{number}/").json()
    arguments = {"date": "2026-10", "merchant": "Odile Marchetti"}
    assert body["steps"] == [{"tool": "summary", "arguments": arguments}]
    assert body["understood"] == "summary (date: 2026-10, merchant: Odile Marchetti)"
    assert {one["label"]: one["value"] for one in body["figures"]}["Spending"] == "15.00"
    assert not ModelCall.objects.filter(request__contains="Odile").exists()


@pytest.mark.allow_hosts(["127.0.0.1"])
def test_an_error_that_proposes_a_name_hides_what_is_private_from_the_model(october, use_model, run_tasks):
    october.post("accounts/", {"name": "Giro DE89370400440532013000"})
    call = {"function": {"name": "summary", "arguments": {"account": "Giro DE8937040044053201300"}}}
    message = {"role": "assistant", "content": "", "tool_calls": [call]}
    with Impostor() as server:
        server.answer("/api/chat", {"model": "tiny:1b", "message": message, "done": True})
        use_model("tiny:1b", host=server.url, num_ctx=16_384)
        ask(october)
        run_tasks()
    told = ModelCall.objects.latest("created_at")
    assert "Did you mean" in told.request
    assert "DE89370400440532013000" not in told.request


@pytest.mark.allow_hosts(["127.0.0.1"])
def test_a_model_without_tools_says_so(october, use_model, run_tasks):
    use_model(MODEL)
    waiting = ask(october)
    with cassette("ask_without_tools", record=IS_RECORDED):
        run_tasks()
    body = october.get(f"insights/ask/{waiting['id']}/").json()
    sentence = f"The model “{MODEL}” cannot call tools; choose one that can, such as “qwen3:4b”."
    assert body == {**waiting, "status": "failed", "reason": f"{waiting['reason']} {sentence}"}


@pytest.mark.allow_hosts(["127.0.0.1"])
def test_a_server_that_is_away_leaves_the_reason(october, use_model, run_tasks):
    use_model(host="http://127.0.0.1:9")
    waiting = ask(october)
    run_tasks()
    body = october.get(f"insights/ask/{waiting['id']}/").json()
    sentence = "Ollama at http://127.0.0.1:9 refused the connection; is it running?"
    assert body == {**waiting, "status": "failed", "reason": f"{waiting['reason']} {sentence}"}


@pytest.mark.allow_hosts(["127.0.0.1"])
def test_a_german_reads_that_the_model_failed_in_german_and_what_its_server_says(october, use_model, run_tasks):
    use_model(host="http://127.0.0.1:9")
    waiting = ask(october, "Wie viel Kohle habe ich im Oktober verbraten?")
    run_tasks()
    assert october.get(f"insights/ask/{waiting['id']}/").json()["reason"] == (
        "Diese Wörter sind unbekannt: Kohle, verbraten. So heißt nichts in deinen Daten. Frage zum Beispiel: "
        "Was habe ich im Mai für Lebensmittel ausgegeben? Was war meine größte Ausgabe letzte Woche? "
        "Vergleiche diesen Monat mit dem letzten Monat. "
        "Das lokale Modell hat nicht geantwortet und meldet auf Englisch: "
        "„Ollama at http://127.0.0.1:9 refused the connection; is it running?“"
    )


@pytest.mark.allow_hosts(["127.0.0.1"])
def test_a_model_that_calls_tools_forever_ends_after_six_steps(october, use_model, run_tasks):
    days = iter(range(1, 29))

    def next_day(body: Any) -> tuple[int, str]:
        call = {"function": {"name": "summary", "arguments": {"period": "day", "date": f"2026-10-{next(days):02}"}}}
        message = {"role": "assistant", "content": "", "tool_calls": [call]}
        return 200, json.dumps({"model": "tiny:1b", "message": message, "done": True})

    with Impostor() as server:
        server.answers["/api/chat"] = next_day
        use_model("tiny:1b", host=server.url, num_ctx=16_384)
        number = ask(october)["id"]
        run_tasks()
    body = october.get(f"insights/ask/{number}/").json()
    assert [step["arguments"]["date"] for step in body["steps"]] == [f"2026-10-{day:02}" for day in range(1, 7)]


@pytest.mark.allow_hosts(["127.0.0.1"])
@pytest.mark.parametrize(
    "call",
    [
        {"name": "erase_everything", "arguments": {}},
        {"name": "summary", "arguments": {"date": "; DROP TABLE"}},
        {"name": "search", "arguments": {"as_user": "ben"}},
    ],
)
def test_a_model_can_neither_write_nor_leave_the_ledger(october, use_model, run_tasks, call):
    message = {"role": "assistant", "content": "I deleted everything.", "tool_calls": [{"function": call}]}
    with Impostor() as server:
        server.answer("/api/chat", {"model": "tiny:1b", "message": message, "done": True})
        use_model("tiny:1b", host=server.url, num_ctx=16_384)
        waiting = ask(october)
        run_tasks()
    body = october.get(f"insights/ask/{waiting['id']}/").json()
    sentence = "The local model found nothing to read for it."
    assert body == {**waiting, "status": "failed", "reason": f"{waiting['reason']} {sentence}"}
    assert Transaction.objects.count() == 2
    assert set(ModelCall.objects.values_list("outcome", flat=True)) == {"answered"}


def test_orders_are_refused_before_the_model_is_asked(october, use_model):
    use_model()
    answer = october.post("insights/ask/", {"question": "Delete all my expenses"})
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["code"] == "reads_only"
    assert not LedgerQuestion.objects.exists()


def test_a_worker_takes_up_questions_that_a_crash_has_left(october, use_model):
    use_model(host="http://127.0.0.1:9")
    ask(october)
    assert resume_asking() == 1


def test_a_question_that_breaks_the_task_does_not_stay_pending(october, use_model, monkeypatch):
    use_model()
    waiting = ask(october)

    def break_down(*args: Any, **kwargs: Any) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr(agent, "read_with_model", break_down)
    with pytest.raises(RuntimeError, match="broken"):
        answer_with_model(question_id=waiting["id"])
    body = october.get(f"insights/ask/{waiting['id']}/").json()
    sentence = "The answer has failed. The server's log says why."
    assert body == {**waiting, "status": "failed", "reason": f"{waiting['reason']} {sentence}"}


def die_with(question: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker is stopped while the model chooses."""

    def die(*args: Any, **kwargs: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as killing:
        killing.setattr(agent, "read_with_model", die)
        with pytest.raises(KeyboardInterrupt):
            answer_with_model(question_id=question["id"])


@pytest.mark.allow_hosts(["127.0.0.1"])
def test_another_worker_takes_up_the_question_of_a_stopped_one(october, use_model, monkeypatch, run_tasks):
    use_model()
    waiting = ask(october)
    die_with(waiting, monkeypatch)
    answer_with_model(question_id=waiting["id"])  # its claim is taken until somebody looks
    assert october.get(f"insights/ask/{waiting['id']}/").json() == waiting
    assert [queued.committed(resume_abandoned_questions) for _ in range(2)] == [1, 0]
    with cassette("ask_with_tools"):
        run_tasks()
    body = october.get(f"insights/ask/{waiting['id']}/").json()
    assert (body["status"], body["reason"]) == ("answered", "")


def test_a_worker_leaves_the_question_of_another_alone(october, use_model, monkeypatch):
    use_model()
    waiting = ask(october)
    monkeypatch.setattr(agent, "read_with_model", lambda *args, **kwargs: pytest.fail("It is asked twice."))
    with hold("another"):
        LedgerQuestion.objects.update(claim="another")
        answer_with_model(question_id=waiting["id"])
        assert (resume_abandoned_questions(), resume_asking()) == (0, 0)
    assert october.get(f"insights/ask/{waiting['id']}/").json() == waiting


def test_a_question_that_stops_its_worker_three_times_fails(october, use_model, monkeypatch):
    use_model()
    waiting = ask(october)
    for n_queued in (1, 1, 0):
        die_with(waiting, monkeypatch)
        assert queued.committed(resume_abandoned_questions) == n_queued
    body = october.get(f"insights/ask/{waiting['id']}/").json()
    sentence = "Its worker was stopped three times, perhaps for want of memory."
    assert body == {**waiting, "status": "failed", "reason": f"{waiting['reason']} {sentence}"}


def test_each_worker_looks_for_questions_of_stopped_ones(october, use_model, monkeypatch):
    use_model()
    die_with(ask(october), monkeypatch)

    def end() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(housekeeping, "refresh_written", end)
    monkeypatch.setattr(housekeeping, "close_old_connections", lambda: None)  # the test needs its transaction
    with pytest.raises(KeyboardInterrupt):
        housekeeping._watch()
    assert LedgerQuestion.objects.get().claim == ""
