"""Suggesting: text in, category and reasons out; nothing is written, and the model is never waited for."""

from collections.abc import Callable
from typing import Any

import pytest
from django.apps import apps
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext

from expenses.models import Ledger
from providers.interface import ProviderMisbehaved, ProviderUnavailable
from providers.loading import CacheBreaker
from tests import queued
from tests.api.bodies import summary_of
from tests.fakes import RecallingProvider, ScriptedProvider

RULES = {"BACKEND": "rules.provider.RulesProvider"}
HISTORY = {"BACKEND": "expenses.categorization.history.HistoryProvider", "MIN_CONFIDENCE": 0.85}
MODEL = {"BACKEND": "tests.fakes.RecallingProvider", "MIN_CONFIDENCE": 0.8, "DEFERRED": True}
ADDRESS = "categorization/suggest/"
ASKED = "It has been asked. Send the same request again in 5 seconds."


@pytest.fixture(autouse=True)
def _chain(use_chain):
    use_chain(RULES, HISTORY)


@pytest.fixture
def script(use_chain, monkeypatch):
    """Answers of the model to texts that contain a word."""
    use_chain(RULES, HISTORY, MODEL)
    monkeypatch.setattr(ScriptedProvider, "script", {})
    monkeypatch.setattr(ScriptedProvider, "asked", [])
    monkeypatch.setattr(RecallingProvider, "known", {})
    cache.clear()
    return ScriptedProvider


def suggest(api, description: str = "Cafe Luna", **fields: Any) -> Any:
    answer = api.post(ADDRESS, {"description": description} | fields)
    assert answer.status_code == 200, answer.json()
    return untimed(answer.json())


def untimed(body: Any) -> Any:
    for attempt in body["attempts"]:
        assert isinstance(attempt.pop("duration_ms"), float)
    return body


def spend(api, description: str, **fields: Any) -> None:
    assert api.post("expenses/", {"amount": "4.50", "description": description} | fields).status_code == 201


def category_id(api, name: str) -> Any:
    [found] = [c for c in api.get("categories/", {"page_size": 500}).json()["results"] if c["name"] == name]
    return found["id"]


def attempt(provider: str, outcome: str, explanation: str, **fields: Any) -> dict[str, Any]:
    versions = {"rule": "2", "history": "2", "model": "scripted"}
    silent: dict[str, Any] = {"category_name": None, "confidence": None, "score": None, "details": {}}
    told = {"provider": provider, "version": versions[provider], "outcome": outcome, "explanation": explanation}
    return told | silent | fields


KNOWS_NOTHING = "It knows nothing about this text."
QUICK = [attempt("rule", "declined", KNOWS_NOTHING), attempt("history", "declined", KNOWS_NOTHING)]
PENDING = {
    "status": "pending",
    "category": None,
    "category_name": None,
    "confidence": None,
    "source": None,
    "retry_after_s": 5,
    "rationale": ASKED,
    "alternatives": [],
    "attempts": [*QUICK, attempt("model", "waiting", ASKED)],
}


def refusal(attr: str | None, code: str, detail: str) -> dict[str, Any]:
    errors = [{"attr": attr, "code": code, "detail": detail}]
    summary = summary_of(errors)
    return {"type": "about:blank", "title": "Bad Request", "status": 400, "detail": summary, "errors": errors}


def test_a_known_text_gets_category_confidence_and_reasons(ana):
    spend(ana, "Cafe Luna", category="Dining")
    because = "You put “cafe luna” into Dining once."
    details = {"matched": "cafe luna", "way": "the same text", "votes": 1}
    found = {"category_name": "Dining", "confidence": 0.99, "score": 1.0, "details": details}
    assert suggest(ana) == {
        "status": "automatic",
        "category": category_id(ana, "Dining"),
        "category_name": "Dining",
        "confidence": 0.99,
        "source": "history",
        "retry_after_s": None,
        "rationale": because,
        "alternatives": [],
        "attempts": [attempt("rule", "declined", KNOWS_NOTHING), attempt("history", "answered", because, **found)],
    }


def test_an_unknown_text_gets_none_and_the_reason(ana):
    assert suggest(ana) == {
        "status": "none",
        "category": None,
        "category_name": None,
        "confidence": None,
        "source": None,
        "retry_after_s": None,
        "rationale": "Nothing recognized this text (asked: rule, history).",
        "alternatives": [],
        "attempts": QUICK,
    }


