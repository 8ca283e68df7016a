"""Rules over HTTP: kept as they were written, refused by the path of what is wrong, and obeyed at once."""

from datetime import datetime
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext

from expenses.models import Category
from tests.api.saved_rules import (
    CAFE,
    CHAIN,
    NO_CHOICE,
    NO_FIELD,
    TO_DINING,
    TOO_DEEP,
    actions,
    category_id,
    conditions,
    create,
    refusal,
    rule,
    spend,
    text,
)

NOTHING: dict[str, Any] = dict.fromkeys(["matched", "applied", "overridden", "n", "timeouts"], 0)
NOTHING |= {"precision": None, "last_matched_at": None}


@pytest.fixture(autouse=True)
def _chain(use_chain):
    use_chain(*CHAIN)


def stored(body: dict[str, Any]) -> dict[str, Any]:
    """The body without its instants, which are told by type."""
    body = dict(body)
    for name in ("created_at", "updated_at"):
        datetime.fromisoformat(body.pop(name))
    return body


def test_a_saved_rule_is_returned_with_ids_for_names(ana):
    account = ana.post("accounts/", {"name": "Checking", "currency": "EUR"}).json()["id"]
    sent: dict[str, Any] = {
        "name": "Rewe and Edeka",
        "group": "food",
        "is_active": True,
        "priority": 100,
        "stop_processing": True,
        "mode": "apply",
        "triggers": ["create", "import", "update", "manual"],
        "overwrite": "machine",
        "match": "all",
        "conditions": [
            {
                "field": "raw_description",
                "op": "contains_any",
                "value": ["rewe", "edeka"],
                "case_sensitive": True,
                "negate": False,
            },
            {
                "match": "any",
                "conditions": [
                    {"field": "amount", "op": "between", "value": ["5.00", "250.00"]},
                    {"field": "account", "op": "in", "value": ["checking"]},
                ],
            },
        ],
        "actions": [{"type": "set_category", "value": "groceries"}, {"type": "add_tags", "value": ["food"]}],
    }
    answer = ana.post("rules/", sent)
    assert answer.status_code == 201
    body = answer.json()
    group = {
        "match": "any",
        "negate": False,
        "conditions": [
            {"field": "amount", "op": "between", "value": ["5.00", "250.00"], "negate": False},
            {"field": "account", "op": "in", "value": [account], "negate": False},
        ],
    }
    groceries = {"type": "set_category", "value": category_id(ana, "Groceries"), "value_name": "Groceries"}
    expected = sent | {
        "id": body["id"],
        "origin": "user",
        "stats": NOTHING,
        "version": 2,
        "conditions": [sent["conditions"][0], group],
        "actions": [groceries, {"type": "add_tags", "value": ["food"]}],
    }
    assert stored(body) == expected
    assert stored(ana.get(f"rules/{body['id']}/").json()) == expected


def test_a_rule_of_the_least_gets_the_defaults(ana):
    body = stored(create(ana))
    assert body == {
        "id": body["id"],
        "name": "Coffee",
        "group": "",
        "is_active": True,
        "priority": 100,
        "stop_processing": True,
        "mode": "apply",
        "triggers": ["create", "import", "update", "manual"],
        "overwrite": "machine",
        "match": "all",
        "conditions": [CAFE | {"case_sensitive": False, "negate": False}],
        "actions": [TO_DINING | {"value": category_id(ana, "Dining"), "value_name": "Dining"}],
        "origin": "user",
        "stats": NOTHING,
        "version": 1,
    }


def test_what_a_rule_answers_can_be_sent_back(ana):
    body = create(ana, conditions=[{"match": "any", "negate": True, "conditions": [CAFE]}])
    again = ana.put(f"rules/{body['id']}/", body)
    assert again.status_code == 200
    assert stored(again.json()) == stored(body) | {"version": 2}


