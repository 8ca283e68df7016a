"""Export and import of rules: exported rules come back unchanged, and invalid ones are listed."""

import json
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext

from expenses.models import Ledger
from rules.models import RULE_FIELDS, Rule
from rules.serializers.rules import RuleSerializer
from tests.api.exchanged_rules import created, exported, imported, problems, simple
from tests.conftest import Api
from tests.rules.samples import document_of, text_of

NOTHING_MISSING: dict[str, list[str]] = {"categories": [], "accounts": [], "tags": []}
#: Fields that differ between ledgers.
OWN = {"id", "origin", "version", "created_at", "updated_at"}
SHOP: dict[str, Any] = {
    "name": "Rewe",
    "group": "food",
    "is_active": False,
    "priority": 7,
    "stop_processing": False,
    "mode": "suggest",
    "triggers": ["import"],
    "overwrite": "empty",
    "match": "any",
    "conditions": [
        {"field": "raw_description", "op": "contains_any", "value": ["rewe", "edeka"], "case_sensitive": True},
        {
            "match": "all",
            "negate": True,
            "conditions": [
                {"field": "amount", "op": "approx", "value": "5.00", "tolerance": "7"},
                {"field": "account", "op": "in", "value": ["Checking", "12"]},
                {"field": "category", "op": "in", "value": ["Dining"], "negate": True},
                {"field": "tags", "op": "has_all", "value": ["food"]},
                {"field": "date", "op": "weekday", "value": [6, 7]},
                {"field": "text", "op": "contains", "value": "rewe", "case_sensitive": False},
            ],
        },
    ],
    "actions": [
        {"type": "set_category", "value": "Bouldering"},
        {"type": "add_tags", "value": ["food", "weekly"]},
        {"type": "set_merchant", "value": "Rewe"},
        {"type": "mark_reviewed"},
    ],
}


def furnish(api: Api) -> None:
    """Create the accounts and categories that the rules name."""
    for name in ("Checking", "12"):
        assert api.post("accounts/", {"name": name}).status_code == 201
    for name in ("Bouldering", "7"):
        assert api.post("categories/", {"name": name, "kind": "expense"}).status_code == 201


def stored(api: Api) -> list[dict[str, Any]]:
    rows = api.get("rules/").json()["results"]
    return [{key: value for key, value in row.items() if key not in OWN} for row in rows]


def file_of(*rules: Any, **fields: Any) -> dict[str, Any]:
    return {"format": "outlay-rules", "format_version": 1, "rules": list(rules), **fields}


def test_export_and_import_restore_deleted_rules(ana):
    furnish(ana)
    created(ana, SHOP)
    created(ana, simple("Café", actions=[{"type": "set_category", "value": "7"}]))
    before, document = stored(ana), exported(ana)
    for row in ana.get("rules/").json()["results"]:
        assert ana.delete(f"rules/{row['id']}/").status_code == 204
    assert imported(ana, document) == {
        "format": "outlay-rules",
        "dry_run": False,
        "on_conflict": "skip",
        "created": [
            {"index": 0, "name": "Rewe", "is_active": False, "renamed_from": None},
            {"index": 1, "name": "Café", "is_active": True, "renamed_from": None},
        ],
        "updated": [],
        "unchanged": [],
        "refused": [],
        "left_out": [],
        "missing": {"categories": [], "accounts": [], "tags": ["food", "weekly"]},
    }
    assert stored(ana) == before
    assert {row["origin"] for row in ana.get("rules/").json()["results"]} == {"imported"}


def test_an_export_is_downloaded_and_has_names_for_ids(ana):
    furnish(ana)
    created(ana, SHOP)
    answer = ana.get("rules/export/")
    assert answer["Content-Disposition"].startswith('attachment; filename="outlay-rules-')
    document = answer.json()
    checksum, exported_at = document.pop("checksum"), document.pop("exported_at")
    assert checksum.startswith("sha256:")
    assert exported_at.endswith("+00:00")
    single, group = SHOP["conditions"]
    leaves = [{"negate": False} | leaf for leaf in group["conditions"]]
    assert document == file_of(
        SHOP
        | {
            "conditions": [{"negate": False} | single, group | {"conditions": leaves}],
            "actions": [*SHOP["actions"][:3], {"type": "mark_reviewed", "value": True}],
        }
    )


def test_a_file_holds_each_writable_field():
    assert {name for name, field in RuleSerializer().fields.items() if not field.read_only} == set(RULE_FIELDS)