def test_an_unsure_answer_is_named_with_its_alternatives_likeliest_first(ana):
    for category in ["Dining"] * 3 + ["Groceries"] * 2 + ["Travel"]:
        spend(ana, "Cafe Luna", category=category)
    body = suggest(ana)
    assert (body["status"], body["category_name"], body["confidence"]) == ("suggested", "Dining", 0.495)
    assert body["alternatives"] == [
        {"category_name": "Groceries", "confidence": 0.33},
        {"category_name": "Travel", "confidence": 0.165},
    ]


def test_a_list_is_answered_in_its_order(ana):
    spend(ana, "Cafe Luna", category="Dining")
    spend(ana, "Bakery", category="Groceries")
    texts = ["Bakery", "Nobody", "Cafe Luna", "Bakery"]
    answer = ana.post(ADDRESS, {"transactions": [{"description": text} for text in texts]})
    assert answer.status_code == 200
    assert set(answer.json()) == {"results"}
    assert [untimed(body) for body in answer.json()["results"]] == [suggest(ana, text) for text in texts]


def test_an_empty_list_gets_an_empty_list(ana):
    assert ana.post(ADDRESS, {"transactions": []}).json() == {"results": []}


def test_what_else_is_known_of_the_payment_counts(ana):
    ana.post("accounts/", {"name": "Purse", "currency": "USD"})
    rule = {
        "name": "Small cash",
        "conditions": [
            {"field": "amount", "op": "lt", "value": "5"},
            {"field": "account", "op": "in", "value": ["Purse"]},
            {"field": "currency", "op": "equals", "value": "USD"},
            {"field": "merchant", "op": "equals", "value": "Luna"},
        ],
        "actions": [{"type": "set_category", "value": "Dining"}],
    }
    assert ana.post("rules/", rule).status_code == 201
    whole = {"amount": "4.99", "account": "Purse", "merchant": "Luna", "date": "2026-11-02"}
    assert suggest(ana, "x", **whole)["category_name"] == "Dining"
    for change in ({"amount": "5.00"}, {"account": None}, {"merchant": "Sol"}, {"currency": "EUR"}):
        assert suggest(ana, "x", **(whole | change))["category_name"] is None


@pytest.mark.parametrize(
    ("fields", "category", "found"),
    [
        ({}, "Transfers", True),
        ({"kind": "expense"}, "Transfers", False),
        ({"kind": "transfer"}, "Transfers", True),
        ({"direction": "out"}, "Dining", True),
        ({"direction": "in"}, "Salary", True),
        ({"direction": "out"}, "Salary", False),
        ({"kind": "refund"}, "Dining", True),
        ({"kind": "income"}, "Dining", False),
    ],
)
def test_only_categories_that_fit_kind_and_direction_are_suggested(ana, fields, category, found):
    action = {"type": "set_category", "value": category}
    condition = {"field": "description", "op": "contains", "value": "luna"}
    ana.post("rules/", {"name": "Luna", "conditions": [condition], "actions": [action]})
    assert suggest(ana, **fields)["category_name"] == (category if found else None)


def n_rows() -> dict[str, int]:
    """How many rows every table of the ledger has, and the ledgers' versions."""
    models = [
        m for label in ("accounts", "expenses", "rules", "statements") for m in apps.get_app_config(label).get_models()
    ]
    counts = {model.__name__: model._default_manager.count() for model in models}
    return counts | {f"version of {ledger.pk}": ledger.version for ledger in Ledger.objects.all()}


def test_suggesting_changes_nothing(ana, script, run_tasks):
    spend(ana, "Bakery", category="Groceries")
    rule = {"name": "Tags", "conditions": [{"field": "description", "op": "contains", "value": "luna"}]}
    ana.post("rules/", rule | {"actions": [{"type": "add_tags", "value": ["new"]}]})
    script.script = {"Luna": ("dining", 0.9)}
    ana.get("expenses/")
    run_tasks()
    before = n_rows()
    suggest(ana, "Bakery")
    suggest(ana, "Luna")
    ana.post(ADDRESS, {"transactions": [{"description": "Luna"}, {"description": "Sol"}]})
    run_tasks()
    suggest(ana, "Luna")
    assert n_rows() == before


def test_the_model_is_asked_in_the_background_and_recalled_the_next_time(ana, script, run_tasks):
    script.script = {"Luna": ("dining", 0.9)}
    assert suggest(ana) == PENDING
    assert script.asked == []
    run_tasks()
    details = {"pooled": 0.1701, "alone": 0.9}
    found = {"category_name": "Dining", "confidence": 0.1701, "score": 0.9, "details": details}
    assert suggest(ana) == {
        "status": "suggested",
        "category": category_id(ana, "Dining"),
        "category_name": "Dining",
        "confidence": 0.1701,
        "source": "model",
        "retry_after_s": None,
        "rationale": "The script says Dining.",
        "alternatives": [],
        "attempts": [*QUICK, attempt("model", "unsure", "The script says Dining.", **found)],
    }
    assert script.asked == ["Cafe Luna"]