def test_rules_are_listed_in_the_order_they_apply(ana):
    for name, priority in [("late", 200), ("first", 5), ("second", 5), ("middle", 100), ("negative", -1)]:
        create(ana, name=name, priority=priority)
    body = ana.get("rules/").json()
    assert [one["name"] for one in body.pop("results")] == ["negative", "first", "second", "middle", "late"]
    assert body == {"count": 5, "next": None, "previous": None}


def test_one_rule_and_many_take_the_same_queries(ana):
    def n_queries() -> int:
        with CaptureQueriesContext(connection) as queries:
            ana.get("rules/")
        return len(queries)

    create(ana)
    n_queries()
    create(ana, name="another")  # a write, after which lists are counted anew
    few = n_queries()
    for number in range(10):
        create(ana, name=f"rule {number}")
    assert n_queries() == few


def test_part_of_a_rule_can_be_changed(ana):
    body = create(ana)
    answer = ana.patch(f"rules/{body['id']}/", {"priority": 7, "triggers": ["import", "create", "import"]})
    assert answer.status_code == 200
    expected = {"priority": 7, "triggers": ["create", "import"], "version": 2}
    assert stored(answer.json()) == stored(body) | expected


def test_a_deleted_rule_is_gone(ana):
    number = create(ana)["id"]
    answer = ana.delete(f"rules/{number}/")
    assert (answer.status_code, answer.content) == (204, b"")
    assert ana.get(f"rules/{number}/").status_code == 404


def test_a_stranger_sees_and_changes_nothing(ana, ben, anyone):
    body = create(ana)
    address = f"rules/{body['id']}/"
    assert ben.get("rules/").json()["results"] == []
    answers = [ben.get(address), ben.put(address, rule()), ben.patch(address, {"priority": 1}), ben.delete(address)]
    assert [answer.status_code for answer in answers] == [404] * 4
    assert {anyone.get("rules/").status_code, anyone.post("rules/", rule()).status_code} == {401}
    assert ana.get(address).json() == body


def test_rule_names_are_unique_per_user(ana, ben):
    number = create(ana)["id"]
    create(ben)
    answer = ana.post("rules/", rule())
    assert (answer.status_code, answer.json()) == (400, refusal(("name", "unique", "Another rule has this name.")))
    assert ana.patch(f"rules/{number}/", {"name": "Coffee"}).status_code == 200


