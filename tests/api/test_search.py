"""Search finds every word, in any of the texts, in any case and any script, the newest first."""

import logging
from typing import Any

import pytest
from django.core import checks
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from expenses import indexes
from expenses.querysets import fold, searchable
from tests.api.bodies import assert_problem
from tests.conftest import Api, make_user
from tests.laws import law

pytestmark = pytest.mark.usefixtures("silent_chain")

ROW = {"amount": "5.50", "date": "2026-11-02", "direction": "out"}


def record(api, description, **fields):
    answer = api.post("transactions/", ROW | {"description": description} | fields)
    assert answer.status_code == 201, answer.content
    return answer.json()


def found(api, words, **filters):
    answer = api.get("transactions/", {"search": words, **filters})
    assert answer.status_code == 200, answer.content
    return [row["description"] for row in answer.json()["results"]]


def test_every_word_must_occur_somewhere_in_the_texts(ana):
    record(ana, "Cafe Luna Berlin", merchant="Luna GmbH", notes="with Jo\nand Kim")
    record(ana, "Cafe Sol Berlin")
    assert found(ana, "cafe berlin") == ["Cafe Sol Berlin", "Cafe Luna Berlin"]
    for words in ("luna", "LUNA berlin", "berlin luna", "gmbh jo", "una erl", "kim  cafe\t", "cafe cafe luna"):
        assert found(ana, words) == ["Cafe Luna Berlin"]
    for words in ("luna sol", "lunacafe", "jo and sol", "luna\u00a0sol"):
        assert found(ana, words) == []
    assert len(found(ana, "  ")) == 2


@pytest.mark.parametrize("sign", ["%", "_", "\\", "'", '"', "*", "?", "[a]", "--", "100%", "a_b", "\\%"])
def test_signs_mean_themselves(ana, sign):
    record(ana, f"before{sign}after")
    record(ana, "before after 100 aXb")
    assert found(ana, sign) == [f"before{sign}after"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("ÄPFEL", "äpfel"),
        ("Straße", "STRASSE"),
        ("Øl på Kroa", "ØL PÅ"),
        ("ΚΑΦΕΣ", "καφες"),
        ("ЮЛИЯ", "юлия"),
        ("居酒屋 東京", "東京 居酒"),
        ("☕ to go", "☕"),
    ],
)
def test_case_is_folded_beyond_ascii(ana, text, words):
    record(ana, text)
    record(ana, "something else")
    assert found(ana, words) == [text]


def test_the_newest_comes_first_and_filters_narrow(ana):
    for day in ("2026-11-01", "2026-11-03", "2026-11-02"):
        record(ana, f"Cafe {day}", date=day)
    assert found(ana, "cafe") == ["Cafe 2026-11-03", "Cafe 2026-11-02", "Cafe 2026-11-01"]
    assert found(ana, "cafe", end_date="2026-11-02") == ["Cafe 2026-11-02", "Cafe 2026-11-01"]
    assert found(ana, "cafe", cursor="") == found(ana, "cafe")


def test_an_edit_is_found_by_what_it_says_now_and_by_what_the_bank_wrote(ana):
    row = record(ana, "LUNA 4711", notes="with Jo")
    ana.patch(f"transactions/{row['id']}/", {"description": "Coffee", "notes": ""})
    assert found(ana, "coffee") == found(ana, "4711") == ["Coffee"]
    assert found(ana, "jo") == []


def test_a_stranger_finds_nothing(ana, ben):
    record(ana, "Cafe Luna")
    assert found(ben, "luna") == []


@pytest.mark.parametrize(("words", "code"), [("x" * 201, "max_length"), ("a\0b", "null_characters_not_allowed")])
def test_what_cannot_be_searched_for_is_refused(ana, words, code):
    assert_problem(ana.get("transactions/", {"search": words}), 400, ("search", code))


class AnyTextIsFound(TestCase):
    """Whatever a text is, each of its words finds it."""

    @law(12)
    @given(text=st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=60))
    def test_by_each_of_its_words(self, text: str) -> None:
        ana = Api(make_user("ana"))
        words = text.casefold().split()
        if not words or text != text.strip():
            return
        record(ana, text, ai_classify=False)
        for word in words:
            assert found(ana, word) == [text]
        assert all(
            fold(word) in searchable(description=text, raw_description=text, merchant="", notes="") for word in words
        )


def assert_walks_days(api, **filters):
    """The plan follows the index of days in its order, and on SQLite the index holds the texts."""
    with CaptureQueriesContext(connection) as queries:
        api.get("transactions/", {**filters, "cursor": ""})
    (sql,) = (q["sql"] for q in queries if 'ORDER BY "expenses_transaction"."date" DESC' in q["sql"])
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            for name in ("seqscan", "bitmapscan", "sort"):  # a table of one row is read whole
                cursor.execute(f"SET LOCAL enable_{name} = off")
        else:
            cursor.execute("SELECT sql FROM sqlite_master WHERE name = 'transaction_date'")
            assert "search_text" in cursor.fetchone()[0]
        cursor.execute(f"EXPLAIN {'QUERY PLAN' if connection.vendor == 'sqlite' else ''} {sql}")
        plan = "\n".join(str(row) for row in cursor.fetchall())
    assert "transaction_date" in plan, plan
    assert "USE TEMP B-TREE" not in plan, plan
    assert "Sort" not in plan, plan


def test_lists_and_searches_walk_the_days(ana):
    record(ana, "Cafe Luna")
    assert_walks_days(ana)
    assert_walks_days(ana, search="luna")


def test_the_indexes_have_their_form_after_every_migration(ana):
    with connection.cursor() as cursor:  # as a later migration makes it anew
        cursor.execute("DROP INDEX transaction_date")
        cursor.execute(
            "CREATE INDEX transaction_date ON expenses_transaction (ledger_id, deleted_at, date DESC, id DESC)"
        )
        if connection.vendor == "postgresql":
            cursor.execute(f"DROP INDEX {indexes.NAME}")
    for _ in range(2):
        indexes.ensure_indexes(connection)
    record(ana, "Cafe Luna")
    assert_walks_days(ana, search="luna")
    assert indexes.check_search_index(databases=["default"]) == []


@pytest.mark.skipif(connection.vendor != "postgresql", reason="only PostgreSQL may refuse an index")
def test_without_trigrams_it_is_said_and_all_else_goes_on(ana, monkeypatch, caplog):
    with connection.cursor() as cursor:
        cursor.execute(f"DROP INDEX {indexes.NAME}")
    monkeypatch.setattr(indexes, "CREATE_EXTENSION", "CREATE EXTENSION there_is_none")
    with caplog.at_level(logging.WARNING):
        indexes.ensure_indexes(connection)
    assert indexes.MISSING in caplog.text
    (warning,) = indexes.check_search_index(databases=["default"])
    assert (warning.id, warning.msg, warning.hint) == ("expenses.W001", indexes.MISSING, indexes.HINT)
    record(ana, "Cafe Luna")
    assert found(ana, "luna") == ["Cafe Luna"]


def test_nothing_is_said_where_the_index_is(db):
    said: list[Any] = checks.run_checks(databases=list(connections), tags=["database"])
    assert [message for message in said if message.id == "expenses.W001"] == []
