"""Recording many transactions in one request: what is wrong with one does not stop the others."""

import pytest

from expenses.models import Tag, Transaction
from tests.api.bodies import CHOSEN, assert_problem, settled, transaction
from tests.fakes import ScriptedProvider

pytestmark = pytest.mark.usefixtures("silent_chain")

ROW = {"amount": "5.50", "description": "Cafe Luna", "date": "2026-11-02", "direction": "out"}
NO_ROWS: dict[str, list[object]] = {"created": [], "updated": [], "duplicates": [], "errors": []}


def send(api, *rows):
    return api.post("transactions/bulk/", {"transactions": list(rows)})


def test_rows_are_created_in_order_with_whole_bodies(ana):
    ana.post("accounts/", {"name": "Checking"})
    answer = send(ana, {**ROW, "tags": ["b", "a"], "category": "Dining"}, {**ROW, "kind": "refund", "direction": "in"})
    assert answer.status_code == 200
    body = answer.json()
    assert body | {"created": []} == NO_ROWS
    first, second = body["created"]
    assert settled(first) == transaction(
        **{name: ROW[name] for name in ("amount", "description", "date")},
        category=first["category"],
        category_name="Dining",
        categorization=CHOSEN,
        tags=["a", "b"],
    )
    assert (second["kind"], second["direction"], second["category"]) == ("refund", "in", None)
    assert first["id"] < second["id"]
    for row in body["created"]:
        assert ana.get(f"transactions/{row['id']}/").json() == row


def test_all_rows_of_a_request_share_one_version(ana):
    first = send(ana, ROW, ROW).json()["created"]
    second = send(ana, ROW).json()["created"]
    assert first[0]["version"] == first[1]["version"] < second[0]["version"]


def test_equal_rows_without_external_id_are_both_kept(ana):
    assert len(send(ana, ROW, ROW).json()["created"]) == 2
    assert ana.get("transactions/").json()["count"] == 2


def test_duplicates_answer_the_rows_that_are_there(ana, ben):
    first = send(ana, {**ROW, "external_id": "a"}).json()["created"][0]
    body = send(ana, {**ROW, "external_id": "a", "amount": "9"}, {**ROW, "external_id": "b"},
                {**ROW, "external_id": "b", "amount": "7"}).json()  # fmt: skip
    assert [row["external_id"] for row in body["created"]] == ["b"]
    other = {"field": "amount", "stored": "5.50"}
    assert body["duplicates"] == [
        {**first, "differences": [{**other, "sent": "9.00"}]},
        {**body["created"][0], "differences": [{**other, "sent": "7.00"}]},
    ]
    assert (body["updated"], body["errors"]) == ([], [])
    assert ana.get("transactions/").json()["count"] == 2
    assert len(send(ben, {**ROW, "external_id": "a"}).json()["created"]) == 1


def test_the_same_external_id_in_two_accounts_is_two_rows(ana):
    for name in ("Checking", "Purse"):
        ana.post("accounts/", {"name": name})
    rows = [{**ROW, "external_id": "a", "account": account} for account in ("Checking", "Purse", None)]
    assert len(send(ana, *rows).json()["created"]) == 3
    assert len(send(ana, *rows).json()["duplicates"]) == 3


def test_wrong_rows_are_named_by_index_and_field_and_the_others_are_recorded(ana):
    answer = send(
        ana,
        ROW,
        {**ROW, "amount": "0", "category": "No such thing"},
        "no row",
        None,
        [],
        {},
        {**ROW, "direction": "in", "kind": "expense"},
        {**ROW, "tags": ["ok", ""]},
        ROW,
    )
    assert answer.status_code == 200
    body = answer.json()
    assert len(body["created"]) == 2
    named = {e["index"]: [(x["attr"], x["code"]) for x in e["errors"]] for e in body["errors"]}
    assert named == {
        1: [("amount", "min_value"), ("category", "does_not_exist")],
        2: [(None, "invalid")],
        3: [(None, "null")],
        4: [(None, "invalid")],
        5: [("amount", "required"), ("description", "required")],
        6: [("direction", "wrong_direction")],
        7: [("tags", "blank")],
    }
    assert all(set(x) == {"attr", "code", "detail"} and x["detail"] for e in body["errors"] for x in e["errors"])
    assert Transaction.objects.count() == 2
    assert Tag.objects.count() == 0


def test_no_rows_are_no_work(ana):
    answer = send(ana)
    assert (answer.status_code, answer.json()) == (200, NO_ROWS)


@pytest.mark.parametrize(
    ("body", "attr", "code"),
    [
        ({}, "transactions", "required"),
        ({"transactions": None}, "transactions", "null"),
        ({"transactions": {}}, "transactions", "not_a_list"),
        ({"transactions": "x"}, "transactions", "not_a_list"),
        ([], None, "invalid"),
        ("x", None, "invalid"),
    ],
)
def test_a_body_without_a_list_is_refused(ana, body, attr, code):
    assert_problem(ana.post("transactions/bulk/", body), 400, (attr, code))


def test_a_list_under_another_name_is_named(ana):
    body = assert_problem(ana.post("transactions/bulk/", {"rows": [ROW]}), 400, ("rows", "unknown"))
    assert body["errors"][0]["detail"] == "There is no such field; known are transactions, on_conflict."


def test_a_thousand_rows_are_taken_and_one_more_is_refused(ana):
    rows = [{**ROW, "external_id": str(i)} for i in range(1001)]
    assert_problem(send(ana, *rows), 400, ("transactions", "max_length"))
    assert Transaction.objects.count() == 0
    assert len(send(ana, *rows[:1000]).json()["created"]) == 1000
    assert len(send(ana, *rows[:1000]).json()["duplicates"]) == 1000


def test_names_of_another_person_are_unknown_in_every_row(ana, ben):
    ben.post("accounts/", {"name": "Secret"})
    ben.post("categories/", {"name": "Secret", "kind": "expense"})
    body = send(ana, {**ROW, "account": "Secret"}, {**ROW, "category": "Secret"}).json()
    attrs = [(e["index"], e["errors"][0]["attr"], e["errors"][0]["code"]) for e in body["errors"]]
    assert attrs == [(0, "account", "does_not_exist"), (1, "category", "does_not_exist")]
    assert body["created"] == []


def test_a_batch_asks_the_model_once_for_each_text(ana, model, run_tasks):
    model["Cafe"] = ("dining", 0.95)
    rows = send(ana, *[ROW] * 5, {**ROW, "description": "???"}).json()["created"]
    assert {row["categorization"]["status"] for row in rows} == {"pending"}
    run_tasks()
    assert sorted(set(ScriptedProvider.asked)) == ["???", "Cafe Luna"]
    listed = ana.get("transactions/", {"ordering": "id"}).json()["results"]
    suggested = [row["categorization"]["suggestion"] for row in listed]
    assert [one and one["category_name"] for one in suggested] == ["Dining"] * 5 + [None]
