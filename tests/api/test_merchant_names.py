"""A merchant is one merchant: its name in rows, groups of the review and reports, whoever decided the category."""

from typing import Any

import pytest

from expenses.categorization.catalog import Catalog
from expenses.categorization.history import HistoryProvider
from expenses.models.ledgers import ledger_id_of
from providers.interface import Question
from tests.api.bulk import record

HISTORY = {"BACKEND": "expenses.categorization.history.HistoryProvider", "MIN_CONFIDENCE": 0.95}
MERCHANTS = {"BACKEND": "providers.merchants.MerchantProvider", "MIN_CONFIDENCE": 0.999}


def spend(api, description: str, **fields: Any) -> Any:
    answer = api.post("expenses/", {"amount": "4.50", "description": description, "date": "2026-11-02"} | fields)
    assert answer.status_code == 201, answer.json()
    return answer.json()


def groups(api) -> list[tuple[str, str, int]]:
    return [(group["key"], group["merchant"], group["n"]) for group in api.get("review/").json()["results"]]


@pytest.fixture
def rewe(ana, silent_chain):
    """Three payments to one chain of shops, as banks and people write it."""
    return record(
        ana,
        {"merchant": "REWE SAGT DANKE. 41278934", "description": "Lastschrift"},
        {"description": "REWE TO GO KOELN"},
        {"description": "Rewe"},
    )


def test_all_spellings_of_a_brand_are_one_group_under_its_name(ana, rewe):
    assert groups(ana) == [("out:rewe", "Rewe", 3)]


@pytest.mark.parametrize(
    ("one", "other"),
    [("Rewe", "Rewe Reisen"), ("Amazon", "Amazon Prime"), ("Shell 4711", "SHELL RECHARGE"), ("Uber", "UBER EATS")],
)
def test_merchants_that_differ_in_truth_stay_apart(ana, silent_chain, one, other):
    record(ana, {"description": one}, {"description": other})
    assert [n for _, _, n in groups(ana)] == [1, 1]


@pytest.mark.parametrize(
    ("texts", "name"),
    [
        (["THE SLEEPY FOX 4711", "THE SLEEPY FOX BAR 12"], "The Sleepy Fox"),
        (["NEROS STEHCAFE AM MARKT"], "Neros Stehcafe Am Markt"),
        (["QWX FITTINGS 1", "Qwx Fittings 2", "Qwx Fittings 3"], "Qwx Fittings"),
        (["QWX BRLM 77"], "QWX BRLM"),
        (["A&B LOUNGE 3"], "A&B Lounge"),
        (["brixel nord 18", "brixel nord 19"], "Brixel Nord"),
        (["O'Rourke Brixel 9"], "O'Rourke Brixel"),
        (["4711"], "4711"),
    ],
)
def test_a_group_is_named_by_whole_words_as_people_write_them(ana, silent_chain, texts, name):
    record(ana, *({"description": text} for text in texts))
    assert [found for _, found, _ in groups(ana)] == [name]


def test_a_format_in_one_glued_word_is_a_shop_of_its_retailer(ana, use_chain):
    use_chain({"BACKEND": "expenses.categorization.keywords.KeywordProvider", "MIN_CONFIDENCE": 0.5})
    assert spend(ana, "REWETOGO HBF")["merchant"] == "Rewe"
    spend(ana, "Zettel", merchant="rewe")
    [total] = ana.get("transactions/totals/", {"by": "merchant"}).json()["results"]
    assert (total["merchant"], total["n"]) == ("Rewe", 2)
    [listed] = ana.get("insights/summary/", {"period": "year", "date": "2026-11-02"}).json()["by_merchant"]
    assert (listed["merchant"], listed["n"]) == ("Rewe", 2)


def test_two_names_behind_one_article_are_two_groups(ana, silent_chain):
    record(ana, {"description": "THE SLEEPY FOX"}, {"description": "THE SLEEPY BEAR"})
    found = [("out:the sleepy bear", "The Sleepy Bear", 1), ("out:the sleepy fox", "The Sleepy Fox", 1)]
    assert sorted(groups(ana)) == found


