"""Changing and deleting many transactions at once, as runs that tell what they did."""

import pytest

from expenses.models import Run, Tag, Transaction
from expenses.services.runs import AT_ONCE
from tests.api.bodies import assert_problem
from tests.api.bulk import ROW, body_of, contents, edit, record

pytestmark = pytest.mark.usefixtures("silent_chain")


def test_rows_named_by_id_get_the_same_values_and_the_run_says_so(ana):
    ids = record(ana, {}, {"tags": ["old", "other"]}, {})
    ana.post("accounts/", {"name": "Purse"})
    answer = edit(
        ana, {"ids": ids[:2]}, category="Dining", add_tags=["trip"], remove_tags=["OLD"], merchant="Luna", notes="n",
        description="Coffee", account="purse", payment_method="cash", date="2026-10-01",
    )  # fmt: skip
    assert answer.status_code == 202
    run = answer.json()
    assert run == {
        "id": run["id"],
        "kind": "bulk_edit",
        "status": "succeeded",
        "progress": {"done": 2, "total": 2},
        "counts": {"changed": 2, "unchanged": 0, "left_alone": 0},
        "created_at": run["created_at"],
        "started_at": run["started_at"],
        "finished_at": run["finished_at"],
        "error": None,
        "note": None,
    }
    first, second, third = (body_of(ana, pk) for pk in ids)
    assert first["category_name"] == "Dining"
    assert (first["merchant"], first["notes"], first["description"]) == ("Luna", "n", "Coffee")
    assert (first["account_name"], first["payment_method"], first["date"]) == ("Purse", "cash", "2026-10-01")
    assert first["categorization"]["status"] == "confirmed"
    assert (first["tags"], second["tags"], third["tags"]) == (["trip"], ["other", "trip"], [])
    assert (third["category"], third["description"]) == (None, "Cafe Luna")
    assert ana.get("transactions/?search=coffee").json()["count"] == 2


def test_what_a_run_changed_is_told_field_by_field(ana, ben):
    (pk,) = record(ana, {"tags": ["a"]})
    run = edit(ana, {"ids": [pk]}, notes="n", tags=["b"]).json()
    body = ana.get(f"runs/{run['id']}/changes/").json()
    change = body["results"][0]
    assert body == {
        "count": 1,
        "next": None,
        "previous": None,
        "results": [
            {
                "transaction": pk,
                "action": "changed",
                "at": change["at"],
                "version": body_of(ana, pk)["version"],
                "fields": [
                    {"field": "notes", "old": "", "new": "n"},
                    {"field": "tags", "old": ["a"], "new": ["b"]},
                ],
            }
        ],
    }
    for name in ("changes", "errors"):
        assert_problem(ben.get(f"runs/{run['id']}/{name}/"), 404, (None, "not_found"))
    event = ana.get(f"transactions/{pk}/history/").json()["results"][0]
    assert (event["source"], event["username"], event["run"]) == ("bulk_edit", "ana", run["id"])


def test_rows_found_by_a_filter_are_those_that_the_list_shows(ana):
    ids = record(ana, {"date": "2026-09-01"}, {"date": "2026-10-05"}, {"date": "2026-10-06", "tags": ["trip"]})
    assert edit(ana, {"filter": {"month": "2026-10", "tag": "trip"}}, notes="x").json()["progress"]["total"] == 1
    assert edit(ana, {"filter": {"year": 2026, "month": 10}}, merchant="m").json()["progress"]["total"] == 2
    assert edit(ana, {"filter": {"kind": ["expense", "income"]}}, merchant="n").json()["progress"]["total"] == 3
    assert edit(ana, {"filter": {"type": ["expense", "income"]}}, merchant="o").json()["progress"]["total"] == 3
    assert edit(ana, {"filter": {"uncategorized": True}}, category="Dining").json()["counts"]["changed"] == 3
    assert edit(ana, {"filter": {"all": True}}, payment_method="cash").json()["counts"]["changed"] == 3
    assert edit(ana, {"filter": {"search": "nothing has this"}}, notes="y").json()["counts"] == {}
    assert [body_of(ana, pk)["notes"] for pk in ids] == ["", "", "x"]


def test_nobody_else_s_rows_are_found(ana, ben):
    (mine,) = record(ana, {})
    (theirs,) = record(ben, {})
    assert edit(ana, {"filter": {"all": True}}, notes="x").json()["progress"]["total"] == 1
    assert_problem(edit(ana, {"ids": [mine, theirs]}, notes="y"), 400, ("ids", "does_not_exist"))
    assert_problem(ana.delete("transactions/bulk/", {"ids": [theirs]}), 400, ("ids", "does_not_exist"))
    assert [row.notes for row in Transaction.objects.order_by("pk")] == ["x", ""]


