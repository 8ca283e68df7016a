"""History that was taught answers as the ledger's does: so a history that is played again is measured as it was."""

import datetime as dt
from dataclasses import replace
from decimal import Decimal
from itertools import count

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from expenses.categorization.catalog import Catalog
from expenses.categorization.history import HistoryProvider, InMemoryHistoryProvider, Memory, Vote
from expenses.categorization.training_rows import read_confirmed
from expenses.models.ledgers import ledger_id_of
from providers.interface import NO_EFFECTS, LabeledQuestion, Question
from tests.conftest import Api, make_user
from tests.laws import law

TEXTS = ["Cafe Luna", "Cafe Luna Mitte", "Cafe Lnua", "Cafe Sol", "Cafeteria", "Bakery", "4711", "Bar"]
ROW = st.fixed_dictionaries(
    {
        "description": st.sampled_from(TEXTS),
        "amount": st.sampled_from(["4.50", "4.80", "45.00"]),
        "direction": st.sampled_from(["out", "out", "in"]),
        "date": st.dates(dt.date(2024, 1, 1), dt.date(2026, 11, 1)).map(str),
        "category": st.sampled_from(["Dining", "Groceries", "Travel", None]),
        "account": st.sampled_from([0, 1]),
        "merchant": st.sampled_from(["", "", "Luna"]),
    }
)
names = count()


def row(category, date, amount="4.50"):
    """A payment in the first account."""
    texts = {"description": "Cafe Luna", "merchant": "", "direction": "out"}
    return texts | {"category": category, "date": date, "amount": amount, "account": 0}


def questions(catalog, accounts):
    """Everything that could be asked about these texts."""
    return [
        Question(text, catalog.offered(way, None), catalog.ledger_id, way, merchant, amount, account=account)
        for text in [*TEXTS, "Cafe", "Luna", "Bakery Luna", ""]
        for way in ("in", "out")
        for merchant in ("", "Luna")
        for amount in (None, Decimal("4.60"), Decimal(41))
        for account in (None, *accounts)
    ]


@pytest.mark.django_db
@law(7)
@given(st.lists(ROW, min_size=1, max_size=8), st.integers(0, 8))
@example([row("Dining", "2024-01-01"), row("Dining", "2026-01-01", "4.80"), row("Travel", "2026-02-01")], 1)
def test_what_was_taught_is_answered_as_the_ledger_answers(rows, cut):
    user = make_user(f"person{next(names)}")
    api = Api(user)
    accounts = [api.post("accounts/", {"name": name, "currency": "EUR"}).json()["id"] for name in ("A", "B")]
    for fields in rows:
        answer = api.post("transactions/", fields | {"currency": "EUR", "account": accounts[fields["account"]]})
        assert answer.status_code == 201, answer.json()
    catalog = Catalog.load(ledger_id_of(user))
    asked, confirmed = questions(catalog, accounts), read_confirmed(catalog=catalog)
    answers = without_merchants(HistoryProvider(), asked)
    assert without_merchants(HistoryProvider().learn(confirmed), asked) == answers
    in_parts = HistoryProvider().learn(confirmed[:cut]).learn(confirmed[cut:])
    assert without_merchants(in_parts, asked) == answers


def without_merchants(link, asked):
    """Answers without the names of merchants, which no measurement of categories reads."""
    return [answer and replace(answer, effects=NO_EFFECTS) for answer in link.categorize_many(asked)]


def test_a_ledger_is_not_asked_by_who_was_taught_nothing(ana):
    ana.post("expenses/", {"amount": "4.50", "description": "Cafe Luna", "category": "Dining"})
    owner = ledger_id_of(ana.user)
    asked = [Question("Cafe Luna", Catalog.load(owner).offered("out", None), owner)]
    assert HistoryProvider().categorize_many(asked) != [None]
    assert HistoryProvider().learn([]).categorize_many(asked) == [None]


def test_whoever_was_taught_is_taught_more_in_place():
    taught = HistoryProvider().learn([])
    assert taught.learn([LabeledQuestion(Question("Cafe", (), owner=1), 1)]) is taught
    assert isinstance(taught, InMemoryHistoryProvider)


def test_votes_of_one_category_and_account_are_one_however_they_were_added():
    first, last = dt.date(2026, 1, 1), dt.date(2026, 11, 1)
    memory = Memory()
    undated = Vote(1, 1, None, None, None, None, None)
    for vote in (Vote(1, 1, None, last, last, 45, 45), Vote(1, 2, None, first, first, 30, 40), undated):
        memory.add("cafe luna", vote)
    memory.add("cafe luna", Vote(1, 1, 7, first, first, 5, 5))
    found = memory.recall("cafe luna")
    assert found is not None
    assert found.votes == [Vote(1, 4, None, first, last, 30, 45), Vote(1, 1, 7, first, first, 5, 5)]
