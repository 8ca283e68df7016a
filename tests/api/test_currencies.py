"""The currencies of ISO 4217 as a person reads them."""

from decimal import Decimal

import pytest

from expenses.ledger.money import currency_codes
from expenses.models import ExchangeRate
from tests.api.bodies import assert_problem

FRANC = {
    "code": "CHF",
    "name": "Swiss Franc",
    "symbol": "CHF",
    "minor_units": 2,
    "is_current": True,
    "has_rates": True,
    "ecb_from": "1999-01-04",
    "ecb_through": "2026-10-30",
}


@pytest.fixture(autouse=True)
def ecb(db):
    for quote, day in (("CHF", "1999-01-04"), ("CHF", "2026-10-30"), ("CYP", "2007-12-31")):
        ExchangeRate.objects.create(base="EUR", quote=quote, date=day, rate=Decimal("0.9"), source="ecb")


def found(api, text):
    return [row["code"] for row in api.get("currencies/", {"search": text}).json()["results"]]


def only(api, code):
    [row] = [row for row in api.get("currencies/", {"search": code}).json()["results"] if row["code"] == code]
    return row


def test_a_currency_says_how_it_is_written_and_for_which_days_it_has_rates(ana):
    assert only(ana, "CHF") == FRANC
    days = ("ecb_from", "ecb_through")
    assert only(ana, "JPY") == {"code": "JPY", "name": "Japanese Yen", "symbol": "¥", "minor_units": 0,
                                "is_current": True, "has_rates": False, **dict.fromkeys(days)}  # fmt: skip
    assert [only(ana, "EUR")[day] for day in days] == ["1999-01-04", "2026-10-30"]
    past = only(ana, "CYP")
    assert (past["is_current"], past["has_rates"], past["ecb_through"]) == (False, True, "2007-12-31")


def test_names_are_in_the_persons_language(ana):
    ana.patch("users/me/", {"preferences": {"locale": "de-CH"}})
    assert only(ana, "CHF") == FRANC | {"name": "Schweizer Franken"}
    assert found(ana, "franken schweizer") == ["CHF"]


def test_all_are_listed_by_code_in_pages(ana):
    body = ana.get("currencies/", {"page_size": 500}).json()
    assert [row["code"] for row in body["results"]] == sorted(currency_codes())
    assert (body["count"], body["next"], body["previous"]) == (len(currency_codes()), None, None)
    assert len(ana.get("currencies/").json()["results"]) == 50
    assert_problem(ana.get("currencies/?page=99"), 404, (None, "not_found"))


@pytest.mark.parametrize(
    ("text", "codes"), [("chf", ["CHF"]), ("SWISS fra", ["CHF"]), ("¥", ["JPY"]), ("no such money", [])]
)
def test_a_search_finds_every_word_in_code_name_or_symbol(ana, text, codes):
    assert [code for code in found(ana, text) if code != "CNY"] == codes


def test_ones_own_rate_makes_both_its_currencies_known_to_oneself_alone(ana, ben):
    ana.post("rates/", {"base": "VND", "quote": "JPY", "date": "2026-11-02", "rate": "0.006"})
    assert [only(ana, code)["has_rates"] for code in ("VND", "JPY", "USD")] == [True, True, False]
    assert only(ben, "VND")["has_rates"] is False


def test_a_client_that_has_the_list_need_not_load_it_again(ana):
    first = ana.get("currencies/")
    assert first["Cache-Control"] == "private, max-age=300"
    assert "Authorization" in first["Vary"]
    again = ana.get("currencies/", headers={"if-none-match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    ana.patch("users/me/", {"preferences": {"locale": "fr"}})
    assert ana.get("currencies/", headers={"if-none-match": first["ETag"]}).status_code == 200


def test_the_list_costs_three_queries_however_many_currencies(ana, django_assert_max_num_queries):
    ana.get("currencies/")
    with django_assert_max_num_queries(3 + 2):  # the token, its person and ledger; known days, own rates
        ana.get("currencies/", {"page_size": 500})
