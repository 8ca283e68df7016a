"""An expense that nothing else knows, from the request to the answer of a real Ollama, replayed."""

import pytest

from expenses.models.ledgers import ledger_id_of
from expenses.services.learning import learn
from tests.providers.ollama_cassettes import cassette
from tests.providers.ollama_scenarios import HOST, MODEL

OLLAMA = {
    "BACKEND": "providers.ollama.OllamaProvider",
    "MIN_CONFIDENCE": 0.2,
    "DEFERRED": True,
    "OPTIONS": {"host": HOST, "model": MODEL},
}
HISTORY = {"BACKEND": "expenses.categorization.history.HistoryProvider", "MIN_CONFIDENCE": 0.95}
RULES = {"BACKEND": "rules.provider.RulesProvider"}
EXPENSE = {"amount": "7.10", "description": "ZORB PLINTH 4711", "date": "2026-11-02"}


def test_a_weak_guess_of_the_model_is_told_and_not_suggested(ana, use_chain, run_tasks):
    use_chain(RULES, OLLAMA)
    written = ana.post("expenses/", EXPENSE).json()
    assert written["categorization"] == {
        "status": "pending",
        "source": None,
        "confidence": None,
        "explanation": "Nothing else was sure enough; the local model will look at it.",
        "awaits_model": True,
        "suggestion": None,
    }
    with cassette("expense_of_nobody"):
        run_tasks()
    body = ana.get(f"transactions/{written['id']}/").json()
    assert body["categorization"] == {
        "status": "none",
        "source": None,
        "confidence": None,
        "explanation": (
            "Nothing is sure enough to be suggested. "
            "model: The local model smollm2:135m chose Groceries among 18 categories."
        ),
        "awaits_model": False,
        "suggestion": None,
    }
    attempts = ana.get(f"transactions/{written['id']}/explanation/").json()["attempts"]
    assert [(attempt["provider"], attempt["outcome"]) for attempt in attempts] == [
        ("rule", "declined"),
        ("model", "unsure"),
    ]


def test_the_recorded_model_is_weighed_beside_history_and_by_what_is_confirmed(ana, use_chain, run_tasks):
    use_chain(RULES, HISTORY, OLLAMA)
    assert ana.post("expenses/", EXPENSE | {"description": "Luna Mitte Grill", "category": "Dining"}).status_code == 201
    run_tasks()
    written = ana.post("expenses/", EXPENSE | {"description": "Luna Mitte Bar"}).json()
    before = written["categorization"]["suggestion"]
    with cassette("expense_beside_history"):
        run_tasks()
    standing = ana.get(f"transactions/{written['id']}/").json()["categorization"]
    assert standing == {
        "status": "suggested",
        "source": None,
        "confidence": None,
        "explanation": "Not sure enough to take: You put “luna mitte” into Dining once. The link model agrees.",
        "awaits_model": False,
        "suggestion": before | {"confidence": 0.3246},
    }
    suggested = ana.post("categorization/suggest/", {"description": "Luna Mitte Bar", "kind": "expense"}).json()
    assert (suggested["confidence"], suggested["source"]) == (0.3246, "history")
    assert ana.post(f"transactions/{written['id']}/confirm/").status_code == 200
    learn(ledger_id=ledger_id_of(ana.user))
    record = ana.get("categorization/chain/").json()["links"][-1]["record"]
    assert record["sentence"] == "It was right 1 time in 1 and the chain without it 1 time."


@pytest.mark.allow_hosts(["127.0.0.1"])
def test_a_closed_port_leaves_it_pending_with_the_reason(ana, use_chain, run_tasks):
    use_chain(RULES, {**OLLAMA, "OPTIONS": {"host": "http://127.0.0.1:9", "model": MODEL}})
    written = ana.post("expenses/", EXPENSE).json()
    run_tasks()
    standing = ana.get(f"transactions/{written['id']}/").json()["categorization"]
    assert (standing["status"], standing["explanation"]) == (
        "pending",
        "Ollama at http://127.0.0.1:9 refused the connection; is it running? It will be tried again.",
    )