def test_the_same_file_twice_changes_nothing(ana):
    document = file_of(simple("A"), simple("B"))
    imported(ana, document)
    version = Ledger.objects.get().version
    before = ana.get("rules/").json()
    again = imported(ana, document)
    assert again["created"] == again["updated"] == []
    assert again["unchanged"] == [
        {"index": i, "name": name, "is_active": True, "code": "identical", "detail": "It is here already."}
        for i, name in enumerate("AB")
    ]
    assert ana.get("rules/").json() == before
    assert Ledger.objects.get().version >= version


def test_a_file_is_imported_into_another_ledger_by_name(ana, ben):
    furnish(ana)
    created(ana, SHOP)
    document = exported(ana)
    furnish(ben)
    imported(ben, document)
    theirs, mine = ben.get("rules/").json()["results"][0], ana.get("rules/").json()["results"][0]
    assert theirs["actions"][0]["value_name"] == "Bouldering"
    assert theirs["actions"][0]["value"] != mine["actions"][0]["value"]
    assert exported(ben)["rules"] == document["rules"]


def test_a_group_or_chosen_rules_are_exported(ana):
    first = created(ana, simple("A", group="food"))["id"]
    second = created(ana, simple("B", group="travel"))["id"]
    created(ana, simple("C", group="travel"))
    assert [rule["name"] for rule in exported(ana, "?group=travel")["rules"]] == ["B", "C"]
    assert [rule["name"] for rule in exported(ana, f"?ids={second},{first}")["rules"]] == ["A", "B"]


def test_export_of_an_empty_group_is_refused(ana, ben):
    created(ana, simple("A", group="food"))
    created(ben, simple("B", group="travel"))
    detail = "No rule is in this group."
    for group in ("none", "travel"):
        answer = ana.get(f"rules/export/?group={group}")
        assert (answer.status_code, answer.json()) == (
            400,
            {
                "type": "about:blank",
                "title": "Bad Request",
                "status": 400,
                "detail": f"group: {detail}",
                "errors": [{"attr": "group", "code": "does_not_exist", "detail": detail}],
            },
        )


@pytest.mark.parametrize(
    ("query", "attr"),
    [
        ("ids=a", "ids"),
        ("ids=9999", "ids"),
        ("pack=Food", "pack_version"),
        ("pack_version=1", "pack"),
        ("pack=Food&pack_version=one", "pack_version"),
        ("groups=food", "groups"),
    ],
)
def test_an_invalid_export_names_the_parameter(ana, query, attr):
    answer = ana.get(f"rules/export/?{query}")
    assert answer.status_code == 400
    assert [error["attr"] for error in answer.json()["errors"]] == [attr]


def test_a_stranger_cannot_export_rules(ana, ben):
    mine = created(ana, simple("A"))["id"]
    assert exported(ben)["rules"] == []
    assert ben.get(f"rules/export/?ids={mine}").status_code == 400


def test_a_dry_run_returns_the_outcome_and_writes_nothing(ana):
    created(ana, simple("Taken"))
    new = simple("New", actions=[{"type": "set_category", "value": "Tea"}, {"type": "add_tags", "value": ["hot"]}])
    document = file_of(new, simple("Taken", priority=5), simple("Wrong", match="some"))
    state = [ana.get(path).json() for path in ("rules/", "categories/", "tags/")]
    version = Ledger.objects.get().version
    query = "create_missing=true&on_conflict=update"
    tried = imported(ana, document, f"?dry_run=true&{query}")
    assert [ana.get(path).json() for path in ("rules/", "categories/", "tags/")] == state
    assert Ledger.objects.get().version == version
    assert tried["dry_run"] is True
    assert imported(ana, document, f"?{query}") == tried | {"dry_run": False}
    assert [tried[key] for key in ("created", "updated", "missing")] == [
        [{"index": 0, "name": "New", "is_active": True, "renamed_from": None}],
        [{"index": 1, "name": "Taken", "is_active": True}],
        {"categories": ["Tea"], "accounts": [], "tags": ["hot"]},
    ]
    assert [row["name"] for row in ana.get("tags/").json()["results"]] == ["hot"]


