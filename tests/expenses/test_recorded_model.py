"""An expense that nothing else knows, from the request to the answer of a real Ollama, replayed."""

import pytest

from tests.providers.ollama_cassettes import cassette
from tests.providers.ollama_scenarios import HOST, MODEL

OLLAMA = {
    "BACKEND": "providers.ollama.OllamaProvider",
    "MIN_CONFIDENCE": 0.2,
    "DEFERRED": True,
    "OPTIONS": {"host": HOST, "model": MODEL},
}
RULES = {"BACKEND": "rules.provider.RulesProvider"}
EXPENSE = {"amount": "7.10", "description": "ZORB PLINTH 4711", "date": "2026-11-02"}


def test_a_guess_of_the_model_is_told_after_the_expense_was_recorded(ana, use_chain, run_tasks):
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
