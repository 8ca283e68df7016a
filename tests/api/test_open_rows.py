"""Open rows show what is known now, also while the model is still to be asked; it lands only where it is surer."""

from datetime import timedelta
from typing import Any

import pytest
from django.db.models import F

from expenses.models import Change, Ledger, TrackRecord, Transaction
from expenses.models.ledgers import ledger_id_of
from expenses.services import deferred
from expenses.services.learning import FROM_THE_LATEST
from expenses.tasks import learn_from_choices, resume_learning
from providers.interface import ProviderUnavailable
from tests import queued
from tests.fakes import ScriptedProvider

HISTORY = {"BACKEND": "expenses.categorization.history.HistoryProvider", "MIN_CONFIDENCE": 0.95}
MODEL = {"BACKEND": "tests.fakes.ScriptedProvider", "MIN_CONFIDENCE": 0.8, "DEFERRED": True}
AWAY = ProviderUnavailable("The model is away.")
AWAITED = " The local model will look at it, too."


@pytest.fixture
def script(use_chain, monkeypatch):
    """Answers of the model to texts that contain a word; it is away for the others."""
    use_chain({"BACKEND": "rules.provider.RulesProvider"}, HISTORY, MODEL)
    monkeypatch.setattr(ScriptedProvider, "script", {"": AWAY})
    monkeypatch.setattr(ScriptedProvider, "asked", [])
    return ScriptedProvider


def spend(api, description: str, **fields: Any) -> Any:
    answer = api.post("expenses/", {"amount": "4.50", "description": description} | fields)
    assert answer.status_code == 201, answer.json()
    return answer.json()


def row(api, body: Any) -> Any:
    return api.get(f"transactions/{body['id']}/").json()


def standing(api, body: Any) -> Any:
    return row(api, body)["categorization"]


def suggestion(api, name: str, confidence: float, source: str) -> dict[str, Any]:
    [category] = [c for c in api.get("categories/", {"page_size": 500}).json()["results"] if c["name"] == name]
    return {"category": category["id"], "category_name": name, "confidence": confidence, "source": source}


def suggested(api, body: Any, explanation: str, *, awaits: bool) -> dict[str, Any]:
    """What a row shows for which history suggests Dining, as surely as its attempt says."""
    attempts = api.get(f"transactions/{body['id']}/explanation/").json()["attempts"]
    [confidence] = [attempt["confidence"] for attempt in attempts if attempt["provider"] == "history"]
    return {
        "status": "suggested",
        "source": None,
        "confidence": None,
        "explanation": f"Not sure enough to take: {explanation}{AWAITED if awaits else ''}",
        "awaits_model": awaits,
        "suggestion": suggestion(api, "Dining", confidence, "history"),
    }


def ids(api, query: str) -> list[int]:
    return sorted(row["id"] for row in api.get(f"transactions/?{query}").json()["results"])


def make_due() -> None:
    """The time of every retry has come."""
    queued.make_due()
    Ledger.objects.exclude(resolving_until=None).update(resolving_until=F("resolving_until") - timedelta(minutes=5))


ONCE = "You put “luna mitte” into Dining once."
BEGINNING = "You put “luna mitte” into Dining twice."


def test_what_is_learned_reaches_a_row_that_waits_for_a_model_that_is_away(ana, script, run_tasks):
    waiting, other = spend(ana, "Luna Mitte Bar"), spend(ana, "Zorx")
    run_tasks()
    assert [standing(ana, one)["status"] for one in (waiting, other)] == ["pending", "pending"]
    version = ana.get("changes/?since=0").json()["version"]
    for _ in range(2):
        spend(ana, "Luna Mitte Grill", category="Dining")

    run_tasks()

    assert standing(ana, waiting) == suggested(ana, waiting, BEGINNING, awaits=True)
    changed = ana.get(f"changes/?since={version}").json()["transactions"]
    assert {one["id"]: one for one in changed}[waiting["id"]] == row(ana, waiting)
    assert other["id"] not in {one["id"] for one in changed}
    attempts = ana.get(f"transactions/{waiting['id']}/explanation/").json()["attempts"]
    assert [(a["provider"], a["outcome"], a["explanation"]) for a in attempts] == [
        ("rule", "declined", "It knows nothing about this text."),
        ("history", "unsure", BEGINNING),
        ("model", "failed", "The model is away. It will be tried again."),
    ]


def test_a_new_row_shows_its_suggestion_at_once_and_says_that_the_model_will_look(ana, script):
    spend(ana, "Luna Mitte Grill", category="Dining")
    body = spend(ana, "Luna Mitte Bar")
    assert body["categorization"] == suggested(ana, body, ONCE, awaits=True)


def test_filters_and_counts_tell_suggestions_from_rows_without_an_answer(ana, script):
    spend(ana, "Luna Mitte Grill", category="Dining")
    known, unknown = spend(ana, "Luna Mitte Bar"), spend(ana, "Zorx")
    assert ids(ana, "status=suggested") == [known["id"]]
    assert ids(ana, "status=pending") == [unknown["id"]]
    assert ids(ana, "awaits_model=true") == [known["id"], unknown["id"]]
    assert known["id"] not in ids(ana, "awaits_model=false")
    reasons = {group["key"]: group["reasons"] for group in ana.get("review/").json()["results"]}
    assert reasons == {
        "out:luna mitte": {"suggested": 1, "uncategorized": 0, "needs_review": 0},
        "out:zorx": {"suggested": 0, "uncategorized": 1, "needs_review": 0},
    }


