"""Rows that an older version stored are read as this one reads, so that history knows them again."""

import pytest
from django.core.management import call_command

from expenses.membership import Ledger, ledger_id_of
from expenses.models import Transaction
from expenses.services import rereading
from expenses.services.rereading import reread_texts
from providers.normalization import VERSION


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
    reread_texts()
    other = ana.get(f"expenses/{record(ana, 'Xyzzy Plugh Hamburg')}/").json()
    assert (other["category"], stored(ledger)[0]) == (category, stored(ledger)[1])


def test_a_merchant_that_the_bank_named_is_read_again_with_the_description(ana, ledger):
    row = record(ana, "Xyzzy 4711 Berlin", merchant="Plugh")
    as_an_older_version_read(ledger, {row: "plugh xyzzy berlin"})
    reread_texts()
    assert stored(ledger) == [("plugh xyzzy", "plug")]


def test_where_the_merchant_was_edited_since_the_stored_words_are_read(ana, ledger):
    row = record(ana, "Card 4711", merchant="Plugh")
    as_an_older_version_read(ledger, {row: "other shop berlin"})
    reread_texts()
    assert stored(ledger) == [("other shop", "othe")]


def test_reading_again_changes_nothing_and_raises_no_version(ana, ledger):
    row = record(ana, "REWE MARKT KOELN")
    as_an_older_version_read(ledger, {row: "rewe markt koeln"})
    ledger.refresh_from_db()
    assert (reread_texts(), reread_texts()) == (1, 0)
    assert Ledger.objects.get(pk=ledger.pk).version == ledger.version


def test_a_ledger_of_more_rows_than_a_batch_is_read_to_its_end(ana, ledger, monkeypatch):
    monkeypatch.setattr(rereading, "BATCH", 2)
    rows = [record(ana, f"Shop{'abcde'[n]} Koeln") for n in range(5)]
    as_an_older_version_read(ledger, {row: f"shop{'abcde'[n]} koeln" for n, row in enumerate(rows)})
    assert reread_texts() == 5
    assert [text for text, _ in stored(ledger)] == ["shopa", "shopb", "shopc", "shopd", "shope"]


def test_a_row_in_the_bin_is_read_too(ana, ledger):
    row = record(ana, "Xyzzy Koeln")
    ana.delete(f"expenses/{row}/")
    as_an_older_version_read(ledger, {})
    Transaction.everything.filter(pk=row).update(match_text="xyzzy koeln")
    reread_texts()
    assert stored(ledger) == [("xyzzy", "xyzz")]


def test_a_new_ledger_has_nothing_to_read_again(ana, ledger, django_assert_num_queries):
    record(ana, "Xyzzy")
    with django_assert_num_queries(1):
        assert reread_texts() == 0
