"""Confirmed transactions teach the chain: new texts are answered, and open rows are asked about again."""

from functools import partial
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from expenses.categorization.classifier import load_weights
from expenses.models import Classifier, TrackRecord
from expenses.services.learning import learn
from expenses.tasks import resume_learning
from tests import queued
from tests.api.learned_shops import record_confirmed

HISTORY = {"BACKEND": "expenses.categorization.history.HistoryProvider", "MIN_CONFIDENCE": 0.95}
LEARNED = {"BACKEND": "expenses.categorization.classifier.LearnedProvider", "MIN_CONFIDENCE": 0.6}
NEW_SHOP = "Lindenplatz Pfotenglück Filiale"


@pytest.fixture(autouse=True)
def _chain(use_chain):
    use_chain(HISTORY, LEARNED)


@pytest.fixture
def record(ana):
    """Record so many confirmed transactions in Ana's own categories."""
    return partial(record_confirmed, ana)


def untimed_attempts(attempts):
    """Attempts without how long they took."""
    return [{name: value for name, value in attempt.items() if name != "duration_ms"} for attempt in attempts]


def suggest(api, description):
    return api.post("categorization/suggest/", {"description": description, "amount": "12.00"}).json()


def spend(api, description):
    body = {"amount": "12.00", "description": description, "date": "2026-10-01", "currency": "EUR"}
    answer = api.post("expenses/", body)
    assert answer.status_code == 201, answer.json()
    return answer.json()


def test_a_shop_that_nobody_saw_before_is_put_where_shops_like_it_are(ana, record, run_tasks):
    record(60)
    run_tasks()

    answer = suggest(ana, NEW_SHOP)

    history, learned = untimed_attempts(answer["attempts"])
    assert history["outcome"] in {"declined", "unsure"}
    assert learned == {
        "provider": "learned",
        "version": "2",
        "outcome": "answered",
        "category_name": "Hund",
        "confidence": answer["confidence"],
        "score": learned["score"],
        "explanation": learned["explanation"],
        "details": learned["details"],
    }
    assert learned["explanation"].endswith("for Hund, as learned from 60 transactions that you confirmed.")
    assert "pfotengluck" in learned["details"]["words"]
    assert {"learned_from": 60, "pooled": answer["confidence"]}.items() <= learned["details"].items()
    assert 0.6 <= learned["details"]["alone"] < 1
    assert answer["category_name"] == "Hund"
    assert answer["rationale"] == learned["explanation"]
    assert 0.6 <= answer["confidence"] < 1


def test_before_enough_is_confirmed_the_link_declines_and_says_why(ana, record, run_tasks):
    record(9)
    run_tasks()

    answer = suggest(ana, "Restaurant Lindenplatz")

    assert untimed_attempts(answer["attempts"])[1] == {
        "provider": "learned",
        "version": "2",
        "outcome": "declined",
        "category_name": None,
        "confidence": None,
        "score": None,
        "explanation": "It has not learned from enough confirmed transactions yet, or was of no use.",
        "details": {},
    }
    assert answer["status"] == "none"


def test_a_text_of_unknown_words_gets_no_answer_and_says_why(ana, record, run_tasks):
    record(60)
    run_tasks()

    answer = suggest(ana, "Qwrt Xvzz")

    assert (answer["status"], answer["attempts"][1]["outcome"]) == ("none", "declined")
    assert answer["attempts"][1]["explanation"] == "It knows no word of this text."


def test_what_one_person_taught_is_not_told_to_another(ana, ben, record, run_tasks):
    record(60)
    run_tasks()

    answer = suggest(ben, NEW_SHOP)

    assert answer["category_name"] is None
    assert [attempt["outcome"] for attempt in answer["attempts"]] == ["declined", "declined"]


def test_rows_that_were_left_open_are_answered_once_something_is_learned(ana, record, run_tasks):
    before = spend(ana, NEW_SHOP)
    assert before["categorization"]["status"] == "none"
    record(60)
    run_tasks()

    after = ana.get(f"transactions/{before['id']}/").json()

    assert after["category_name"] == "Hund"
    assert after["categorization"]["status"] == "automatic"
    assert after["categorization"]["source"] == "learned"
    assert after["version"] > before["version"]
    newest = ana.get(f"transactions/{before['id']}/history/").json()["results"][0]
    assert newest["source"] == "learned"


def test_a_row_whose_category_was_taken_away_stays_without(ana, record, run_tasks):
    row = spend(ana, NEW_SHOP)
    ana.patch(f"transactions/{row['id']}/", {"category": "Hund"})
    ana.patch(f"transactions/{row['id']}/", {"category": None})
    record(60)
    run_tasks()

    assert ana.get(f"transactions/{row['id']}/").json()["category"] is None


def test_a_row_that_no_machine_was_to_classify_is_left_alone(ana, record, run_tasks):
    body = {"amount": "12.00", "description": NEW_SHOP, "ai_classify": False}
    row = ana.post("expenses/", body).json()
    record(60)
    run_tasks()

    assert ana.get(f"transactions/{row['id']}/").json()["category"] is None


