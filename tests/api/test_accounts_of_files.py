"""Files that name their accounts: which account of the ledger they are, what is asked, and what a commit writes."""

import pytest

from expenses.models import Transaction
from expenses.services.runs import perform_run
from tests.api.bodies import assert_problem
from tests.api.books import books

__all__ = ["books"]
pytestmark = pytest.mark.usefixtures("silent_chain", "files")

IBAN, CARD_IBAN = "DE89370400440532013000", "DE02120300000000202051"
GIRO = f"account|giro|iban={IBAN}|currency=EUR"
CARD = "account|card|number=XXXX1234|name=Visa"
ROWS = ["row|giro|2026-03-02|-45.50|Market", "row|giro|2026-03-03|2500.00|Salary"]
CARD_ROWS = ["row|card|2026-03-02|-45.50|Market", "row|card|2026-03-05|-7.00|Cinema"]


def open_account(api, name, **fields):
    return api.post("accounts/", {"name": name, "currency": "EUR", **fields}).json()


def where(api):
    """Account and text of every row."""
    rows = api.get("transactions/?ordering=id").json()["results"]
    return [(row["account_name"], row["description"]) for row in rows]


def test_an_account_is_found_by_its_iban_and_the_rows_are_recorded_at_once(ana, books):
    giro = open_account(ana, "Giro", iban=IBAN)
    open_account(ana, "Other")
    answer = books(ana, GIRO + "|name=Ana|bank=COBADEFF|balance=2454.50", *ROWS, "warning|It is odd.", commit="true")
    assert answer.status_code == 201
    body = answer.json()
    assert (body["status"], body["account"], body["account_name"]) == ("committed", giro["id"], "Giro")
    assert body["warnings"] == ["It is odd."]
    assert body["accounts"] == [
        {
            "key": "giro",
            "name": "Ana",
            "iban": IBAN,
            "number": "",
            "bank": "COBADEFF",
            "currency": "EUR",
            "account": giro["id"],
            "matched_by": "iban",
            "n_rows": 2,
            "n_new": 2,
            "n_duplicates": 0,
            "totals": {"EUR": {"in": "2500.00", "out": "45.50", "sum": "2454.50"}},
            "balance": "2454.50",
            "balance_date": "2026-03-31",
            "opening_balance": None,
            "new_numbers": {},
        }
    ]
    assert where(ana) == [("Giro", "Market"), ("Giro", "Salary")]


@pytest.mark.parametrize(
    ("own", "named"),
    [
        ({"number": "0532 0130 00"}, "number=532013000"),
        ({"number": "XXXX-1234"}, "number=xxxx1234"),
        ({"iban": IBAN}, "number=532013000|bank=37040044"),
        ({"iban": IBAN}, "number=0532013000|bank=370 400 44"),
    ],
    ids=["zeros and blanks", "the same mask", "bank and number without zeros", "bank and number"],
)
def test_an_account_is_found_by_its_number(ana, books, own, named):
    giro = open_account(ana, "Giro", **own)
    body = books(ana, f"account|giro|{named}", *ROWS, commit="true").json()
    (found,) = body["accounts"]
    assert (body["status"], found["account"], found["matched_by"]) == ("committed", giro["id"], "number")


def test_an_account_without_rows_is_not_asked_about(ana, books):
    giro = open_account(ana, "Giro", iban=IBAN)
    body = books(ana, GIRO, CARD, *ROWS, commit="true").json()
    assert (body["status"], body["questions"]) == ("committed", [])
    assert [(named["key"], named["account"], named["n_rows"]) for named in body["accounts"]] == [
        ("giro", giro["id"], 2),
        ("card", None, 0),
    ]


@pytest.mark.parametrize(
    ("own", "named"),
    [
        ({"number": "5412 7512 3456 1234"}, "number=XXXX1234"),
        ({"number": "5412 7512 3456 1234"}, "number=*1234"),
        ({"number": "**** 1234"}, "number=5412751234561234"),
        ({"number": "5412751234561234"}, "number=1234"),
        ({"iban": IBAN}, "number=532013000"),
    ],
    ids=["mask", "star", "own is masked", "four digits", "end of an IBAN"],
)
def test_the_last_digits_are_a_proposal_that_is_asked(ana, books, own, named):
    card = open_account(ana, "Card", **own)
    open_account(ana, "Dollars", currency="USD")
    shown = named.removeprefix("number=")
    body = books(ana, f"account|card|{named}|currency=EUR", *CARD_ROWS, commit="true").json()
    question = {
        "attr": "accounts.card",
        "code": "unknown_account",
        "detail": f"The file names the account “{shown}”, which may be “Card”. Say which one it is: "
        f'PATCH the import with {{"accounts": {{"card": {card["id"]}}}}}, or with the id of another account.',
        "alternatives": [card["id"]],
    }
    assert (body["status"], body["account"], body["questions"]) == ("parsed", None, [question])
    address = f"imports/{body['id']}/"
    refused = ana.post(f"{address}commit/")
    assert_problem(refused, 409, (None, "unknown_account"))
    assert refused.json()["detail"] == question["detail"]
    answered = ana.patch(address, {"accounts": {"card": "Card"}}).json()
    assert (answered["questions"], answered["account"]) == ([], card["id"])
    assert answered["accounts"][0]["matched_by"] == "answer"
    assert Transaction.objects.count() == 0
    assert ana.post(f"{address}commit/").status_code == 202


