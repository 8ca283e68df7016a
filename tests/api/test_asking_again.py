"""Open rows are asked about again after learning: in parts, after any crash, and only where it is news."""

from functools import partial

import pytest

from expenses.models import Change, TrackRecord
from expenses.models.ledgers import ledger_id_of
from expenses.services import deferred
from expenses.services.learning import FROM_THE_LATEST, ask_some_again, learn
from expenses.tasks import learn_from_choices, resume_learning
from tests import queued
from tests.api.learned_shops import record_confirmed

RULES = {"BACKEND": "rules.provider.RulesProvider"}
HISTORY = {"BACKEND": "expenses.categorization.history.HistoryProvider", "MIN_CONFIDENCE": 0.95}
LEARNED = {"BACKEND": "expenses.categorization.classifier.LearnedProvider", "MIN_CONFIDENCE": 0.6}
MERCHANTS = {"BACKEND": "providers.merchants.MerchantProvider", "MIN_CONFIDENCE": 0.99}
NEVER_SURE = {"MIN_CONFIDENCE": 1.0}
NEW_SHOP = "Pfotenglück Filiale Lindenplatz"
TASK = "expenses.tasks.learn_from_choices"


@pytest.fixture(autouse=True)
def _chain(use_chain):
    use_chain(RULES, HISTORY, LEARNED, MERCHANTS)


@pytest.fixture
def record(ana):
    return partial(record_confirmed, ana)


@pytest.fixture
def open_rows(ana):
    """The ids of five rows that nothing is known of."""
    return [spend(ana, f"Pfotenglück Filiale {place}")["id"] for place in ("Linde", "Eiche", "Buche", "Esche", "Ulme")]


def spend(api, description, **fields):
    body = {"amount": "12.00", "description": description, "date": "2026-10-01", "currency": "EUR", **fields}
    answer = api.post("expenses/", body)
    assert answer.status_code == 201, answer.json()
    return answer.json()


def row_of(api, row):
    return api.get(f"transactions/{row['id']}/").json()


def names_of(api, ids):
    return [api.get(f"transactions/{number}/").json()["category_name"] for number in ids]


def ask_all_again(api):
    """All open rows, whether or not anything was learned."""
    ledger_id = ledger_id_of(api.user)
    TrackRecord.objects.update_or_create(ledger_id=ledger_id, defaults={"asking_before": FROM_THE_LATEST})
    assert ask_some_again(ledger_id=ledger_id, n_batches=10) is False
    assert TrackRecord.objects.get().asking_before is None


def test_it_goes_on_after_a_crash_between_learning_and_asking(ana, record, open_rows, run_tasks):
    record(60)
    learn(ledger_id=ledger_id_of(ana.user))
    TrackRecord.objects.update(learning_until=None)
    queued.lose_all()
    assert names_of(ana, open_rows) == [None] * 5
    assert TrackRecord.objects.get().asking_before == FROM_THE_LATEST

    assert queued.committed(resume_learning) == 1
    run_tasks()

    assert names_of(ana, open_rows) == ["Hund"] * 5
    assert (TrackRecord.objects.get().asking_before, TrackRecord.objects.get().learning_until) == (None, None)
    assert queued.committed(resume_learning) == 0


def test_it_asks_in_parts_the_latest_rows_first(ana, record, open_rows, monkeypatch, run_tasks):
    monkeypatch.setattr(deferred, "BATCH_AGAIN", 1)
    monkeypatch.setattr("expenses.tasks.BATCHES_AGAIN", 2)
    record(60)
    queued.lose_all()

    queued.committed(learn_from_choices.func, ledger_id_of(ana.user))

    assert names_of(ana, open_rows) == [None, None, None, "Hund", "Hund"]
    assert TrackRecord.objects.get().asking_before == open_rows[3]
    assert TrackRecord.objects.get().learning_until is not None
    assert queued.n_waiting(TASK) == 1
    run_tasks()
    assert names_of(ana, open_rows) == ["Hund"] * 5
    assert queued.n_waiting(TASK) == 0
    assert queued.committed(resume_learning) == 0


