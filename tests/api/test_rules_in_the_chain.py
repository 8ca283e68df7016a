"""Rules write more than the category into new and imported transactions."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from tests.api.bodies import settled, transaction
from tests.api.saved_rules import CHAIN, category_id, create, spend, text

WRITES = [
    {"type": "set_category", "value": "Dining"},
    {"type": "add_tags", "value": ["Food", "coffee"]},
    {"type": "set_merchant", "value": "Cafe Luna"},
    {"type": "set_description", "value": "Coffee at Luna"},
    {"type": "set_notes", "value": "written by a rule"},
    {"type": "needs_review"},
    {"type": "exclude_from_budget"},
]
SAYS_SO = {
    "status": "automatic",
    "source": "rule",
    "confidence": 1.0,
    "explanation": "Your rule “Coffee” says so.",
    "awaits_model": False,
    "suggestion": None,
}
NOBODY = {"status": "none", "source": None, "confidence": None, "awaits_model": False, "suggestion": None}


@pytest.fixture(autouse=True)
def _chain(use_chain):
    use_chain(*CHAIN)


def merchant(value: str, **fields: Any) -> dict[str, Any]:
    return {"field": "merchant", "op": "equals", "value": value} | fields


def set_merchant(value: str) -> dict[str, Any]:
    return {"type": "set_merchant", "value": value}


def attempts(ana: Any, body: dict[str, Any]) -> list[tuple[str, str, str]]:
    told = ana.get(f"transactions/{body['id']}/explanation/").json()["attempts"]
    return [(one["provider"], one["outcome"], one["explanation"]) for one in told]


def state(ana: Any, lines: str, run_tasks: Any) -> list[dict[str, Any]]:
    """Imports a statement of these lines; gives its rows by date, the first day first."""
    ana.post("accounts/", {"name": "Checking", "currency": "EUR"})
    sent = f"Date;Description;Amount\n{lines}03.11.2026;BAKERY;-3,20\n"
    file = SimpleUploadedFile("statement.csv", sent.encode())
    answer = ana.post("imports/", {"file": file, "account": "Checking", "commit": "true"}, format="multipart")
    assert answer.status_code in {201, 202}, answer.json()
    run_tasks()
    rows: list[dict[str, Any]] = ana.get("transactions/").json()["results"]
    return sorted(rows, key=lambda row: (row["date"], row["id"]))


def test_a_rule_writes_all_its_actions_into_a_new_row(ana):
    create(ana, actions=WRITES)
    body = spend(ana, date="2026-11-02")
    assert settled(body) == transaction(
        amount="4.50",
        date="2026-11-02",
        description="Coffee at Luna",
        raw_description="CAFE LUNA",
        merchant="Cafe Luna",
        notes="written by a rule",
        review="needed",
        is_excluded_from_budget=True,
        tags=["Food", "coffee"],
        category=category_id(ana, "Dining"),
        category_name="Dining",
        categorization=SAYS_SO,
    )
    assert ana.get("transactions/", {"search": "coffee at luna"}).json()["results"] == [body]


def test_what_the_client_wrote_itself_is_not_overwritten(ana):
    create(ana, actions=[*WRITES[:-2], {"type": "mark_reviewed"}], overwrite="always")
    body = spend(ana, date="2026-11-02", merchant="Luna Ltd", notes="mine", tags=["food", "own"])
    assert settled(body) == transaction(
        amount="4.50",
        date="2026-11-02",
        description="Coffee at Luna",
        raw_description="CAFE LUNA",
        merchant="Luna Ltd",
        notes="mine",
        review="done",
        tags=["coffee", "food", "own"],
        category=category_id(ana, "Dining"),
        category_name="Dining",
        categorization=SAYS_SO,
    )


def test_a_tag_that_the_client_gave_is_not_taken_away(ana):
    create(ana, actions=[{"type": "remove_tags", "value": ["own"]}, {"type": "add_tags", "value": ["coffee"]}])
    assert spend(ana, tags=["Own"])["tags"] == ["Own", "coffee"]


def test_a_tag_removed_by_an_earlier_rule_is_not_added(ana):
    create(ana, name="no", actions=[{"type": "remove_tags", "value": ["coffee"]}], stop_processing=False)
    create(ana, name="yes", actions=[{"type": "add_tags", "value": ["Coffee", "food"]}])
    assert spend(ana)["tags"] == ["food"]


def test_a_rule_writes_all_its_actions_into_imported_rows(ana, run_tasks):
    create(ana, actions=WRITES)
    row, other = state(ana, "02.11.2026;CAFE LUNA;-4,50\n", run_tasks)
    assert settled(row) == transaction(
        amount="4.50",
        date="2026-11-02",
        account=row["account"],
        account_name="Checking",
        description="Coffee at Luna",
        raw_description="CAFE LUNA",
        merchant="Cafe Luna",
        notes="written by a rule",
        review="needed",
        is_excluded_from_budget=True,
        tags=["Food", "coffee"],
        category=category_id(ana, "Dining"),
        category_name="Dining",
        categorization=SAYS_SO,
    ) | {"import": row["import"]}
    plain = transaction(amount="3.20", date="2026-11-03", description="BAKERY", account=row["account"])
    asked = {"account_name": "Checking", "import": row["import"], "categorization": other["categorization"]}
    assert settled(other) == plain | asked
    assert ana.get("transactions/", {"search": "written by a rule"}).json()["results"] == [row]


def test_rules_see_what_other_rules_wrote_whatever_their_order(ana):
    create(ana, name="late", conditions=[merchant("Luna")], stop_processing=False)
    create(ana, name="early", actions=[set_merchant("Luna")], priority=200, stop_processing=False)
    body = spend(ana)
    assert (body["merchant"], body["category_name"]) == ("Luna", "Dining")
    assert body["categorization"] == SAYS_SO | {"explanation": "Your rule “late” says so."}


CIRCLE = "Your rules “there”, “back” undo each other here, so none of them counts."


def create_circle(ana: Any) -> None:
    """Rules that undo each other, of which one would give a category and a tag as well."""
    there = [set_merchant("b"), {"type": "set_category", "value": "Dining"}, {"type": "add_tags", "value": ["seen"]}]
    create(ana, name="there", conditions=[text(), merchant("b", negate=True)], actions=there, stop_processing=False)
    create(ana, name="back", conditions=[merchant("b")], actions=[set_merchant("a")], stop_processing=False)


def test_circling_rules_leave_a_new_row_alone(ana):
    create_circle(ana)
    body = spend(ana, date="2026-11-02")
    assert settled(body) == transaction(
        amount="4.50",
        date="2026-11-02",
        description="CAFE LUNA",
        categorization=NOBODY | {"explanation": "Nothing recognized this text (asked: rule, history)."},
    )
    assert attempts(ana, body)[0] == ("rule", "declined", CIRCLE)


def test_circling_rules_leave_imported_rows_alone(ana, run_tasks):
    create_circle(ana)
    row, _ = state(ana, "02.11.2026;CAFE LUNA;-4,50\n", run_tasks)
    assert (row["merchant"], row["category"], row["tags"]) == ("", None, [])
    assert attempts(ana, row)[0] == ("rule", "declined", CIRCLE)


def test_another_link_still_decides_where_rules_undo_each_other(ana):
    spend(ana, category="Travel")
    create_circle(ana)
    body = spend(ana)
    assert (body["category_name"], body["merchant"], body["tags"]) == ("Travel", "", [])
    assert body["categorization"]["source"] == "history"


def test_a_suggesting_rule_writes_its_other_actions(ana):
    create(ana, actions=WRITES, mode="suggest")
    body = spend(ana, date="2026-11-02")
    dining = category_id(ana, "Dining")
    assert settled(body) == transaction(
        amount="4.50",
        date="2026-11-02",
        description="Coffee at Luna",
        raw_description="CAFE LUNA",
        merchant="Cafe Luna",
        notes="written by a rule",
        review="needed",
        is_excluded_from_budget=True,
        tags=["Food", "coffee"],
        categorization={
            "status": "suggested",
            "source": None,
            "confidence": None,
            "explanation": "Your rule “Coffee” suggests it.",
            "awaits_model": False,
            "suggestion": {"category": dining, "category_name": "Dining", "confidence": 1.0, "source": "rule"},
        },
    )


@pytest.mark.parametrize(("stops", "merchant", "tags"), [(True, "", ["first"]), (False, "Luna", ["first", "second"])])
def test_a_rule_that_stops_keeps_later_ones_from_writing_anything(ana, stops, merchant, tags):
    create(ana, name="first", actions=[{"type": "add_tags", "value": ["first"]}], stop_processing=stops)
    second = [{"type": "add_tags", "value": ["second"]}, set_merchant("Luna")]
    create(ana, name="second", actions=second)
    body = spend(ana)
    assert (body["merchant"], body["tags"]) == (merchant, tags)


@pytest.mark.parametrize(
    ("triggers", "created", "imported"),
    [
        (["create"], "Luna", ""),
        (["import"], "", "Luna"),
        (["update", "manual"], "", ""),
        (["create", "import"], "Luna", "Luna"),
    ],
)
def test_a_rule_writes_on_its_triggers_alone(ana, run_tasks, triggers, created, imported):
    create(ana, actions=[set_merchant("Luna")], triggers=triggers)
    assert spend(ana)["merchant"] == created
    row = next(row for row in state(ana, "02.11.2026;CAFE ONE;-4,50\n", run_tasks) if row["description"] == "CAFE ONE")
    assert row["merchant"] == imported


def test_a_transaction_whose_category_was_chosen_asks_no_rule(ana):
    create(ana, actions=WRITES)
    body = spend(ana, category="Travel")
    assert (body["category_name"], body["description"], body["tags"]) == ("Travel", "CAFE LUNA", [])
    assert attempts(ana, body) == []


def test_each_row_of_a_bulk_request_gets_its_own_rules(ana):
    create(ana, actions=[set_merchant("Luna"), {"type": "set_notes", "value": "n"}], stop_processing=False)
    create(ana, name="big", conditions=[{"field": "amount", "op": "gt", "value": "9"}], actions=[set_merchant("Big")])
    row = {"date": "2026-11-02", "direction": "out"}
    rows = [
        row | {"amount": amount, "description": description, **more}
        for amount, description, more in [
            ("1", "CAFE", {}),
            ("10", "CAFE", {}),
            ("10", "BAR", {}),
            ("10", "BAR", {"merchant": "m"}),
        ]
    ]
    created = ana.post("transactions/bulk/", {"transactions": rows}).json()["created"]
    assert [(one["merchant"], one["notes"]) for one in created] == [
        ("Luna", "n"),
        ("Luna", "n"),
        ("Big", ""),
        ("m", ""),
    ]
