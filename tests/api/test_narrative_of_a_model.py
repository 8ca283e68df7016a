"""The model's part in the text of a month: checked, stored by a worker, and never waited for."""

import json

import pytest
from django.utils import timezone

from expenses.models import Ledger
from expenses.models.model_calls import PrivacyChoices
from expenses.services.life_signs import hold
from insights.models import Narrative
from insights.services.narratives import release_abandoned_narratives
from tests.api.reports import record, report
from tests.api.test_narrative import two_months
from tests.providers.ollama_impostor import HANG_UP, Impostor

pytestmark = pytest.mark.enable_socket

MODEL = "tiny:1b"


def said(text):
    """A chat's answer as Ollama writes it."""
    return {"model": MODEL, "message": {"role": "assistant", "content": text}, "done": True, "done_reason": "stop"}


@pytest.fixture
def server(use_chain):
    with Impostor() as impostor:
        options = {
            "model": MODEL, "host": impostor.url, "timeout_s": 2, "load_timeout_s": 2,
            "log": "expenses.services.model_calls.ModelCallLog",
        }  # fmt: skip
        use_chain({"BACKEND": "providers.ollama.OllamaProvider", "DEFERRED": True, "OPTIONS": options})
        yield impostor


def read(api):
    return report(api, "narrative", month="2024-11")


def texts(body, source):
    return [one["text"] for one in body["sentences"] if one["source"] == source]


def test_checked_sentences_of_the_model_take_the_place_of_the_templates(ana, server, run_tasks):
    two_months(ana)
    server.answer(
        "/api/chat",
        said(
            "You spent €1,200.00 in November. Spending was 20% higher than in October! You spent about €1,300 on "
            "Dining. Dining cost €960.00."
        ),
    )
    answer = ana.get("insights/narrative/", {"month": "2024-11"})
    assert (answer.json()["model"], answer.json()["source"], answer["Retry-After"]) == ("writing", "template", "5")
    run_tasks()
    answer = ana.get("insights/narrative/", {"month": "2024-11"})
    body = answer.json()
    assert "Retry-After" not in answer
    assert (body["model"], body["source"], body["n_dropped"]) == ("written", "model", 6)
    assert texts(body, "model") == ["You spent €1,200.00 in November.", "Spending was 20% higher than in October!"]
    assert body["summary"] == "You spent €1,200.00 in November. Spending was 20% higher than in October!"
    assert body["sentences"][1] == {
        "id": "summary-2", "part": "summary", "text": "Spending was 20% higher than in October!", "source": "model",
        "figures": ["spending-amount"],
    }  # fmt: skip
    assert len(body["tips"]) == 3


def test_the_model_is_asked_once_until_a_figure_changes(ana, server, run_tasks):
    two_months(ana)
    server.answer("/api/chat", said("You spent €1,200.00."))
    for _ in range(3):
        read(ana)
        run_tasks()
    chats = [body for path, body in server.asked if path == "/api/chat"]
    assert len(chats) == 3  # one for each part
    record(ana, "10.00", "Dining", "2024-11-17")
    body = read(ana)
    assert (body["model"], texts(body, "model")) == ("writing", [])
    run_tasks()
    body = read(ana)
    assert (body["model"], texts(body, "model"), body["n_dropped"]) == ("written", [], 3)


def test_the_model_reads_facts_and_no_private_name(ana, server, run_tasks):
    two_months(ana)
    for month in range(5, 12):
        record(
            ana, "30.00", "Housing", f"2024-{month:02}-03", description="DE89 3704 0044 0532 0130 00 Rent", merchant=""
        )
    server.answer("/api/chat", said("Nothing."))
    ana.patch("insights/narrative/", {"hint": "friendly"})
    read(ana)
    run_tasks()
    prompts = [body["messages"] for path, body in server.asked if path == "/api/chat"]
    assert len(prompts) == 3
    assert prompts[0][0] == prompts[1][0] == prompts[2][0]  # what is constant comes first
    system = prompts[0][0]["content"]
    assert "Wish for the tone: friendly" in system
    assert "You spent €90.00 more on Dining than in October 2024." in system
    assert "3704" not in json.dumps(prompts)


def test_hidden_names_are_not_sent_and_stand_in_the_shown_text(ana, server, run_tasks):
    assert ana.post("categories/", {"name": "Zoltana Quimby", "kind": "expense"}).status_code == 201
    two_months(ana)
    record(ana, "30.00", "Zoltana Quimby", "2024-11-03")
    PrivacyChoices.objects.create(ledger=Ledger.objects.get(founder=ana.user), names=["Zoltana Quimby"])
    server.answer("/api/chat", said("You spent €30.00 on PERSON1."))
    ana.patch("insights/narrative/", {"hint": "as Zoltana Quimby talks"})
    read(ana)
    run_tasks()
    assert texts(read(ana), "model") == ["You spent €30.00 on Zoltana Quimby."]
    chats = json.dumps([body for path, body in server.asked if path == "/api/chat"])
    assert "PERSON1" in chats
    assert "Quimby" not in chats