REQUIRED = "This field is missing: send a value."
NO_OP = NO_CHOICE.format(
    "after, approx, before, between, contains, contains_all, contains_any, day_of_month, ends_with, eq, equals, fuzzy, "
    "gt, gte, has_all, has_any, has_none, in, is_empty, lt, lte, on, regex, starts_with, weekday"
)
NO_ACTION = NO_CHOICE.format(
    "set_category, add_tags, remove_tags, set_merchant, set_description, set_notes, mark_reviewed, needs_review, "
    "exclude_from_budget"
)
NO_TEXT = "Give letters or digits; use is_empty to find what has no text."
TOO_LONG = "These conditions are too long; all together have at most 50000 characters. Make two rules."
KNOWN_OPS = "equals, contains, starts_with, ends_with, contains_any, contains_all, regex, fuzzy, is_empty"
REFUSED: dict[str, tuple[Any, list[tuple[str | None, str, str]]]] = {
    "nothing": ({}, [(name, "required", REQUIRED) for name in ("name", "conditions", "actions")]),
    "unknown op": (
        conditions(CAFE, text(op="lt")),
        [("conditions.1.op", "unknown_op", f"“raw_description” has no operator lt; choose one of {KNOWN_OPS}.")],
    ),
    "op that nobody knows": (
        conditions(text(op="sounds_like")),
        [("conditions.0.op", "invalid_choice", NO_OP)],
    ),
    "unknown field": (
        conditions(text(field="color")),
        [("conditions.0.field", "invalid_choice", NO_FIELD)],
    ),
    "neither field nor op": (
        conditions({"value": "x"}),
        [("conditions.0.field", "required", REQUIRED), ("conditions.0.op", "required", REQUIRED)],
    ),
    "text for amount, deep inside": (
        conditions({"conditions": [CAFE, {"field": "amount", "op": "lt", "value": "much"}]}),
        [("conditions.0.conditions.1.value", "invalid", "Write a number with a point, such as 12.50.")],
    ),
    "amount beyond all": (
        conditions({"field": "amount", "op": "eq", "value": "1e30"}),
        [("conditions.0.value", "max_digits", "Write at most 14 digits.")],
    ),
    "negative amount": (
        conditions({"field": "amount", "op": "eq", "value": "-1"}),
        [("conditions.0.value", "min_value", "Write 0 or more.")],
    ),
    "range upside down": (
        conditions({"field": "amount", "op": "between", "value": ["9", "5"]}),
        [("conditions.0.value", "not_a_range", "Give two values, the smaller first.")],
    ),
    "range of three": (
        conditions({"field": "amount", "op": "between", "value": ["1", "2", "3"]}),
        [("conditions.0.value", "not_a_range", "Give two values, the smaller first.")],
    ),
    "list where one is wanted": (
        conditions(text(value=["cafe"])),
        [("conditions.0.value", "invalid", "Write a text.")],
    ),
    "one where a list is wanted": (
        conditions(text(op="contains_any")),
        [("conditions.0.value", "not_a_list", "Give a list of 1 to 200 values.")],
    ),
    "too many values": (
        conditions(text(op="contains_any", value=["x"] * 201)),
        [("conditions.0.value", "not_a_list", "Give a list of 1 to 200 values.")],
    ),
    "number for text": (conditions(text(value=5)), [("conditions.0.value", "invalid", "Write a text.")]),
    "no value": (conditions(text(value="")), [("conditions.0.value", "blank", "Write a text that is not empty.")]),
    "long value": (
        conditions(text(value="x" * 201)),
        [("conditions.0.value", "max_length", "Write at most 200 characters.")],
    ),
    "text of spaces": (conditions(text(value="  ")), [("conditions.0.value", "blank", NO_TEXT)]),
    "a space among texts": (
        conditions(CAFE, text(op="contains_any", value=["cafe", " "])),
        [("conditions.1.value", "blank", NO_TEXT)],
    ),
    "a space for a currency, deep inside": (
        conditions({"conditions": [{"field": "currency", "op": "fuzzy", "value": "\t"}]}),
        [("conditions.0.conditions.0.value", "blank", NO_TEXT)],
    ),
    "direction that money does not have": (
        conditions({"field": "direction", "op": "equals", "value": "left"}),
        [("conditions.0.value", "invalid_choice", "A direction is one of in, out.")],
    ),
    "conditions that are long together": (
        conditions(*[text(op="contains_any", value=["x" * 190] * 200)] * 2),
        [("conditions", "max_length", TOO_LONG)],
    ),
    "NUL": (
        conditions(text(value="a\x00")),
        [("conditions.0.value", "null_characters_not_allowed", "Leave out the null character.")],
    ),
    "unknown account": (
        conditions({"field": "account", "op": "in", "value": ["Piggy bank"]}),
        [("conditions.0.value", "does_not_exist", "There is no account “Piggy bank”.")],
    ),
    "no conditions": (conditions(), [("conditions", "empty", "Send at least one item.")]),
    "too many conditions": (
        conditions(*[CAFE] * 101),
        [("conditions", "max_length", "Send at most 100 items.")],
    ),
    "too many in a group": (
        conditions({"conditions": [CAFE] * 101}),
        [("conditions.0.conditions", "max_length", "Send at most 100 items.")],
    ),
    "empty group": (
        conditions({"conditions": []}),
        [("conditions.0.conditions", "empty", "A group has at least one condition.")],
    ),
    "too deep": (
        conditions({"conditions": [{"conditions": [CAFE]}]}),
        [("conditions.0.conditions.0.conditions", "too_deep", TOO_DEEP)],
    ),
    "a group that is a test as well": (
        conditions(CAFE | {"conditions": [CAFE]}),
        [
            (f"conditions.0.{name}", "in_group", "A group does not take this field; put the test among its conditions.")
            for name in ("field", "op", "value")
        ],
    ),
    "conditions no list": (
        rule(conditions="cafe"),
        [("conditions", "not_a_list", "Send a list, in square brackets.")],
    ),
    "condition no object": (
        conditions("cafe"),
        [("conditions.0", "invalid", "Send an object, in curly braces.")],
    ),
    "unknown action": (
        actions({"type": "explode", "value": 1}),
        [("actions.0.type", "invalid_choice", NO_ACTION)],
    ),
    "unknown category": (
        actions({"type": "add_tags", "value": ["a"]}, {"type": "set_category", "value": "Yachts"}),
        [("actions.1.value", "does_not_exist", "There is no category “Yachts”.")],
    ),
    "category of a wrong type": (
        actions({"type": "set_category", "value": [1]}),
        [("actions.0.value", "invalid", "Give an id or a name.")],
    ),
    "action without value": (
        actions({"type": "set_category"}),
        [("actions.0.value", "required", REQUIRED)],
    ),
    "tags no list": (
        actions({"type": "add_tags", "value": "food"}),
        [("actions.0.value", "not_a_list", "Send a list, in square brackets.")],
    ),
    "no tags": (
        actions({"type": "add_tags", "value": []}),
        [("actions.0.value", "empty", "Send at least one item.")],
    ),
    "one thing twice": (
        actions(TO_DINING, TO_DINING),
        [("actions", "repeated", "A rule does each thing once.")],
    ),
    "no actions": (actions(), [("actions", "empty", "Send at least one item.")]),
    "unknown trigger": (
        rule(triggers=["create", "moonrise"]),
        [("triggers.1", "invalid_choice", NO_CHOICE.format("create, import, update, manual"))],
    ),
    "no trigger": (rule(triggers=[]), [("triggers", "empty", "Send at least one item.")]),
    "unknown match": (rule(match="some"), [("match", "invalid_choice", NO_CHOICE.format("all, any"))]),
    "unknown mode": (rule(mode="guess"), [("mode", "invalid_choice", NO_CHOICE.format("apply, suggest"))]),
    "no whole number": (rule(priority="high"), [("priority", "invalid", "Write a whole number, such as 5.")]),
    "long name": (
        rule(name="n" * 101),
        [("name", "max_length", "Write at most 100 characters.")],
    ),
    "a list": (
        [rule()],
        [(None, "invalid", "Send an object, in curly braces.")],
    ),
}


