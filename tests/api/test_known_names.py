"""Names and words that the shipped dictionary knows, asked over HTTP: the country weighs, and movements have words."""

import pytest


@pytest.fixture(autouse=True)
def _chain(use_chain):
    use_chain(
        {"BACKEND": "providers.merchants.MerchantProvider", "MIN_CONFIDENCE": 0.8},
        {"BACKEND": "providers.name_classifier.NameClassifierProvider", "MIN_CONFIDENCE": 0.9},
    )


def told(api, description, *, country="", **fields):
    """Return category, confidence and reason for a text on an account in a country."""
    if country:
        body = {"name": f"In {country}", "currency": "EUR", "country": country}
        api.post("accounts/", body)
        fields["account"] = body["name"]
    answer = api.post("categorization/suggest/", {"description": description} | fields)
    assert answer.status_code == 200, answer.json()
    body = answer.json()
    return body["category_name"], body["confidence"], body["rationale"]


@pytest.mark.parametrize(
    ("description", "category", "reason"),
    [
        ("EDEKA", "Groceries", "Edeka is a known supermarket chain, mainly in Germany."),
        ("MERCADONA 0412", "Groceries", "Mercadona is a known supermarket chain, mainly in Spain and Portugal."),
        ("MONOPRIX", "Groceries", "Monoprix is a known supermarket chain, mainly in Andorra and France."),
        ("STATOIL 4711", "Transport", "Statoil is a known fuel station brand, mainly in other countries."),
    ],
)
def test_a_brand_of_another_country_is_known_less_surely(ana, description, category, reason):
    assert told(ana, description, country="AT") == (category, 0.62, reason)


@pytest.mark.parametrize(
    ("description", "reason"),
    [
        ("MERCADONA VILLACH MITTE", "Mercadona is a known supermarket chain, mainly in Spain and Portugal."),
        ("ORANGE", "Orange is a known telecommunications company, mainly in other countries."),
        ("STANDARD", "The Standard is a known insurer, mainly in the United States."),
    ],
)
def test_a_mere_word_is_surer_to_be_another_merchant(ana, description, reason):
    _, confidence, rationale = told(ana, description, country="AT")
    assert (confidence, rationale) == (0.34, reason)


def test_a_brand_at_home_comes_before_one_abroad(ana):
    reason = "Spar is a known convenience store chain."
    assert told(ana, "SPAR 4711", country="AT") == ("Groceries", 0.94, reason)
    reason = "The word “cafe” stands for Dining."
    assert told(ana, "Mercadona Cafe", country="AT") == ("Dining", 0.94, reason)


def test_a_known_name_is_never_said_to_be_unknown(ana):
    assert told(ana, "EXPRESSO BAR", country="AT")[2] == "It sounds like Dining."
    assert told(ana, "Gasthofstube Xyzzy", country="AT")[2] == "Nobody by this name is known; it sounds like Dining."