def test_a_person_in_no_list_of_names_is_hidden_in_a_wish_for_the_tone(ana, server, run_tasks):
    two_months(ana)
    server.answer("/api/chat", said("You spent more."))
    ana.patch("insights/narrative/", {"hint": "friendly, and mention Hans Wutzke +49 170 1234567"})
    read(ana)
    run_tasks()
    chats = json.dumps([body for path, body in server.asked if path == "/api/chat"])
    assert "friendly, and mention PERSON1 PHONE1" in chats
    assert "Wutzke" not in chats


def test_a_wish_for_the_tone_has_the_text_written_again(ana, server, run_tasks):
    two_months(ana)
    server.answer("/api/chat", said("You spent €1,200.00."))
    read(ana)
    run_tasks()
    ana.patch("insights/narrative/", {"hint": "short"})
    assert read(ana)["model"] == "writing"


def test_a_second_user_of_another_language_has_a_text_of_their_own(ana, server, run_tasks, join_ledger_of):
    two_months(ana)
    server.answer("/api/chat", said("You spent €1,200.00. Es bleiben 1.200,00 €."))
    carla = join_ledger_of(ana, "carla", "viewer")
    carla.patch("users/me/", {"preferences": {"locale": "de"}})
    for api in (ana, carla):
        read(api)
    run_tasks()
    assert texts(read(ana), "model") == ["You spent €1,200.00."]
    assert texts(read(carla), "model") == ["Es bleiben 1.200,00 €."]


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (HANG_UP, "Ollama at"),
        ((200, "<html>"), "Ollama at"),
        ((500, "{}"), "Ollama at"),
        (None, "Ollama at"),
    ],
)
def test_a_bad_server_leaves_the_template_and_its_reason(ana, server, run_tasks, answer, reason):
    two_months(ana)
    if answer is not None:
        server.answers["/api/chat"] = answer  # otherwise it is silent until the deadline
    assert read(ana)["model"] == "writing"
    run_tasks()
    body = read(ana)
    assert (body["model"], body["source"]) == ("failed", "template")
    assert body["reason"].startswith(reason)
    assert body["summary"].startswith("In November 2024, you spent €1,200.00")


def test_a_failure_is_tried_again_later_and_later(ana, server, run_tasks):
    two_months(ana)
    server.answers["/api/chat"] = HANG_UP
    read(ana)
    run_tasks()
    waits = []
    for _ in range(3):
        until = Narrative.objects.get().claimed_until
        assert until is not None
        waits.append(round((until - timezone.now()).total_seconds(), -1))
        assert read(ana)["model"] == "failed"
        Narrative.objects.update(claimed_until=timezone.now())
        read(ana)
        assert Narrative.objects.get().state == "writing"
        run_tasks()
    assert waits == [30, 60, 120]
    assert ana.post("categorization/queue/retry/").status_code == 202  # it rests after three failures
    server.answer("/api/chat", said("You spent €1,200.00."))
    Narrative.objects.update(claimed_until=timezone.now())
    read(ana)
    run_tasks()
    assert read(ana)["model"] == "written"


def test_a_text_whose_worker_was_stopped_is_asked_for_again_soon(ana, server, run_tasks):
    two_months(ana)
    server.answer("/api/chat", said("You spent €1,200.00."))
    assert read(ana)["model"] == "writing"
    with hold("another"):
        Narrative.objects.update(claim="another")
        run_tasks()  # another worker has it
        assert release_abandoned_narratives() == 0
    assert [release_abandoned_narratives() for _ in range(2)] == [1, 0]
    narrative = Narrative.objects.get()
    assert narrative.claimed_until is not None
    assert round((narrative.claimed_until - timezone.now()).total_seconds(), -1) == 30
    assert (read(ana)["model"], narrative.n_tries) == ("writing", 1)
    Narrative.objects.update(claimed_until=timezone.now())
    read(ana)
    run_tasks()
    assert read(ana)["model"] == "written"
    assert Narrative.objects.get().claim == ""


def test_garbage_is_never_shown(ana, server, run_tasks):
    two_months(ana)
    server.answer("/api/chat", said("# Title\n" + "€1,200.00 " * 20_000))
    read(ana)
    run_tasks()
    body = read(ana)
    assert (body["model"], body["source"]) == ("written", "template")


def test_a_month_without_rows_asks_nobody(ana, server):
    assert read(ana)["model"] == "off"
    assert not Narrative.objects.exists()
