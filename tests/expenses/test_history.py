"""The link that remembers: it learns from each choice at once, from the owner's alone, and doubts where they differ."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

HISTORY = {"BACKEND": "expenses.categorization.history.HistoryProvider", "MIN_CONFIDENCE": 0.8}


@pytest.fixture(autouse=True)
def _chain(use_chain):
    use_chain(HISTORY)


def spend(api, description: str, **fields: Any) -> Any:
    answer = api.post("expenses/", {"amount": "4.50", "description": description} | fields)
    assert answer.status_code == 201, answer.json()
    return answer.json()


def suggest(api, description: str, **fields: Any) -> Any:
    answer = api.post("categorization/suggest/", {"description": description} | fields)
    assert answer.status_code == 200, answer.json()
    return answer.json()


def told(api, description: str, **fields: Any) -> tuple[Any, ...]:
    """Category, confidence and status that a text would get."""
    body = suggest(api, description, **fields)
    return body["category_name"], body["confidence"], body["status"]


def way(api, description: str, **fields: Any) -> Any:
    [attempt] = suggest(api, description, **fields)["attempts"]
    return attempt["details"].get("way")


NOTHING = (None, None, "none")


def test_a_chosen_category_is_remembered_for_the_next_transaction(ana):
    spend(ana, "REWE SAGT DANKE 4711", category="Groceries")
    body = spend(ana, "Rewe sagt danke 0815")
    assert (body["category_name"], body["kind"]) == ("Groceries", "expense")
    assert body["categorization"] == {
        "status": "automatic",
        "source": "history",
        "confidence": 0.99,
        "explanation": "You put “rewe” into Groceries once.",
        "awaits_model": False,
        "suggestion": None,
    }
    [attempt] = ana.get(f"transactions/{body['id']}/explanation/").json()["attempts"]
    assert isinstance(attempt.pop("duration_ms"), float)
    assert attempt == {
        "provider": "history",
        "version": "2",
        "outcome": "answered",
        "category_name": "Groceries",
        "confidence": 0.99,
        "score": 1.0,
        "explanation": "You put “rewe” into Groceries once.",
        "details": {"matched": "rewe", "way": "the same text", "votes": 1},
    }


def test_an_answer_of_a_machine_is_learned_when_it_is_confirmed_and_not_before(ana):
    spend(ana, "Cafe Luna", category="Dining")
    automatic = spend(ana, "Cafe Luna Upstairs Berlin")
    assert automatic["categorization"]["status"] == "automatic"
    assert way(ana, "Cafe Luna Upstairs Berlin") == "first 2 words"
    ana.post(f"transactions/{automatic['id']}/confirm/")
    assert way(ana, "Cafe Luna Upstairs Berlin") == "the same text"


def test_a_correction_counts_at_once(ana):
    row = spend(ana, "Cafe Luna", category="Dining")
    ana.patch(f"expenses/{row['id']}/", {"category": "Travel"})
    assert told(ana, "Cafe Luna") == ("Travel", 0.99, "automatic")


def test_a_category_taken_away_is_forgotten(ana):
    row = spend(ana, "Cafe Luna", category="Dining")
    ana.patch(f"expenses/{row['id']}/", {"category": None})
    assert told(ana, "Cafe Luna") == NOTHING


def test_a_deleted_row_no_longer_counts(ana):
    row = spend(ana, "Cafe Luna", category="Dining")
    ana.delete(f"expenses/{row['id']}/")
    assert told(ana, "Cafe Luna") == NOTHING


def test_the_history_of_another_person_never_counts(ana, ben):
    spend(ben, "Cafe Luna", category="Dining")
    assert told(ana, "Cafe Luna") == NOTHING
    assert told(ben, "Cafe Luna") == ("Dining", 0.99, "automatic")


@pytest.mark.parametrize(
    ("text", "expected", "by"),
    [
        ("Bakery Corner Hill Street", 0.99, "the same text"),
        ("BAKERY CORNER HILL STREET 55120034", 0.99, "the same text"),
        ("Bakery Corner Hill Avenue", 0.90, "first 3 words"),
        ("Bakery Corner Valley", 0.80, "first 2 words"),
        ("Bakery Valley", 0.80, "first 1 words"),
    ],
)
def test_the_leading_words_are_the_key(ana, text, expected, by):
    spend(ana, "Bakery Corner Hill Street", category="Groceries")
    assert told(ana, text) == ("Groceries", expected, "automatic")
    assert way(ana, text) == by


@pytest.mark.parametrize("text", ["Butcher Corner Hill Street", "The Bakery Corner Hill", "Bak", "4711 0815", "💶"])
def test_other_texts_are_not_recognized(ana, text):
    spend(ana, "Bakery Corner Hill Street", category="Groceries")
    assert told(ana, text) == NOTHING


def test_one_word_decides_only_where_nearly_all_that_begin_so_agree(ana):
    for number in range(9):
        spend(ana, f"Market Stall {'abcdefghi'[number]}", category="Groceries")
    spend(ana, "Market Clothes", category="Shopping")
    [history] = suggest(ana, "Market Fish")["attempts"]
    assert (history["category_name"], history["details"]["alone"]) == ("Groceries", pytest.approx(0.72))
    assert told(ana, "Market Fish")[2] == "suggested"
    spend(ana, "Market Shoes", category="Shopping")
    assert told(ana, "Market Fish") == NOTHING


def test_a_habit_with_the_first_word_outweighs_a_longer_match_of_one_text(ana):
    for place in "abcdefghijkl":
        spend(ana, f"Barkassa Q{place}zorx", category="Gifts & Donations")
    spend(ana, "Barkassa Pizzeria Qorx", category="Dining")
    category, _, _ = told(ana, "Barkassa Pizzeria Zumsel")
    assert category == "Gifts & Donations"
    assert way(ana, "Barkassa Pizzeria Zumsel") == "first 1 words"


def test_what_was_chosen_lately_outweighs_what_was_chosen_more_often_before(ana):
    for month in range(1, 13):
        spend(ana, "Vbnmarkt", category="Groceries", date=f"2024-{month:02}-10")
    for month in range(3, 11):
        spend(ana, "Vbnmarkt", category="Dining", date=f"2026-{month:02}-10")
    assert told(ana, "Vbnmarkt", date="2026-11-01")[0] == "Dining"


def test_a_short_word_alone_never_decides(ana):
    spend(ana, "Bar Luna", category="Dining")
    assert told(ana, "Bar Sol") == NOTHING


def test_disagreement_lowers_confidence_and_names_the_other_choice(ana):
    for category in ("Dining", "Dining", "Dining", "Groceries"):
        spend(ana, "Cafe Luna", category=category)
    body = suggest(ana, "Cafe Luna")
    assert isinstance(body.pop("category"), int)
    [attempt] = body.pop("attempts")
    assert body == {
        "status": "suggested",
        "category_name": "Dining",
        "confidence": 0.7425,
        "source": "history",
        "retry_after_s": None,
        "rationale": "You put “cafe luna” into Dining 3 times, and something else 1 of 4 times.",
        "alternatives": [{"category_name": "Groceries", "confidence": 0.2475}],
    }
    assert (attempt["outcome"], attempt["score"]) == ("unsure", 0.75)


def test_the_amount_tells_two_choices_for_one_merchant_apart(ana):
    spend(ana, "Cafe Luna", amount="4.00", category="Dining")
    spend(ana, "Cafe Luna", amount="5.00", category="Dining")
    spend(ana, "Cafe Luna", amount="80.00", category="Groceries")
    assert told(ana, "Cafe Luna") == ("Dining", 0.66, "suggested")
    assert told(ana, "Cafe Luna", amount="4.20") == ("Dining", 0.8486, "automatic")  # 2 votes, threefold, of 7
    assert told(ana, "Cafe Luna", amount="5.50") == ("Dining", 0.8486, "automatic")
    assert told(ana, "Cafe Luna", amount="5.51") == ("Dining", 0.66, "suggested")
    assert told(ana, "Cafe Luna", amount="72.00") == ("Groceries", 0.594, "suggested")


def test_amounts_that_differ_widely_tell_no_choice_apart(ana):
    spend(ana, "Cafe Luna", amount="5.00", category="Dining")
    spend(ana, "Cafe Luna", amount="500.00", category="Dining")
    spend(ana, "Cafe Luna", amount="80.00", category="Groceries")
    [_, without, _], [_, within, _] = told(ana, "Cafe Luna"), told(ana, "Cafe Luna", amount="250.00")
    assert within == without


def test_the_account_tells_two_choices_for_one_merchant_apart(ana):
    private, shared = (
        ana.post("accounts/", {"name": name, "currency": "EUR"}).json()["id"] for name in ("Private", "Shared")
    )
    spend(ana, "Cafe Luna", account=private, category="Dining")
    spend(ana, "Cafe Luna", account=shared, category="Groceries")
    assert told(ana, "Cafe Luna", account=private) == ("Dining", 0.66, "suggested")
    assert told(ana, "Cafe Luna", account=shared) == ("Groceries", 0.66, "suggested")


def test_a_choice_counts_half_of_one_made_180_days_later(ana):
    spend(ana, "Cafe Luna", date="2026-01-01", category="Dining")
    spend(ana, "Cafe Luna", date="2026-06-30", category="Groceries")
    assert told(ana, "Cafe Luna") == ("Groceries", 0.66, "suggested")
    for _ in range(5):
        spend(ana, "Cafe Luna", date="2026-01-01", category="Dining")
    # Six that count half against one.
    assert told(ana, "Cafe Luna") == ("Dining", 0.7425, "suggested")


def test_money_that_comes_in_is_remembered_apart(ana):
    spend(ana, "Book shop", category="Education")
    assert told(ana, "Book shop", direction="in") == NOTHING
    ana.post("transactions/", {"amount": "9", "description": "Book shop", "direction": "in", "category": "Education"})
    body = ana.post("transactions/", {"amount": "9", "description": "Book shop", "direction": "in"}).json()
    assert (body["category_name"], body["kind"], body["direction"]) == ("Education", "refund", "in")


def test_only_categories_that_fit_are_answered(ana):
    ana.post(
        "transactions/", {"amount": "9", "description": "Savings plan", "kind": "transfer", "category": "Transfers"}
    )
    assert told(ana, "Savings plan", kind="expense") == NOTHING
    assert told(ana, "Savings plan")[0] == "Transfers"


def test_the_merchant_counts_as_the_first_words(ana):
    spend(ana, "card payment 4711", merchant="Luna Coffee House", category="Dining")
    assert told(ana, "Luna Coffee House") == ("Dining", 0.99, "automatic")
    assert told(ana, "card payment 0815", merchant="Luna Coffee House") == ("Dining", 0.99, "automatic")


def n_queries(act) -> int:
    with CaptureQueriesContext(connection) as queries:
        act()
    return len(queries)


def test_fifty_texts_cost_as_many_queries_as_one(ana):
    for number in range(20):
        spend(ana, f"{'abcdefghijklmnopqrst'[number]}mart Store", category="Groceries")
    texts = [f"{letter}mart Store {number}" for number in range(5) for letter in "abcdefghij"]

    def ask(n: int) -> int:
        questions = [{"description": text} for text in texts[:n]]
        return n_queries(lambda: ana.post("categorization/suggest/", {"transactions": questions}))

    ask(1)
    assert ask(1) == ask(50)


def test_what_else_is_asked_changes_no_answer(ana):
    spend(ana, "a b c", category="Dining")
    spend(ana, "Bakery Corner", category="Groceries")
    texts = ["a b", "a b d", "Bakery", "a b c", "Bakery Luna", "a"]
    alone = [told(ana, text) for text in texts]
    results = ana.post("categorization/suggest/", {"transactions": [{"description": t} for t in texts]}).json()[
        "results"
    ]
    assert [(r["category_name"], r["confidence"], r["status"]) for r in results] == alone