def test_valid_rules_are_imported_and_invalid_ones_listed(ana):
    account = {"field": "account", "op": "in", "value": ["Nowhere"]}
    document = file_of(
        simple("Right"),
        simple("No account", conditions=[account]),
        simple("No category", actions=[{"type": "set_category", "value": "Tea"}]),
        simple("An id", actions=[{"type": "set_category", "value": 3}]),
        simple("Bad pattern", conditions=[{"field": "notes", "op": "regex", "value": "("}]),
        ["not", "a", "rule"],
        {"priority": 3},
        simple("Unknown", prio=3),
        simple("Right"),
    )
    body = imported(ana, document)
    assert [entry["name"] for entry in body["created"]] == ["Right"]
    faults = [
        (entry["index"], entry["name"], [(error["attr"], error["code"]) for error in entry["errors"]])
        for entry in body["refused"]
    ]
    assert faults == [
        (1, "No account", [("conditions.0.value", "does_not_exist")]),
        (2, "No category", [("actions.0.value", "does_not_exist")]),
        (3, "An id", [("actions.0.value", "not_a_name")]),
        (4, "Bad pattern", [("conditions.0.value", "bad_pattern")]),
        (5, "", [("rules.5", "invalid")]),
        (6, "", [("name", "required"), ("conditions", "required"), ("actions", "required")]),
        (7, "Unknown", [("prio", "unknown")]),
        (8, "Right", [("name", "repeated")]),
    ]
    assert body["refused"][1]["errors"][0]["detail"] == (
        "There is no category “Tea” here. Create it first, or import with create_missing=true."
    )
    assert body["missing"] == {"categories": ["Tea"], "accounts": ["Nowhere"], "tags": []}
    assert [rule["name"] for rule in ana.get("rules/").json()["results"]] == ["Right"]


def test_missing_categories_are_created_only_for_imported_rules(ana):
    created(ana, simple("Taken"))
    comes_in = {"field": "direction", "op": "equals", "value": "in"}
    document = file_of(
        simple("Out", actions=[{"type": "set_category", "value": "Tea"}]),
        simple("In", conditions=[comes_in], actions=[{"type": "set_category", "value": "Pocket money"}]),
        simple("Wrong", match="some", actions=[{"type": "set_category", "value": "Lost"}]),
        simple("Taken", actions=[{"type": "set_category", "value": "Skipped"}, {"type": "add_tags", "value": ["no"]}]),
        simple("Long", actions=[{"type": "set_category", "value": "x" * 101}]),
    )
    body = imported(ana, document, "?create_missing=true")
    assert [entry["name"] for entry in body["created"]] == ["Out", "In"]
    assert [entry["name"] for entry in body["refused"]] == ["Wrong", "Long"]
    own = [row for row in ana.get("categories/?page_size=500").json()["results"] if not row["is_system"]]
    assert [(row["name"], row["kind"]) for row in own] == [("Tea", "expense"), ("Pocket money", "income")]
    assert ana.get("tags/").json()["results"] == []


def test_accounts_are_never_created(ana):
    document = file_of(simple("A", conditions=[{"field": "account", "op": "in", "value": ["Checking"]}]))
    body = imported(ana, document, "?create_missing=true")
    assert [entry["name"] for entry in body["refused"]] == ["A"]
    assert ana.get("accounts/").json()["results"] == []


def test_a_rule_of_a_taken_name_is_skipped_updated_or_renamed(ana):
    mine = created(ana, simple("Rewe", group="mine"))
    other = simple("Rewe", priority=5, match="any")
    skipped = imported(ana, file_of(other))
    assert skipped["unchanged"] == [
        {
            "index": 0,
            "name": "Rewe",
            "is_active": True,
            "code": "skipped",
            "detail": "A rule of this name differs: on_conflict=update replaces it, on_conflict=rename keeps both.",
        }
    ]
    assert ana.get(f"rules/{mine['id']}/").json() == mine
    renamed = imported(ana, file_of(other, other), "?on_conflict=rename")
    assert [(entry["name"], entry["renamed_from"]) for entry in renamed["created"]] == [
        ("Rewe (2)", "Rewe"),
        ("Rewe (3)", "Rewe"),
    ]
    updated = imported(ana, file_of(other), "?on_conflict=update")
    assert updated["updated"] == [{"index": 0, "name": "Rewe", "is_active": True}]
    now = ana.get(f"rules/{mine['id']}/").json()
    assert (now["priority"], now["match"], now["group"], now["origin"]) == (5, "any", "mine", "imported")
    assert now["version"] > mine["version"]