def test_an_unsure_answer_of_the_model_is_recalled_as_a_suggestion(ana, script, run_tasks):
    script.script = {"Luna": ("dining", 0.5)}
    suggest(ana)
    run_tasks()
    body = suggest(ana)
    assert (body["status"], body["category_name"], body["source"]) == ("suggested", "Dining", "model")
    assert queued.n_waiting() == 0


@pytest.mark.parametrize(
    "fields",
    [
        {"merchant": "Sol Coffee"},
        {"direction": "in"},
        {"kind": "expense"},
        {"kind": "refund"},
        {"amount": "4.50", "currency": "USD", "date": "2026-11-02"},
    ],
)
def test_the_model_answers_the_question_that_was_put(ana, script, run_tasks, fields):
    """The answer is kept under all that the model sees, so the task must put the same question."""
    spend(ana, "Luna Mitte", category="Travel")
    script.script = {"Luna": ("dining", 0.9)}
    assert suggest(ana, "Bar Luna", **fields)["status"] in {"pending"} | ({"none"} if "kind" in fields else set())
    run_tasks()
    assert suggest(ana, "Bar Luna", **fields)["source"] == "model"


def test_an_earlier_suggestion_is_told_while_the_model_is_waited_for(ana, script):
    for category in ("Dining", "Dining", "Groceries"):
        spend(ana, "Cafe Luna", category=category)
    body = suggest(ana)
    assert (body["status"], body["category_name"], body["source"]) == ("suggested", "Dining", "history")
    assert body["retry_after_s"] == 5
    assert body["rationale"].startswith("You put “cafe luna” into Dining twice")
    assert body["alternatives"] == [{"category_name": "Groceries", "confidence": 0.33}]


def test_alternatives_are_those_of_the_answer_and_not_of_single_links(ana, use_chain):
    use_chain(HISTORY, {"BACKEND": "providers.merchants.MerchantProvider", "MIN_CONFIDENCE": 0.8},
              {"BACKEND": "providers.name_classifier.NameClassifierProvider", "MIN_CONFIDENCE": 0.9})  # fmt: skip
    for text, category in (("Cafe Luna Nord", "Travel"), ("Cafe Luna Hof", "Travel"), ("Cafe Luna Alm", "Groceries")):
        spend(ana, text, category=category)
    body = suggest(ana, "Cafe Luna Bad")
    likely = [one["confidence"] for one in body["alternatives"]]
    assert {one["category_name"] for one in body["alternatives"]} >= {"Travel", "Groceries", "Dining"} - {
        body["category_name"]
    }
    assert likely == sorted(likely, reverse=True)
    assert body["confidence"] >= likely[0]
    assert body["confidence"] + sum(likely) <= 1.001


NOT_ASKED = PENDING | {
    "status": "none",
    "retry_after_s": None,
    "rationale": "Nothing recognized this text (asked: rule, history).",
    "attempts": QUICK,
}


def test_a_model_that_is_left_out_is_not_waited_for(ana, script, run_tasks):
    answer = ana.post(ADDRESS, {"description": "Cafe Luna", "use_model": False})
    assert (untimed(answer.json()), "Retry-After" in answer) == (NOT_ASKED, False)
    assert queued.n_waiting() == 0
    spend(ana, "Cafe Luna", category="Dining")
    spend(ana, "Cafe Luna", category="Groceries")
    body = suggest(ana, use_model=False)
    assert (body["status"], body["retry_after_s"]) == ("suggested", None)


def test_a_server_without_the_model_lets_nobody_wait(ana, script, use_chain):
    use_chain(RULES, HISTORY)
    answer = ana.post(ADDRESS, {"description": "Cafe Luna"})
    assert (untimed(answer.json()), "Retry-After" in answer) == (NOT_ASKED, False)


def test_a_pending_answer_says_when_to_ask_again(ana, script):
    spend(ana, "Bakery", category="Groceries")
    answer = ana.post(ADDRESS, {"description": "Cafe Luna"})
    assert (untimed(answer.json()), answer["Retry-After"]) == (PENDING, "5")
    answer = ana.post(ADDRESS, {"transactions": [{"description": "Bakery"}, {"description": "Cafe Luna"}]})
    assert [body["retry_after_s"] for body in answer.json()["results"]] == [None, 5]
    assert answer["Retry-After"] == "5"