def test_rows_of_several_accounts_are_recorded_in_one_run_and_taken_back_together(ana, books):
    giro, card = open_account(ana, "Giro", iban=IBAN), open_account(ana, "Card")
    body = books(ana, GIRO, CARD, *ROWS, *CARD_ROWS, commit="true").json()
    assert (body["status"], body["account"]) == ("parsed", None)
    address = f"imports/{body['id']}/"
    answered = ana.patch(address, {"accounts": {"card": card["id"]}}).json()
    counts = [(a["key"], a["account"], a["matched_by"], a["n_new"]) for a in answered["accounts"]]
    assert counts == [("giro", giro["id"], "iban", 2), ("card", card["id"], "answer", 2)]
    shown = ana.get(f"{address}rows/").json()["results"]
    assert [(row["account"], row["account_name"]) for row in shown] == [(giro["id"], "Giro")] * 2 + [
        (card["id"], "Card")
    ] * 2
    run = ana.post(f"{address}commit/").json()
    perform_run(run_id=run["id"])
    assert ana.get(f"runs/{run['id']}/").json()["counts"]["created"] == 4
    assert where(ana) == [("Giro", "Market"), ("Giro", "Salary"), ("Card", "Market"), ("Card", "Cinema")]
    assert ana.post(f"runs/{run['id']}/revert/").json()["counts"]["removed"] == 4
    assert where(ana) == []


def test_duplicates_are_counted_for_each_account(ana, books):
    open_account(ana, "Giro", iban=IBAN)
    open_account(ana, "Card", number="XXXX1234")
    assert books(ana, GIRO, *ROWS, commit="true").json()["status"] == "committed"
    body = books(ana, GIRO, CARD, *ROWS, *CARD_ROWS, commit="true").json()
    assert (body["status"], body["n_new"], body["n_duplicates"]) == ("committed", 2, 2)
    again = books(ana, GIRO, CARD, *ROWS, *CARD_ROWS).json()
    assert [(a["n_rows"], a["n_new"], a["n_duplicates"]) for a in again["accounts"]] == [(2, 0, 2), (2, 0, 2)]
    shown = ana.get(f"imports/{again['id']}/rows/").json()["results"]
    assert {row["status"] for row in shown} == {"duplicate"}
    assert len({row["duplicate_of"] for row in shown}) == 4


def test_two_accounts_of_a_file_that_are_one_here_lose_no_row(ana, books):
    one = open_account(ana, "One")
    text = ["account|a|number=11111111", "account|b|number=22222222"]
    text += ["row|a|2026-03-02|-3.20|Coffee", "row|b|2026-03-02|-3.20|Coffee"]
    address = f"imports/{books(ana, *text).json()['id']}/"
    body = ana.patch(address, {"accounts": {"a": one["id"], "b": one["id"]}}).json()
    assert (body["questions"], body["n_new"]) == ([], 2)
    assert ana.post(f"{address}commit/").status_code == 202


def test_rows_without_an_account_go_into_that_of_the_import(ana, books):
    open_account(ana, "Giro", iban=IBAN)
    text = [GIRO, *ROWS, "row||2026-03-04|-1.00|Kiosk"]
    body = books(ana, *text, commit="true").json()
    # The file names one account, so that it is the import's, too.
    assert (body["status"], body["account_name"], body["accounts"][0]["n_rows"]) == ("committed", "Giro", 2)
    assert where(ana)[-1] == ("Giro", "Kiosk")


def test_some_rows_without_an_account_beside_several_accounts_need_one(ana, books):
    open_account(ana, "Giro", iban=IBAN)
    open_account(ana, "Card", number="XXXX1234")
    purse = open_account(ana, "Purse")
    text = [GIRO, CARD, *ROWS, *CARD_ROWS, "row||2026-03-04|-1.00|Kiosk|currency=EUR"]
    body = books(ana, *text, commit="true").json()
    assert (body["status"], body["questions"]) == ("parsed", [])
    address = f"imports/{body['id']}/"
    assert_problem(ana.post(f"{address}commit/"), 400, ("account", "required"))
    assert ana.patch(address, {"account": purse["id"]}).json()["account_name"] == "Purse"
    assert ana.post(f"{address}commit/").status_code == 202


