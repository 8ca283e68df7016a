"""Categories: the system's, and one's own below or beside them."""

import pytest

from expenses.models import Category
from tests.api.bodies import assert_problem

pytestmark = pytest.mark.usefixtures("silent_chain")

TEA = {"name": "Tea", "kind": "expense", "icon": "cup-soda", "color_token": "green", "description": "All kinds of tea"}
DEFAULTS = [
    "Groceries", "Dining", "Transport", "Travel", "Housing", "Utilities", "Shopping", "Entertainment", "Healthcare",
    "Personal Care", "Education", "Subscriptions", "Insurance", "Fees & Taxes", "Gifts & Donations", "Pets", "Kids",
    "Other", "Income", "Salary", "Interest", "Other income", "Transfers",
]  # fmt: skip


def listed(api):
    return {row["name"]: row for row in api.get("categories/", {"page_size": 500}).json()["results"]}


def test_everybody_starts_with_the_default_categories(ana):
    rows = listed(ana)
    assert list(rows) == DEFAULTS
    assert all(row["is_system"] and row["key"] and row["icon"] and row["color_token"] for row in rows.values())
    kinds = {name: row["kind"] for name, row in rows.items()}
    assert {kinds[n] for n in DEFAULTS[:18]} == {"expense"}
    assert {kinds[n] for n in DEFAULTS[18:22]} == {"income"}
    assert kinds["Transfers"] == "transfer"
    assert {name: row["parent_name"] for name, row in rows.items() if row["parent"]} == dict.fromkeys(
        ["Salary", "Interest", "Other income"], "Income"
    )


def test_an_own_category_is_created_read_and_listed(ana):
    dining = listed(ana)["Dining"]["id"]
    answer = ana.post("categories/", {**TEA, "parent": "Dining"})
    assert answer.status_code == 201
    body = answer.json()
    assert type(body["id"]) is type(body["version"]) is int
    made_up = {
        "id": body["id"],
        "version": body["version"],
        "key": "",
        "is_system": False,
        "is_hidden": False,
        "keywords": [],
    }
    assert body == {**TEA, **made_up, "parent": dining, "parent_name": "Dining"}
    assert ana.get(f"categories/{body['id']}/").json() == body
    assert listed(ana)["Tea"] == body


def test_an_own_category_is_edited(ana):
    before = ana.post("categories/", TEA).json()
    answer = ana.patch(f"categories/{before['id']}/", {"name": "TEA", "parent": "Groceries", "icon": ""})
    assert answer.status_code == 200
    after = answer.json()
    groceries = listed(ana)["Groceries"]["id"]
    changed = {"name": "TEA", "parent": groceries, "parent_name": "Groceries", "icon": "", "version": after["version"]}
    assert after == before | changed
    assert after["version"] > before["version"]
    body = ana.patch(f"categories/{before['id']}/", {"parent": None}).json()
    assert (body["parent"], body["parent_name"]) == (None, None)


def test_an_own_category_is_deleted_unless_it_is_in_use(ana):
    number = ana.post("categories/", TEA).json()["id"]
    row = ana.post("expenses/", {"amount": "1", "description": "Cafe", "category": "Tea"}).json()
    assert_problem(ana.delete(f"categories/{number}/"), 409, (None, "in_use"))
    assert "transactions: 1" in ana.delete(f"categories/{number}/").json()["detail"]
    ana.patch(f"expenses/{row['id']}/", {"category": "Dining"})
    child = ana.post("categories/", {"name": "Green tea", "kind": "expense", "parent": "Tea"}).json()["id"]
    body = assert_problem(ana.delete(f"categories/{number}/"), 409, (None, "in_use"))
    assert "categories" in body["detail"]
    assert ana.delete(f"categories/{child}/").status_code == 204
    answer = ana.delete(f"categories/{number}/")
    assert (answer.status_code, answer.content) == (204, b"")
    assert "Tea" not in listed(ana)


