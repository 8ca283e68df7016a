"""Recording money spent: whole bodies, defaults, edits, and whose word counts."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from expenses.models import Decision
from expenses.services.deletion import purge_deleted
from tests.api.bodies import CHOSEN, CLEARED, assert_problem, settled, transaction

pytestmark = pytest.mark.usefixtures("silent_chain")

COFFEE = {"amount": "5.50", "description": "Cafe Luna", "date": "2026-11-02"}


@pytest.fixture
def checking(ana):
    return ana.post("accounts/", {"name": "Checking", "currency": "CHF"}).json()["id"]


def id_of(api, name):
    return next(c["id"] for c in api.get("categories/").json()["results"] if c["name"] == name)


def test_an_expense_is_answered_whole_and_read_again_the_same(ana, checking):
    sent = {
        "amount": "45.50",
        "description": "REWE SAGT DANKE 4711",
        "date": "2026-11-02",
        "currency": "EUR",
        "account": "Checking",
        "category": "Groceries",
        "merchant": "REWE",
        "payment_method": "card",
        "notes": "for the party",
        "tags": ["party", "food"],
        "external_id": "bank-1",
    }
    answer = ana.post("expenses/", sent)
    assert answer.status_code == 201
    expected = transaction(
        **sent
        | {
            "account": checking,
            "account_name": "Checking",
            "category": id_of(ana, "Groceries"),
            "category_name": "Groceries",
            "tags": ["food", "party"],
            "categorization": CHOSEN,
        }
    )
    assert settled(answer.json()) == expected
    number = answer.json()["id"]
    assert ana.get(f"expenses/{number}/").json() == answer.json()
    assert ana.get(f"transactions/{number}/").json() == answer.json()
    listed = {"count": 1, "next": None, "previous": None, "results": [answer.json()]}
    assert ana.get("expenses/").json() == listed
    assert ana.get("transactions/").json() == listed


def test_an_expense_without_category_stays_without_when_nobody_knows(ana):
    answer = ana.post("expenses/", COFFEE)
    assert answer.status_code == 201
    assert settled(answer.json()) == transaction(**COFFEE)


def test_ids_are_accepted_wherever_names_are(ana, checking):
    groceries = id_of(ana, "Groceries")
    tag = ana.post("expenses/", {**COFFEE, "tags": ["Food"]})
    assert tag.json()["tags"] == ["Food"]
    body = ana.post("expenses/", {**COFFEE, "account": checking, "category": str(groceries)}).json()
    assert (body["account_name"], body["category_name"], body["currency"]) == ("Checking", "Groceries", "CHF")
    body = ana.post("expenses/", {**COFFEE, "account": " checking ", "category": "GROCERIES", "tags": ["food"]}).json()
    assert (body["account"], body["category"], body["tags"]) == (checking, groceries, ["Food"])


def test_an_own_category_may_be_named(ana, ben):
    own = ana.post("categories/", {"name": "Espresso", "kind": "expense"}).json()["id"]
    body = ana.post("expenses/", {**COFFEE, "category": "espresso"}).json()
    assert (body["category"], body["category_name"]) == (own, "Espresso")
    for category in ("Espresso", own):
        assert_problem(ben.post("expenses/", {**COFFEE, "category": category}), 400, ("category", "does_not_exist"))


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Pago_Pago"])
def test_the_date_is_today_where_the_person_lives(ana, zone):
    ana.patch("users/me/", {"preferences": {"time_zone": zone}})
    before = datetime.now(UTC).astimezone(ZoneInfo(zone)).date()
    body = ana.post("expenses/", {"amount": "1", "description": "Cafe Luna"}).json()
    after = datetime.now(UTC).astimezone(ZoneInfo(zone)).date()
    assert before.isoformat() <= body["date"] <= after.isoformat()


def test_the_currency_is_that_of_the_account_else_of_the_preferences(ana, checking):
    ana.patch("users/me/", {"preferences": {"base_currency": "JPY"}})
    assert ana.post("expenses/", {"amount": "550", "description": "Cafe Luna"}).json()["currency"] == "JPY"
    assert ana.post("expenses/", {**COFFEE, "account": checking}).json()["currency"] == "CHF"
    assert ana.post("expenses/", {**COFFEE, "account": checking, "currency": "usd"}).json()["currency"] == "USD"


@pytest.mark.parametrize(
    ("amount", "currency", "shown"),
    [
        ("45.5", "EUR", "45.50"),
        (45.5, "EUR", "45.50"),
        (45, "EUR", "45.00"),
        ("0.01", "EUR", "0.01"),
        ("999999999.99", "EUR", "999999999.99"),
        ("1e2", "EUR", "100.00"),
        ("5.0000", "EUR", "5.00"),
        ("550", "JPY", "550"),
        ("550.0", "JPY", "550"),
        ("1.234", "KWD", "1.234"),
        ("0.0001", "CLF", "0.0001"),
    ],
)
def test_amounts_are_shown_with_the_places_of_their_currency(ana, amount, currency, shown):
    answer = ana.post("expenses/", {**COFFEE, "amount": amount, "currency": currency})
    assert (answer.status_code, answer.json()["amount"]) == (201, shown)
    assert ana.get(f"expenses/{answer.json()['id']}/").json()["amount"] == shown


def test_a_patch_changes_what_it_names_and_nothing_else(ana):
    before = ana.post("expenses/", {**COFFEE, "category": "Dining", "tags": ["out"], "external_id": "x"}).json()
    answer = ana.patch(
        f"expenses/{before['id']}/", {"amount": "6.00", "description": "Coffee with Tim", "tags": ["friends"]}
    )
    assert answer.status_code == 200
    after = answer.json()
    assert after["version"] > before["version"]
    assert after["updated_at"] > before["updated_at"]
    changed = {"amount": "6.00", "description": "Coffee with Tim", "tags": ["friends"]}
    stamps = {name: after[name] for name in ("version", "updated_at")}
    assert after == before | changed | stamps
    assert after["raw_description"] == "Cafe Luna"
    assert ana.get(f"expenses/{before['id']}/").json() == after


def test_a_put_needs_what_a_new_expense_needs(ana):
    number = ana.post("expenses/", {**COFFEE, "category": "Dining"}).json()["id"]
    assert_problem(
        ana.put(f"expenses/{number}/", {"notes": "x"}), 400, ("amount", "required"), ("description", "required")
    )
    body = ana.put(f"expenses/{number}/", {**COFFEE, "amount": "7", "category": "Groceries", "notes": "x"}).json()
    assert (body["amount"], body["category_name"], body["notes"], body["id"]) == ("7.00", "Groceries", "x", number)


def test_a_deleted_expense_is_gone(ana):
    number = ana.post("expenses/", COFFEE).json()["id"]
    answer = ana.delete(f"expenses/{number}/")
    assert (answer.status_code, answer.content) == (204, b"")
    assert_problem(ana.get(f"expenses/{number}/"), 404, (None, "not_found"))
    assert ana.get("expenses/").json()["results"] == []


def test_what_was_said_of_a_deleted_expense_is_forgotten_when_the_bin_is_emptied(ana, model):
    first, second = (ana.post("transactions/", {**COFFEE, "direction": "out"}).json()["id"] for _ in range(2))
    assert Decision.objects.count() == 2
    ana.delete(f"expenses/{first}/")
    assert Decision.objects.count() == 2
    assert purge_deleted(before=timezone.now()) == 1
    assert ana.get(f"expenses/{second}/explanation/").json()["attempts"] != []
    assert Decision.objects.count() == 1
    ana.delete(f"expenses/{second}/")
    assert purge_deleted(before=timezone.now()) == 1
    assert Decision.objects.count() == 0


def test_a_stranger_finds_nothing_and_changes_nothing(ana, ben):
    before = ana.post("expenses/", COFFEE).json()
    for prefix in ("expenses", "transactions"):
        address = f"{prefix}/{before['id']}/"
        assert ben.get(f"{prefix}/").json()["results"] == []
        for answer in (
            ben.get(address),
            ben.patch(address, {"amount": "1"}),
            ben.put(address, COFFEE),
            ben.delete(address),
            ben.get(f"{address}explanation/"),
            ben.post(f"{address}confirm/"),
        ):
            assert_problem(answer, 404, (None, "not_found"))
    assert ana.get(f"expenses/{before['id']}/").json() == before


def test_a_chosen_category_is_confirmed_and_a_cleared_one_stays_cleared(ana, model, run_tasks):
    model["Cafe"] = ("dining", 0.99)
    number = ana.post("expenses/", {**COFFEE, "category": "Groceries", "ai_classify": True}).json()["id"]
    run_tasks()
    assert ana.get(f"expenses/{number}/").json()["categorization"] == CHOSEN | {
        "explanation": "You chose this category. No link had an answer."
    }
    body = ana.patch(f"expenses/{number}/", {"category": None}).json()
    assert (body["category"], body["category_name"], body["categorization"]) == (
        None, None, CLEARED | {"explanation": "You took the category away. No link had an answer."},
    )  # fmt: skip
    ana.post("expenses/", COFFEE)
    run_tasks()
    again = ana.get(f"expenses/{number}/").json()
    assert (again["category"], again["categorization"]) == (None, body["categorization"])


def test_a_choice_made_while_the_model_thinks_is_kept(ana, model, run_tasks):
    model["Cafe"] = ("dining", 0.99)
    pending = ana.post("expenses/", COFFEE).json()
    assert pending["categorization"]["status"] == "pending"
    ana.patch(f"expenses/{pending['id']}/", {"category": "Pets"})
    run_tasks()
    body = ana.get(f"expenses/{pending['id']}/").json()
    explained = CHOSEN | {"explanation": "You chose this category. No link had an answer."}
    assert (body["category_name"], body["categorization"]) == ("Pets", explained)


def test_ai_classify_false_asks_nobody(ana, model, run_tasks):
    model["Cafe"] = ("dining", 0.99)
    answer = ana.post("expenses/", {**COFFEE, "ai_classify": False})
    run_tasks()
    assert settled(ana.get(f"expenses/{answer.json()['id']}/").json()) == transaction(**COFFEE)


def test_a_repeated_external_id_answers_the_first_row(ana, ben, checking):
    sent = {**COFFEE, "account": "Checking", "external_id": "bank-1"}
    first = ana.post("expenses/", sent)
    again = ana.post("expenses/", {**sent, "amount": "99.00", "description": "changed", "tags": ["new"]})
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json() == first.json()
    assert ana.post("expenses/", {**sent, "account": None}).status_code == 201
    assert ana.post("expenses/", {**sent, "account": None}).status_code == 200
    assert ben.post("expenses/", {**COFFEE, "external_id": "bank-1"}).status_code == 201
    assert ana.get("expenses/").json()["count"] == 2


def test_an_edit_cannot_take_the_external_id_of_another_row(ana, checking):
    ana.post("expenses/", {**COFFEE, "account": "Checking", "external_id": "a"})
    second = ana.post("expenses/", {**COFFEE, "account": "Checking", "external_id": "b"}).json()
    loose = ana.post("expenses/", {**COFFEE, "external_id": "a"}).json()
    assert_problem(ana.patch(f"expenses/{second['id']}/", {"external_id": "a"}), 409, (None, "duplicate"))
    assert_problem(ana.patch(f"expenses/{loose['id']}/", {"account": "Checking"}), 409, (None, "duplicate"))
    assert ana.get(f"expenses/{second['id']}/").json() == second
    assert ana.get(f"expenses/{loose['id']}/").json() == loose
    assert ana.patch(f"expenses/{second['id']}/", {"external_id": "b", "notes": "x"}).status_code == 200


@pytest.mark.parametrize(
    ("field", "value", "attr", "code"),
    [
        ("kind", "income", "kind", "wrong_kind"),
        ("kind", "refund", "kind", "wrong_kind"),
        ("direction", "in", "direction", "wrong_direction"),
        ("category", "Salary", "category", "wrong_kind"),
        ("category", "Transfers", "category", "wrong_kind"),
    ],
)
def test_the_address_fixes_the_kind(ana, field, value, attr, code):
    assert_problem(ana.post("expenses/", {**COFFEE, field: value}), 400, (attr, code))
    before = ana.post("expenses/", COFFEE).json()
    assert_problem(ana.patch(f"expenses/{before['id']}/", {field: value}), 400, (attr, code))
    assert ana.get(f"expenses/{before['id']}/").json() == before


def test_money_of_another_kind_is_not_among_the_expenses(ana):
    number = ana.post("incomes/", COFFEE).json()["id"]
    assert ana.get("expenses/").json()["results"] == []
    for answer in (ana.get(f"expenses/{number}/"), ana.delete(f"expenses/{number}/")):
        assert_problem(answer, 404, (None, "not_found"))
