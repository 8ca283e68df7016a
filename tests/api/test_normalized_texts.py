"""Rows that an older version stored are read as this one reads, so that history knows them again."""

import pytest
from django.core.management import call_command
from hypothesis import example, given
from hypothesis import strategies as st

from expenses.models import Transaction
from expenses.models.ledgers import Ledger, ledger_id_of
from expenses.services import normalization
from expenses.services.normalization import normalize_texts
from providers.normalization import VERSION
from tests.laws import law

TEXTS = st.lists(
    st.sampled_from(
        ["Plugh", "Xyzzy", "Corner", "Card", "GmbH", "Berlin", "Koeln", "4711", "12.03.", "TST*", "h&m", "Straße"]
    ),
    max_size=5,
).map(" ".join)
LONG = "Xyzzy" + " Plugh" * 40


@pytest.fixture
def ledger(ana):
    return Ledger.objects.get(pk=ledger_id_of(ana.user))


def record(ana, description, **fields):
    body = {"date": "2025-03-01", "amount": "9.90", "currency": "EUR", "description": description, **fields}
    return ana.post("expenses/", body).json()["id"]


def as_an_older_version_read(ledger, texts):
    """Give rows the words that were stored for them before versions were."""
    for pk, text in texts.items():
        Transaction.objects.filter(pk=pk).update(match_text=text, match_prefix=text[:4])
    Ledger.objects.filter(pk=ledger.pk).update(normalization=None)


def stored(ledger):
    return list(Transaction.everything.filter(ledger=ledger).order_by("pk").values_list("match_text", "match_prefix"))


def test_a_migration_reads_the_texts_of_older_rows_anew(ana, ledger):
    market, bakery = record(ana, "REWE MARKT GMBH//KOELN/DE"), record(ana, "TST* Bakery Leeds")
    as_an_older_version_read(ledger, {market: "rewe markt koeln de", bakery: "tst bakery leeds"})
    call_command("migrate", verbosity=0)
    ledger.refresh_from_db()
    assert stored(ledger) == [("rewe markt", "rewe"), ("bakery leeds", "bake")]
    assert ledger.normalization == VERSION


def test_history_knows_an_older_row_in_another_town(ana, ledger):
    category = ana.post("categories/", {"name": "Food at home", "kind": "expense"}).json()["id"]
    row = record(ana, "Xyzzy Plugh Koeln", category=category)
    as_an_older_version_read(ledger, {row: "xyzzy plugh koeln"})
    normalize_texts()
    other = ana.get(f"expenses/{record(ana, 'Xyzzy Plugh Hamburg')}/").json()
    assert (other["category"], stored(ledger)[0]) == (category, stored(ledger)[1])


def test_a_merchant_that_the_bank_named_is_read_again_with_the_description(ana, ledger):
    row = record(ana, "Xyzzy 4711 Berlin", merchant="Plugh")
    as_an_older_version_read(ledger, {row: "plugh xyzzy berlin"})
    normalize_texts()
    assert stored(ledger) == [("plugh xyzzy", "plug")]


def test_where_the_merchant_was_edited_since_the_stored_words_are_read(ana, ledger):
    row = record(ana, "Card 4711", merchant="Plugh")
    as_an_older_version_read(ledger, {row: "other shop berlin"})
    normalize_texts()
    assert stored(ledger) == [("other shop", "othe")]


def test_reading_again_changes_nothing_and_raises_no_version(ana, ledger):
    row = record(ana, "REWE MARKT KOELN")
    as_an_older_version_read(ledger, {row: "rewe markt koeln"})
    ledger.refresh_from_db()
    assert (normalize_texts(), normalize_texts()) == (1, 0)
    assert Ledger.objects.get(pk=ledger.pk).version == ledger.version


def test_a_ledger_of_more_rows_than_a_batch_is_read_to_its_end(ana, ledger, monkeypatch):
    monkeypatch.setattr(normalization, "BATCH", 2)
    rows = [record(ana, f"Shop{'abcde'[n]} Koeln") for n in range(5)]
    as_an_older_version_read(ledger, {row: f"shop{'abcde'[n]} koeln" for n, row in enumerate(rows)})
    assert normalize_texts() == 5
    assert [text for text, _ in stored(ledger)] == ["shopa", "shopb", "shopc", "shopd", "shope"]


def test_a_row_in_the_bin_is_read_too(ana, ledger):
    row = record(ana, "Xyzzy Koeln")
    ana.delete(f"expenses/{row}/")
    as_an_older_version_read(ledger, {})
    Transaction.everything.filter(pk=row).update(match_text="xyzzy koeln")
    normalize_texts()
    assert stored(ledger) == [("xyzzy", "xyzz")]


def test_a_new_ledger_has_nothing_to_read_again(ana, ledger, django_assert_num_queries):
    record(ana, "Xyzzy")
    with django_assert_num_queries(1):
        assert normalize_texts() == 0


def test_a_merchant_whose_name_the_description_repeats_is_read_with_it(ana, ledger):
    row = record(ana, "Xyzzy Plugh Corner Berlin", merchant="Plugh")
    as_an_older_version_read(ledger, {row: "plugh xyzzy plugh corner berlin"})
    assert normalize_texts() == 1
    assert stored(ledger) == [("plugh xyzzy plugh corner", "plug")]


def test_a_merchant_that_was_named_later_is_not_read(ana, ledger):
    row = record(ana, "Xyzzy Plugh Corner Berlin")
    ana.patch(f"expenses/{row}/", {"merchant": "Plugh"})
    as_an_older_version_read(ledger, {row: "xyzzy plugh corner berlin"})
    normalize_texts()
    assert stored(ledger) == [("xyzzy plugh corner", "xyzz")]


def test_a_text_that_was_cut_within_a_word_is_read_with_its_merchant(ana, ledger):
    row = record(ana, LONG, merchant="Quux Berlin")
    [(now, _)] = stored(ledger)
    as_an_older_version_read(ledger, {row: f"quux berlin xyzzy{' plugh' * 40}"[:198] + "zz"})
    normalize_texts()
    assert stored(ledger) == [(now, "quux")]


@pytest.mark.usefixtures("silent_chain")
@law(15)
@given(st.lists(st.tuples(TEXTS, TEXTS, st.sampled_from([None, "Other"])), min_size=1, max_size=4))
@example(
    [("Xyzzy Plugh Corner", "Plugh", None), ("Xyzzy Plugh Corner", "", "Plugh"), ("Corner Berlin", "Berlin", "h&m")]
)
@example([(LONG, "", None), (LONG, "Quux", None), (LONG, "Quux", "Other"), ("ß" * 150, "Plugh", None)])
def test_what_this_version_stored_it_reads_alike(ana, ledger, rows):
    Transaction.everything.all().delete()
    for description, merchant, edited in rows:
        row = record(ana, description or "x", merchant=merchant)
        if edited is not None:
            ana.patch(f"expenses/{row}/", {"merchant": edited})
    before = stored(ledger)
    as_an_older_version_read(ledger, {})
    assert normalize_texts() == 0
    assert stored(ledger) == before
