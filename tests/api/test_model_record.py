"""The record of the model: what it said about rows that are confirmed now, and how far it is asked and believed."""

from typing import Any

import pytest
from django.core.cache import cache
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from expenses.models import ModelAnswer, TrackRecord, Transaction
from expenses.models.ledgers import ledger_id_of
from expenses.services.adoption import judge_rows
from expenses.services.deletion import purge_deleted
from expenses.services.learning import learn
from providers.answer_record import AnswerRecord
from providers.interface import Trust
from tests.fakes import ScriptedProvider

HISTORY = {"BACKEND": "expenses.categorization.history.HistoryProvider", "MIN_CONFIDENCE": 0.95}
MODEL = {"BACKEND": "tests.fakes.RecallingProvider", "MIN_CONFIDENCE": 0.8, "DEFERRED": True}
#: Words without digits, so that each is a text of its own.
WORDS = [f"zorx{one}{two}" for one in "abcdefg" for two in "hijklmnop"]


@pytest.fixture
def script(use_chain, monkeypatch):
    """Answers of the model to texts that contain a word."""
    cache.clear()
    use_chain({"BACKEND": "rules.provider.RulesProvider"}, HISTORY, MODEL)
    monkeypatch.setattr(ScriptedProvider, "script", {})
    monkeypatch.setattr(ScriptedProvider, "asked", [])
    return ScriptedProvider


def spend(api, *descriptions: str, **fields: Any) -> list[dict[str, Any]]:
    rows = [{"amount": "4.50", "direction": "out", "description": text, **fields} for text in descriptions]
    answer = api.post("transactions/bulk/", {"transactions": rows}).json()
    assert answer["errors"] == []
    return list(answer["created"])


def choose(api, rows, category: str) -> None:
    for row in rows:
        assert api.patch(f"transactions/{row['id']}/", {"category": category}).status_code == 200


def shown(api) -> Any:
    return api.get("categorization/chain/").json()["links"][-1]["record"]


def counts(api) -> tuple[int, ...]:
    """The record after learning, which a worker would put off for some seconds."""
    learn(ledger_id=ledger_id_of(api.user))
    record = shown(api)
    return tuple(record[name] for name in ("n", "right", "right_without", "only_right_with", "only_right_without"))


def store_record(api, **fields: Any) -> None:
    """Have the ledger believe in a record, as learning would leave it."""
    record = AnswerRecord("model", "scripted", **fields)
    TrackRecord.objects.update_or_create(pk=ledger_id_of(api.user), defaults={"answer_records": [list(record)]})


def test_the_record_counts_what_is_confirmed_now(ana, script, run_tasks):
    script.script = {"zorx": ("dining", 0.9)}
    rows = spend(ana, *WORDS[:10])
    run_tasks()
    assert counts(ana) == (0, 0, 0, 0, 0)
    for row in rows[:6]:
        assert ana.post(f"transactions/{row['id']}/confirm/").status_code == 200
    choose(ana, rows[6:8], "Shopping")
    run_tasks()
    assert counts(ana) == (8, 6, 0, 6, 0)
    assert shown(ana) == {
        "digest": "scripted",
        "n": 8,
        "right": 6,
        "right_without": 0,
        "only_right_with": 6,
        "only_right_without": 0,
        "asked_one_in": 1,
        "sentence": "It was right 6 times in 8 and the chain without it 0 times.",
    }
    choose(ana, rows[:2], "Travel")
    ana.patch(f"transactions/{rows[2]['id']}/", {"category": None})
    run_tasks()
    assert counts(ana) == (7, 3, 0, 3, 0)


def test_what_the_other_links_said_is_counted_beside_it(ana, script, run_tasks):
    spend(ana, "Luna Mitte Grill", category="Dining")
    script.script = {"Luna": ("travel", 0.9)}
    rows = spend(ana, "Luna Mitte Bar", "Luna Mitte Cafe")
    run_tasks()
    choose(ana, rows[:1], "Dining")
    choose(ana, rows[1:], "Travel")
    run_tasks()
    assert counts(ana) == (2, 1, 1, 1, 1)