@pytest.mark.parametrize(("body", "errors"), REFUSED.values(), ids=REFUSED)
def test_a_faulty_rule_is_refused_with_the_faults_path(ana, body, errors):
    answer = ana.post("rules/", body)
    assert (answer.status_code, answer.json()) == (400, refusal(*errors))
    assert ana.get("rules/").json()["count"] == 0


PARTS = {name: case for name, case in REFUSED.items() if name not in {"nothing", "a list"}}


@pytest.mark.parametrize(("body", "errors"), PARTS.values(), ids=PARTS)
def test_a_refused_edit_changes_nothing(ana, body, errors):
    kept = create(ana)
    answer = ana.patch(f"rules/{kept['id']}/", body)
    assert (answer.status_code, answer.json()) == (400, refusal(*errors))
    assert ana.get(f"rules/{kept['id']}/").json() == kept


def test_directions_have_any_case_and_patterns_may_be_blank(ana):
    create(ana, name="out", conditions=[{"field": "direction", "op": "equals", "value": "OUT"}])
    create(ana, name="space", conditions=[text(op="regex", value=" ")])
    assert spend(ana)["category_name"] == "Dining"


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, ["Rewe", "Edeka", "Hotel", "Taxi"]),
        ({"group": "FOOD"}, ["Rewe", "Edeka"]),
        ({"group": "foo"}, []),
        ({"is_active": "false"}, ["Edeka"]),
        ({"is_active": "true"}, ["Rewe", "Hotel", "Taxi"]),
        ({"origin": "imported"}, ["Taxi"]),
        ({"origin": "user"}, ["Rewe", "Edeka", "Hotel"]),
        ({"search": "E"}, ["Rewe", "Edeka", "Hotel"]),
        ({"search": "tax", "group": "travel"}, ["Taxi"]),
        ({"group": "food", "is_active": "true"}, ["Rewe"]),
    ],
    ids=str,
)
def test_the_list_is_filtered(ana, query, expected):
    create(ana, name="Rewe", group="food")
    create(ana, name="Edeka", group="Food", is_active=False)
    create(ana, name="Hotel", group="travel")
    taxi = rule(name="Taxi", group="travel", actions=[TO_DINING])
    document = {"format": "outlay-rules", "format_version": 1, "rules": [taxi]}
    assert ana.post("rules/import/", document).status_code == 200
    body = ana.get("rules/", query).json()
    assert [one["name"] for one in body["results"]] == expected
    assert body["count"] == len(expected)


