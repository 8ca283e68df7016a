"""Categories that a ledger does not want to see, the system's included."""

import pytest

from expenses.categorization.catalog import Catalog
from tests.api.bodies import assert_problem

TEA = {"name": "Tea", "kind": "expense"}


@pytest.fixture(autouse=True)
def _chain(silent_chain):
    pass


def one(api, name):
    return {row["name"]: row for row in api.get("categories/", {"page_size": 500}).json()["results"]}[name]


def test_a_category_of_the_system_is_hidden_and_shown_again(ana, ben):
    before, of_ben = one(ana, "Pets"), one(ben, "Pets")
    address = f"categories/{before['id']}/"
    hidden = ana.patch(address, {"is_hidden": True}).json()
    assert hidden == before | {"is_hidden": True, "version": hidden["version"]}
    assert hidden["version"] > before["version"]
    assert ana.get(address).json() == hidden == one(ana, "Pets")
    shown = ana.patch(address, {"is_hidden": False}).json()
    assert shown == before | {"version": shown["version"]}
    assert shown["version"] > hidden["version"]
    assert one(ben, "Pets") == of_ben


def test_an_own_category_is_created_hidden_and_edited(ana):
    before = ana.post("categories/", TEA | {"is_hidden": True}).json()
    assert before["is_hidden"] is True
    after = ana.patch(f"categories/{before['id']}/", {"name": "Teas"}).json()
    assert after == before | {"name": "Teas", "version": after["version"]}
    assert after["version"] > before["version"]
    shown = ana.patch(f"categories/{before['id']}/", {"name": "Tea", "is_hidden": False}).json()
    assert (shown["name"], shown["is_hidden"], shown["version"] > after["version"]) == ("Tea", False, True)


def test_the_list_tells_hidden_ones_from_others(ana):
    pets = one(ana, "Pets")["id"]
    ana.patch(f"categories/{pets}/", {"is_hidden": True})

    def names(hidden):
        return [row["name"] for row in ana.get("categories/", {"hidden": hidden}).json()["results"]]

    assert names("true") == ["Pets"]
    assert "Pets" not in names("false")
    assert len(names("false")) == 22
    assert_problem(ana.get("categories/", {"hidden": "perhaps"}), 400, ("hidden", "invalid"))


def test_the_tag_of_a_system_category_moves_for_this_ledger_alone(ana, ben):
    address = f"categories/{one(ana, 'Pets')['id']}/"
    old, of_ben = ana.get(address)["ETag"], ben.get(address)["ETag"]
    ana.patch(address, {"is_hidden": True}, headers={"If-Match": old})
    assert ana.get(address, headers={"If-None-Match": old}).status_code == 200
    assert ana.patch(address, {"is_hidden": False}, headers={"If-Match": old}).status_code == 412
    assert ben.get(address, headers={"If-None-Match": of_ben}).status_code == 304


def test_changes_bring_what_was_hidden(ana, ben):
    ana.post("accounts/", {"name": "Purse"})
    everything = ana.get("changes/").json()
    assert len(everything["categories"]) == 23
    hidden = ana.patch(f"categories/{one(ana, 'Pets')['id']}/", {"is_hidden": True}).json()
    changes = ana.get("changes/", {"since": everything["version"]}).json()
    assert changes["categories"] == [hidden]
    again = ana.get("changes/").json()["categories"]
    assert [row["name"] for row in again if row["is_hidden"]] == ["Pets"]
    assert len(again) == 23
    assert not any(row["is_hidden"] for row in ben.get("changes/").json()["categories"])
    assert ana.get("changes/", {"since": changes["version"]}).json()["categories"] == []


def test_a_hidden_category_stays_where_it_is_used_and_is_no_answer_any_more(ana, model, run_tasks):
    row = ana.post("expenses/", {"amount": "9", "description": "Vet Miller", "category": "Pets"}).json()
    pets = row["category"]
    ana.patch(f"categories/{pets}/", {"is_hidden": True})
    assert ana.get(f"expenses/{row['id']}/").json() == row
    assert ana.get("expenses/", {"category": "Pets"}).json()["count"] == 1
    offered = Catalog.load_for(ana.user).offered("out", "expense")
    assert pets not in {category.id for category in offered}
    again = ana.post("expenses/", {"amount": "9", "description": "Vet Miller"}).json()
    assert again["category"] is None
    chosen = ana.patch(f"expenses/{again['id']}/", {"category": "Pets"}).json()
    assert chosen["category"] == pets


def test_hiding_a_parent_leaves_those_below_it_to_choose_from(ana):
    ana.patch(f"categories/{one(ana, 'Income')['id']}/", {"is_hidden": True})
    assert one(ana, "Salary")["is_hidden"] is False
    offered = {category.name for category in Catalog.load_for(ana.user).offered("in", "income")}
    assert offered == {"Salary", "Interest", "Other income"}


def test_a_new_name_of_a_parent_shows_in_the_tags_of_those_below_it_and_of_rules(ana):
    parent = ana.post("categories/", TEA).json()["id"]
    child = ana.post("categories/", {"name": "Green", "kind": "expense", "parent": "Tea"}).json()["id"]
    condition = {"field": "description", "op": "contains", "value": "tea"}
    rule = {"name": "R", "conditions": [condition], "actions": [{"type": "set_category", "value": "Tea"}]}
    addresses = [f"categories/{child}/", f"rules/{ana.post('rules/', rule).json()['id']}/"]
    old = [ana.get(address)["ETag"] for address in addresses]
    ana.patch(f"categories/{parent}/", {"name": "Hot drinks"})
    bodies = [ana.get(a, headers={"If-None-Match": tag}).json() for a, tag in zip(addresses, old, strict=True)]
    assert bodies[0]["parent_name"] == bodies[1]["actions"][0]["value_name"] == "Hot drinks"


def test_the_kind_stays_while_only_the_bin_or_a_suggestion_shows_the_category(ana):
    number = ana.post("categories/", TEA).json()["id"]
    row = ana.post("expenses/", {"amount": "1", "description": "Cup", "category": "Tea"}).json()["id"]
    ana.delete(f"expenses/{row}/")
    assert_problem(ana.patch(f"categories/{number}/", {"kind": "income"}), 400, ("kind", "in_use"))
