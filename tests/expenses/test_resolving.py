"""Answer now, better answer later: the model is asked by the worker, and lands only where it is surer and welcome."""

import time
from datetime import timedelta
from typing import Any

import pytest
from django.db.models import F
from django.utils import timezone

from expenses.models import Ledger, PrivacyChoices
from expenses.models.ledgers import ledger_id_of
from expenses.tasks import resume_resolving
from providers.interface import ProviderMisbehaved, ProviderUnavailable, Suggestion
from tests import queued
from tests.fakes import ScriptedProvider

RULES = {"BACKEND": "rules.provider.RulesProvider"}
HISTORY = {"BACKEND": "expenses.categorization.history.HistoryProvider", "MIN_CONFIDENCE": 0.85}
MODEL = {"BACKEND": "tests.fakes.ScriptedProvider", "MIN_CONFIDENCE": 0.8, "DEFERRED": True}
HALFWAY = MODEL | {"BACKEND": "tests.fakes.HalfwayProvider"}
TASK = "expenses.tasks.resolve_pending"
WAITING = "Nothing else was sure enough; the local model will look at it."


@pytest.fixture
def script(use_chain, monkeypatch):
    """Answers of the model to texts that contain a word; `script.asked` holds the questions."""
    use_chain(RULES, HISTORY, MODEL)
    monkeypatch.setattr(ScriptedProvider, "script", {})
    monkeypatch.setattr(ScriptedProvider, "asked", [])
    return ScriptedProvider


def post(api, description: str, address: str = "expenses/", **fields: Any) -> Any:
    answer = api.post(address, {"amount": "4.50", "description": description} | fields)
    assert answer.status_code == 201, answer.json()
    return answer.json()


def row(api, body: Any) -> Any:
    return api.get(f"transactions/{body['id']}/").json()


def standing(api, body: Any) -> Any:
    return row(api, body)["categorization"]


def explained(api, body: Any) -> list[tuple[str, str]]:
    attempts = api.get(f"transactions/{body['id']}/explanation/").json()["attempts"]
    return [(attempt["provider"], attempt["outcome"]) for attempt in attempts]


def n_queued() -> int:
    return queued.n_waiting(TASK)


def make_due() -> None:
    """The time of every retry has come."""
    queued.make_due()
    Ledger.objects.exclude(resolving_until=None).update(resolving_until=F("resolving_until") - timedelta(minutes=5))


def wait_of_retry() -> float:
    return (queued.due_at(TASK) - timezone.now()).total_seconds()


def suggested_name(api, body: Any) -> str | None:
    """The category that is suggested for a row; None without a suggestion."""
    found = standing(api, body)["suggestion"]
    return str(found["category_name"]) if found else None


def suggestion(api, name: str, confidence: float, source: str) -> dict[str, Any]:
    [category] = [c for c in api.get("categories/", {"page_size": 500}).json()["results"] if c["name"] == name]
    return {"category": category["id"], "category_name": name, "confidence": confidence, "source": source}


def test_writing_never_waits_for_the_model_and_says_that_it_will_look(ana, script):
    script.script = {"Luna": ("dining", 0.9)}
    body = post(ana, "Luna")
    assert body["category"] is None
    assert body["categorization"] == {
        "status": "pending",
        "source": None,
        "confidence": None,
        "explanation": WAITING,
        "awaits_model": True,
        "suggestion": None,
    }
    assert script.asked == []
    assert explained(ana, body) == [("rule", "declined"), ("history", "declined"), ("model", "waiting")]


def test_what_only_the_model_says_is_suggested_however_sure_it_is(ana, script, run_tasks):
    script.script = {"Luna": ("dining", 1.0)}
    before = post(ana, "Luna")
    run_tasks()
    after = row(ana, before)
    assert after == before | {
        "version": after["version"],
        "updated_at": after["updated_at"],
        "categorization": {
            "status": "suggested",
            "source": None,
            "confidence": None,
            "explanation": "Not sure enough to take: The script says Dining.",
            "awaits_model": False,
            "suggestion": suggestion(ana, "Dining", 0.1849, "model"),
        },
    }
    assert after["version"] > before["version"]
    assert after["updated_at"] > before["updated_at"]
    assert explained(ana, before) == [("rule", "declined"), ("history", "declined"), ("model", "unsure")]
    assert n_queued() == 0