@pytest.mark.parametrize(
    ("where", "attr", "code"),
    [
        ({}, "ids", "required"),
        ({"ids": [1], "filter": {"all": True}}, "ids", "required"),
        ({"ids": []}, "ids", "empty"),
        ({"ids": "all"}, "ids", "not_a_list"),
        ({"ids": ["x"]}, "ids.0", "invalid"),
        ({"ids": [0]}, "ids.0", "min_value"),
        ({"ids": [2**63]}, "ids.0", "max_value"),
        ({"ids": [999999]}, "ids", "does_not_exist"),
        ({"filter": {}}, "filter", "empty_filter"),
        ({"filter": []}, "filter", "not_an_object"),
        ({"filter": None}, "filter", "null"),
        ({"filter": {"all": "yes"}}, "filter.all", "unknown"),
        ({"filter": {"all": True, "year": 2026}}, "filter.all", "unknown"),
        ({"filter": {"ordering": "date"}}, "filter.ordering", "unknown"),
        ({"filter": {"page": 1}}, "filter.page", "unknown"),
        ({"filter": {"color": "red"}}, "filter.color", "unknown"),
        ({"filter": {"kind": "expense", "type": "expense"}}, "filter.type", "contradictory"),
        ({"filter": {"category_id": "nowhere"}}, "filter.category_id", "does_not_exist"),
        ({"filter": {"year": [2025, 2026]}}, "filter.year", "repeated"),
        ({"filter": {"search": "  "}}, "filter.search", "blank"),
        ({"filter": {"search": None}}, "filter.search", "blank"),
        ({"filter": {"kind": []}}, "filter.kind", "blank"),
        ({"filter": {"kind": ["expense", ""]}}, "filter.kind", "blank"),
        ({"filter": {"search": {"x": 1}}}, "filter.search", "invalid"),
        ({"filter": {"start_date": "soon"}}, "filter.start_date", "invalid"),
        ({"filter": {"category": "No such thing"}}, "filter.category", "does_not_exist"),
    ],
    ids=str,
)
def test_a_wrong_choice_of_rows_is_refused_before_anything_is_done(ana, where, attr, code):
    record(ana, {})
    assert_problem(edit(ana, where, notes="x"), 400, (attr, code))
    assert_problem(ana.delete("transactions/bulk/", where), 400, (attr, code))
    assert Run.objects.count() == 0
    assert Transaction.objects.filter(notes="").count() == 1


@pytest.mark.parametrize(
    ("changes", "attr", "code"),
    [
        ({}, "set", "required"),
        ({"amount": "5"}, "set.amount", "unknown"),
        ({"note": "x"}, "set.note", "unknown"),
        ({"category": "No such thing"}, "set.category", "does_not_exist"),
        ({"category": "Salary"}, "set.category", "wrong_kind"),
        ({"account": "No such thing"}, "set.account", "does_not_exist"),
        ({"description": ""}, "set.description", "blank"),
        ({"date": "2026-02-30"}, "set.date", "invalid"),
        ({"date": "1066-10-14"}, "set.date", "out_of_range"),
        ({"tags": ["a"], "add_tags": ["b"]}, "set.tags", "ambiguous"),
        ({"add_tags": [""]}, "set.add_tags", "blank"),
    ],
    ids=str,
)
def test_wrong_values_are_refused_before_anything_is_done(ana, changes, attr, code):
    record(ana, {})
    assert_problem(edit(ana, {"filter": {"all": True}}, **changes), 400, (attr, code))
    assert (Run.objects.count(), Tag.objects.count()) == (0, 0)


@pytest.mark.parametrize("body", [None, [], "x", {"ids": [1]}, {"ids": [1], "set": []}])
def test_a_body_of_another_shape_is_refused(ana, body):
    assert ana.patch("transactions/bulk/", body).status_code == 400


def test_rows_that_cannot_take_the_change_are_left_alone_and_named(ana):
    out, paid, stated = record(ana, {}, {"direction": "in"}, {"direction": "in", "kind": "income"})
    run = edit(ana, {"ids": [out, paid, stated]}, category="Dining", notes="x").json()
    assert (run["status"], run["counts"]) == ("succeeded", {"changed": 2, "unchanged": 0, "left_alone": 1})
    assert body_of(ana, paid)["kind"] == "refund"
    detail = "“Dining” is a category of kind expense, which does not fit income."
    errors: dict[str, object] = {"count": 1, "next": None, "previous": None}
    errors["results"] = [{"transaction": stated, "code": "wrong_kind", "detail": detail}]
    assert ana.get(f"runs/{run['id']}/errors/").json() == errors
    assert (body_of(ana, stated)["category"], body_of(ana, stated)["notes"]) == (None, "")