def test_a_row_that_a_person_looked_at_is_left_alone(ana, record, run_tasks):
    row = spend(ana, NEW_SHOP)
    assert ana.patch(f"transactions/{row['id']}/", {"review": "done"}).status_code == 200
    record(60)
    run_tasks()

    assert ana.get(f"transactions/{row['id']}/").json()["category"] is None


def test_a_correction_counts_at_once(ana):
    ana.post("categories/", {"name": "Boulder", "kind": "expense"})
    row = spend(ana, "Irgendwas Neues 17")
    ana.patch(f"transactions/{row['id']}/", {"category": "Boulder"})

    answer = suggest(ana, "Irgendwas Neues 18")

    assert (answer["category_name"], answer["source"], answer["confidence"]) == ("Boulder", "history", 0.99)


def test_learning_twice_comes_to_the_same(ana, record, run_tasks):
    record(60)
    run_tasks()
    [first], [measured] = Classifier.objects.values_list("digest"), TrackRecord.objects.values_list("links")

    learn(ledger_id=Classifier.objects.get().pk, is_forced=True)

    assert Classifier.objects.values_list("digest").get() == first
    assert TrackRecord.objects.values_list("links").get() == measured


def test_nothing_is_learned_again_while_nothing_was_confirmed(ana, record, run_tasks):
    record(30)
    run_tasks()

    assert learn(ledger_id=Classifier.objects.get().pk) is None


def test_what_is_confirmed_later_is_learned_too(ana, record, run_tasks, settings):
    record(30)
    run_tasks()
    assert Classifier.objects.get().n_confirmed == 30

    TrackRecord.objects.update(learned_for_s=0)  # else the next task rests first
    record(12, skip=30)
    run_tasks()

    assert Classifier.objects.get().n_confirmed == 42


def test_accepting_a_suggestion_teaches(ana, record, run_tasks):
    record(30)
    run_tasks()
    row = spend(ana, "Napf und Pfoten Laubengasse")
    TrackRecord.objects.update(learned_for_s=0)

    assert ana.post(f"transactions/{row['id']}/confirm/").status_code == 200
    run_tasks()

    assert Classifier.objects.get().n_confirmed == 31


def test_accepting_many_suggestions_at_once_teaches(ana, record, run_tasks, use_chain):
    use_chain(HISTORY | {"MIN_CONFIDENCE": 1.0}, LEARNED | {"MIN_CONFIDENCE": 1.0})
    record(30)
    run_tasks()
    ids = [spend(ana, f"Blockwerk {place}")["id"] for place in ("Laubengasse", "Seitenweg")]
    TrackRecord.objects.update(learned_for_s=0)

    assert ana.post("review/resolve/", {"ids": ids, "category": "Boulder"}).status_code in {200, 201, 202}
    run_tasks()

    assert Classifier.objects.get().n_confirmed == 32


def test_a_classifier_that_made_the_chain_worse_is_not_asked(ana, record, run_tasks):
    record(60)
    run_tasks()
    Classifier.objects.update(n_right=10, n_right_without=11, is_of_use=False)

    assert suggest(ana, NEW_SHOP)["attempts"][1]["outcome"] == "declined"


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 cut off"])
def test_damaged_weights_are_not_asked_and_break_nothing(ana, record, run_tasks, content):
    record(60)
    run_tasks()
    Classifier.objects.update(content=content)
    load_weights.cache_clear()  # as in a process that has not read them yet

    assert suggest(ana, NEW_SHOP)["attempts"][1]["outcome"] == "declined"


def test_a_task_that_a_crash_lost_is_queued_again(ana, record, run_tasks):
    record(30)
    TrackRecord.objects.exclude(learning_until=None).get()

    assert queued.committed(resume_learning) == 1
    run_tasks()

    assert Classifier.objects.get().n_confirmed == 30
    assert queued.committed(resume_learning) == 0


def test_the_command_says_what_was_learned(ana, record):
    record(60)
    said = StringIO()

    call_command("train_expense_classifier", user="ana", stdout=said)

    trained = Classifier.objects.get()
    assert said.getvalue() == (
        f"Ledger {trained.pk}: trained on 60 confirmed transactions in 2 categories; in use: "
        f"{trained.n_right} of 60 right with it, {trained.n_right_without} without it.\n"
    )
    assert (trained.n_right or 0) > (trained.n_right_without or 0)


def test_the_command_stores_nothing_in_a_rehearsal(ana, record):
    record(60)
    said = StringIO()

    call_command("train_expense_classifier", dry_run=True, stdout=said)

    assert "trained on 60 confirmed transactions" in said.getvalue()
    assert not Classifier.objects.exists()


def test_the_command_says_how_many_are_needed(ana, record):
    record(3)
    said = StringIO()

    call_command("train_expense_classifier", user="ana", stdout=said)

    assert said.getvalue().endswith("3 transactions are confirmed, 10 are needed.\n")


def test_the_command_knows_nobody_of_that_name(ana):
    with pytest.raises(CommandError, match=r"^Nobody is called 'zoe'\.$"):
        call_command("train_expense_classifier", user="zoe")