def test_an_account_without_numbers_takes_those_of_the_file_and_a_revert_takes_them_back(ana, books):
    giro = open_account(ana, "Giro")
    text = [GIRO + "|number=99/1234567", *ROWS]
    planned = books(ana, *text, account="Giro").json()
    numbers = {"iban": IBAN, "number": "99/1234567"}
    assert (planned["accounts"][0]["matched_by"], planned["accounts"][0]["new_numbers"]) == ("import", numbers)
    assert ana.get(f"accounts/{giro['id']}/").json()["iban"] == ""
    body = books(ana, *text, account="Giro", commit="true").json()
    assert (body["status"], body["accounts"][0]["new_numbers"]) == ("committed", numbers)
    after = ana.get(f"accounts/{giro['id']}/").json()
    assert after == giro | numbers | {"version": after["version"]}
    assert after["version"] > giro["version"]
    assert books(ana, GIRO, *ROWS).json()["accounts"][0]["matched_by"] == "iban"
    ana.post(f"runs/{body['run']}/revert/")
    taken_back = ana.get(f"accounts/{giro['id']}/").json()
    assert taken_back == giro | {"version": taken_back["version"]}


def test_a_revert_leaves_numbers_that_were_changed_since(ana, books):
    giro = open_account(ana, "Giro")
    body = books(ana, GIRO, *ROWS, account="Giro", commit="true").json()
    ana.patch(f"accounts/{giro['id']}/", {"iban": CARD_IBAN})
    ana.post(f"runs/{body['run']}/revert/")
    assert ana.get(f"accounts/{giro['id']}/").json()["iban"] == CARD_IBAN


def test_a_number_that_the_iban_ends_with_is_not_taken_over(ana, books):
    giro = open_account(ana, "Giro")
    books(ana, GIRO + "|number=0532013000", *ROWS, account="Giro", commit="true")
    body = ana.get(f"accounts/{giro['id']}/").json()
    assert (body["iban"], body["number"]) == (IBAN, "")


def test_a_file_of_another_account_than_the_one_given_is_asked(ana, books):
    giro, card = open_account(ana, "Giro"), open_account(ana, "Card", iban=IBAN)
    body = books(ana, GIRO, *ROWS, account="Giro", commit="true").json()
    question = {
        "attr": "account",
        "code": "other_account",
        "detail": f"The file is of the account “{IBAN}”, which is “Card”. For “Card”, PATCH the import with "
        f'{{"account": {card["id"]}}}, or confirm “Giro”: PATCH the import with {{"account": {giro["id"]}}}.',
        "alternatives": [giro["id"], card["id"]],
    }
    assert (body["status"], body["questions"]) == ("parsed", [question])
    address = f"imports/{body['id']}/"
    assert_problem(ana.post(f"{address}commit/"), 409, (None, "other_account"))
    moved = ana.patch(address, {"account": card["id"]}).json()
    assert (moved["questions"], moved["account_name"], moved["accounts"][0]["account"]) == ([], "Card", card["id"])
    confirmed = ana.patch(address, {"account": giro["id"]}).json()
    assert (confirmed["questions"], confirmed["account_name"]) == ([], "Giro")
    assert confirmed["accounts"][0]["new_numbers"] == {"iban": IBAN}


def test_an_account_with_another_iban_than_the_file_s_is_asked_and_keeps_its_own(ana, books):
    giro = open_account(ana, "Giro", iban=CARD_IBAN)
    body = books(ana, GIRO, *ROWS, account="Giro").json()
    assert body["questions"] == [
        {
            "attr": "account",
            "code": "other_account",
            "detail": f"The file is of the account “{IBAN}”, and “Giro” has another IBAN or number. Choose another "
            f'account, or confirm “Giro”: PATCH the import with {{"account": {giro["id"]}}}.',
            "alternatives": [giro["id"]],
        }
    ]
    answered = ana.patch(f"imports/{body['id']}/", {"accounts": {"giro": "Giro"}}).json()
    assert (answered["questions"], answered["accounts"][0]["new_numbers"]) == ([], {})


def test_without_any_account_the_question_says_to_open_one(ana, books):
    body = books(ana, GIRO, *ROWS).json()
    assert body["questions"] == [
        {
            "attr": "accounts.giro",
            "code": "unknown_account",
            "detail": f"The file names the account “{IBAN}”, and no account is known to have this IBAN or number. "
            "Open an account with this IBAN or number (POST accounts/), and PATCH the import with {}.",
            "alternatives": [],
        }
    ]
    open_account(ana, "Giro", iban=IBAN)
    answered = ana.patch(f"imports/{body['id']}/", {}).json()
    assert (answered["questions"], answered["account_name"]) == ([], "Giro")