def test_a_changed_file_fails_its_optional_checksum(ana):
    created(ana, simple("A"))
    document = exported(ana)
    document["rules"][0]["priority"] = 3
    answer = ana.post("rules/import/", document)
    assert (answer.status_code, problems(answer)) == (400, [("checksum", "invalid")])
    del document["checksum"]
    assert imported(ana, document)["unchanged"][0]["code"] == "skipped"


@pytest.mark.parametrize(
    ("document", "attr"),
    [
        ([], "format"),
        ({}, "format"),
        ("rules", "format"),
        (None, "format"),
        (7, "format"),
        ([1, None, "x"], "format"),
        ({"rules": None}, "format"),
        ({"format": ["outlay-rules"]}, "format"),
        ({"format": "somebody's"}, "format"),
        (file_of() | {"format_version": 2}, "format_version"),
        (file_of() | {"format_version": True}, "format_version"),
        (file_of() | {"format_version": None}, "format_version"),
        (file_of() | {"rules": {}}, "rules"),
        (file_of() | {"rules": "all"}, "rules"),
        (file_of(*[simple("A")] * 1001), "rules"),
        ({"format": "outlay-rules", "format_version": 1}, "rules"),
        (file_of(checksum=None), "checksum"),
        (file_of(checksum="sha256:0"), "checksum"),
        (file_of(rulez=[]), "rulez"),
        (file_of(pack_version="1.0"), "name"),
        (file_of(name="x" * 101, pack_version="1"), "name"),
        (file_of(name="P\0", pack_version="1"), "name"),
        (file_of(name="P", pack_version="newest"), "pack_version"),
        (file_of(name="P", pack_version=1), "pack_version"),
        (file_of(name=["P"], pack_version="1"), "name"),
        (file_of(simple("\ud800")), "file"),
        ({"data": [{"type": "rules", "attributes": {}}] * 1001}, "rules"),
        ([{"stage": None}] * 1001, "rules"),
        ({"rules": [{"stage": None}], "payees": 5}, "payees"),
    ],
)
def test_a_malformed_document_is_refused_with_the_place(ana, document, attr):
    answer = ana.client.post("/api/v1/rules/import/", json.dumps(document), content_type="application/json")
    assert (answer.status_code, [error["attr"] for error in answer.json()["errors"]]) == (400, [attr])
    assert Rule.objects.count() == 0


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": None},
        {"name": ["A"]},
        {"name": "A\0"},
        {"name": "x" * 2**20},
        {"conditions": None},
        {"conditions": {}},
        {"conditions": [None]},
        {"conditions": [[]]},
        {"conditions": [{"conditions": [{"conditions": []}]}]},
        {"conditions": [{"field": ["account"], "op": "in", "value": 3}]},
        {"conditions": [{"field": "account", "op": "in", "value": {"a": 1}}]},
        {"conditions": [{"field": "account", "op": "in", "value": []}]},
        {"conditions": [{"field": "notes", "op": "contains", "value": "x" * 2**20}]},
        {"conditions": [{"field": "notes", "op": "regex", "value": "(a" * 2**18}]},
        {"conditions": [{"field": "amount", "op": "eq", "value": 10**300}]},
        {"actions": [None]},
        {"actions": [{"type": ["set_category"]}]},
        {"actions": [{"type": "set_category", "value": ["Dining"]}]},
        {"actions": [{"type": "set_category", "value": None}]},
        {"actions": [{"type": "set_category", "value": "x" * 2**20}]},
        {"actions": [{"type": "add_tags", "value": [3]}]},
        {"actions": [{"type": "add_tags", "value": "food"}]},
        {"priority": "first"},
        {"priority": 10**30},
    ],
)
@pytest.mark.parametrize("query", ["", "?create_missing=true&on_conflict=rename"])
def test_an_invalid_rule_is_refused_and_the_next_one_imported(ana, wrong, query):
    body = imported(ana, file_of(simple("Wrong") | wrong, simple("Right")), query)
    assert [entry["name"] for entry in body["created"]] == ["Right"]
    [refused] = body["refused"]
    assert refused["index"] == 0
    assert refused["errors"]
    assert len(json.dumps(body)) < 5000


@pytest.mark.parametrize(
    ("query", "attr"), [("on_conflict=ask", "on_conflict"), ("dry_run=perhaps", "dry_run"), ("dryrun=true", "dryrun")]
)
def test_an_unknown_import_option_is_refused(ana, query, attr):
    answer = ana.post(f"rules/import/?{query}", file_of(simple("A")))
    assert (answer.status_code, [error["attr"] for error in answer.json()["errors"]]) == (400, [attr])
    assert Rule.objects.count() == 0


