"""The link of keywords over HTTP: names in damaged text."""

import pytest


def attempt_of(api, text, **fields):
    row = api.post("expenses/", {"amount": "4.50", "description": text, **fields}).json()
    body = api.get(f"transactions/{row['id']}/explanation/").json()
    return row, next(attempt for attempt in body["attempts"] if attempt["provider"] == "keywords")


@pytest.mark.parametrize(
    ("text", "sentence", "details"),
    [
        (
            "STARBUC KOELN",
            "“STARBUC” is Starbucks, cut short, a known coffee house chain.",
            {"matched": "Starbucks", "found_in": "STARBUC", "damage": "cut", "likeness": 0.78},
        ),
        (
            "STARBUCKSCOFFEE4711",
            "“STARBUCKSCOFFEE4711” is Starbucks, written as one word, a known coffee house chain.",
            {"matched": "Starbucks", "found_in": "STARBUCKSCOFFEE4711", "damage": "glued", "likeness": 0.94},
        ),
        (
            "VISA STRBCKS 123",
            "“STRBCKS” is Starbucks, without some of its vowels, a known coffee house chain.",
            {"matched": "Starbucks", "found_in": "STRBCKS", "damage": "abbreviated", "likeness": 0.78},
        ),
        (
            "Strabucks",
            "“Strabucks” is Starbucks, misspelled, a known coffee house chain.",
            {"matched": "Starbucks", "found_in": "Strabucks", "damage": "misspelled", "likeness": 0.89},
        ),
        (
            "XYZZY PLUGH RESTAURAN",
            "“RESTAURAN” is the word “restaurant”, cut short, which stands for Dining.",
            {"matched": "restaurant", "found_in": "RESTAURAN", "damage": "cut", "likeness": 0.9},
        ),
    ],
)
def test_a_damaged_name_is_found_and_explained(ana, text, sentence, details):
    _, attempt = attempt_of(ana, text)
    assert attempt["explanation"] == sentence
    assert (attempt["category_name"], attempt["details"]) == ("Dining", details)


def test_a_long_damaged_name_decides(ana):
    row, attempt = attempt_of(ana, "PAYPAL *BURGERKINGBERLIN")
    assert (row["category_name"], row["merchant"]) == ("Dining", "Burger King")
    assert row["categorization"] == {
        "status": "automatic",
        "source": "keywords",
        "confidence": 0.97,
        "explanation": "“BURGERKINGBERLIN” is Burger King, glued to other letters, a known fast food chain.",
        "suggestion": None,
    }
    assert (attempt["outcome"], attempt["score"]) == ("answered", 0.625)


def test_a_short_damaged_name_is_only_suggested(ana):
    row, attempt = attempt_of(ana, "NETFLI")
    assert (row["category"], attempt["outcome"], attempt["confidence"]) == (None, "unsure", 0.92)
    assert row["categorization"]["suggestion"]["category_name"] == "Subscriptions"


@pytest.mark.parametrize("text", ["Starbucks Koeln", "REWE SAGT DANKE", "Xyzzy Plugh", "Petra Iglesias"])
def test_whole_and_unknown_names_are_left_to_other_links(ana, text):
    _, attempt = attempt_of(ana, text)
    assert (attempt["outcome"], attempt["explanation"]) == ("declined", "It knows nothing about this text.")


def test_money_from_a_damaged_name_is_suggested_as_its_refund(ana):
    body = ana.post("transactions/", {"amount": "4.50", "direction": "in", "description": "MCDONLADS KOELN"}).json()
    assert body["category"] is None
    assert body["categorization"]["suggestion"]["category_name"] == "Dining"
    attempts = ana.get(f"transactions/{body['id']}/explanation/").json()["attempts"]
    assert [attempt["explanation"] for attempt in attempts if attempt["provider"] == "keywords"] == [
        "“MCDONLADS” is McDonald's, misspelled, a known fast food chain, so money from it is taken for a refund."
    ]


def test_a_kind_of_shop_that_was_mapped_is_followed(ana):
    ana.post("categories/", {"name": "Coffee", "kind": "expense"})
    ana.put("categorization/kinds/amenity=cafe/", {"category": "Coffee"})
    row, attempt = attempt_of(ana, "STARBUCKSCOFFEE4711")
    assert row["category_name"] == "Coffee"
    assert attempt["explanation"].endswith("a known coffee house chain, which you put into Coffee.")