def test_an_unsure_answer_of_the_model_is_suggested(ana, script, run_tasks):
    script.script = {"Luna": ("dining", 0.5)}
    body = post(ana, "Luna")
    run_tasks()
    assert standing(ana, body) == {
        "status": "suggested",
        "source": None,
        "confidence": None,
        "explanation": "Not sure enough to take: The script says Dining.",
        "awaits_model": False,
        "suggestion": suggestion(ana, "Dining", 0.1455, "model"),
    }


def test_a_model_that_knows_nothing_leaves_nothing(ana, script, run_tasks):
    body = post(ana, "Luna")
    run_tasks()
    assert standing(ana, body) == {
        "status": "none",
        "source": None,
        "confidence": None,
        "explanation": "Nothing recognized this text (asked: rule, history, model).",
        "awaits_model": False,
        "suggestion": None,
    }


@pytest.fixture
def doubtful(ana):
    """A history that suggests Dining for “Luna” with 0.66."""
    for category in ("Dining", "Dining", "Groceries"):
        post(ana, "Luna", category=category)


@pytest.mark.usefixtures("doubtful")
def test_an_earlier_suggestion_is_shown_while_the_model_is_waited_for(ana, script):
    body = post(ana, "Luna")
    assert body["categorization"] == {
        "status": "suggested",
        "source": None,
        "confidence": None,
        "explanation": (
            "Not sure enough to take: You put “luna” into Dining twice, and something else 1 of 3 times. "
            "The local model will look at it, too."
        ),
        "awaits_model": True,
        "suggestion": suggestion(ana, "Dining", 0.66, "history"),
    }


@pytest.mark.usefixtures("doubtful")
@pytest.mark.parametrize("said", [("travel", 0.5), None, ProviderMisbehaved("It babbled.")])
def test_an_earlier_suggestion_is_kept_when_the_model_is_less_sure(ana, script, run_tasks, said):
    script.script = {"Luna": said}
    body = post(ana, "Luna")
    run_tasks()
    assert standing(ana, body) == {
        "status": "suggested",
        "source": None,
        "confidence": None,
        "explanation": ("Not sure enough to take: You put “luna” into Dining twice, and something else 1 of 3 times."),
        "awaits_model": False,
        "suggestion": suggestion(ana, "Dining", 0.66, "history"),
    }
    outcome = "unsure" if isinstance(said, tuple) else "failed" if said else "declined"
    assert explained(ana, body) == [("rule", "declined"), ("history", "unsure"), ("model", outcome)]


@pytest.mark.usefixtures("doubtful")
def test_choices_for_the_very_same_text_count_more_than_the_surest_model(ana, script, run_tasks):
    script.script = {"Luna": ("travel", 1.0)}
    body = post(ana, "Luna")
    run_tasks()
    assert standing(ana, body)["suggestion"] == suggestion(ana, "Dining", 0.66, "history")


@pytest.mark.parametrize("change", [{"category": "Pets"}, {"category": None}])
def test_the_users_choice_meanwhile_is_never_overwritten(ana, script, run_tasks, change):
    script.script = {"Luna": ("dining", 1.0)}
    body = post(ana, "Luna")
    chosen = ana.patch(f"expenses/{body['id']}/", change).json()
    run_tasks()
    assert row(ana, body) == chosen


def test_a_choice_made_while_the_model_thinks_is_never_overwritten(ana, script, run_tasks, monkeypatch):
    body = post(ana, "Luna")

    def choose_meanwhile(self, transactions):
        ana.patch(f"expenses/{body['id']}/", {"category": "Pets"})
        return [self._answer(transaction) for transaction in transactions]

    script.script = {"Luna": ("dining", 1.0)}
    monkeypatch.setattr(ScriptedProvider, "categorize_many", choose_meanwhile)
    run_tasks()
    after = row(ana, body)
    assert (after["category_name"], after["categorization"]["status"]) == ("Pets", "confirmed")