def test_a_text_counts_once_by_its_latest_answer(ana, script, run_tasks):
    script.script = {"zorx": ("dining", 0.9)}
    rows = spend(ana, *["zorxab"] * 5, "zorxcd")
    run_tasks()
    choose(ana, rows, "Dining")
    run_tasks()
    assert counts(ana) == (2, 2, 0, 2, 0)


def test_the_latest_texts_count(ana, script, run_tasks, monkeypatch):
    monkeypatch.setattr("expenses.categorization.model_record.MOST_TEXTS", 5)
    script.script = {"zorx": ("dining", 0.9)}
    for part, category in ((WORDS[:6], "Travel"), (WORDS[6:9], "Dining")):
        rows = spend(ana, *part)
        run_tasks()
        choose(ana, rows, category)
    assert counts(ana) == (5, 3, 0, 3, 0)


def test_rows_in_the_bin_and_purged_rows_count_no_more(ana, script, run_tasks):
    script.script = {"zorx": ("dining", 0.9)}
    rows = spend(ana, *WORDS[:3])
    run_tasks()
    choose(ana, rows, "Dining")
    run_tasks()
    ana.delete(f"transactions/{rows[0]['id']}/")
    run_tasks()
    assert counts(ana) == (2, 2, 0, 2, 0)
    [deleted] = Transaction.everything.in_bin().values_list("deleted_at", flat=True)
    assert purge_deleted(before=deleted.replace(year=deleted.year + 1)) == 1
    assert ModelAnswer.objects.count() == 2
    ana.post(f"transactions/{rows[1]['id']}/confirm/")


def test_a_review_that_is_reverted_takes_its_outcomes_along(ana, script, run_tasks):
    script.script = {"zorx": ("dining", 0.9)}
    rows = spend(ana, *WORDS[:4])
    run_tasks()
    run = ana.post("review/resolve/", {"ids": [row["id"] for row in rows], "category": "Dining"}).json()
    run_tasks()
    assert counts(ana) == (4, 4, 0, 4, 0)
    assert ana.post(f"runs/{run['id']}/revert/").json()["kept"] == []
    run_tasks()
    assert counts(ana) == (0, 0, 0, 0, 0)


def test_a_merge_takes_answers_along_and_a_deleted_category_makes_them_wrong(ana, script, run_tasks):
    for name in ("Boats", "Sailing"):
        assert ana.post("categories/", {"name": name, "kind": "expense"}).status_code == 201
    ids = {one["name"]: one["id"] for one in ana.get("categories/?page_size=500").json()["results"]}
    script.script = {"zorx": ("dining", 0.9)}
    rows = spend(ana, *WORDS[:2])
    run_tasks()
    ModelAnswer.objects.update(category_id=ids["Boats"], category_without_id=ids["Boats"])
    choose(ana, rows, "Sailing")
    run_tasks()
    assert counts(ana) == (2, 0, 0, 0, 0)
    assert ana.delete(f"categories/{ids['Boats']}/?replacement=Sailing").status_code in {200, 204}
    run_tasks()
    assert counts(ana) == (2, 2, 2, 0, 0)
    choose(ana, rows, "Travel")
    assert ana.delete(f"categories/{ids['Sailing']}/").status_code == 204
    run_tasks()
    assert counts(ana) == (2, 0, 0, 0, 0)


def test_another_build_of_the_model_begins_anew_at_once(ana, script, run_tasks, monkeypatch):
    script.script = {"zorx": ("dining", 0.9)}
    store_record(ana, n=100, n_right=20, n_right_without=60, is_of_use=False)
    monkeypatch.setattr(ScriptedProvider, "version", "newer")
    rows = spend(ana, *WORDS[:40])
    assert 0 < sum(row["categorization"]["awaits_model"] for row in rows) < 12
    run_tasks()
    assert (shown(ana)["digest"], shown(ana)["n"], shown(ana)["asked_one_in"]) == ("newer", 0, 1)
    later = spend(ana, *WORDS[40:50])
    assert all(row["categorization"]["awaits_model"] for row in later)


