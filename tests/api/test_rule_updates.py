"""Rules with the trigger `update` are asked again about what people edit, within the same write."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from expenses.services import bulk_runs
from tests.api.bodies import assert_problem
from tests.api.bulk import body_of, edit, record
from tests.api.rule_bodies import category_id, does, revert, save, text, whole_ledger

pytestmark = pytest.mark.usefixtures("silent_chain")

LUNA = text("luna", field="merchant")


@pytest.fixture
def number(ana):
    """A rule about the merchant, which the bank does not write."""
    return save(ana, LUNA, actions=does(set_category="Dining", add_tags=["food"], set_notes="n"))


def test_the_answer_to_an_edit_includes_changes_by_rules(ana, number):
    (pk,) = record(ana, {})
    before = body_of(ana, pk)
    answer = ana.patch(f"transactions/{pk}/", {"merchant": "Luna Ltd"})
    row = answer.json()
    assert row == before | {
        "merchant": "Luna Ltd",
        "category": category_id(ana, "Dining"),
        "category_name": "Dining",
        "notes": "n",
        "tags": ["food"],
        "categorization": {
            "status": "automatic",
            "source": "rule",
            "confidence": 1.0,
            "explanation": "Your rule “Coffee” says so.",
            "awaits_model": False,
            "suggestion": None,
        },
        "version": row["version"],
        "updated_at": row["updated_at"],
    }
    assert body_of(ana, pk) == row
    assert ana.get(f"transactions/{pk}/")["ETag"] == answer["ETag"]
    [attempt] = ana.get(f"transactions/{pk}/explanation/").json()["attempts"]
    assert attempt["details"] == {"rules": [{"id": number, "name": "Coffee"}], "run": None}
    events = ana.get(f"transactions/{pk}/history/").json()["results"]
    assert [(event["source"], event["username"], event["version"]) for event in events] == [
        ("rule", None, row["version"]), ("user", "ana", row["version"]), ("user", "ana", None),
    ]  # fmt: skip
    since = ana.get(f"changes/?since={before['version']}").json()
    assert (since["transactions"], [tag["name"] for tag in since["tags"]]) == ([row], ["food"])


def test_what_the_person_writes_in_the_same_edit_stays(ana, number):
    (pk,) = record(ana, {})
    row = ana.patch(f"transactions/{pk}/", {"merchant": "Luna", "category": "Travel", "notes": "mine"}).json()
    assert (row["category_name"], row["notes"], row["tags"]) == ("Travel", "mine", ["food"])
    row = ana.patch(f"transactions/{pk}/", {"tags": []}).json()
    assert (row["tags"], body_of(ana, pk)["tags"]) == ([], [])
    row = ana.patch(f"transactions/{pk}/", {"category": None, "notes": ""}).json()
    assert (row["category"], row["notes"], row["tags"]) == (None, "", [])


def test_an_edit_does_not_force_overwrite_always(ana):
    save(ana, LUNA, overwrite="always", actions=does(set_notes="n"))
    (pk,) = record(ana, {})
    assert ana.patch(f"transactions/{pk}/", {"merchant": "Luna", "notes": "mine"}).json()["notes"] == "mine"


@pytest.mark.parametrize(
    "fields",
    [{"triggers": ["create", "import", "manual"]}, {"is_active": False}, {"conditions": [text("zoo")]}],
    ids=str,
)
def test_rules_that_are_not_for_it_are_not_asked(ana, number, fields):
    ana.patch(f"rules/{number}/", fields)
    (pk,) = record(ana, {})
    row = ana.patch(f"transactions/{pk}/", {"merchant": "Luna"}).json()
    assert (row["category"], row["notes"]) == (None, "")


def test_an_edit_that_is_refused_asks_nobody(ana, number):
    (pk,) = record(ana, {})
    before = body_of(ana, pk)
    answer = ana.patch(f"transactions/{pk}/", {"merchant": "Luna"}, headers={"If-Match": '"0-0"'})
    assert_problem(answer, 412, (None, "changed_meanwhile"))
    assert_problem(ana.patch(f"transactions/{pk}/", {"amount": "-1"}), 400, ("amount", "min_value"))
    assert body_of(ana, pk) == before


def test_a_stranger_reaches_neither_the_row_nor_the_rules(ana, ben, number):
    (pk,) = record(ana, {})
    (theirs,) = record(ben, {})
    assert ben.patch(f"transactions/{pk}/", {"merchant": "Luna"}).status_code == 404
    assert ben.patch(f"transactions/{theirs}/", {"merchant": "Luna"}).json()["category"] is None


def test_reverting_a_bulk_edit_reverts_its_rules(ana, number, monkeypatch):
    monkeypatch.setattr(bulk_runs, "CHUNK", 2)
    ids = record(ana, {}, {"category": "Travel"}, {"merchant": "Zoo"}, {"tags": ["own"], "direction": "in"})
    before = whole_ledger(ana)
    run = edit(ana, {"ids": ids}, merchant="Luna").json()
    assert run["counts"] == {"changed": 4, "unchanged": 0, "left_alone": 0}
    rows = [body_of(ana, pk) for pk in ids]
    assert [(row["category_name"], row["notes"], row["tags"], row["kind"]) for row in rows] == [
        ("Dining", "n", ["food"], "expense"),
        ("Travel", "n", ["food"], "expense"),
        ("Dining", "n", ["food"], "expense"),
        ("Dining", "n", ["food", "own"], "refund"),
    ]
    changes = ana.get(f"runs/{run['id']}/changes/").json()
    assert changes["count"] == 8
    assert revert(ana, run)["kept"] == []
    assert whole_ledger(ana) == before


def test_reverting_a_bulk_edit_keeps_later_edits(ana, number):
    first, second = record(ana, {}, {})
    run = edit(ana, {"ids": [first, second]}, merchant="Luna").json()
    ana.patch(f"transactions/{first}/", {"notes": "mine"})
    assert revert(ana, run)["kept"] == [{"transaction": first, "field": "notes", "reason": "It was changed since."}]
    rows = [body_of(ana, pk) for pk in (first, second)]
    assert [(row["merchant"], row["category"], row["notes"], row["tags"]) for row in rows] == [
        ("", None, "mine", []), ("", None, "", []),
    ]  # fmt: skip


def test_a_review_asks_again_and_its_revert_takes_that_back(ana):
    ids = record(ana, {}, {})
    dining = {"field": "category", "op": "in", "value": ["Dining"]}
    save(ana, dining, text("user", field="source", op="equals"), actions=does(add_tags=["food"], set_notes="n"))
    before = whole_ledger(ana)
    run = ana.post("review/resolve/", {"ids": ids, "category": "Dining"}).json()
    rows = [body_of(ana, pk) for pk in ids]
    assert [(row["category_name"], row["notes"], row["tags"]) for row in rows] == [("Dining", "n", ["food"])] * 2
    assert rows[0]["categorization"]["source"] == "user"
    assert revert(ana, run)["kept"] == []
    assert whole_ledger(ana) == before


def test_circling_rules_leave_an_edit_alone(ana):
    without, tagged = ({"field": "tags", "op": op, "value": ["t"]} for op in ("has_none", "has_any"))
    save(ana, LUNA, without, name="one", actions=does(add_tags=["t"]))
    save(ana, LUNA, tagged, name="two", actions=does(remove_tags=["t"]))
    (pk,) = record(ana, {})
    row = ana.patch(f"transactions/{pk}/", {"merchant": "Luna", "notes": "x"}).json()
    assert (row["merchant"], row["notes"], row["tags"]) == ("Luna", "x", [])


def test_editing_many_costs_the_same_queries_as_editing_few(ana, number):
    def n_queries(ids, merchant):
        with CaptureQueriesContext(connection) as queries:
            assert edit(ana, {"ids": ids}, merchant=merchant).json()["counts"]["changed"] == len(ids)
        return len([query for query in queries.captured_queries if "SAVEPOINT" not in query["sql"]])

    ids = record(ana, *[{}] * 45)
    few = n_queries(ids[:5], "Luna")
    assert n_queries(ids[5:], "Luna") <= few