def test_one_iban_in_two_currencies_is_told_apart_by_the_currency(ana, books):
    open_account(ana, "Euros", iban=IBAN)
    open_account(ana, "Dollars", iban=IBAN, currency="USD")
    text = f"account|giro|iban={IBAN}|currency=USD"
    body = books(ana, text, *ROWS).json()
    assert (body["account_name"], body["totals"].keys()) == ("Dollars", {"USD"})
    unknown = books(ana, f"account|giro|iban={IBAN}", *ROWS).json()
    assert unknown["questions"][0]["code"] == "unknown_account"


def test_another_currency_in_one_of_several_accounts_is_asked_about_it_alone(ana, books):
    open_account(ana, "Giro", iban=IBAN)
    card = open_account(ana, "Card", number="XXXX1234")
    text = [GIRO, CARD, *ROWS, *(row + "|currency=CHF" for row in CARD_ROWS)]
    body = books(ana, *text, commit="true").json()
    question = {
        "attr": "accounts.card",
        "code": "other_currency",
        "detail": "Rows are in CHF, and “Card” is an account in EUR. Choose another account, or confirm this one: "
        f'PATCH the import with {{"accounts": {{"card": {card["id"]}}}}}.',
        "alternatives": [card["id"]],
    }
    assert (body["status"], body["questions"]) == ("parsed", [question])
    address = f"imports/{body['id']}/"
    assert ana.patch(address, {"accounts": {"giro": "Giro"}}).json()["questions"] == [question]
    assert ana.patch(address, {"accounts": {"card": "Card"}}).json()["questions"] == []
    assert ana.patch(address, {}).json()["questions"] == []


def test_a_wrong_answer_about_an_account_is_named(ana, ben, books):
    foreign = open_account(ben, "Foreign")
    open_account(ana, "Giro")
    closed = open_account(ana, "Old")
    ana.patch(f"accounts/{closed['id']}/", {"is_active": False})
    body = books(ana, GIRO, *ROWS).json()
    address = f"imports/{body['id']}/"
    answer = ana.patch(address, {"accounts": {"goldmine": "Giro"}})
    assert_problem(answer, 400, ("accounts.goldmine", "unknown_key"))
    detail = "The file names no account “goldmine”. The accounts that it names: giro."
    assert answer.json()["errors"][0]["detail"] == detail
    assert_problem(ana.patch(address, {"accounts": {"giro": foreign["id"]}}), 400, ("accounts.giro", "does_not_exist"))
    assert_problem(ana.patch(address, {"accounts": {"giro": "Old"}}), 400, ("accounts.giro", "closed"))
    assert_problem(ben.patch(address, {"accounts": {"giro": "Foreign"}}), 404, (None, "not_found"))


def test_a_deleted_account_is_not_named_any_more(ana, books, run_tasks):
    giro = open_account(ana, "Giro", iban=IBAN)
    open_account(ana, "Card", number="XXXX1234")
    body = books(ana, GIRO, CARD, *ROWS, *CARD_ROWS).json()
    address = f"imports/{body['id']}/"
    since = ana.get("changes/").json()["version"]
    run = ana.post(f"{address}commit/").json()
    assert ana.delete(f"accounts/{giro['id']}/").status_code == 204
    after = ana.get(address).json()
    assert [named["account"] is None for named in after["accounts"]] == [True, False]
    assert [found["id"] for found in ana.get(f"changes/?since={since}").json()["imports"]] == [body["id"]]
    run_tasks()
    failed = ana.get(f"runs/{run['id']}/").json()
    assert (failed["status"], failed["error"]) == (
        "failed",
        "The account of this import is gone; give it another one.",
    )


def test_a_closed_account_of_a_file_takes_no_rows(ana, books):
    giro = open_account(ana, "Giro", iban=IBAN)
    body = books(ana, GIRO, *ROWS).json()
    ana.patch(f"accounts/{giro['id']}/", {"is_active": False})
    assert_problem(ana.post(f"imports/{body['id']}/commit/"), 409, (None, "closed"))


def test_a_large_file_of_known_accounts_is_recorded_when_it_was_read(ana, books, settings, run_tasks):
    open_account(ana, "Giro", iban=IBAN)
    settings.IMPORT_READ_AT_ONCE_BYTES = 10
    body = books(ana, GIRO, *ROWS, commit="true").json()
    assert body["status"] == "reading"
    run_tasks()
    assert ana.get(f"imports/{body['id']}/").json()["status"] == "committed"
    assert where(ana) == [("Giro", "Market"), ("Giro", "Salary")]