def test_whoever_decides_a_known_brand_names_the_merchant(ana, use_chain):
    use_chain(HISTORY, MERCHANTS)
    chosen = spend(ana, "REWE SAGT DANKE. 41278934", category="Pets")
    remembered = spend(ana, "REWE SAGT DANKE. 55555555")
    assert remembered["categorization"]["source"] == "history"
    assert [row["merchant"] for row in (chosen, remembered)] == ["Rewe", "Rewe"]
    found = ana.get("transactions/?merchant=rewe").json()["results"]
    assert {row["id"] for row in found} == {chosen["id"], remembered["id"]}


def test_the_name_of_a_brand_goes_before_what_its_owner_wrote_elsewhere(ana, use_chain):
    use_chain(HISTORY)
    spend(ana, "REWE SAGT DANKE 1", merchant="Rewe sagt", category="Pets")
    assert spend(ana, "REWE SAGT DANKE 2")["merchant"] == "Rewe"


def test_a_rule_that_decides_leaves_the_merchant_named(ana, use_chain):
    use_chain({"BACKEND": "rules.provider.RulesProvider"})
    conditions = [{"field": "text", "op": "contains", "value": "rewe"}]
    actions = [{"type": "set_category", "value": "Pets"}]
    assert ana.post("rules/", {"name": "r", "conditions": conditions, "actions": actions}).status_code == 201
    body = spend(ana, "REWE TO GO KOELN")
    assert (body["merchant"], body["categorization"]["source"]) == ("Rewe", "rule")


def test_a_merchant_that_the_dictionary_does_not_know_is_called_as_its_owner_wrote_it(ana, use_chain):
    use_chain(HISTORY)
    for name in ("Krummer Hund", "Krummer Hund", "Der Hund"):
        spend(ana, "KRUMMER HUND GBR 12", merchant=name, category="Dining")
    spend(ana, "KRUMMER HUND GBR 13", category="Dining")
    assert spend(ana, "KRUMMER HUND 14 KOELN")["merchant"] == "Krummer Hund"
    assert spend(ana, "KRUMMER HUND 14 KOELN", merchant="Mine")["merchant"] == "Mine"


def test_the_spelling_that_the_owner_wrote_most_often_counts_with_its_own_rows(ana, use_chain):
    use_chain(HISTORY)
    for name in ("", "", "krummer hund", "Krummer Hund", "Krummer Hund"):
        spend(ana, "KRUMMER HUND GBR 12", merchant=name, category="Dining")
    assert spend(ana, "KRUMMER HUND GBR 14")["merchant"] == "Krummer Hund"


def test_merchants_are_read_only_where_the_owner_wrote_one(ana, use_chain, django_assert_num_queries):
    use_chain(HISTORY)
    spend(ana, "KRUMMER HUND GBR 12", category="Dining")
    owner = ledger_id_of(ana.user)
    question = Question("KRUMMER HUND", Catalog.load(owner).offered("out", None), owner)
    with django_assert_num_queries(1):
        HistoryProvider().categorize_many([question])
    spend(ana, "KRUMMER HUND GBR 12", merchant="Krummer Hund", category="Dining")
    with django_assert_num_queries(2):
        HistoryProvider().categorize_many([question])


def test_a_merchant_that_a_person_wrote_stays(ana, silent_chain):
    written = spend(ana, "REWE SAGT DANKE. 41278934", merchant="Corner shop")
    emptied = spend(ana, "REWE SAGT DANKE. 41278934")
    ana.patch(f"expenses/{emptied['id']}/", {"merchant": ""})
    ana.patch(f"expenses/{emptied['id']}/", {"category": "Pets"})
    names = [ana.get(f"expenses/{row['id']}/").json()["merchant"] for row in (written, emptied)]
    assert names == ["Corner shop", ""]