def test_what_else_the_user_changed_meanwhile_is_kept(ana, script, run_tasks):
    script.script = {"Luna": ("dining", 0.9)}
    body = post(ana, "Luna", tags=["old"])
    ana.patch(f"expenses/{body['id']}/", {"notes": "with Ben", "amount": "7.25", "tags": ["new"]})
    run_tasks()
    after = row(ana, body)
    assert (after["notes"], after["amount"], after["tags"]) == ("with Ben", "7.25", ["new"])
    assert suggested_name(ana, body) == "Dining"


def test_a_row_deleted_meanwhile_stays_deleted(ana, script, run_tasks):
    script.script = {"Luna": ("dining", 0.9)}
    body, other = post(ana, "Luna"), post(ana, "Luna Mitte")
    ana.delete(f"expenses/{body['id']}/")
    run_tasks()
    assert ana.get(f"expenses/{body['id']}/").status_code == 404
    assert suggested_name(ana, other) == "Dining"


def test_a_category_deleted_while_the_model_thinks_is_asked_about_again(ana, script, run_tasks, monkeypatch):
    own = ana.post("categories/", {"name": "Sailing", "kind": "expense"}).json()["id"]
    body = post(ana, "Luna")

    def delete_meanwhile(self, transactions):
        [transaction] = transactions
        if any(category.id == own for category in transaction.categories):
            ana.delete(f"categories/{own}/")
            return [Suggestion(own, 1.0, "Sailing it is.")]
        return [self._answer(transaction)]

    script.script = {"Luna": ("dining", 0.9)}
    monkeypatch.setattr(ScriptedProvider, "categorize_many", delete_meanwhile)
    run_tasks()
    assert suggested_name(ana, body) == "Dining"


def test_a_kind_stated_while_the_model_thinks_is_respected(ana, script, run_tasks, monkeypatch):
    body = post(ana, "Luna", "transactions/", direction="out")

    def state_meanwhile(self, transactions):
        [transaction] = transactions
        ana.patch(f"transactions/{body['id']}/", {"kind": "expense"})
        transfers = [category.id for category in transaction.categories if category.kind == "transfer"]
        return [Suggestion(transfers[0], 1.0, "Transfers it is.") if transfers else None]

    monkeypatch.setattr(ScriptedProvider, "categorize_many", state_meanwhile)
    run_tasks()
    assert (row(ana, body)["kind"], standing(ana, body)["status"]) == ("expense", "none")


def test_an_unavailable_model_is_asked_again_ever_more_seldom_until_it_is_back(ana, script, run_tasks):
    script.script = {"Luna": ProviderUnavailable("The model is away.")}
    body = post(ana, "Luna")
    run_tasks()
    assert standing(ana, body) == {
        "status": "pending",
        "source": None,
        "confidence": None,
        "explanation": "The model is away. It will be tried again.",
        "awaits_model": True,
        "suggestion": None,
    }
    assert explained(ana, body) == [("rule", "declined"), ("history", "declined"), ("model", "failed")]
    began = time.monotonic()
    waits = [wait_of_retry()]
    for _ in range(5):
        make_due()
        run_tasks()
        waits.append(wait_of_retry())
    slack = 3 + time.monotonic() - began  # of a slow machine, since the breaker counts real seconds
    assert waits == [
        pytest.approx(seconds, abs=slack) for seconds in (10, 20, 60, 60, 60, 60)
    ]  # then until the breaker lets a question through
    assert len(script.asked) == 3
    assert explained(ana, body)[-1] == ("model", "skipped")


def test_a_model_that_is_back_resolves_what_waited(ana, script, run_tasks):
    script.script = {"Luna": ProviderUnavailable("The model is away.")}
    bodies = [post(ana, "Luna"), post(ana, "Luna Mitte")]
    run_tasks()
    make_due()
    script.script = {"Luna": ("dining", 0.9)}
    run_tasks()
    assert [suggested_name(ana, body) for body in bodies] == ["Dining", "Dining"]
    assert n_queued() == 0
    assert Ledger.objects.get().resolving_until is None