def test_an_unknown_filter_and_an_unknown_origin_are_refused(ana):
    create(ana)
    answer = ana.get("rules/", {"color": "red"})
    assert (answer.status_code, [(one["attr"], one["code"]) for one in answer.json()["errors"]]) == (
        400, [("color", "unknown")],
    )  # fmt: skip
    answer = ana.get("rules/", {"origin": "space"})
    assert (answer.status_code, [(one["attr"], one["code"]) for one in answer.json()["errors"]]) == (
        400, [("origin", "invalid_choice")],
    )  # fmt: skip


def test_another_persons_category_and_account_cannot_be_named(ana, ben):
    theirs = ben.post("categories/", {"name": "Sailing", "kind": "expense"}).json()["id"]
    account = ben.post("accounts/", {"name": "Purse", "currency": "EUR"}).json()["id"]
    answer = ana.post(
        "rules/",
        {
            "name": "Theirs",
            "conditions": [{"field": "account", "op": "in", "value": [account]}],
            "actions": [{"type": "set_category", "value": theirs}],
        },
    )
    assert answer.json() == refusal(
        ("conditions.0.value", "does_not_exist", f"There is no account “{account}”."),
        ("actions.0.value", "does_not_exist", f"There is no category “{theirs}”."),
    )


def test_a_matching_rule_decides_and_says_so(ana):
    number = create(ana)["id"]
    body = spend(ana)
    assert (body["category_name"], body["kind"]) == ("Dining", "expense")
    assert body["categorization"] == {
        "status": "automatic",
        "source": "rule",
        "confidence": 1.0,
        "explanation": "Your rule “Coffee” says so.",
        "awaits_model": False,
        "suggestion": None,
    }
    [attempt] = ana.get(f"transactions/{body['id']}/explanation/").json()["attempts"]
    assert isinstance(attempt.pop("duration_ms"), float)
    assert attempt == {
        "provider": "rule",
        "version": "2",
        "outcome": "answered",
        "category_name": "Dining",
        "confidence": 1.0,
        "score": None,
        "explanation": "Your rule “Coffee” says so.",
        "details": {"rules": [{"id": number, "name": "Coffee"}]},
    }


def test_the_explanation_stays_readable_after_the_rule_is_deleted(ana):
    number = create(ana)["id"]
    row = spend(ana)["id"]
    before = ana.get(f"transactions/{row}/explanation/").json()
    assert before["decision"]["explanation"] == "Your rule “Coffee” says so."
    ana.delete(f"rules/{number}/")
    assert ana.get(f"transactions/{row}/explanation/").json() == before