def test_a_crash_between_two_parts_costs_no_row(ana, record, open_rows, monkeypatch, run_tasks):
    monkeypatch.setattr(deferred, "BATCH_AGAIN", 1)
    monkeypatch.setattr("expenses.tasks.BATCHES_AGAIN", 2)
    record(60)
    queued.committed(learn_from_choices.func, ledger_id_of(ana.user))
    queued.lose_all()

    assert queued.committed(resume_learning) == 1
    run_tasks()

    assert names_of(ana, open_rows) == ["Hund"] * 5


def test_what_is_learned_while_rows_are_asked_about_is_asked_about_all_of_them(
    ana, record, open_rows, monkeypatch, run_tasks
):
    monkeypatch.setattr(deferred, "BATCH_AGAIN", 2)
    record(60)
    learn(ledger_id=ledger_id_of(ana.user))
    assert ask_some_again(ledger_id=ledger_id_of(ana.user), n_batches=1) is True
    assert TrackRecord.objects.get().asking_before == open_rows[3]
    ask = deferred.ask_open_rows_again

    def learn_meanwhile(*, ledger_id, before):
        after = ask(ledger_id=ledger_id, before=before)
        learn(ledger_id=ledger_id, is_forced=True)
        return after

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr("expenses.services.learning.ask_open_rows_again", learn_meanwhile)
        assert ask_some_again(ledger_id=ledger_id_of(ana.user), n_batches=1) is True

    assert TrackRecord.objects.get().asking_before == FROM_THE_LATEST


def test_keywords_that_are_saved_during_the_first_batch_reach_its_rows(ana, use_chain, monkeypatch):
    use_chain({"BACKEND": "expenses.categorization.keywords.KeywordProvider", "MIN_CONFIDENCE": 0.9})
    [dog, cat] = [ana.post("categories/", {"name": name, "kind": "expense"}).json()["id"] for name in ("Hund", "Katze")]
    row = spend(ana, "Pfotenglueck Lindenplatz")
    learn(ledger_id=ledger_id_of(ana.user))  # so that nothing is left to learn
    ask = deferred.ask_open_rows_again

    def save_meanwhile(*, ledger_id, before):
        after = ask(ledger_id=ledger_id, before=before)
        ana.patch(f"categories/{dog}/", {"keywords": ["pfotenglueck"]})
        return after

    ana.patch(f"categories/{cat}/", {"keywords": ["samtpfote"]})
    with monkeypatch.context() as meanwhile:
        meanwhile.setattr("expenses.services.learning.ask_open_rows_again", save_meanwhile)
        assert ask_some_again(ledger_id=ledger_id_of(ana.user), n_batches=1) is True
    ask_some_again(ledger_id=ledger_id_of(ana.user), n_batches=10)

    assert row_of(ana, row)["category_name"] == "Hund"


def test_nothing_is_written_where_nothing_is_new(ana, record, use_chain, run_tasks):
    use_chain(HISTORY | NEVER_SURE, LEARNED | NEVER_SURE)
    record(60)
    run_tasks()
    rows = [spend(ana, NEW_SHOP), spend(ana, "Qwrt Xvzz")]
    assert rows[0]["categorization"]["suggestion"]["category_name"] == "Hund"
    assert rows[1]["categorization"]["status"] == "none"
    before, n_changes = [row_of(ana, row) for row in rows], Change.objects.count()

    for _ in range(2):
        learn(ledger_id=ledger_id_of(ana.user), is_forced=True)
        ask_all_again(ana)

    assert [row_of(ana, row) for row in rows] == before
    assert Change.objects.count() == n_changes


def test_an_answer_that_another_link_doubts_is_not_written_each_time(ana, use_chain):
    """History is not sure enough for the person; the merchants' link would be, with another answer."""
    use_chain(HISTORY | {"MIN_CONFIDENCE": 0.999})
    ana.post("categories/", {"name": "Kids", "kind": "expense"})
    for _ in range(3):
        spend(ana, "Netflix", category="Kids")
    row = spend(ana, "Netflix")
    use_chain(HISTORY | {"MIN_CONFIDENCE": 0.999}, MERCHANTS | {"MIN_CONFIDENCE": 0.5})
    assert spend(ana, "Netflix", date="2026-10-02")["categorization"] == row["categorization"]

    ask_all_again(ana)

    after = row_of(ana, row)
    assert after["categorization"]["suggestion"]["category_name"] == "Kids"
    assert after["version"] == row["version"]