def test_rows_written_while_the_model_is_away_need_no_task_of_their_own(ana, script, run_tasks):
    script.script = {"Luna": ProviderUnavailable("The model is away.")}
    post(ana, "Luna")
    run_tasks()
    late = post(ana, "Luna Sol")
    assert n_queued() == 1
    make_due()
    script.script = {"Luna": ("dining", 0.9)}
    run_tasks()
    assert suggested_name(ana, late) == "Dining"


def test_a_misbehaving_model_is_not_asked_again_and_the_reason_is_told(ana, script, run_tasks):
    script.script = {"Luna": ProviderMisbehaved("It babbled.")}
    body = post(ana, "Luna")
    run_tasks()
    assert standing(ana, body) == {
        "status": "none",
        "source": None,
        "confidence": None,
        "explanation": "Nothing recognized this text (asked: rule, history, model). model: It babbled.",
        "awaits_model": False,
        "suggestion": None,
    }
    assert n_queued() == 0


@pytest.mark.logs_errors
def test_a_crashing_model_is_not_asked_again_and_the_reason_is_told(ana, script, run_tasks):
    script.script = {"Luna": ValueError("a bug")}
    body = post(ana, "Luna")
    run_tasks()
    assert standing(ana, body)["explanation"] == (
        "Nothing recognized this text (asked: rule, history, model). "
        "model: It failed unexpectedly; the server's log says how."
    )
    assert n_queued() == 0


def test_what_was_answered_before_the_model_went_away_is_kept(ana, script, run_tasks, use_chain):
    use_chain(RULES, HALFWAY)
    script.script = {"Luna": ("dining", 0.9), "Sol": ProviderUnavailable("It went away.")}
    luna, sol = post(ana, "Luna"), post(ana, "Sol")
    run_tasks()
    assert suggested_name(ana, luna) == "Dining"
    assert standing(ana, sol)["status"] == "pending"
    assert standing(ana, sol)["explanation"] == "It went away. It will be tried again."
    assert n_queued() == 1


def test_what_the_model_wants_written_besides_is_written(ana, script, run_tasks, use_chain):
    use_chain(RULES, HALFWAY)
    script.script = {"Luna": ("dining", 0.9)}
    plain, named = post(ana, "Bar Luna", tags=["own"]), post(ana, "Bar Luna", merchant="Mine")
    run_tasks()
    assert (row(ana, plain)["merchant"], row(ana, plain)["tags"]) == ("Scripted", ["by-model", "own"])
    assert (row(ana, named)["merchant"], row(ana, named)["tags"]) == ("Mine", ["by-model"])


def test_however_many_writes_one_task_of_a_ledger_is_queued(ana, ben, script, run_tasks):
    script.script = {"Luna": ("dining", 0.9)}
    bodies = [post(ana, f"Luna {number}") for number in range(5)]
    post(ben, "Luna")
    assert n_queued() == 2
    run_tasks()
    assert {suggested_name(ana, body) for body in bodies} == {"Dining"}
    post(ana, "Luna again")
    assert n_queued() == 1


def test_rows_written_while_the_task_runs_get_the_next_one(ana, script, run_tasks, monkeypatch):
    first = post(ana, "Luna")
    late: list[Any] = []

    def write_meanwhile(self, transactions):
        if not late:
            late.append(post(ana, "Luna late"))
        return [self._answer(transaction) for transaction in transactions]

    script.script = {"Luna": ("dining", 0.9)}
    monkeypatch.setattr(ScriptedProvider, "categorize_many", write_meanwhile)
    run_tasks()
    assert [suggested_name(ana, body) for body in (first, *late)] == ["Dining", "Dining"]


def test_a_lost_task_is_queued_again_by_the_worker_and_by_the_first_write_after_its_time(ana, script, run_tasks):
    script.script = {"Luna": ("dining", 0.9)}
    body = post(ana, "Luna")
    queued.lose_all()
    post(ana, "Luna Sol")
    assert n_queued() == 0  # the lost one still counts as queued
    Ledger.objects.update(resolving_until=timezone.now() - timedelta(seconds=1))
    post(ana, "Luna Mar")
    assert n_queued() == 1
    queued.lose_all()
    assert queued.committed(resume_resolving) == 1
    run_tasks()
    assert suggested_name(ana, body) == "Dining"
    assert queued.committed(resume_resolving) == 0