def test_the_rules_of_another_person_never_count(ana, ben):
    create(ana)
    assert spend(ben)["categorization"]["status"] == "none"


def test_rule_writes_count_from_the_next_transaction_on(ana):
    told = [spend(ana)["category_name"]]
    number = create(ana)["id"]
    told.append(spend(ana)["category_name"])
    ana.patch(f"rules/{number}/", {"actions": [{"type": "set_category", "value": "Travel"}]})
    told.append(spend(ana)["category_name"])
    ana.patch(f"rules/{number}/", {"conditions": [text(value="hotel")]})
    told += [spend(ana)["category_name"], spend(ana, "HOTEL LUNA")["category_name"]]
    ana.patch(f"rules/{number}/", {"is_active": False})
    told.append(spend(ana, "HOTEL LUNA")["category_name"])
    ana.patch(f"rules/{number}/", {"is_active": True})
    told.append(spend(ana, "HOTEL LUNA")["category_name"])
    ana.delete(f"rules/{number}/")
    told.append(spend(ana, "HOTEL LUNA")["category_name"])
    create(ana, name="Other", conditions=[text(value="hotel")])
    told.append(spend(ana, "HOTEL LUNA")["category_name"])
    assert told == [None, "Dining", "Travel", None, "Travel", None, "Travel", None, "Dining"]


def test_lower_priority_goes_first_and_ties_go_by_age(ana):
    create(ana, name="older", actions=[{"type": "set_category", "value": "Travel"}])
    create(ana, name="younger")
    assert spend(ana)["category_name"] == "Travel"
    create(ana, name="urgent", priority=1, actions=[{"type": "set_category", "value": "Pets"}])
    assert spend(ana)["category_name"] == "Pets"


def test_stop_processing_keeps_later_rules_from_adding_their_tags(ana):
    tags = [{"type": "add_tags", "value": ["early", "both"]}]
    first = create(ana, name="first", actions=tags, stop_processing=False)["id"]
    create(ana, name="second", actions=[TO_DINING, {"type": "add_tags", "value": ["late", "Both"]}])
    body = spend(ana, tags=["own"])
    assert (body["tags"], body["category_name"]) == (["both", "early", "late", "own"], "Dining")
    ana.patch(f"rules/{first}/", {"stop_processing": True})
    body = spend(ana)
    assert (body["tags"], body["category_name"]) == (["both", "early"], None)


def test_tags_of_a_rule_stay_if_another_link_categorizes(ana):
    spend(ana, category="Dining")
    create(ana, actions=[{"type": "add_tags", "value": ["coffee"]}])
    body = spend(ana)
    assert (body["tags"], body["category_name"]) == (["coffee"], "Dining")
    assert body["categorization"]["source"] == "history"
    attempts = ana.get(f"transactions/{body['id']}/explanation/").json()["attempts"]
    assert [(one["provider"], one["outcome"], one["explanation"]) for one in attempts] == [
        ("rule", "declined", "Matched by your rule “Coffee”."),
        ("history", "answered", "You put “cafe luna” into Dining once."),
    ]


def test_a_suggesting_rule_ends_the_chain(ana):
    spend(ana, category="Travel")
    create(ana, mode="suggest")
    body = spend(ana)
    assert body["category"] is None
    assert body["categorization"] == {
        "status": "suggested",
        "source": None,
        "confidence": None,
        "explanation": "Your rule “Coffee” suggests it.",
        "awaits_model": False,
        "suggestion": {
            "category": category_id(ana, "Dining"),
            "category_name": "Dining",
            "confidence": 1.0,
            "source": "rule",
        },
    }
    confirmed = ana.post(f"transactions/{body['id']}/confirm/").json()
    assert (confirmed["category_name"], confirmed["categorization"]["status"]) == ("Dining", "confirmed")