@pytest.fixture
def useless(ana, script, run_tasks):
    """A model that was wrong where history was right, forty times."""
    names = [word.replace("zorx", "luna") for word in WORDS[:40]]
    for word in names:
        spend(ana, f"{word} mitte grill", category="Dining")
    script.script = {"luna": ("travel", 0.2)}
    rows = spend(ana, *[f"{word} mitte bar" for word in names])
    run_tasks()
    choose(ana, rows, "Dining")
    run_tasks()
    return rows


@pytest.mark.usefixtures("useless")
def test_a_model_that_does_not_help_is_asked_about_one_text_in_ten_and_says_why(ana, script, run_tasks):
    why = "It is asked about one text in ten, because it was right 0 times in 40 and the chain without it 40 times."
    assert (shown(ana)["asked_one_in"], shown(ana)["sentence"]) == (10, why)
    script.asked.clear()
    rows = spend(ana, *WORDS)
    skipped = [row for row in rows if not row["categorization"]["awaits_model"]]
    assert len(WORDS) * 0.75 < len(skipped) < len(WORDS)
    assert skipped[0]["categorization"] == {
        "status": "none",
        "source": None,
        "confidence": None,
        "explanation": f"Nothing recognized this text (asked: rule, history). model: {why}",
        "awaits_model": False,
        "suggestion": None,
    }
    attempts = ana.get(f"transactions/{skipped[0]['id']}/explanation/").json()["attempts"]
    assert [(one["provider"], one["outcome"]) for one in attempts] == [
        ("rule", "declined"),
        ("history", "declined"),
        ("model", "skipped"),
    ]
    assert attempts[-1]["explanation"] == why
    run_tasks()
    asked = {row["description"] for row in rows} - {row["description"] for row in skipped}
    assert set(script.asked) == asked
    again = {row["description"] for row in spend(ana, *WORDS) if row["categorization"]["awaits_model"]}
    assert again == asked


@pytest.mark.usefixtures("useless")
def test_a_text_that_the_model_is_not_asked_about_is_not_asked_by_suggesting_either(ana, script, run_tasks):
    [text, *_] = [row["description"] for row in spend(ana, *WORDS) if not row["categorization"]["awaits_model"]]
    script.asked.clear()
    body = ana.post("categorization/suggest/", {"description": text}).json()
    assert (body["status"], body["retry_after_s"], body["attempts"][-1]["outcome"]) == ("none", None, "skipped")
    run_tasks()
    assert text not in script.asked


def test_it_is_asked_about_every_text_again_once_it_helps(ana, script, useless, run_tasks):
    assert shown(ana)["asked_one_in"] == 10
    choose(ana, useless, "Travel")
    run_tasks()
    assert counts(ana) == (40, 40, 0, 40, 0)
    assert shown(ana)["asked_one_in"] == 1
    assert all(row["categorization"]["awaits_model"] for row in spend(ana, *WORDS[:20]))


def test_few_outcomes_never_take_it_out_of_use(ana, script, run_tasks):
    for word in WORDS[:12]:
        spend(ana, f"{word} mitte grill", category="Dining")
    script.script = {"zorx": ("travel", 0.2)}
    rows = spend(ana, *[f"{word} mitte bar" for word in WORDS[:12]])
    run_tasks()
    choose(ana, rows, "Dining")
    run_tasks()
    assert counts(ana) == (12, 0, 12, 0, 12)
    assert shown(ana)["asked_one_in"] == 1


def test_a_good_record_makes_the_answer_that_another_link_shares_automatic(ana, script, run_tasks):
    spend(ana, "Luna Mitte Grill", category="Dining")
    script.script = {"Luna": ("dining", 1.0)}
    store_record(ana, n=0)
    [unsure] = spend(ana, "Luna Mitte Bar")
    run_tasks()
    assert ana.get(f"transactions/{unsure['id']}/").json()["categorization"]["status"] == "suggested"
    store_record(ana, n=400, n_right=398, by_chance=0.1)
    assert ana.patch("categorization/thresholds/", {"evidence": {"leading_words": 0.9}}).status_code == 200
    [row] = spend(ana, "Luna Mitte Cafe")
    run_tasks()
    after = ana.get(f"transactions/{row['id']}/").json()
    assert (after["category_name"], after["categorization"]["status"], after["categorization"]["source"]) == (
        "Dining",
        "automatic",
        "history",
    )
    assert after["categorization"]["explanation"] == "You put “luna mitte” into Dining once. The link model agrees."


