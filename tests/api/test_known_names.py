"""Names and words that the shipped dictionary knows, asked over HTTP: the country weighs, and movements have words."""

import pytest

from tests.movements import MOVEMENTS

MERCHANTS = {"BACKEND": "providers.merchants.MerchantProvider", "MIN_CONFIDENCE": 0.8}


@pytest.fixture(autouse=True)
def _chain(use_chain):
    use_chain(MERCHANTS)


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


def test_the_country_of_all_accounts_is_assumed_without_an_account(ana):
    in_austria = ("Groceries", 0.62, "Edeka is a known supermarket chain, mainly in Germany.")
    anywhere = told(ana, "EDEKA")
    assert anywhere[:2] != in_austria[:2]
    assert told(ana, "EDEKA", country="AT") == in_austria
    assert told(ana, "EDEKA") == in_austria
    ana.post("accounts/", {"name": "Purse", "currency": "EUR"})  # it names no country
    both = ana.post("categorization/suggest/", {"transactions": [{"description": "EDEKA"}, {"description": "EDEKA"}]})
    assert [one["confidence"] for one in both.json()["results"]] == [0.62, 0.62]
    ana.post("accounts/", {"name": "Konto", "currency": "EUR", "country": "DE"})
    assert told(ana, "EDEKA") == anywhere
    assert told(ana, "EDEKA", account="In AT") == in_austria


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


def test_a_known_name_is_never_said_to_be_unknown(ana, use_chain):
    use_chain(MERCHANTS, {"BACKEND": "providers.name_classifier.NameClassifierProvider", "MIN_CONFIDENCE": 0.9})
    assert "known" not in told(ana, "EXPRESSO BAR", country="AT")[2].replace("is a known", "")
    assert told(ana, "Gasthofstube Xyzzy", country="AT")[2] == "It sounds like Dining."


@pytest.mark.parametrize(("description", "direction", "category"), MOVEMENTS)
def test_a_word_about_the_movement_comes_before_names(ana, description, direction, category):
    # Kinds of income are told apart once the owner has used them.
    expected = "Income" if category in ("Salary", "Interest") else category
    assert told(ana, description, direction=direction)[0] == expected


@pytest.mark.parametrize(
    ("description", "category"),
    [
        ("Transfer Station Cafe", "Dining"),
        ("TransferWise fee", "Fees & Taxes"),
        ("Refund Cafe", "Dining"),
        ("ATM withdrawal fee", "Fees & Taxes"),
        ("Withdrawal Walmart", "Shopping"),
        ("Lisbon Airport Transfers", "Travel"),
        ("Cash Converters", "Shopping"),
    ],
)
def test_a_word_about_the_movement_leaves_a_clear_name_alone(ana, description, category):
    assert told(ana, description)[0] == category


def test_the_purpose_of_a_transfer_comes_before_the_name_of_its_receiver(ana):
    found = told(ana, "Spende", merchant="Teppich e.V.")
    assert found == ("Gifts & Donations", 0.97, "The word “spende” stands for Gifts & Donations.")


def test_a_transfer_to_somebody_unknown_is_only_suggested(ana):
    body = ana.post("categorization/suggest/", {"description": "Überweisung Qvrelli"}).json()
    assert (body["status"], body["category_name"]) == ("suggested", "Transfers")
    assert body["rationale"] == "The word “uberweisung” stands for Transfers."