@pytest.mark.parametrize(
    ("triggers", "expected"), [(["create"], "Dining"), (["import"], None), (["create", "import"], "Dining")]
)
def test_a_rule_is_asked_on_its_triggers_alone(ana, triggers, expected):
    create(ana, triggers=triggers)
    assert spend(ana)["category_name"] == expected


@pytest.mark.parametrize(
    ("triggers", "expected"), [(["create"], None), (["import"], "Dining"), (["create", "import"], "Dining")]
)
def test_a_statement_asks_the_rules_that_are_triggered_by_imports(ana, run_tasks, triggers, expected):
    ana.post("accounts/", {"name": "Checking", "currency": "EUR"})
    create(ana, triggers=triggers)
    lines = "Date;Description;Amount\n02.11.2026;CAFE LUNA;-4,50\n03.11.2026;BAKERY;-3,20\n"
    sent = {"file": SimpleUploadedFile("statement.csv", lines.encode()), "account": "Checking", "commit": "true"}
    answer = ana.post("imports/", sent, format="multipart")
    assert answer.status_code in {201, 202}, answer.json()
    run_tasks()
    rows = ana.get("transactions/").json()["results"]
    assert [row["category_name"] for row in rows] == [None, expected]


def test_the_users_own_choice_goes_before_any_rule(ana):
    create(ana)
    body = spend(ana, category="Pets", ai_classify=True)
    assert (body["category_name"], body["categorization"]["source"]) == ("Pets", "user")


def test_a_category_of_the_wrong_kind_is_passed_over(ana):
    create(ana, actions=[{"type": "set_category", "value": "Salary"}, {"type": "add_tags", "value": ["odd"]}])
    body = spend(ana)
    assert (body["category"], body["tags"], body["kind"]) == (None, ["odd"], "expense")
    incoming = ana.post("transactions/", {"amount": "9", "description": "CAFE LUNA", "direction": "in"}).json()
    assert (incoming["category_name"], incoming["kind"]) == ("Salary", "income")


def test_a_rule_without_its_category_decides_nothing(ana):
    own = ana.post("categories/", {"name": "Sailing", "kind": "expense"}).json()["id"]
    number = create(ana, actions=[{"type": "set_category", "value": "Sailing"}])["id"]
    Category.objects.get(pk=own).delete()  # as releases did that knew no replacements
    assert ana.get(f"rules/{number}/").json()["actions"] == [{"type": "set_category", "value": own, "value_name": None}]
    assert spend(ana)["category"] is None


def test_a_rule_whose_category_is_hidden_decides_nothing(ana):
    create(ana)
    assert spend(ana)["category_name"] == "Dining"
    dining = spend(ana)["category"]
    ana.patch(f"categories/{dining}/", {"is_hidden": True})
    assert spend(ana)["category"] is None


@pytest.mark.parametrize(
    ("condition", "matching", "other"),
    [
        ({"field": "amount", "op": "between", "value": ["4.00", "5.00"]}, {}, {"amount": "5.01"}),
        ({"field": "merchant", "op": "equals", "value": "luna"}, {"merchant": "Luna"}, {"merchant": "Sol"}),
        ({"field": "currency", "op": "equals", "value": "usd"}, {"currency": "USD"}, {"currency": "EUR"}),
        ({"field": "account", "op": "in", "value": ["Purse"]}, {"account": "Purse"}, {"account": None}),
        ({"field": "account", "op": "is_empty"}, {}, {"account": "Purse"}),
        (text(negate=True, value="luna"), {"description": "Sol"}, {}),
    ],
)
def test_a_condition_reads_what_was_sent(ana, condition, matching, other):
    ana.post("accounts/", {"name": "Purse", "currency": "EUR"})
    create(ana, conditions=[condition])
    assert spend(ana, **matching)["category_name"] == "Dining"
    assert spend(ana, **other)["category_name"] is None