def test_restarts_while_the_model_is_away_do_not_multiply_the_retries(ana, script, run_tasks):
    script.script = {"Luna": ProviderUnavailable("The model is away.")}
    post(ana, "Luna")
    run_tasks()
    for _ in range(3):
        assert queued.committed(resume_resolving) == 1
        run_tasks()
    make_due()
    run_tasks()
    assert n_queued() == 1


@pytest.mark.parametrize(
    ("fields", "said", "kind"),
    [
        ({"direction": "out"}, "dining", "expense"),
        ({"direction": "out"}, "transfers", "transfer"),
        ({"direction": "in"}, "salary", "income"),
        ({"direction": "in"}, "dining", "refund"),
        ({"direction": "in"}, "transfers", "transfer"),
        ({"kind": "refund"}, "dining", "refund"),
        ({"kind": "transfer"}, "transfers", "transfer"),
    ],
)
def test_the_kind_follows_the_category_of_the_model_once_it_is_confirmed(ana, script, run_tasks, fields, said, kind):
    script.script = {"Luna": (said, 0.9)}
    body = post(ana, "Luna", "transactions/", **fields)
    run_tasks()
    assert standing(ana, body)["status"] == "suggested"
    assert ana.post(f"transactions/{body['id']}/confirm/").json()["kind"] == kind


@pytest.mark.parametrize(("address", "fields"), [("expenses/", {}), ("transactions/", {"kind": "expense"})])
def test_a_stated_expense_is_offered_expense_categories_alone(ana, script, run_tasks, monkeypatch, address, fields):
    offered: set[str] = set()
    body = post(ana, "Luna", address, **fields)

    def look(self, transactions):
        offered.update(category.kind for transaction in transactions for category in transaction.categories)
        return [None] * len(transactions)

    monkeypatch.setattr(ScriptedProvider, "categorize_many", look)
    run_tasks()
    assert offered == {"expense"}
    assert row(ana, body)["kind"] == "expense"


def test_a_kind_stated_later_is_respected_too(ana, script, run_tasks, monkeypatch):
    body = post(ana, "Luna", "transactions/", direction="out")
    ana.patch(f"transactions/{body['id']}/", {"kind": "expense"})
    kinds: set[str] = set()

    def look(self, transactions):
        kinds.update(category.kind for transaction in transactions for category in transaction.categories)
        return [None] * len(transactions)

    monkeypatch.setattr(ScriptedProvider, "categorize_many", look)
    run_tasks()
    assert kinds == {"expense"}


def test_running_the_task_twice_changes_nothing(ana, script, run_tasks):
    script.script = {"Luna": ("dining", 0.9), "Sol": ("dining", 0.5)}
    bodies = [post(ana, "Luna"), post(ana, "Sol"), post(ana, "Mar")]
    run_tasks()
    before = [(row(ana, body), explained(ana, body)) for body in bodies]
    n_asked = len(script.asked)
    post(ana, "Luna other")
    run_tasks()
    assert [(row(ana, body), explained(ana, body)) for body in bodies] == before
    assert script.asked[n_asked:] == ["Luna other"]


def test_forty_five_rows_of_three_texts_ask_the_model_a_few_times(ana, script, run_tasks, use_chain, monkeypatch):
    use_chain(RULES, MODEL | {"BACKEND": "tests.fakes.RecallingProvider"})
    script.script = {"Luna": ("dining", 0.9), "Sol": ("travel", 0.9)}
    rows = [{"amount": "4.50", "description": t, "direction": "out"} for t in ["Luna", "Sol", "Mar"] * 15]
    created = ana.post("transactions/bulk/", {"transactions": rows}).json()["created"]
    assert len(created) == 45
    assert n_queued() == 1
    run_tasks()
    names = [suggested_name(ana, body) for body in created]
    assert names == ["Dining", "Travel", None] * 15
    assert len(script.asked) == 15  # three texts in each of five batches
    assert sorted(set(script.asked)) == ["Luna", "Mar", "Sol"]


def test_a_chain_that_lost_its_model_leaves_nobody_waiting(ana, script, run_tasks, use_chain):
    body = post(ana, "Luna")
    use_chain(RULES, HISTORY)
    run_tasks()
    assert standing(ana, body) == {
        "status": "none",
        "source": None,
        "confidence": None,
        "explanation": "Nothing recognized this text (asked: rule, history).",
        "awaits_model": False,
        "suggestion": None,
    }


