"""The queue of the model: which rows wait, why, until when, and how to have the model asked at once."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models import F
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from expenses.models import Ledger, ModelMiss
from providers.interface import ProviderMisbehaved, ProviderUnavailable
from tests import queued
from tests.fakes import ScriptedProvider

MODEL = {"BACKEND": "tests.fakes.ScriptedProvider", "MIN_CONFIDENCE": 0.8, "DEFERRED": True}
AWAY = "The model is away."
EMPTY: dict[str, Any] = {"count": 0, "next": None, "previous": None, "results": []}
NONE: dict[str, Any] = {"waiting": 0, "oldest": None, "next_try_at": None, "last_error": None, "reasons": []}


class InTurnProvider(ScriptedProvider):
    """Asks one text after the other, and raises at the first that fails, as the link of a real model does."""

    def categorize_many(self, transactions):
        return list(self.categorize_in_turn(transactions))

    def categorize_in_turn(self, transactions):
        for transaction in transactions:
            try:
                yield self._answer(transaction)
            except ProviderMisbehaved as error:
                yield error


IN_TURN = MODEL | {"BACKEND": "tests.api.test_model_queue.InTurnProvider"}


@pytest.fixture
def script(use_chain, monkeypatch):
    """Answers of the model to texts that contain a word; `script.asked` holds the questions."""
    use_chain({"BACKEND": "rules.provider.RulesProvider"}, IN_TURN)
    monkeypatch.setattr(ScriptedProvider, "script", {})
    monkeypatch.setattr(ScriptedProvider, "asked", [])
    return ScriptedProvider


def post(api: Any, description: str, **fields: Any) -> Any:
    body = {"amount": "4.50", "description": description, "date": "2026-11-02"}
    answer = api.post("expenses/", body | fields)
    assert answer.status_code == 201, answer.json()
    return answer.json()


def queue(api: Any, **query: Any) -> Any:
    answer = api.get("categorization/queue/", query)
    assert answer.status_code == 200, answer.json()
    return answer.json()


def suggested(api: Any, body: Any) -> str | None:
    """Return the category that the model suggests for a row."""
    found = api.get(f"transactions/{body['id']}/").json()["categorization"]["suggestion"]
    return found and str(found["category_name"])


def in_line(body: Any) -> dict[str, Any]:
    """How the queue shows a row about which the model was not asked yet."""
    return {
        "transaction": body["id"],
        "date": body["date"],
        "description": body["description"],
        "reason": "It waits for its turn.",
        "since": body["created_at"],
        "n_tries": 0,
    }


def make_due() -> None:
    """The time of every retry has come."""
    queued.make_due()
    Ledger.objects.exclude(resolving_until=None).update(resolving_until=F("resolving_until") - timedelta(minutes=5))


def test_an_empty_queue_is_idle(ana, script):
    assert queue(ana) == EMPTY | NONE | {"state": "idle"}


def test_rows_wait_for_their_turn_in_the_order_in_which_they_were_recorded(ana, ben, script):
    luna, sol = post(ana, "Luna"), post(ana, "Sol", date="2026-10-01")
    post(ana, "Chosen", category="Pets")
    post(ben, "Stella")
    assert queue(ana) == {
        "waiting": 2,
        "oldest": luna["created_at"],
        "state": "asking",
        "next_try_at": None,
        "last_error": None,
        "reasons": [{"reason": "It waits for its turn.", "n": 2}],
        "count": 2,
        "next": None,
        "previous": None,
        "results": [in_line(luna), in_line(sol)],
    }


def test_a_row_shows_why_the_model_could_not_be_asked_and_how_often(ana, script, run_tasks):
    script.script = {"Luna": ProviderUnavailable(AWAY)}
    luna, sol = post(ana, "Luna"), post(ana, "Sol")
    before = timezone.now()
    run_tasks()
    shown = queue(ana)
    tried = shown["results"][0]
    due_in_s = (datetime.fromisoformat(shown["next_try_at"]) - before).total_seconds()
    assert due_in_s == pytest.approx(10, abs=3)
    assert datetime.fromisoformat(tried["since"]) >= before
    rests = f"It waits until the model is asked again, at {shown['next_try_at'][:19]}Z."
    assert shown == {
        "waiting": 2,
        "oldest": luna["created_at"],
        "state": "away",
        "next_try_at": shown["next_try_at"],
        "last_error": AWAY,
        "reasons": [{"reason": AWAY, "n": 1}, {"reason": rests, "n": 1}],
        "count": 2,
        "next": None,
        "previous": None,
        "results": [
            in_line(luna) | {"reason": AWAY, "since": tried["since"], "n_tries": 1},
            in_line(sol) | {"reason": rests},
        ],
    }
    assert script.asked == ["Luna"]  # a server that has just failed gets no second question


def test_the_next_try_begins_with_the_row_behind_the_one_that_failed(ana, script, run_tasks):
    script.script = {"Luna": ProviderUnavailable(AWAY), "Sol": ("dining", 0.9)}
    luna, sol = post(ana, "Luna"), post(ana, "Sol")
    run_tasks()
    make_due()
    run_tasks()
    assert script.asked == ["Luna", "Sol", "Luna"]
    assert [row["transaction"] for row in queue(ana)["results"]] == [luna["id"]]
    assert suggested(ana, sol) == "Dining"


def test_tries_are_counted_until_the_row_is_answered(ana, script, run_tasks):
    script.script = {"Luna": ProviderUnavailable(AWAY)}
    post(ana, "Luna")
    run_tasks()
    make_due()
    run_tasks()
    assert [row["n_tries"] for row in queue(ana)["results"]] == [2]
    script.script = {"Luna": ("dining", 0.9)}
    make_due()
    run_tasks()
    assert queue(ana) == EMPTY | NONE | {"state": "idle"}
    assert not ModelMiss.objects.exists()


def test_a_row_that_fails_for_its_own_reason_waits_no_more_and_others_go_on(ana, script, run_tasks):
    script.script = {"Luna": ProviderMisbehaved("It babbled."), "Sol": ("dining", 0.9)}
    luna, sol = post(ana, "Luna"), post(ana, "Sol")
    run_tasks()
    assert queue(ana) == EMPTY | NONE | {"state": "idle"}
    told = ana.get(f"transactions/{luna['id']}/").json()["categorization"]["explanation"]
    assert told.endswith("model: It babbled.")
    assert suggested(ana, sol) == "Dining"


def try_again(api: Any, run_tasks: Any, *, times: int) -> None:
    for _ in range(times):
        assert api.post("categorization/queue/retry/").status_code == 202
        run_tasks()


def test_a_row_that_fails_five_times_while_others_are_answered_waits_no_more(ana, script, run_tasks):
    crash = "Ollama failed with HTTP 500: it crashed."
    script.script = {"Luna": ProviderUnavailable(crash), "Sol": ("dining", 0.9)}
    luna = post(ana, "Luna")
    run_tasks()
    post(ana, "Sol")
    make_due()
    run_tasks()
    assert script.asked == ["Luna", "Sol", "Luna"]
    try_again(ana, run_tasks, times=2)
    assert [row["n_tries"] for row in queue(ana)["results"]] == [4]
    try_again(ana, run_tasks, times=1)
    assert script.asked.count("Luna") == 5
    assert queue(ana)["waiting"] == 0
    assert not ModelMiss.objects.exists()
    told = ana.get(f"transactions/{luna['id']}/").json()["categorization"]["explanation"]
    assert told.endswith(f"model: {crash}")


def test_a_row_waits_on_as_long_as_the_model_answers_nothing(ana, script, run_tasks):
    script.script = {"Luna": ProviderUnavailable(AWAY)}
    post(ana, "Luna")
    run_tasks()
    try_again(ana, run_tasks, times=6)
    assert [row["n_tries"] for row in queue(ana)["results"]] == [7]


def test_a_row_that_its_owner_decides_leaves_the_queue(ana, script, run_tasks):
    script.script = {"Luna": ProviderUnavailable(AWAY)}
    luna = post(ana, "Luna")
    run_tasks()
    ana.patch(f"expenses/{luna['id']}/", {"category": "Pets"})
    shown = queue(ana)
    assert (shown["waiting"], shown["reasons"], shown["results"]) == (0, [], [])


def test_without_a_model_rows_wait_for_one(ana, script, use_chain):
    luna = post(ana, "Luna")
    use_chain({"BACKEND": "rules.provider.RulesProvider"})
    shown = queue(ana)
    reason = "No local model is configured, so it waits for one."
    assert (shown["state"], shown["next_try_at"]) == ("off", None)
    assert shown["reasons"] == [{"reason": reason, "n": 1}]
    assert shown["results"] == [in_line(luna) | {"reason": reason}]


def test_the_queue_comes_in_pages_and_by_cursor(ana, script):
    bodies = [post(ana, f"Luna {number}") for number in range(3)]
    first = queue(ana, page_size=2)
    assert (first["count"], first["waiting"], len(first["results"])) == (3, 3, 2)
    second = queue(ana, page=2, page_size=2)
    assert (second["next"], second["results"]) == (None, [in_line(bodies[2])])
    by_cursor = queue(ana, cursor="", page_size=2)
    assert by_cursor["results"] == first["results"]
    assert ana.client.get(by_cursor["next"]).json()["results"] == [in_line(bodies[2])]


def n_queries(api: Any) -> int:
    with CaptureQueriesContext(connection) as captured:
        queue(api)
    return len(captured)


def test_the_number_of_queries_does_not_grow_with_the_queue(ana, script, run_tasks):
    script.script = {"Luna": ProviderUnavailable(AWAY)}
    post(ana, "Luna")
    run_tasks()
    before = n_queries(ana)
    for number in range(20):
        post(ana, f"Luna {number}")
    assert n_queries(ana) == before


def test_a_retry_asks_at_once_even_while_the_model_rests(ana, script, run_tasks):
    script.script = {"Luna": ProviderUnavailable(AWAY)}
    luna = post(ana, "Luna")
    for _ in range(3):
        run_tasks()
        make_due()
    run_tasks()
    assert len(script.asked) == 3
    script.script = {"Luna": ("dining", 0.9)}
    answer = ana.post("categorization/queue/retry/")
    assert answer.status_code == 202
    assert answer.json()["waiting"] == 1
    assert answer.json()["next_try_at"] is None
    run_tasks()
    assert suggested(ana, luna) == "Dining"
    assert len(script.asked) == 4


def test_a_retry_of_an_empty_queue_asks_nothing(ana, script, run_tasks):
    assert ana.post("categorization/queue/retry/").status_code == 202
    assert queued.n_waiting() == 0


@pytest.mark.usefixtures("keep_connection")
def test_a_batch_ends_after_some_seconds_and_the_rest_comes_next(ana, script, run_tasks, monkeypatch):
    """A person's question in the same queue waits for no whole batch of slow answers."""
    monkeypatch.setattr("expenses.tasks.LONGEST_BATCH_S", 0)
    script.script = {"": ("dining", 0.9)}
    bodies = [post(ana, f"Luna {word}") for word in ("sol", "mar", "rio")]
    queued.committed(queued.run_due)
    done = [suggested(ana, body) for body in bodies]
    assert done == ["Dining", None, None]
    run_tasks()
    assert script.asked == ["Luna sol", "Luna mar", "Luna rio"]
    assert queue(ana)["waiting"] == 0


def test_only_the_queue_of_the_own_ledger_is_seen(ana, ben, anyone, script):
    post(ana, "Luna")
    assert queue(ben) == EMPTY | NONE | {"state": "idle"}
    assert anyone.get("categorization/queue/").status_code == 401
    assert anyone.post("categorization/queue/retry/").status_code == 401