def test_what_a_split_holds_together_is_left_alone(ana):
    (whole,) = record(ana, {"amount": "5.50"})
    halves = [{"amount": "2.50", "category": "Dining"}, {"amount": "3.00", "category": "Travel"}]
    split = ana.put(f"transactions/{whole}/split/", {"parts": halves}).json()
    parts = [part["id"] for part in split["parts"]]
    both = {"ids": [whole, *parts]}
    changed, left = ({"changed": n, "unchanged": 0, "left_alone": 3 - n} for n in (2, 0))
    assert edit(ana, both, category="Groceries").json()["counts"] == changed
    assert edit(ana, both, date="2026-01-01").json()["counts"] == left
    assert edit(ana, both, notes="x").json()["counts"]["changed"] == 3


def test_a_split_has_one_payment_method(ana):
    (whole,) = record(ana, {"payment_method": "cash"})
    halves = [{"amount": "2.50"}, {"amount": "3.00"}]
    parts = [part["id"] for part in ana.put(f"transactions/{whole}/split/", {"parts": halves}).json()["parts"]]
    before = contents(ana)
    run = edit(ana, {"ids": [whole, *parts]}, payment_method="card").json()
    assert run["counts"] == {"changed": 0, "unchanged": 0, "left_alone": 3}
    has_parts = "It is split, so its parts have that; edit them, or the whole by itself."
    is_part = "It is a part of a split, which has that from its whole."
    assert ana.get(f"runs/{run['id']}/errors/").json()["results"] == [
        {"transaction": pk, "code": "split", "detail": has_parts if pk == whole else is_part} for pk in (whole, *parts)
    ]
    assert contents(ana) == before
    assert ana.patch(f"transactions/{whole}/", {"payment_method": "card"}).status_code == 200
    assert {body_of(ana, pk)["payment_method"] for pk in (whole, *parts)} == {"card"}


def test_a_split_is_deleted_whole_and_comes_back_whole(ana):
    (whole,) = record(ana, {"amount": "5.50"})
    halves = [{"amount": "2.50", "category": "Dining"}, {"amount": "3.00", "category": "Travel"}]
    parts = [part["id"] for part in ana.put(f"transactions/{whole}/split/", {"parts": halves}).json()["parts"]]
    alone = ana.delete("transactions/bulk/", {"ids": parts}).json()
    assert alone["counts"] == {"deleted": 0, "left_alone": 2}
    before = ana.get(f"transactions/{whole}/split/").json()
    run = ana.delete("transactions/bulk/", {"ids": [whole, *parts]}).json()
    assert run["counts"] == {"deleted": 1, "left_alone": 0}
    assert ana.get("transactions/").json()["results"] == []
    ana.post(f"runs/{run['id']}/revert/")
    after = ana.get(f"transactions/{whole}/split/").json()
    for body in (before["parent"], *before["parts"], after["parent"], *after["parts"]):
        body.pop("version"), body.pop("updated_at")
    assert after == before


def test_a_transfer_whose_half_is_edited_is_one_no_more(ana):
    for name in ("Giro", "Purse"):
        ana.post("accounts/", {"name": name})
    transfer = {"from_account": "Giro", "to_account": "Purse", "amount": "50", "description": "Cash"}
    pair = ana.post("transfers/", transfer).json()
    halves = [pair["outgoing"]["id"], pair["incoming"]["id"]]
    assert edit(ana, {"ids": halves}, category="Dining").json()["counts"]["changed"] == 2
    assert [(body_of(ana, pk)["transfer"], body_of(ana, pk)["kind"]) for pk in halves] == [
        (None, "expense"), (None, "refund"),
    ]  # fmt: skip
    assert ana.get(f"transfers/{pair['id']}/").status_code == 404


def test_an_account_takes_an_external_id_once(ana):
    for name in ("Giro", "Purse"):
        ana.post("accounts/", {"name": name})
    same = [{"external_id": "a", "account": name} for name in ("Giro", "Purse", None)]
    giro, purse, loose = record(ana, *same)
    run = edit(ana, {"ids": [giro, loose]}, account="Purse").json()
    assert run["counts"] == {"changed": 0, "unchanged": 0, "left_alone": 2}
    ana.delete(f"transactions/{purse}/")
    run = edit(ana, {"ids": [giro, loose]}, account="Purse").json()
    assert run["counts"] == {"changed": 1, "unchanged": 0, "left_alone": 1}
    assert ana.get(f"runs/{run['id']}/errors/").json()["results"][0]["code"] == "duplicate"
    run = edit(ana, {"ids": [giro, loose]}, account=None).json()
    assert run["counts"] == {"changed": 0, "unchanged": 1, "left_alone": 1}