@pytest.mark.parametrize(
    ("said", "confidence", "added"),
    [
        (("dining", 0.9), 0.4752, " The link model agrees."),
        (("travel", 0.9), 0.1748, " The link model says Travel."),
        (("travel", 0.1), 0.1913, " The link model says Travel."),
        (None, 0.197, ""),
    ],
)
def test_the_model_that_is_back_speaks_for_and_against_what_is_suggested(
    ana, script, run_tasks, said, confidence, added
):
    spend(ana, "Luna Mitte Grill", category="Dining")
    body = spend(ana, "Luna Mitte Bar")
    run_tasks()
    script.script = {"Luna": said}
    make_due()
    run_tasks()
    assert standing(ana, body) == suggested(ana, body, ONCE + added, awaits=False)
    assert standing(ana, body)["suggestion"]["confidence"] == confidence
    assert queued.n_waiting("expenses.tasks.resolve_pending") == 0


@pytest.mark.parametrize("change", [{"category": "Pets"}, {"category": None}, "confirm"])
def test_the_model_leaves_alone_what_a_person_settled_meanwhile(ana, script, run_tasks, change):
    spend(ana, "Luna Mitte Grill", category="Dining")
    body = spend(ana, "Luna Mitte Bar")
    run_tasks()
    if change == "confirm":
        chosen = ana.post(f"transactions/{body['id']}/confirm/").json()
    else:
        chosen = ana.patch(f"transactions/{body['id']}/", change).json()
    assert chosen["categorization"]["awaits_model"] is False
    script.script = {"Luna": ("travel", 1.0)}
    make_due()
    run_tasks()
    assert row(ana, body) == chosen
    assert body["id"] not in ids(ana, "awaits_model=true")


def test_a_revert_gives_the_row_its_suggestion_and_its_wait_back(ana, script, run_tasks):
    spend(ana, "Luna Mitte Grill", category="Dining")
    body, unknown = spend(ana, "Luna Mitte Bar"), spend(ana, "Zorx")
    run = ana.post("review/resolve/", {"ids": [body["id"], unknown["id"]], "category": "Pets"}).json()
    run_tasks()
    assert ids(ana, "awaits_model=true") == []
    assert ana.post(f"runs/{run['id']}/revert/").json()["kept"] == []
    assert standing(ana, body) == body["categorization"]
    assert standing(ana, unknown) == unknown["categorization"]
    script.script = {"": ("travel", 0.9)}
    make_due()
    run_tasks()
    assert [standing(ana, one)["suggestion"]["category_name"] for one in (body, unknown)] == ["Dining", "Travel"]


def test_nothing_is_written_twice_while_the_model_is_away(ana, script, run_tasks):
    spend(ana, "Luna Mitte Grill", category="Dining")
    rows = [spend(ana, "Luna Mitte Bar"), spend(ana, "Zorx")]
    run_tasks()
    before, n_changes = [row(ana, one) for one in rows], Change.objects.count()
    for _ in range(2):
        TrackRecord.objects.update_or_create(pk=ledger_id_of(ana.user), defaults={"asking_before": FROM_THE_LATEST})
        queued.committed(learn_from_choices.func, ledger_id_of(ana.user))
    assert [row(ana, one) for one in rows] == before
    assert Change.objects.count() == n_changes


def test_asking_waiting_rows_again_goes_on_after_a_crash(ana, script, run_tasks, monkeypatch):
    monkeypatch.setattr(deferred, "BATCH_AGAIN", 2)
    monkeypatch.setattr("expenses.tasks.BATCHES_AGAIN", 1)
    waiting = [spend(ana, f"Luna Mitte {place}") for place in ("Linde", "Eiche", "Buche", "Esche", "Ulme")]
    spend(ana, "Luna Mitte Grill", category="Dining")
    queued.committed(learn_from_choices.func, ledger_id_of(ana.user))
    assert [standing(ana, one)["status"] for one in waiting] == ["pending"] * 3 + ["suggested"] * 2
    queued.lose_all()

    assert queued.committed(resume_learning) == 1
    run_tasks()

    assert [standing(ana, one)["status"] for one in waiting] == ["suggested"] * 5


def test_many_waiting_rows_of_one_text_share_one_decision(ana, script, run_tasks, django_assert_max_num_queries):
    sent = [{"amount": "4.50", "description": "Luna Mitte Bar", "direction": "out"} for _ in range(90)]
    assert ana.post("transactions/bulk/", {"transactions": sent}).status_code == 200
    spend(ana, "Luna Mitte Grill", category="Dining")
    with django_assert_max_num_queries(40):
        deferred.ask_open_rows_again(ledger_id=ledger_id_of(ana.user), before=FROM_THE_LATEST)
    results = ana.get("transactions/?status=suggested&page_size=100").json()["results"]
    assert len(results) == 90
    decisions = Transaction.objects.filter(review_status="suggested").values("decision").distinct()
    assert decisions.count() == 1


def test_a_hidden_suggestion_leaves_the_row_waiting(ana, script):
    """The category that was suggested goes; the model may still find another."""
    own = ana.post("categories/", {"name": "Sailing", "kind": "expense"}).json()["id"]
    spend(ana, "Luna Mitte Grill", category="Sailing")
    body = spend(ana, "Luna Mitte Bar")
    assert body["categorization"]["suggestion"]["category_name"] == "Sailing"
    assert ana.delete(f"categories/{own}/?replacement=Travel").status_code in {200, 204}
    spare = ana.post("categories/", {"name": "Boats", "kind": "expense"}).json()["id"]
    Transaction.objects.filter(pk=body["id"]).update(suggested_category=spare)
    assert ana.delete(f"categories/{spare}/").status_code == 204
    now = standing(ana, body)
    assert (now["status"], now["suggestion"], now["awaits_model"]) == ("pending", None, True)