def test_one_text_is_asked_once_however_often_it_is_suggested(ana, ben, script, run_tasks):
    for _ in range(3):
        suggest(ana)
    ana.post(ADDRESS, {"transactions": [{"description": "Cafe Luna"}] * 5})
    assert queued.n_waiting() == 1
    suggest(ben)
    assert queued.n_waiting() == 2


def test_the_texts_of_one_request_are_asked_in_one_task(ana, script, run_tasks):
    script.script = {"Luna": ("dining", 0.9), "Sol": ("travel", 0.9)}
    body = {"transactions": [{"description": text} for text in ("Luna", "Sol", "Luna", "Mar")]}
    assert [one["status"] for one in ana.post(ADDRESS, body).json()["results"]] == ["pending"] * 4
    assert queued.n_waiting() == 1
    run_tasks()
    assert script.asked == ["Luna", "Sol", "Mar"]
    results = ana.post(ADDRESS, body).json()["results"]
    assert [one["category_name"] for one in results] == ["Dining", "Travel", "Dining", None]
    assert [one["status"] for one in results] == ["suggested"] * 3 + ["none"]


AWAY = "It is away. Send the same request again in 60 seconds."


def test_nobody_waits_for_a_model_that_is_away(ana, script, run_tasks):
    script.script = {"Luna": ProviderUnavailable("It is away.")}
    suggest(ana)
    run_tasks()
    expected = NOT_ASKED | {
        "rationale": f"Nothing recognized this text (asked: rule, history, model). model: {AWAY}",
        "attempts": [*QUICK, attempt("model", "failed", AWAY)],
    }
    assert suggest(ana) == expected
    assert (queued.n_waiting(), queued.n_failed()) == (0, 0)
    cache.clear()  # the minute is over
    script.script = {"Luna": ("dining", 0.9)}
    assert suggest(ana) == PENDING
    run_tasks()
    assert suggest(ana)["category_name"] == "Dining"


def test_nobody_waits_for_a_model_that_kept_failing(ana, script, run_tasks):
    for _ in range(3):
        CacheBreaker().note_failure("model", "It is away.")
    expected = NOT_ASKED | {
        "rationale": f"Nothing recognized this text (asked: rule, history). model: {AWAY}",
        "attempts": [*QUICK, attempt("model", "skipped", AWAY)],
    }
    answer = ana.post(ADDRESS, {"description": "Cafe Luna"})
    assert (untimed(answer.json()), "Retry-After" in answer) == (expected, False)
    assert queued.n_waiting() == 0
    for category in ("Dining", "Dining", "Groceries"):
        spend(ana, "Cafe Luna", category=category)
    body = suggest(ana)
    assert (body["status"], body["category_name"]) == ("suggested", "Dining")


def test_a_pending_row_that_comes_out_of_the_bin_is_looked_at(ana, script, run_tasks):
    row = ana.post("expenses/", {"amount": "4.50", "description": "Cafe Luna"}).json()
    assert row["categorization"]["status"] == "pending"
    ana.delete(f"expenses/{row['id']}/")
    run_tasks()
    script.script = {"Luna": ("dining", 0.9)}
    assert ana.post(f"expenses/{row['id']}/restore/").json()["categorization"]["status"] == "pending"
    run_tasks()
    looked_at = ana.get(f"expenses/{row['id']}/").json()["categorization"]
    assert looked_at["suggestion"]["category_name"] == "Dining"


@pytest.mark.parametrize(
    ("said", "outcome", "reason", "rationale"),
    [
        (None, "declined", KNOWS_NOTHING, "Nothing recognized this text (asked: rule, history, model)."),
        (
            ProviderMisbehaved("It babbled."),
            "failed",
            "It babbled.",
            "Nothing recognized this text (asked: rule, history, model). model: It babbled.",
        ),
    ],
)
def test_nobody_waits_for_a_model_that_was_asked_in_vain(ana, ben, script, run_tasks, said, outcome, reason, rationale):
    script.script = {"Luna": said}
    assert suggest(ana)["status"] == "pending"
    run_tasks()
    expected = PENDING | {
        "status": "none",
        "retry_after_s": None,
        "rationale": rationale,
        "attempts": [*QUICK, attempt("model", outcome, reason)],
    }
    assert [suggest(ana), suggest(ana)] == [expected, expected]
    assert script.asked == ["Cafe Luna"]
    assert suggest(ben)["status"] == "pending"


def test_the_history_of_another_person_never_counts(ana, ben):
    spend(ana, "Cafe Luna", category="Dining")
    assert suggest(ben)["status"] == "none"