def test_a_rule_that_was_made_later_changes_no_row_by_itself(ana, record, run_tasks, use_chain):
    use_chain(RULES, HISTORY | NEVER_SURE, LEARNED | NEVER_SURE)
    row = spend(ana, "Pfotenglück Qwerty")
    answer = ana.post(
        "rules/",
        {
            "name": "Keyboards",
            "conditions": [{"field": "description", "op": "contains", "value": "qwerty"}],
            "actions": [
                {"type": "set_category", "value": "groceries"},
                {"type": "set_notes", "value": "Written by a rule"},
            ],
        },
    )
    assert answer.status_code == 201, answer.json()
    assert spend(ana, "Pfotenglück Qwerty", date="2026-10-02")["notes"] == "Written by a rule"
    record(60)
    run_tasks()

    after = row_of(ana, row)

    assert (after["category_name"], after["notes"]) == (None, "")
    assert after["categorization"]["suggestion"]["category_name"] == "Hund"


def test_a_row_whose_merchant_a_link_wrote_is_matched_by_what_the_bank_wrote(ana, run_tasks):
    row = spend(ana, "AMZN Mktp DE*2A3BC4D")
    assert (row["merchant"], row["categorization"]["status"]) == ("Amazon", "suggested")
    ana.post("categories/", {"name": "Kids", "kind": "expense"})
    for _ in range(12):
        spend(ana, "AMZN Mktp DE*2A3BC4D", category="Kids")
    run_tasks()

    after = row_of(ana, row)

    assert (after["category_name"], after["merchant"]) == ("Kids", "Amazon")
    assert (after["categorization"]["status"], after["categorization"]["source"]) == ("automatic", "history")


@pytest.mark.parametrize("intercept", [-1.0, -3.0])
def test_a_suggestion_becomes_less_sure_when_links_together_were_often_wrong(ana, intercept):
    row = spend(ana, "Netflix")
    before = row["categorization"]["suggestion"]
    assert before["source"] == "merchants"
    corrected = {"corrections": {"together": [intercept, 1.0, False]}}
    TrackRecord.objects.update_or_create(ledger_id=ledger_id_of(ana.user), defaults=corrected)
    ask_all_again(ana)

    after = row_of(ana, row)["categorization"]

    assert after["suggestion"]["confidence"] < before["confidence"] - 0.05
    new = spend(ana, "Netflix", date="2026-10-02")["categorization"]
    assert after == new


def test_a_hidden_category_is_not_answered_with_another_surely(ana, record, run_tasks):
    record(60)
    run_tasks()
    asked = {"description": NEW_SHOP, "amount": "12.00"}
    assert ana.post("categorization/suggest/", asked).json()["category_name"] == "Hund"
    hund = next(c["id"] for c in ana.get("categories/").json()["results"] if c["name"] == "Hund")
    assert ana.patch(f"categories/{hund}/", {"is_hidden": True}).status_code == 200

    answer = ana.post("categorization/suggest/", asked).json()

    assert answer["category_name"] is None
    assert [(a["provider"], a["outcome"]) for a in answer["attempts"]][2] == ("learned", "declined")


@pytest.mark.parametrize("text", ["Oma Geschenk", "Ebay Verkauf Fahrrad", NEW_SHOP])
def test_who_confirmed_few_incomes_is_not_told_surely_which_one_it_is(ana, record, run_tasks, use_chain, text):
    use_chain(HISTORY, LEARNED | {"MIN_CONFIDENCE": 0.85})
    record(60)
    incomes = [
        {"kind": "income", "amount": "3000.00", "currency": "EUR", "date": f"2026-0{i}-25", "category": "Salary",
         "description": f"Lohn Muster {letter * 5}"}
        for i, letter in enumerate("abcd", start=1)
    ]  # fmt: skip
    assert ana.post("transactions/bulk/", {"transactions": incomes}).status_code == 200
    run_tasks()

    asked = {"description": text, "amount": "12.00", "direction": "in", "kind": "income"}
    answer = ana.post("categorization/suggest/", asked).json()

    assert answer["status"] in {"none", "suggested"}
    assert answer["category_name"] in {None, "Salary"}