def test_a_deleted_category_is_no_longer_suggested(ana, model, run_tasks):
    number = ana.post("categories/", TEA).json()["id"]
    assert Category.objects.get(pk=number).key == ""
    tea_house = {"amount": "1", "description": "Tea house"}
    confirmed = [ana.post("expenses/", {**tea_house, "category": name}).json() for name in ("Tea", "Tea", "Dining")]
    row = ana.post("expenses/", tea_house).json()
    run_tasks()
    status = ana.get(f"expenses/{row['id']}/").json()["categorization"]
    assert (status["status"], status["suggestion"]["category_name"]) == ("suggested", "Tea")
    for one in confirmed:
        ana.patch(f"expenses/{one['id']}/", {"category": "Dining"})
    assert ana.delete(f"categories/{number}/").status_code == 204
    status = ana.get(f"expenses/{row['id']}/").json()["categorization"]
    assert (status["status"], status["suggestion"]) == ("none", None)


def test_a_category_of_the_system_stays_as_it_is(ana):
    before = listed(ana)["Dining"]
    address = f"categories/{before['id']}/"
    assert_problem(ana.patch(address, {"name": "Eating"}), 403, (None, "system_category"))
    assert_problem(ana.patch(address, {"name": "Eating", "is_hidden": True}), 403, (None, "system_category"))
    assert_problem(ana.patch(address, []), 403, (None, "system_category"))
    assert_problem(ana.delete(address), 403, (None, "system_category"))
    assert_problem(ana.delete(f"{address}?replacement=Pets"), 403, (None, "system_category"))
    assert_problem(ana.post(f"{address}merge/", {"into": "Pets"}), 403, (None, "system_category"))
    assert ana.get(address).json() == before


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("name", "", "blank"),
        ("name", None, "null"),
        ("name", "x" * 101, "max_length"),
        ("name", "a\x00", "null_characters_not_allowed"),
        ("name", "dining", "unique"),
        ("name", "COFFEE", "unique"),
        ("kind", "refund", "invalid_choice"),
        ("kind", None, "null"),
        ("parent", "No such thing", "does_not_exist"),
        ("parent", 2**70, "does_not_exist"),
        ("parent", 1.5, "invalid"),
        ("parent", "Salary", "invalid"),
        ("parent", "Income", "wrong_kind"),
        ("parent", "Espresso", "invalid"),
        ("icon", "x" * 33, "max_length"),
        ("color_token", [], "invalid"),
        ("description", "x" * 201, "max_length"),
        ("is_hidden", "perhaps", "invalid"),
    ],
)
def test_a_bad_field_is_named(ana, field, value, code):
    ana.post("categories/", {"name": "Coffee", "kind": "expense"})
    ana.post("categories/", {"name": "Espresso", "kind": "expense", "parent": "Coffee"})
    n_before = len(listed(ana))
    assert_problem(ana.post("categories/", TEA | {field: value}), 400, (field, code))
    assert len(listed(ana)) == n_before
    before = ana.post("categories/", TEA).json()
    assert_problem(ana.patch(f"categories/{before['id']}/", {field: value}), 400, (field, code))
    assert ana.get(f"categories/{before['id']}/").json() == before


def test_parents_have_one_level(ana):
    parent = ana.post("categories/", TEA).json()["id"]
    ana.post("categories/", {"name": "Green tea", "kind": "expense", "parent": "Tea"})
    for wrong in ("Dining", parent):
        assert_problem(ana.patch(f"categories/{parent}/", {"parent": wrong}), 400, ("parent", "invalid"))


