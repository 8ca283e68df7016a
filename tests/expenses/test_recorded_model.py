"""An expense that nothing else knows, from the request to the answer of a real Ollama, replayed."""

import pytest
from django.core.management import CommandError, call_command

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


def test_the_model_decides_about_an_expense_after_it_was_recorded(ana, use_chain, run_tasks):
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
    assert body["category_name"] == "Groceries"
    assert body["categorization"] == {
        "status": "automatic",
        "source": "model",
        "confidence": 0.2985,
        "explanation": "The local model smollm2:135m chose Groceries among 18 categories.",
        "awaits_model": False,
        "suggestion": None,
    }
    attempts = ana.get(f"transactions/{written['id']}/explanation/").json()["attempts"]
    assert [(attempt["provider"], attempt["outcome"]) for attempt in attempts] == [
        ("rule", "declined"),
        ("model", "answered"),
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


def test_the_command_tells_whether_the_model_can_be_asked(use_chain, capsys):
    use_chain(OLLAMA)
    with cassette("status"):
        call_command("model", "status")
    assert capsys.readouterr().out.startswith(f"Ollama 0.24.0 at {HOST} has {MODEL} (")


def test_the_command_says_what_to_do_about_a_model_that_is_not_there(use_chain):
    use_chain({**OLLAMA, "OPTIONS": {"host": HOST, "model": "outlay-missing"}})
    with cassette("status"), pytest.raises(CommandError, match="ollama pull outlay-missing"):
        call_command("model", "status")


def test_the_command_passes_on_why_a_download_failed(use_chain):
    use_chain({**OLLAMA, "OPTIONS": {"host": HOST, "model": "127.0.0.1:9/outlay/missing"}})
    with cassette("failing_pull"), pytest.raises(CommandError, match="connection refused"):
        call_command("model", "pull")


def test_the_command_needs_a_model_in_the_chain(use_chain):
    use_chain(RULES)
    with pytest.raises(CommandError, match="No local model is configured"):
        call_command("model", "status")