def test_a_category_is_taken_away_from_many(ana):
    ids = record(ana, {"category": "Dining"}, {"direction": "in", "category": "Dining"})
    assert edit(ana, {"ids": ids}, category=None).json()["counts"]["changed"] == 2
    assert [body_of(ana, pk)["kind"] for pk in ids] == ["expense", "income"]
    assert {body_of(ana, pk)["categorization"]["explanation"] for pk in ids} == {"You took the category away."}


def test_rows_that_have_the_values_already_keep_their_version(ana):
    ids = record(ana, {"notes": "x"}, {})
    before = body_of(ana, ids[0])
    assert edit(ana, {"ids": ids}, notes="x").json()["counts"] == {"changed": 1, "unchanged": 1, "left_alone": 0}
    assert body_of(ana, ids[0]) == before


def test_a_large_edit_is_done_in_the_background_in_chunks_with_versions_of_their_own(ana, run_tasks):
    record(ana, *[{}] * 600)
    answer = edit(ana, {"filter": {"all": True}}, notes="x")
    assert (answer.status_code, answer.json()["status"]) == (202, "pending")
    assert answer.json()["progress"] == {"done": 0, "total": 600}
    record(ana, {"notes": "later"})
    run_tasks()
    run = ana.get(f"runs/{answer.json()['id']}/").json()
    assert (run["status"], run["counts"]["changed"], run["progress"]["done"]) == ("succeeded", 600, 600)
    assert Transaction.objects.filter(notes="later").count() == 1  # it was recorded after the order
    assert Transaction.objects.filter(notes="x").order_by().values("version").distinct().count() == 2
    assert AT_ONCE < 600


def test_what_went_meanwhile_is_reported(ana, monkeypatch, run_tasks):
    monkeypatch.setattr("expenses.services.runs.AT_ONCE", 0)
    kept, gone = record(ana, {}, {})
    number = edit(ana, {"ids": [kept, gone]}, notes="x").json()["id"]
    ana.delete(f"transactions/{gone}/")
    run_tasks()
    assert ana.get(f"runs/{number}/").json()["counts"] == {"changed": 1, "unchanged": 0, "left_alone": 1}
    assert [e["code"] for e in ana.get(f"runs/{number}/errors/").json()["results"]] == ["gone"]


def test_a_category_that_went_meanwhile_fails_the_run_with_a_sentence(ana, monkeypatch, run_tasks):
    monkeypatch.setattr("expenses.services.runs.AT_ONCE", 0)
    own = ana.post("categories/", {"name": "Tea", "kind": "expense"}).json()["id"]
    number = edit(ana, {"ids": record(ana, {})}, category="Tea").json()["id"]
    ana.delete(f"categories/{own}/")
    run_tasks()
    run = ana.get(f"runs/{number}/").json()
    sentence = "The category that was to be set is gone; revert this run, and order another."
    assert (run["status"], run["error"], run["progress"]["done"]) == ("failed", sentence, 0)


def test_many_go_into_the_bin_and_come_back(ana):
    ids = record(ana, {"tags": ["a"]}, {"external_id": "b"}, {})
    before, since = contents(ana), ana.get("changes/").json()["version"]
    run = ana.delete("transactions/bulk/", {"ids": ids[:2]})
    assert (run.status_code, run.json()["kind"]) == (202, "bulk_delete")
    assert run.json()["counts"] == {"deleted": 2, "left_alone": 0}
    assert [row["id"] for row in contents(ana)] == ids[2:]
    assert {row["id"] for row in ana.get("transactions/deleted/").json()["results"]} == set(ids[:2])
    assert {stone["id"] for stone in ana.get(f"changes/?since={since}").json()["deleted"]} == set(ids[:2])
    body = ana.post(f"runs/{run.json()['id']}/revert/").json()
    assert (body["status"], body["kept"], body["counts"]["restored"]) == ("reverted", [], 2)
    assert contents(ana) == before
    changes = ana.get(f"changes/?since={since}").json()
    assert (changes["deleted"], {row["id"] for row in changes["transactions"]}) == ([], set(ids[:2]))


def test_a_thousand_rows_with_three_bad_ones_store_the_others(ana):
    rows = [{**ROW, "external_id": str(i)} for i in range(1000)]
    rows[1]["amount"], rows[500]["date"], rows[999]["category"] = "0", "2026-02-30", "No such thing"
    body = ana.post("transactions/bulk/", {"transactions": rows}).json()
    assert len(body["created"]) == Transaction.objects.count() == 997
    named = [(error["index"], error["errors"][0]["attr"], error["errors"][0]["code"]) for error in body["errors"]]
    assert named == [(1, "amount", "min_value"), (500, "date", "invalid"), (999, "category", "does_not_exist")]
