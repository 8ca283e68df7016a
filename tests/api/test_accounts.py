"""Where money lies."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from expenses.models import Account
from tests.api.bodies import assert_problem, settled

pytestmark = pytest.mark.usefixtures("silent_chain")

CHECKING = {
    "name": "Checking",
    "type": "card",
    "currency": "CHF",
    "country": "CH",
    "opening_balance": "-12.50",
    "iban": "CH9300762011623852957",
    "number": "0762-011623.85",
    "is_active": True,
}


def test_an_account_is_opened_listed_and_read(ana):
    answer = ana.post("accounts/", CHECKING)
    assert answer.status_code == 201
    assert settled(answer.json()) == CHECKING | {"other_currencies": []}
    assert ana.get(f"accounts/{answer.json()['id']}/").json() == answer.json()
    assert ana.get("accounts/").json() == {"count": 1, "next": None, "previous": None, "results": [answer.json()]}


def test_only_the_name_is_needed(ana):
    ana.patch("users/me/", {"preferences": {"base_currency": "JPY"}})
    body = settled(ana.post("accounts/", {"name": "Purse"}).json())
    made_up = {"type": "checking", "currency": "JPY", "country": "", "opening_balance": "0", "is_active": True}
    assert body == {"name": "Purse", **made_up, "iban": "", "number": "", "other_currencies": []}


def test_an_account_is_edited(ana):
    before = ana.post("accounts/", CHECKING).json()
    answer = ana.patch(f"accounts/{before['id']}/", {"name": "CHECKING", "opening_balance": "3", "country": "de"})
    assert answer.status_code == 200
    after = answer.json()
    changed = {"name": "CHECKING", "opening_balance": "3.00", "country": "DE"}
    assert after == before | changed | {"version": after["version"]}
    assert after["version"] > before["version"]
    assert ana.get(f"accounts/{before['id']}/").json() == after


def test_an_empty_account_is_deleted_and_one_in_use_is_not(ana):
    number = ana.post("accounts/", CHECKING).json()["id"]
    row = ana.post("expenses/", {"amount": "1", "description": "Cafe", "account": number}).json()
    assert_problem(ana.delete(f"accounts/{number}/"), 409, (None, "in_use"))
    ana.delete(f"expenses/{row['id']}/")
    assert ana.delete(f"accounts/{number}/").status_code == 204
    assert_problem(ana.get(f"accounts/{number}/"), 404, (None, "not_found"))


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("name", "", "blank"),
        ("name", " ", "blank"),
        ("name", None, "null"),
        ("name", "x" * 101, "max_length"),
        ("name", "a\x00", "null_characters_not_allowed"),
        ("name", "purse", "unique"),
        ("name", "PURSE", "unique"),
        ("type", "piggy bank", "invalid_choice"),
        ("currency", "XQX", "unknown_currency"),
        ("currency", None, "null"),
        ("country", "DEU", "invalid"),
        ("country", "D1", "invalid"),
        ("country", "D", "invalid"),
        ("opening_balance", "abc", "invalid"),
        ("opening_balance", "NaN", "invalid"),
        ("opening_balance", "-Infinity", "invalid"),
        ("opening_balance", "1e400", "max_digits"),
        ("opening_balance", "10000000000", "max_whole_digits"),
        ("opening_balance", "0.005", "too_many_places"),
        ("opening_balance", None, "null"),
        ("iban", "CH9300762011623852958", "wrong_check_digits"),
        ("iban", "12345678", "invalid"),
        ("iban", None, "null"),
        ("number", "1" * 41, "max_length"),
        ("number", None, "null"),
        ("is_active", "perhaps", "invalid"),
    ],
)
def test_a_bad_field_is_named(ana, field, value, code):
    ana.post("accounts/", {"name": "Purse"})
    assert_problem(ana.post("accounts/", CHECKING | {field: value}), 400, (field, code))
    assert Account.objects.count() == 1
    before = ana.post("accounts/", CHECKING).json()
    assert_problem(ana.patch(f"accounts/{before['id']}/", {field: value}), 400, (field, code))
    assert ana.get(f"accounts/{before['id']}/").json() == before


def test_an_iban_is_written_with_or_without_spaces_and_taken_away_again(ana):
    number = ana.post("accounts/", {"name": "Giro", "iban": "de89 3704 0044 0532 0130 00"}).json()["id"]
    assert ana.get(f"accounts/{number}/").json()["iban"] == "DE89370400440532013000"
    assert ana.patch(f"accounts/{number}/", {"iban": "", "number": "532013000"}).json()["iban"] == ""
    assert ana.get(f"accounts/{number}/").json()["number"] == "532013000"
    assert ana.get("changes/").json()["accounts"][0]["number"] == "532013000"


def test_two_accounts_share_an_iban_only_in_different_currencies(ana, ben):
    iban = "DE89370400440532013000"
    euros = ana.post("accounts/", {"name": "Euros", "currency": "EUR", "iban": iban}).json()
    answer = ana.post("accounts/", {"name": "Again", "currency": "EUR", "iban": iban})
    assert_problem(answer, 400, ("iban", "unique"))
    detail = "“Euros” has this IBAN and is in EUR, too. Give each account its own IBAN or currency."
    assert answer.json()["errors"][0]["detail"] == detail
    dollars = ana.post("accounts/", {"name": "Dollars", "currency": "USD", "iban": iban}).json()
    assert_problem(ana.patch(f"accounts/{dollars['id']}/", {"currency": "EUR"}), 400, ("iban", "unique"))
    assert ana.patch(f"accounts/{euros['id']}/", {"iban": iban}).status_code == 200
    assert ben.post("accounts/", {"name": "Euros", "currency": "EUR", "iban": iban}).status_code == 201


def test_names_are_equal_in_any_case_of_any_letter(ana):
    account = ana.post("accounts/", {"name": "K\xe4se"}).json()
    assert_problem(ana.post("accounts/", {"name": "K\xc4SE"}), 400, ("name", "unique"))
    assert ana.patch(f"accounts/{account['id']}/", {"name": "K\xc4SE"}).status_code == 200
    row = {"amount": "1", "description": "Gouda", "account": "k\xe4se", "tags": ["\xd6ko"]}
    body = ana.post("expenses/", row).json()
    assert body["account"] == account["id"]
    for wanted in ({"account": "k\xe4SE"}, {"account": account["id"]}, {"tag": "\xf6KO"}):
        assert ana.get("expenses/", wanted).json()["results"] == [body]


def test_a_currency_with_fewer_places_needs_a_balance_that_fits(ana):
    before = ana.post("accounts/", CHECKING).json()
    address = f"accounts/{before['id']}/"
    assert_problem(ana.patch(address, {"currency": "JPY"}), 400, ("opening_balance", "too_many_places"))
    assert ana.patch(address, {"currency": "JPY", "opening_balance": "1000"}).json()["opening_balance"] == "1000"


def test_a_stranger_sees_no_account_and_may_use_the_same_name(ana, ben):
    before = ana.post("accounts/", CHECKING).json()
    address = f"accounts/{before['id']}/"
    assert ben.get("accounts/").json()["results"] == []
    for answer in (ben.get(address), ben.patch(address, {"name": "Mine"}), ben.delete(address)):
        assert_problem(answer, 404, (None, "not_found"))
    assert ben.post("accounts/", CHECKING).status_code == 201
    assert ana.get(address).json() == before


def test_nothing_new_is_recorded_in_a_closed_account(ana):
    account = ana.post("accounts/", {"name": "Old bank"}).json()["id"]
    row = {"amount": "1", "description": "Cafe", "account": "Old bank"}
    there = ana.post("expenses/", row).json()
    elsewhere = ana.post("expenses/", row | {"account": None}).json()
    closed = ana.patch(f"accounts/{account}/", {"is_active": False}).json()
    assert closed["is_active"] is False
    assert_problem(ana.post("expenses/", row), 400, ("account", "closed"))
    assert_problem(ana.patch(f"expenses/{elsewhere['id']}/", {"account": account}), 400, ("account", "closed"))
    answer = ana.post("transactions/bulk/", {"transactions": [row | {"kind": "expense"}]}).json()
    assert [error["code"] for error in answer["errors"][0]["errors"]] == ["closed"]
    assert ana.get(f"accounts/{account}/").json() == closed
    assert ana.get("expenses/", {"account": "Old bank"}).json()["count"] == 1
    after = ana.patch(f"expenses/{there['id']}/", {"account": account, "notes": "the last one"}).json()
    assert (after["account"], after["notes"]) == (account, "the last one")
    ana.patch(f"accounts/{account}/", {"is_active": True})
    assert ana.post("expenses/", row).status_code == 201


def test_a_statement_of_a_closed_account_is_refused(ana, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    account = ana.post("accounts/", {"name": "Old bank"}).json()["id"]
    content = b"Date;Payee;Amount;Currency\n2026-11-13;Cafe Luna;-5.50;EUR\n"

    def upload():
        fields = {"file": SimpleUploadedFile("one.csv", content), "account": account}
        return ana.post("imports/", fields, format="multipart")

    number = upload().json()["id"]
    ana.patch(f"accounts/{account}/", {"is_active": False})
    assert_problem(upload(), 400, ("account", "closed"))
    assert_problem(ana.patch(f"imports/{number}/", {"account": account}), 400, ("account", "closed"))
    assert_problem(ana.post(f"imports/{number}/commit/", {}), 409, (None, "closed"))
    ana.patch(f"accounts/{account}/", {"is_active": True})
    assert ana.post(f"imports/{number}/commit/", {}).status_code == 202