def test_a_body_over_four_megabytes_is_refused(ana):
    answer = ana.post("rules/import/", file_of(simple("A", group="x" * (4 * 2**20))))
    assert answer.status_code == 413
    assert answer.json()["detail"] == "A file of rules has at most 4 MB."


def upload(api: Api, data: bytes) -> Any:
    return api.post("rules/import/", {"file": SimpleUploadedFile("rules.txt", data)}, format="multipart")


def test_uploaded_files_are_imported(ana):
    document = json.dumps(file_of(simple("A"))).encode()
    assert [entry["name"] for entry in upload(ana, b"\xef\xbb\xbf" + document).json()["created"]] == ["A"]
    answer = upload(ana, text_of("firefly_rules.csv").encode())
    assert (answer.json()["format"], [entry["name"] for entry in answer.json()["created"]]) == (
        "firefly-iii",
        ["Supermarkets"],
    )


@pytest.mark.parametrize(
    "data", [b"{", b"\xff\xfe", b"name,amount\n", b"[" * 100_000, b'{"a": NaN}', b'{"a": ' + b"9" * 10_000 + b"}"]
)
def test_an_unreadable_file_is_refused(ana, data):
    answer = upload(ana, data)
    assert (answer.status_code, [error["attr"] for error in answer.json()["errors"]]) == (400, ["file"])


def test_a_file_of_four_megabytes_is_accepted(ana):
    document = json.dumps(file_of(simple("A"))).encode()
    padded = document + b" " * (4 * 2**20 - len(document))
    assert [entry["name"] for entry in upload(ana, padded).json()["created"]] == ["A"]
    answer = ana.post("rules/import/", padded, content_type="application/json")
    assert (answer.status_code, [one["code"] for one in answer.json()["unchanged"]]) == (200, ["identical"])


def test_a_file_over_four_megabytes_is_refused(ana):
    answer = upload(ana, b" " * (4 * 2**20 + 1))
    assert (answer.status_code, problems(answer)) == (400, [("file", "max_size")])


def test_an_answer_of_firefly_becomes_rules(ana):
    assert ana.post("accounts/", {"name": "Checking"}).status_code == 201
    body = imported(ana, document_of("firefly.json"))
    assert body["format"] == "firefly-iii"
    assert body["created"] == [
        {"index": 2, "name": "Budgeted coffee", "is_active": False, "renamed_from": None},
        {"index": 1, "name": "Big withdrawals", "is_active": True, "renamed_from": None},
        {"index": 0, "name": "Supermarkets", "is_active": True, "renamed_from": None},
    ]
    assert body["missing"] == {"categories": [], "accounts": [], "tags": ["food", "large"]}
    assert {
        "rule": "Budgeted coffee",
        "what": "is_active",
        "reason": "Without “budget_is” it would match more than before, so it comes in switched off; "
        "look it over, then switch it on.",
    } in body["left_out"]
    assert [rule["name"] for rule in ana.get("rules/").json()["results"]] == [
        "Budgeted coffee",
        "Big withdrawals",
        "Supermarkets",
    ]


def test_rules_of_actual_are_imported_unless_accounts_are_missing(ana):
    body = imported(ana, document_of("actual.json"))
    assert body["format"] == "actual"
    assert [entry["name"] for entry in body["created"]] == [
        "amount isapprox -1299 → Entertainment",
        "imported_payee contains amzn → Amazon",
    ]
    assert [entry["name"] for entry in body["refused"]] == ["payee is Amazon → Shopping"]
    assert body["missing"] == {"categories": [], "accounts": ["Checking"], "tags": []}
    again = imported(ana, document_of("actual.json"))
    assert [entry["code"] for entry in again["unchanged"]] == ["identical", "identical"]


def test_a_stranger_sees_nothing_of_an_import(ana, ben):
    imported(ana, file_of(simple("A")))
    assert ben.get("rules/").json()["results"] == []
    assert imported(ben, file_of(simple("A")))["created"] == [
        {"index": 0, "name": "A", "is_active": True, "renamed_from": None}
    ]


def test_an_import_of_many_rules_needs_no_more_queries(ana):
    numbers = []
    for n in (1, 50):
        with CaptureQueriesContext(connection) as queries:
            imported(ana, file_of(*[simple(f"R{n}-{i}") for i in range(n)]))
        numbers.append(len(queries))
    assert numbers[1] <= numbers[0], [query["sql"] for query in queries]
