"""Packs: named and versioned rules, updated without touching the edits of their users."""

from typing import Any

import pytest

from tests.api.exchanged_rules import created, exported, imported, problems, simple


def pack(ana: Any, version: str, *rules: dict[str, Any]) -> Any:
    """Return the file that a maintainer of a pack publishes."""
    for row in ana.get("rules/").json()["results"]:
        assert ana.delete(f"rules/{row['id']}/").status_code == 204
    for rule in rules:
        created(ana, rule)
    return exported(ana, f"?pack=Shops&pack_version={version}")


def rules_of(api: Any) -> dict[str, dict[str, Any]]:
    return {row["name"]: row for row in api.get("rules/").json()["results"]}


def outcome(body: dict[str, Any]) -> dict[str, list[Any]]:
    kept = [(entry["name"], entry["code"]) for entry in body["unchanged"]]
    names = {key: [entry["name"] for entry in body[key]] for key in ("created", "updated", "refused")}
    return names | {"unchanged": kept}


def test_a_packs_checksum_covers_name_and_version(ana):
    document = pack(ana, "1.2", simple("A"))
    assert (document["name"], document["pack_version"]) == ("Shops", "1.2")
    for change in ({"name": "Others"}, {"pack_version": "1.3"}):
        answer = ana.post("rules/import/", document | change)
        assert (answer.status_code, problems(answer)) == (400, [("checksum", "invalid")])
    assert ana.post("rules/import/", document | {"exported_at": "2020-01-01T00:00:00Z"}).status_code == 200


def test_a_newer_version_updates_only_unedited_rules(ana, ben):
    first = pack(ana, "1.9", simple("A"), simple("B"), simple("C"), simple("D"), simple("E"))
    second = pack(
        ana,
        "1.10",
        simple("A", match="any", priority=1),
        simple("B", match="any"),
        simple("C", match="any"),
        simple("D"),
        simple("F"),
    )
    imported(ben, first)
    before = rules_of(ben)
    assert {rule["origin"] for rule in before.values()} == {"pack"}
    assert ben.patch(f"rules/{before['A']['id']}/", {"priority": 900, "is_active": False}).status_code == 200
    assert ben.patch(f"rules/{before['B']['id']}/", {"stop_processing": False}).status_code == 200
    assert ben.patch(f"rules/{before['C']['id']}/", {"name": "My C"}).status_code == 200
    assert outcome(imported(ben, second)) == {
        "created": ["F"],
        "updated": ["A", "My C"],
        "refused": [],
        "unchanged": [("B", "edited"), ("D", "identical"), ("E", "not_in_pack")],
    }
    after = rules_of(ben)
    assert (after["A"]["match"], after["A"]["priority"], after["A"]["is_active"]) == ("any", 900, False)
    assert (after["B"]["match"], after["My C"]["match"]) == ("all", "any")
    assert set(after) == {"A", "B", "My C", "D", "E", "F"}


def test_an_edited_rule_is_replaced_on_request(ana, ben):
    first, second = pack(ana, "1", simple("A")), pack(ana, "2", simple("A", match="any"))
    imported(ben, first)
    assert ben.patch(f"rules/{rules_of(ben)['A']['id']}/", {"name": "Mine", "group": "x"}).status_code == 200
    assert outcome(imported(ben, second))["unchanged"] == [("Mine", "edited")]
    assert outcome(imported(ben, second, "?on_conflict=update"))["updated"] == ["Mine"]
    [rule] = rules_of(ben).values()
    assert (rule["name"], rule["match"], rule["group"]) == ("Mine", "any", "")


def test_an_older_version_is_refused_and_the_same_changes_nothing(ana, ben):
    old, new = pack(ana, "1.2.0", simple("A")), pack(ana, "1.10", simple("A"))
    imported(ben, new)
    before = rules_of(ben)
    answer = ben.post("rules/import/", old)
    assert answer.status_code == 409
    assert answer.json()["errors"] == [
        {
            "attr": None,
            "code": "older_pack",
            "detail": "You have version 1.10 of “Shops”; this is 1.2.0, which is older.",
        }
    ]
    assert outcome(imported(ben, new))["unchanged"] == [("A", "identical")]
    assert outcome(imported(ben, pack(ana, "1.10.0", simple("A"))))["unchanged"] == [("A", "identical")]
    assert rules_of(ben) == before


def test_a_version_without_changes_is_recorded(ana, ben):
    imported(ben, pack(ana, "1", simple("A")))
    imported(ben, pack(ana, "3", simple("A")))
    assert ben.post("rules/import/", pack(ana, "2", simple("A", match="any"))).status_code == 409


def test_an_own_rule_with_a_packs_name_stays_independent(ana, ben):
    created(ben, simple("A", match="any"))
    assert outcome(imported(ben, pack(ana, "1", simple("A"))))["unchanged"] == [("A", "skipped")]
    assert outcome(imported(ben, pack(ana, "2", simple("A", group="x"))))["unchanged"] == [("A", "skipped")]
    body = imported(ben, pack(ana, "3", simple("A")), "?on_conflict=rename")
    assert [(entry["name"], entry["renamed_from"]) for entry in body["created"]] == [("A (2)", "A")]
    assert outcome(imported(ben, pack(ana, "4", simple("A"))))["unchanged"] == [("A (2)", "identical")]


def test_two_packs_do_not_affect_each_other(ana, ben):
    imported(ben, pack(ana, "5", simple("A")))
    other = {
        "format": "outlay-rules",
        "format_version": 1,
        "name": "Others",
        "pack_version": "1",
        "rules": [simple("B")],
    }
    assert outcome(imported(ben, other)) == {"created": ["B"], "updated": [], "refused": [], "unchanged": []}


@pytest.mark.parametrize("version", ["1.2.3.4.5", "v1", "1.", "-1", "1e3", "1" * 10])
def test_an_invalid_version_is_refused(ana, version):
    answer = ana.get(f"rules/export/?pack=Shops&pack_version={version}")
    assert (answer.status_code, [error["attr"] for error in answer.json()["errors"]]) == (400, ["pack_version"])
