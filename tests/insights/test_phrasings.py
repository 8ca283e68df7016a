"""Questions in plain words are read as their writers mean them, or not at all."""

import re
from typing import Any

import pytest

from config.environment import BASE_DIR
from expenses.categorization.catalog import Catalog
from insights.ask.meanings import NotUnderstood, question_language
from insights.ask.reading import read_question
from insights.ask.tokens import tokens_of
from insights.tools.base import Asker
from tests.conftest import Api
from tests.insights.phrasings import REFUSED, TODAY, UNDERSTOOD

MERCHANTS = ("Rewe", "Netflix", "Amazon", "Café Luna", "Deutsche Bahn", "Stadtwerke")


@pytest.fixture
def asker(ana: Api) -> Asker:
    for name in ("Giro", "Visa"):
        ana.post("accounts/", {"name": name, "currency": "EUR"})
    ana.post("categories/", {"name": "Coffee", "kind": "expense", "parent": "Dining"})
    rows = [
        {"direction": "out", "amount": "5.00", "date": "2026-01-02", "description": "Row", "merchant": merchant,
         "category": "Shopping", "tags": ["trip", "gift"]}
        for merchant in MERCHANTS
    ]  # fmt: skip
    assert ana.post("transactions/bulk/", {"transactions": rows}).json()["errors"] == []
    assert ana.user is not None
    return Asker(ana.user, Catalog.load_for(ana.user), TODAY)


def read(asker: Asker, question: str) -> Any:
    """Tool and arguments, or the code of the refusal."""
    try:
        found = read_question(question, asker=asker)
    except NotUnderstood as error:
        return error.code
    return found.tool, found.arguments


def test_questions_are_read_as_they_are_meant(asker):
    found = {question: read(asker, question) for question, _, _ in UNDERSTOOD}
    meant = {question: (tool, arguments) for question, tool, arguments in UNDERSTOOD}
    assert {one: found[one] for one in found if found[one] != meant[one]} == {}


@pytest.mark.parametrize(
    ("language", "locale", "questions"),
    [
        ("de", "en", ["Wie hoch ist mein Kontostand?", "Welche Erstattungen gab es?", "Die 5 größten Einkäufe",
                      "Umsätze bei Rewe", "Zahle ich weniger als gestern?", "meine Einkäufe gestern"]),
        ("en", "de", ["What is my balance?", "my purchases in August", "total in 2025", "bills still due"]),
        ("de", "de", ["Rewe 2025", "Visa im August"]),
        ("en", "en", ["Rewe 2025", "Visa in August"]),
    ],
)  # fmt: skip
def test_the_words_tell_the_language_and_else_the_locale(language, locale, questions):
    found = {question: question_language(tokens_of(question), locale=locale) for question in questions}
    assert found == dict.fromkeys(questions, language)


#: Questions of docs/ask.md → the kind that each is read as.
KINDS = {
    "spending": "spending", "spending in a category": "spending", "spending at a merchant": "spending",
    "spending by tag": "spending", "spending from an account": "spending", "income": "income", "savings": "savings",
    "average": "per_month", "largest or smallest payments": "largest",
    "merchants where most was spent": "top_merchants", "categories where most was spent": "top_categories",
    "number of payments": "how_often", "last payment": "last_time", "recurring payments": "recurring",
    "bills still to come": "to_come", "forecast of a month": "forecast", "balance": "balance",
    "comparison": "compare", "refunds": "refunds", "transactions without a category": "uncategorized",
}  # fmt: skip
PAGE = BASE_DIR / "docs" / "ask.md"


def test_the_page_has_an_example_of_each_of_twenty_questions(asker):
    rows = re.findall(r"^\| ([a-z ]+) \| ([A-Z].*) \|$", PAGE.read_text(), re.MULTILINE)
    assert [name for name, _ in rows] == [*KINDS]
    assert len(rows) == 20
    assert {name: read_question(question, asker=asker).kind for name, question in rows} == KINDS


def test_the_periods_of_the_page_are_read(asker):
    listed = PAGE.read_text().partition("### Periods")[2].partition("Weeks and months begin")[0]
    texts = re.findall(r"`([^`]+)`", listed)
    assert len(texts) > 12
    for text in texts:
        assert read_question(f"how much did I spend {text}", asker=asker).period is not None, text


def test_questions_that_cannot_be_answered_are_refused(asker):
    found = {question: read(asker, question) for question, _ in REFUSED}
    assert found == dict(REFUSED)