def test_the_model_sees_what_the_owner_chose_for_similar_texts(ana, ben, script, run_tasks, monkeypatch):
    post(ana, "Luna Mitte", category="Dining")
    post(ana, "Luna Mitte", category="Travel")
    post(ben, "Luna", category="Pets")
    seen: list[Any] = []

    def look(self, transactions):
        seen.extend(transaction.examples for transaction in transactions)
        return [None] * len(transactions)

    monkeypatch.setattr(ScriptedProvider, "categorize_many", look)
    post(ana, "Bar Luna")
    run_tasks()
    travel = suggestion(ana, "Travel", 0, "")["category"]
    assert seen == [(("Luna Mitte", travel),)]


def test_a_guess_of_the_model_is_told_but_not_suggested(ana, script, run_tasks):
    script.script = {"Luna": ("dining", 0.1)}
    body = post(ana, "Luna")
    run_tasks()
    assert standing(ana, body) == {
        "status": "none",
        "source": None,
        "confidence": None,
        "explanation": "Nothing is sure enough to be suggested. model: The script says Dining.",
        "awaits_model": False,
        "suggestion": None,
    }


def test_a_choice_made_meanwhile_counts_for_what_still_waits(ana, script, run_tasks):
    script.script = {"Luna": ProviderUnavailable("It is away.")}
    waiting = post(ana, "Luna Koeln")
    run_tasks()
    post(ana, "Luna Koeln", category="Gifts & Donations")
    make_due()
    run_tasks()
    assert row(ana, waiting)["category_name"] == "Gifts & Donations"
    assert standing(ana, waiting)["source"] == "history"


def test_a_suggestion_follows_what_its_own_link_says_now(ana, script, run_tasks):
    script.script = {"Luna": ProviderUnavailable("It is away.")}
    post(ana, "Luna", category="Dining")
    post(ana, "Luna", category="Shopping")
    waiting = post(ana, "Luna")
    first = standing(ana, waiting)["suggestion"]["category_name"]
    other = {"Dining": "Shopping", "Shopping": "Dining"}[first]
    for name in (other, "Travel", "Travel"):
        post(ana, "Luna", category=name)
    script.script = {"Luna": None}
    make_due()
    run_tasks()
    now = standing(ana, waiting)
    assert now["suggestion"]["category_name"] in {other, "Travel"}
    assert now["suggestion"]["category_name"] in now["explanation"]


def test_the_model_is_told_which_names_to_hide_and_whether_a_person_is_paid(ana, script, run_tasks, monkeypatch):
    told = {}
    answer = ScriptedProvider._answer

    def note(link, question):
        told[question.text] = question.hidden_names, question.is_person
        return answer(link, question)

    monkeypatch.setattr(ScriptedProvider, "_answer", note)
    PrivacyChoices.objects.create(ledger_id=ledger_id_of(ana.user), names=["Ana Example"])
    post(ana, "SEPA Überweisung Xyzptl Qwrtz Miete", iban="DE89370400440532013000")
    post(ana, "Kiosk am Eck")
    run_tasks()
    assert told == {
        "SEPA Überweisung Xyzptl Qwrtz Miete": (("Ana Example",), True),
        "Kiosk am Eck": (("Ana Example",), False),
    }


def test_a_person_who_was_paid_before_is_no_example_for_the_model(ana, script, run_tasks, monkeypatch):
    """No list knows the name, and only the account says that a person was paid."""
    post(ana, "SEPA Überweisung Xyzptl Qwrtz Miete", iban="DE89370400440532013000", category="Housing")
    post(ana, "SEPA Überweisung Stadtwerke Miete", category="Housing")
    seen: list[Any] = []
    monkeypatch.setattr(ScriptedProvider, "_answer", lambda link, question: seen.append(question.examples))
    post(ana, "SEPA Überweisung Brmpf Miete")
    run_tasks()
    [[(text, _)]] = seen
    assert text == "SEPA Überweisung Stadtwerke Miete"