def test_suggesting_gives_what_the_row_gets(ana, script, run_tasks):
    spend(ana, "Luna Mitte Grill", category="Dining")
    script.script = {"Luna": ("travel", 0.97), "zorx": ("dining", 0.9)}
    store_record(ana, n=50, n_right=40, by_chance=0.1)
    rows = spend(ana, "Luna Mitte Bar", "zorxab")
    run_tasks()
    for row in rows:
        body = ana.post("categorization/suggest/", {"description": row["description"]}).json()
        now = ana.get(f"transactions/{row['id']}/").json()["categorization"]["suggestion"]
        assert (body["category_name"], body["confidence"], body["source"]) == (
            now["category_name"],
            now["confidence"],
            now["source"],
        )


def test_what_is_learned_later_is_pooled_with_the_answer_that_the_model_gave(ana, script, run_tasks):
    script.script = {"Luna": ("travel", 0.97)}
    store_record(ana, n=50, n_right=40, by_chance=0.1)
    [row] = spend(ana, "Luna Mitte Bar")
    run_tasks()
    before = ana.get(f"transactions/{row['id']}/").json()["categorization"]
    assert (before["suggestion"]["category_name"], before["suggestion"]["source"]) == ("Travel", "model")
    spend(ana, "Luna Mitte Grill", category="Dining")
    TrackRecord.objects.update(learned_from="")
    run_tasks()
    after = ana.get(f"transactions/{row['id']}/").json()["categorization"]
    attempts = ana.get(f"transactions/{row['id']}/explanation/").json()["attempts"]
    assert [(one["provider"], one["category_name"]) for one in attempts] == [
        ("rule", None),
        ("history", "Dining"),
        ("model", "Travel"),
    ]
    assert "says" in after["explanation"]
    body = ana.post("categorization/suggest/", {"description": "Luna Mitte Bar"}).json()
    assert body["status"] in {"suggested", "pending"}


@given(said=st.tuples(st.sampled_from(["dining", "travel", "transfers", "pets"]), st.floats(0, 1)))
@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_threshold_makes_what_only_the_model_says_automatic(ana, script, run_tasks, said):
    script.script = {"blorf": said}
    store_record(ana, n=2000, n_right=2000, by_chance=0.05)
    lowest = {"thresholds": {"model": 0, "history": 0}, "evidence": {"model": 0, "other": 0}}
    assert ana.patch("categorization/thresholds/", lowest).status_code == 200
    spend(ana, "Luna Mitte Grill", category="Dining")
    [row] = spend(ana, "blorf")
    run_tasks()
    after = ana.get(f"transactions/{row['id']}/").json()
    assert after["category"] is None
    assert after["categorization"]["status"] in {"suggested", "none"}


def test_new_thresholds_take_no_suggestion_of_the_model(ana, script, run_tasks):
    script.script = {"zorx": ("dining", 1.0)}
    store_record(ana, n=400, n_right=398, by_chance=0.05)
    [row] = spend(ana, "zorxab")
    run_tasks()
    standing = ana.get(f"transactions/{row['id']}/").json()["categorization"]
    assert standing["suggestion"]["confidence"] > 0.9
    ledger = Transaction.objects.filter(ledger_id=ledger_id_of(ana.user))
    every = {"before": None, "after": 0.1}
    judged = judge_rows(
        ledger,
        trust=Trust(thresholds={"model": 0.1}, evidence_thresholds={"other": 0.1, "model": 0.1}),
        evidence={"other": every, "model": every},
        links={"model": every},
    )
    assert (judged.taken.count(), judged.suggested.count()) == (0, 0)


def test_a_stranger_sees_nothing_of_it(ana, ben, script, run_tasks):
    script.script = {"zorx": ("dining", 0.9)}
    rows = spend(ana, *WORDS[:3])
    run_tasks()
    choose(ana, rows, "Dining")
    run_tasks()
    assert counts(ana) == (3, 3, 0, 3, 0)
    assert counts(ben) == (0, 0, 0, 0, 0)