@pytest.mark.parametrize("chain", ["quick", "with the model"])
def test_fifty_questions_cost_as_many_queries_as_one(ana, use_chain, script, chain):
    use_chain(RULES, HISTORY, *([MODEL] if chain == "with the model" else []))

    def ask(n: int) -> int:
        questions = [{"description": f"Unknown {letter}{number}"} for number in range(5) for letter in "abcdefghij"]
        body = {"transactions": questions[:n]}
        ana.post(ADDRESS, body)  # now every text has been handed to the model
        with CaptureQueriesContext(connection) as queries:
            ana.post(ADDRESS, body)
        return len(queries)

    ask(1)
    assert ask(1) == ask(50)


LONG = "Write at most 500 characters."
REFUSED: dict[str, tuple[Any, tuple[str | None, str, str]]] = {
    "nothing": ({}, ("description", "required", "Give `description` or `transactions`.")),
    "both": (
        {"description": "x", "transactions": []},
        ("description", "required", "Give `description` or `transactions`."),
    ),
    "blank": ({"description": " "}, ("description", "blank", "Write a text that is not empty.")),
    "null": ({"description": None}, ("description", "null", "Send a value instead of null.")),
    "long": ({"description": "x" * 501}, ("description", "max_length", LONG)),
    "NUL": (
        {"description": "a\x00"},
        ("description", "null_characters_not_allowed", "Leave out the null character."),
    ),
    "no amount": (
        {"description": "x", "amount": "0"},
        ("amount", "min_value", "An amount is more than 0; kind or direction says which way."),
    ),
    "no currency": (
        {"description": "x", "currency": "XXZ"},
        (
            "currency",
            "unknown_currency",
            "“XXZ” is not an ISO 4217 currency code. Find it at GET /api/v1/currencies/?search=name.",
        ),
    ),
    "no direction": (
        {"description": "x", "direction": "up"},
        ("direction", "invalid_choice", "There is no such choice; known are in, out."),
    ),
    "kind against direction": (
        {"description": "x", "kind": "expense", "direction": "in"},
        ("direction", "wrong_direction", "An expense is money out."),
    ),
    "no account": (
        {"description": "x", "account": "Chest"},
        ("account", "does_not_exist", "There is no account “Chest”."),
    ),
    "in a list": (
        {"transactions": [{"description": "x"}, {"description": "x", "amount": "much"}]},
        ("transactions.1.amount", "invalid", "Write an amount in digits, with a point before the cents: 12.50."),
    ),
    "nothing in a list": (
        {"transactions": [{}]},
        ("transactions.0.description", "required", "This field is missing: send a value."),
    ),
    "too many": (
        {"transactions": [{"description": "x"}] * 101},
        ("transactions", "max_length", "Send at most 100 items."),
    ),
    "no list": (
        {"transactions": {"description": "x"}},
        ("transactions", "not_a_list", "Send a list, in square brackets."),
    ),
    "a list alone": (
        [{"description": "x"}],
        (None, "invalid", "Send an object, in curly braces."),
    ),
}


@pytest.mark.parametrize(("body", "error"), REFUSED.values(), ids=REFUSED)
def test_a_faulty_question_is_refused_by_the_path_of_the_fault(ana, body, error):
    answer = ana.post(ADDRESS, body)
    assert (answer.status_code, answer.json()) == (400, refusal(*error))


def test_another_persons_account_cannot_be_named(ana, ben):
    number = ben.post("accounts/", {"name": "Chest", "currency": "EUR"}).json()["id"]
    answer = ana.post(ADDRESS, {"description": "x", "account": number})
    assert answer.json() == refusal("account", "does_not_exist", f"There is no account “{number}”.")


def test_a_token_is_needed(anyone):
    assert anyone.post(ADDRESS, {"description": "x"}).status_code == 401


HOSTILE: dict[str, Callable[[], str]] = {
    "digits": lambda: "4711 0815",
    "emoji": lambda: "🍕👩‍👩‍👧‍👦",
    "right to left": lambda: "مقهى القمر",
    "unknown script": lambda: "𒀀𒁀𐎠",
    "control": lambda: "a\x1b[2J\u202eb",
    "long": lambda: "x" * 500,
}


@pytest.mark.parametrize("make", HOSTILE.values(), ids=HOSTILE)
def test_any_text_gets_an_answer(ana, script, run_tasks, make):
    assert suggest(ana, make())["status"] == "pending"
    run_tasks()
    assert suggest(ana, make())["status"] == "none"
