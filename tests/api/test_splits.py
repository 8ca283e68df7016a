"""Splitting a transaction: its parts count instead of it, and always make it up."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from expenses.models import Decision, Tombstone, Transaction
from expenses.services.deletion import purge_deleted
from tests.api.bodies import CHOSEN, UNASKED, assert_problem, settled, transaction

SHOP = {"amount": "45.50", "description": "REWE SAGT DANKE", "date": "2026-11-02", "direction": "out"}
PARTS = [{"amount": "30.00", "category": "Groceries"}, {"amount": "15.50", "description": "Lamp", "notes": "desk"}]
SPLIT = {
    "status": "none",
    "source": None,
    "confidence": None,
    "explanation": "Its parts count instead of it, each in a category of its own.",
    "awaits_model": False,
    "suggestion": None,
}


@pytest.fixture(autouse=True)
def _chain(silent_chain):
    pass


def record(api, **fields):
    answer = api.post("transactions/", SHOP | fields)
    assert answer.status_code == 201, answer.content
    return answer.json()


def split(api, number, parts=PARTS, **fields):
    return api.put(f"transactions/{number}/split/", {"parts": parts, **fields})


def listed(api, query=""):
    return [row["id"] for row in api.get(f"transactions/?ordering=id&{query}").json()["results"]]


def made(api, **fields):
    """A parent that is split, and the bodies of its parts."""
    number = record(api, **fields)["id"]
    answer = split(api, number)
    assert answer.status_code == 200, answer.content
    return answer.json()["parent"], answer.json()["parts"]


def test_the_parts_take_over_what_they_do_not_say_themselves(ana):
    ana.post("accounts/", {"name": "Checking"})
    before = record(
        ana, account="Checking", category="Groceries", payment_method="card", merchant="REWE", tags=["week"]
    )
    answer = split(ana, before["id"])
    body = answer.json()
    parent, (food, lamp) = body["parent"], body["parts"]
    assert settled(parent) == settled(before) | {
        "category": None, "category_name": None, "is_split": True, "categorization": SPLIT,
    }  # fmt: skip
    common = {name: before[name] for name in ("date", "account", "account_name", "payment_method", "merchant")}
    assert settled(food) == transaction(
        **common, amount="30.00", description="REWE SAGT DANKE", parent=before["id"], category=before["category"],
        category_name="Groceries", categorization=CHOSEN,
    )  # fmt: skip
    assert settled(lamp) == transaction(
        **common, amount="15.50", description="Lamp", notes="desk", parent=before["id"], categorization=UNASKED
    )
    assert before["version"] < parent["version"] == food["version"] == lamp["version"]
    assert answer["ETag"] == f'"{parent["id"]}-{parent["version"]}"'
    assert ana.get(f"transactions/{before['id']}/split/").json() == body
    assert ana.get(f"expenses/{before['id']}/split/").json() == body


def test_what_is_not_split_has_no_parts(ana):
    row = record(ana)
    assert ana.get(f"transactions/{row['id']}/split/").json() == {"parent": row, "parts": []}
    assert_problem(ana.delete(f"transactions/{row['id']}/split/"), 409, (None, "not_split"))


def test_kinds_follow_the_categories_of_the_parts(ana):
    number = record(ana)["id"]
    cash = {"amount": "20.00", "category": "Transfers"}
    parts = split(ana, number, [cash, {"amount": "25.50", "category": "Groceries"}]).json()["parts"]
    assert [part["kind"] for part in parts] == ["transfer", "expense"]
    salary = record(ana, direction="in")["id"]
    refund = {"amount": "5.50", "category": "Dining"}
    parts = split(ana, salary, [refund, {"amount": "40", "category": "Salary"}]).json()["parts"]
    assert [part["kind"] for part in parts] == ["refund", "income"]


@pytest.mark.parametrize("kind", ["expenses", "transactions"])
def test_parent_and_parts_are_recorded_at_once(ana, kind):
    answer = ana.post(f"{kind}/", SHOP | {"parts": PARTS, "tags": ["week"]})
    assert answer.status_code == 201
    parent = answer.json()
    assert (parent["is_split"], parent["category"], parent["tags"]) == (True, None, ["week"])
    parts = ana.get(f"transactions/{parent['id']}/split/").json()["parts"]
    assert [(p["amount"], p["category_name"], p["version"]) for p in parts] == [
        ("30.00", "Groceries", parent["version"]), ("15.50", None, parent["version"]),
    ]  # fmt: skip
    back = ana.delete(f"transactions/{parent['id']}/split/").json()
    own = {name: SHOP[name] for name in ("amount", "description", "date")}
    assert settled(back) == transaction(**own, merchant="Rewe", tags=["week"])


def test_an_income_can_come_in_parts(ana):
    parts = [{"amount": "45.00", "category": "Salary"}, {"amount": "0.50", "category": "Interest"}]
    income = {name: value for name, value in SHOP.items() if name != "direction"}
    number = ana.post("incomes/", income | {"parts": parts}).json()["id"]
    assert [p["kind"] for p in ana.get(f"incomes/{number}/split/").json()["parts"]] == ["income", "income"]


def test_bulk_records_what_sums_and_names_what_does_not(ana):
    wrong = [{"amount": "1"}, {"amount": "2"}]
    again = SHOP | {"parts": PARTS, "external_id": "a"}
    rows = [SHOP | {"parts": PARTS}, SHOP | {"parts": wrong}, again, again, SHOP]
    body = ana.post("transactions/bulk/", {"transactions": rows}).json()
    assert [row["is_split"] for row in body["created"]] == [True, True, False]
    assert [row["is_split"] for row in body["duplicates"]] == [True]
    detail = "The parts add up to 3.00 EUR, and the whole is 45.50 EUR; they must be equal."
    assert body["errors"] == [{"index": 1, "errors": [{"attr": "parts", "code": "wrong_sum", "detail": detail}]}]
    assert Transaction.objects.count() == 3 + 4


@pytest.mark.parametrize(
    ("parts", "attr", "code"),
    [
        ([{"amount": "45.50"}], "parts", "min_length"),
        ([], "parts", "min_length"),
        ([{"amount": "1"}] * 51, "parts", "max_length"),
        ({}, "parts", "not_a_list"),
        (None, "parts", "null"),
        ("x", "parts", "not_a_list"),
        ([{"amount": "30"}, {"amount": "15"}], "parts", "wrong_sum"),
        ([{"amount": "30"}, {"amount": "16"}], "parts", "wrong_sum"),
        ([{"amount": "45.50"}, {"amount": "0"}], "parts.1.amount", "min_value"),
        ([{"amount": "46.50"}, {"amount": "-1"}], "parts.1.amount", "min_value"),
        ([{"amount": "45.495"}, {"amount": "0.005"}], "parts.0.amount", "too_many_places"),
        ([{"amount": "45"}, {}], "parts.1.amount", "required"),
        ([{"amount": "45"}, "x"], "parts.1", "invalid"),
        ([{"amount": "45"}, {"amount": "0.50", "category": "Salary"}], "parts.1.category", "wrong_kind"),
        ([{"amount": "45"}, {"amount": "0.50", "category": "Nonsense"}], "parts.1.category", "does_not_exist"),
        ([{"amount": "45"}, {"amount": "0.50", "category": "Secret"}], "parts.1.category", "does_not_exist"),
        ([{"amount": "45"}, {"amount": "0.50", "tags": [""]}], "parts.1.tags", "blank"),
    ],
)
def test_bad_parts_are_named_and_nothing_is_written(ana, ben, parts, attr, code):
    ben.post("categories/", {"name": "Secret", "kind": "expense"})
    before = record(ana, category="Groceries")
    answer = split(ana, before["id"], parts)
    errors = [(e["attr"], e["code"]) for e in answer.json()["errors"]]
    assert (answer.status_code, errors[0]) == (400, (attr, code))
    assert ana.get("transactions/").json()["results"] == [before]
    answer = ana.post("transactions/", SHOP | {"parts": parts})
    assert (answer.status_code, answer.json()["errors"][0]["attr"]) == (400, attr)
    assert Transaction.everything.count() == 1


def test_both_sums_are_told(ana):
    answer = split(ana, record(ana)["id"], [{"amount": "30"}, {"amount": "15"}])
    body = assert_problem(answer, 400, ("parts", "wrong_sum"))
    assert body["detail"] == "parts: The parts add up to 45.00 EUR, and the whole is 45.50 EUR; they must be equal."


def test_a_whole_with_parts_has_no_category_and_an_edit_no_parts(ana):
    assert_problem(
        ana.post("transactions/", SHOP | {"parts": PARTS, "category": "Dining"}), 400, ("category", "not_with_parts")
    )
    answer = ana.patch(f"transactions/{record(ana)['id']}/", {"parts": PARTS})
    assert_problem(answer, 400, ("parts", "use_split"))


def test_a_stranger_finds_no_split(ana, ben):
    parent, parts = made(ana)
    for number in (parent["id"], parts[0]["id"]):
        address = f"transactions/{number}/split/"
        for answer in (ben.get(address), ben.put(address, {"parts": PARTS}), ben.delete(address)):
            assert_problem(answer, 404, (None, "not_found"))
    assert ana.get(f"transactions/{parent['id']}/split/").json() == {"parent": parent, "parts": parts}


def test_new_parts_replace_the_old_ones(ana):
    parent, old = made(ana)
    since = ana.get("changes/").json()["version"]
    body = split(ana, parent["id"], [{"amount": "45.00"}, {"amount": "0.25"}, {"amount": "0.25"}]).json()
    assert body["parent"]["version"] > parent["version"]
    new = [part["id"] for part in body["parts"]]
    assert listed(ana) == [parent["id"], *new]
    changes = ana.get("changes/", {"since": since}).json()
    assert changes["deleted"] == [{"type": "transaction", "id": part["id"]} for part in old]
    assert {row["id"] for row in changes["transactions"]} == {parent["id"], *new}


def test_a_split_that_is_not_the_one_known_is_not_replaced(ana):
    parent, _ = made(ana)
    tag = f'"{parent["id"]}-{parent["version"]}"'
    body = {"parts": [{"amount": "45.00"}, {"amount": "0.50"}]}
    assert ana.put(f"transactions/{parent['id']}/split/", body, headers={"If-Match": tag}).status_code == 200
    answer = ana.put(f"transactions/{parent['id']}/split/", body, headers={"If-Match": tag})
    assert answer.status_code == 412


def test_taking_a_split_back_brings_the_category_back(ana, use_chain):
    use_chain({"BACKEND": "providers.merchants.MerchantProvider", "MIN_CONFIDENCE": 0.8})
    number = record(ana)["id"]
    before = ana.get(f"transactions/{number}/").json()
    assert before["categorization"]["status"] == "automatic"
    split(ana, number)
    split(ana, number, [{"amount": "45.00", "category": "Pets"}, {"amount": "0.50", "category": "Pets"}])
    ana.patch(f"transactions/{number}/", {"notes": "in parts"})
    answer = ana.delete(f"transactions/{number}/split/")
    stamps = {name: answer.json()[name] for name in ("version", "updated_at")}
    assert answer.json() == before | stamps | {"notes": "in parts"}
    assert listed(ana) == [number]
    assert Tombstone.objects.filter(type="transaction").count() == 4


def test_a_whole_that_was_waiting_for_the_model_waits_again(ana, model, run_tasks):
    model["REWE"] = ("groceries", 0.95)
    number = record(ana)["id"]
    split(ana, number, [{"amount": "45.00", "category": "Pets"}, {"amount": "0.50", "category": "Pets"}])
    run_tasks()
    assert ana.get(f"transactions/{number}/").json()["categorization"] == SPLIT
    assert ana.delete(f"transactions/{number}/split/").json()["categorization"]["status"] == "pending"
    run_tasks()
    suggestion = ana.get(f"transactions/{number}/").json()["categorization"]["suggestion"]
    assert suggestion["category_name"] == "Groceries"


def test_the_chain_is_asked_about_parts_alone(ana, model, run_tasks):
    model["Lamp"] = ("shopping", 0.95)
    model["REWE"] = ("groceries", 0.95)
    parent = ana.post("transactions/", SHOP | {"parts": PARTS}).json()
    assert parent["categorization"]["status"] == "none"
    run_tasks()
    parts = ana.get(f"transactions/{parent['id']}/split/").json()["parts"]
    assert parts[0]["category_name"] == "Groceries"
    assert parts[1]["categorization"]["suggestion"]["category_name"] == "Shopping"
    unasked = split(ana, parent["id"], PARTS, ai_classify=False).json()["parts"]
    assert unasked[1]["categorization"] == UNASKED


def test_filters_tell_wholes_from_parts(ana):
    parent, parts = made(ana)
    single, ids = record(ana)["id"], [part["id"] for part in parts]
    assert listed(ana, "is_split=true") == [parent["id"]]
    assert listed(ana, "is_split=false") == [*ids, single]
    assert listed(ana, f"parent={parent['id']}") == ids
    assert listed(ana, "uncategorized=true") == [ids[1], single]
    assert listed(ana, "uncategorized=false") == [parent["id"], ids[0]]
    assert_problem(ana.get("transactions/?is_split=perhaps"), 400, ("is_split", "invalid"))
    assert_problem(ana.get("transactions/?parent=x"), 400, ("parent", "invalid"))


def test_date_account_and_payment_method_flow_to_the_parts(ana):
    account = ana.post("accounts/", {"name": "Purse"}).json()["id"]
    parent, parts = made(ana)
    changes = {"date": "2026-11-05", "account": "Purse", "payment_method": "cash", "notes": "for Jo"}
    after = ana.patch(f"transactions/{parent['id']}/", changes).json()
    flowed = {"date": "2026-11-05", "account": account, "account_name": "Purse", "payment_method": "cash"}
    for row in ana.get(f"transactions/{parent['id']}/split/").json()["parts"]:
        before = next(part for part in parts if part["id"] == row["id"])
        stamps = {name: row[name] for name in ("updated_at", "version")}
        assert row == before | flowed | stamps
        assert row["version"] == after["version"]


@pytest.mark.parametrize("field", ["amount", "currency", "direction", "kind", "category"])
def test_what_the_parts_make_up_is_not_changed_at_the_whole(ana, field):
    parent, parts = made(ana)
    value = {"amount": "50", "currency": "USD", "direction": "in", "kind": "transfer", "category": "Dining"}[field]
    assert_problem(ana.patch(f"transactions/{parent['id']}/", {field: value}), 409, (None, "split"))
    assert ana.get(f"transactions/{parent['id']}/split/").json() == {"parent": parent, "parts": parts}


def test_the_whole_takes_its_own_values_again(ana):
    parent, _ = made(ana)
    answer = ana.put(f"transactions/{parent['id']}/", SHOP | {"category": None, "notes": "x"})
    assert answer.status_code == 200
    assert answer.json()["categorization"] == SPLIT


@pytest.mark.parametrize("field", ["amount", "currency", "direction", "date", "account", "payment_method"])
def test_what_a_part_shares_is_not_changed_at_the_part(ana, field):
    ana.post("accounts/", {"name": "Purse"})
    _, parts = made(ana)
    value = {"amount": "50", "currency": "USD", "direction": "in", "date": "2026-11-05", "account": "Purse",
             "payment_method": "cash"}[field]  # fmt: skip
    assert_problem(ana.patch(f"transactions/{parts[1]['id']}/", {field: value}), 409, (None, "part"))


def test_the_rest_of_a_part_is_free(ana):
    _, parts = made(ana)
    changes = {"category": "Shopping", "description": "Desk lamp", "notes": "", "tags": ["desk"], "merchant": "Lumo"}
    body = ana.patch(f"transactions/{parts[1]['id']}/", changes).json()
    assert (body["category_name"], body["description"], body["tags"]) == ("Shopping", "Desk lamp", ["desk"])
    assert ana.put(f"transactions/{parts[0]['id']}/", SHOP | {"amount": "30.00"}).status_code == 200


def test_parts_are_not_split_and_not_deleted_alone(ana):
    parent, parts = made(ana)
    thirds = [{"amount": "10"}, {"amount": "20"}]
    assert_problem(split(ana, parts[0]["id"], thirds), 409, (None, "part"))
    assert_problem(ana.delete(f"transactions/{parts[0]['id']}/"), 409, (None, "part"))
    ana.delete(f"transactions/{parent['id']}/")
    assert_problem(split(ana, parent["id"]), 404, (None, "not_found"))


def test_the_whole_goes_with_its_parts_and_comes_back_with_just_those(ana):
    parent, old = made(ana)
    body = split(ana, parent["id"], [{"amount": "45.00", "tags": ["x"]}, {"amount": "0.50"}]).json()
    new = [part["id"] for part in body["parts"]]
    ana.delete(f"transactions/{parent['id']}/")
    assert listed(ana) == []
    for number in (new[0], old[0]["id"]):
        assert_problem(ana.post(f"transactions/{number}/restore/"), 409, (None, "part"))
    assert ana.post(f"transactions/{parent['id']}/restore/").status_code == 200
    assert listed(ana) == [parent["id"], *new]
    stones = set(Tombstone.objects.filter(type="transaction").values_list("object_id", flat=True))
    assert stones == {part["id"] for part in old}
    assert_problem(ana.post(f"transactions/{old[0]['id']}/restore/"), 409, (None, "part"))


def test_purging_a_whole_leaves_nothing_of_its_parts(ana, use_chain):
    use_chain({"BACKEND": "expenses.categorization.history.HistoryProvider"})
    parent = ana.post("transactions/", SHOP | {"parts": PARTS}).json()
    assert Decision.objects.exists()
    ana.delete(f"transactions/{parent['id']}/")
    assert purge_deleted(before=timezone.now()) > 0
    assert not Transaction.everything.exists()
    assert not Decision.objects.exists()


def test_the_history_tells_of_the_split(ana):
    parent, _ = made(ana, category="Groceries")
    ana.delete(f"transactions/{parent['id']}/split/")
    events = ana.get(f"transactions/{parent['id']}/history/").json()["results"]
    changed = [{f["field"]: (f["old"], f["new"]) for f in event["fields"]} for event in events]
    assert [fields.get("is_split") for fields in changed] == [(True, False), (False, True), None]
    assert changed[0]["status"] == ("none", "confirmed")


def test_many_parts_cost_as_many_queries_as_two(ana):
    def cost(n):
        number = record(ana)["id"]
        parts = [{"amount": "0.50", "tags": ["a"]}] * n + [{"amount": str(45.5 - n / 2)}]
        with CaptureQueriesContext(connection) as queries:
            assert split(ana, number, parts).status_code == 200
            assert ana.get(f"transactions/{number}/split/").status_code == 200
        return len(queries)

    cost(1)
    assert cost(2) + 1 >= cost(40)  # SQLite takes 999 values at a time