def test_the_kind_stays_while_anything_depends_on_it(ana):
    parent = ana.post("categories/", TEA).json()["id"]
    child = ana.post("categories/", {"name": "Green tea", "kind": "expense", "parent": "Tea"}).json()["id"]
    assert_problem(ana.patch(f"categories/{parent}/", {"kind": "income"}), 400, ("kind", "in_use"))
    assert_problem(ana.patch(f"categories/{child}/", {"kind": "income"}), 400, ("parent", "wrong_kind"))
    assert ana.patch(f"categories/{child}/", {"kind": "income", "parent": None}).json()["kind"] == "income"
    assert ana.patch(f"categories/{parent}/", {"kind": "income"}).json()["kind"] == "income"
    ana.post("incomes/", {"amount": "1", "description": "Tea sold", "category": "Tea"})
    assert_problem(ana.patch(f"categories/{parent}/", {"kind": "expense"}), 400, ("kind", "in_use"))


def test_a_stranger_sees_no_own_category_and_may_use_the_same_name(ana, ben):
    before = ana.post("categories/", TEA).json()
    address = f"categories/{before['id']}/"
    assert list(listed(ben)) == DEFAULTS
    for answer in (ben.get(address), ben.patch(address, {"name": "Mine"}), ben.delete(address)):
        assert_problem(answer, 404, (None, "not_found"))
    assert_problem(
        ben.post("categories/", {**TEA, "name": "Mine", "parent": before["id"]}), 400, ("parent", "does_not_exist")
    )
    assert ben.post("categories/", TEA).status_code == 201
    assert ana.get(address).json() == before


OWN_WORDS = "Lunch with colleagues, no dinners"
SHIPPED = "Restaurants, cafes, bars, fast food, delivery"


def test_a_system_category_is_described_in_own_words_and_returns_to_the_shipped_ones(ana, ben):
    dining = listed(ana)["Dining"]
    assert dining["description"] == SHIPPED
    address = f"categories/{dining['id']}/"
    body = ana.patch(address, {"description": OWN_WORDS}).json()
    assert body == dining | {"description": OWN_WORDS, "version": body["version"]}
    assert body["version"] > dining["version"]
    assert listed(ana)["Dining"] == body == ana.get(address).json()
    assert listed(ben)["Dining"]["description"] == SHIPPED
    assert ana.patch(address, {"description": ""}).json()["description"] == ""
    assert ana.patch(address, {"description": None}).json()["description"] == SHIPPED


def test_an_own_category_has_no_shipped_description_to_return_to(ana):
    tea = ana.post("categories/", TEA | {"description": None}).json()
    assert tea["description"] == ""
    address = f"categories/{tea['id']}/"
    assert ana.patch(address, {"description": "Leaves"}).json()["description"] == "Leaves"
    assert ana.patch(address, {"description": None}).json()["description"] == ""


def test_a_description_has_at_most_200_characters(ana):
    dining = listed(ana)["Dining"]["id"]
    assert_problem(ana.patch(f"categories/{dining}/", {"description": "x" * 201}), 400, ("description", "max_length"))
    assert_problem(ana.post("categories/", TEA | {"description": "x" * 201}), 400, ("description", "max_length"))


def test_a_description_of_ones_own_is_told_in_changes(ana):
    ana.post("tags/", {"name": "cold"})  # so that the page does not begin with 0
    dining = listed(ana)["Dining"]
    since = ana.get("changes/", {"since": 0}).json()["version"]
    body = ana.patch(f"categories/{dining['id']}/", {"description": OWN_WORDS}).json()
    assert ana.get("changes/", {"since": since}).json()["categories"] == [body]


def test_a_merge_gives_its_description_only_to_a_category_without_one(ana):
    tea, cha, mate = (
        ana.post("categories/", {"name": name, "kind": "expense", "description": text}).json()["id"]
        for name, text in (("Tea", "Leaves"), ("Cha", ""), ("Mate", "Gourds"))
    )
    assert ana.post(f"categories/{tea}/merge/", {"into": cha}).json()["description"] == "Leaves"
    assert ana.post(f"categories/{cha}/merge/", {"into": mate}).json()["description"] == "Gourds"
    assert ana.post(f"categories/{mate}/merge/", {"into": "Dining"}).json()["description"] == SHIPPED
