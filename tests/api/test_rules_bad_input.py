"""Invalid rules are refused with the path of the fault in a whole problem body, and are not stored."""

import json
from typing import Any

import pytest

from tests.api.saved_rules import (
    CAFE,
    NO_CHOICE,
    NO_FIELD,
    TO_DINING,
    TOO_DEEP,
    actions,
    conditions,
    create,
    refusal,
    rule,
    text,
)


def characters(most: int) -> str:
    return f"Write at most {most} characters."


def at_least(least: int) -> str:
    return f"Write {least} or more."


def at_most(most: int) -> str:
    return f"Write {most} or less."


Wrong = tuple[str, str, Any, str, str]


def each(field: str, op: str, values: list[Any], code: str, detail: str) -> list[Wrong]:
    return [(field, op, value, code, detail) for value in values]


NO_STRING, NO_NUMBER = "Write a text.", "Write a number with a point, such as 12.50."
NO_DAY = "There is no such day; write it as YYYY-MM-DD."
NO_LIST, NO_RANGE = "Give a list of 1 to 200 values.", "Give a list of two values, the smaller first."
NO_REFERENCE, NO_VALUE = "Give an id or a name.", "This operator takes no value."
NO_WEEKDAY = "Give days of the week, 1 for Monday to 7 for Sunday."
NO_MONTHDAY = "Give days from 1 to 31, or -1 for a month's last day."
NUL, NULL = "Leave out the null character.", "Send a value instead of null."
#: Field, operator, value, code and detail: one of each wrong type for every sort of value.
WRONG_VALUES: list[Wrong] = [
    *each("merchant", "equals", [5, True, None, ["a"]], "invalid", NO_STRING),
    *each("merchant", "regex", [5, True, None, ["a"]], "invalid", NO_STRING),
    *each("merchant", "contains_any", [5, True, None, "a", {}, []], "not_a_list", NO_LIST),
    *each("merchant", "contains_all", [[5], [True], [None], [["a"]]], "invalid", NO_STRING),
    ("merchant", "contains_any", ["a\x00"], "null_characters_not_allowed", NUL),
    ("merchant", "regex", "a\x00", "null_characters_not_allowed", NUL),
    ("merchant", "fuzzy", "x" * 65, "max_length", characters(64)),
    *each("merchant", "is_empty", ["", False, [], 0], "not_null", NO_VALUE),
    *each("amount", "eq", [True, ["5"], "NaN", "1_000", "\uff15", "5\x00"], "invalid", NO_NUMBER),
    ("amount", "lt", None, "null", NULL),
    ("amount", "gt", "-0.01", "min_value", at_least(0)),
    ("amount", "gte", "0.00001", "max_decimal_places", "Write at most 4 decimal places."),
    *each("amount", "between", [5, True, None, "5", {}, []], "not_a_list", NO_RANGE),
    *each("amount", "between", [[True, "9"], ["x", "9"], [["5"], "9"]], "invalid", NO_NUMBER),
    *each("date", "on", ["0000-01-01", "2026-02-29"], "invalid", NO_DAY),
    *each("date", "on", [5, True, []], "invalid", "Write the day as YYYY-MM-DD, such as 2026-11-02."),
    ("date", "on", "02.11.2026", "invalid", "Write 2026-11-02."),
    ("date", "before", None, "null", NULL),
    ("date", "after", "0001-01-01", "out_of_range", "Give a day from 1900-01-01 to 2199-12-31."),
    *each("date", "between", ["2026-01-01", 5, None], "not_a_list", NO_RANGE),
    ("date", "between", ["2026-01-02", "2026-01-01"], "not_a_range", "Give two values, the smaller first."),
    *each("date", "weekday", [1, True, "Monday", None], "not_a_list", NO_LIST),
    *each("date", "weekday", [[one] for one in [0, 8, True, "1", 1.0, None, [1]]], "invalid", NO_WEEKDAY),
    *each("date", "day_of_month", [[one] for one in [0, 32, -2, True, "1", 1.5]], "invalid", NO_MONTHDAY),
    *each("account", "in", [1, "Checking", None, {}], "not_a_list", NO_LIST),
    *each("account", "in", [[one] for one in [True, 1.5, [1], {}]], "invalid", NO_REFERENCE),
    ("account", "in", [None], "null", NULL),
    *each("category", "in", [[one] for one in [True, 1.5, [1]]], "invalid", NO_REFERENCE),
    ("category", "in", [2**70], "does_not_exist", "There is no such id."),
    ("category", "is_empty", True, "not_null", NO_VALUE),
    *each("tags", "has_any", ["food", 5, None, {}], "not_a_list", NO_LIST),
    *each("tags", "has_all", [[one] for one in [True, 1.5, ["food"]]], "invalid", NO_REFERENCE),
    ("tags", "has_none", ["x" * 51], "max_length", characters(50)),
    ("tags", "has_none", ["\x00"], "null_characters_not_allowed", NUL),
]
KNOWN = "field, op, value, case_sensitive, threshold, tolerance, negate, match, conditions"
IN_GROUP = "A group does not take this field; put the test among its conditions."
APPROX = {"field": "amount", "op": "approx", "value": "5"}
#: Body → the path that is wrong, its code and detail.
WRONG_CONDITIONS: dict[str, tuple[Any, tuple[str, str, str]]] = {
    "threshold too low": (text(op="fuzzy", threshold=49), ("threshold", "min_value", at_least(50))),
    "threshold too high": (text(op="fuzzy", threshold=101), ("threshold", "max_value", at_most(100))),
    "threshold true": (text(op="fuzzy", threshold=True), ("threshold", "invalid", "Write a whole number, such as 5.")),
    "threshold of contains": (
        text(threshold=90),
        ("threshold", "unknown", "This operator has no such option; it has case_sensitive."),
    ),
    "tolerance below zero": (APPROX | {"tolerance": "-1"}, ("tolerance", "min_value", at_least(0))),
    "tolerance too high": (APPROX | {"tolerance": "100.01"}, ("tolerance", "max_value", at_most(100))),
    "tolerance true": (APPROX | {"tolerance": True}, ("tolerance", "invalid", NO_NUMBER)),
    "tolerance of fuzzy": (
        text(op="fuzzy", tolerance="5"),
        ("tolerance", "unknown", "This operator has no such option; it has case_sensitive, threshold."),
    ),
    "case of an amount": (
        APPROX | {"case_sensitive": True},
        ("case_sensitive", "unknown", "This operator has no such option; it has tolerance."),
    ),
    "unknown option": (text(fuzziness=3), ("fuzziness", "unknown", f"There is no such field; known are {KNOWN}.")),
    "number for a flag": (text(negate=5), ("negate", "invalid", "Write true or false.")),
    "nothing for a flag": (text(case_sensitive=None), ("case_sensitive", "null", NULL)),
    "match of a test": (text(match="any"), ("match", "not_a_group", "Only a rule or a group takes `match`.")),
    "option of a group": ({"conditions": [CAFE], "threshold": 90}, ("threshold", "in_group", IN_GROUP)),
    "group of no list": (
        {"conditions": "x"},
        ("conditions", "not_a_list", "Send a list, in square brackets."),
    ),
    "group of texts": (
        {"conditions": ["x"]},
        ("conditions.0", "not_a_dict", "Send an object, in curly braces."),
    ),
    "two levels": (
        {"conditions": [CAFE, {"match": "any", "conditions": [CAFE]}]},
        ("conditions.1.conditions", "too_deep", TOO_DEEP),
    ),
    "field that does not exist": (text(field="password"), ("field", "invalid_choice", NO_FIELD)),
}
FLAG = "Write true, or leave `value` out."
WRONG_ACTIONS: dict[str, tuple[Any, tuple[str, str, str]]] = {
    "unknown option": (
        TO_DINING | {"force": True},
        (".force", "unknown", "There is no such field; known are type, value."),
    ),
    "true for a category": ({"type": "set_category", "value": True}, (".value", "invalid", NO_REFERENCE)),
    "no category": ({"type": "set_category", "value": None}, (".value", "null", NULL)),
    "true for a merchant": ({"type": "set_merchant", "value": True}, (".value", "invalid", "Write a text.")),
    "blank merchant": ({"type": "set_merchant", "value": " "}, (".value", "blank", "Write a text that is not empty.")),
    "NUL in notes": ({"type": "set_notes", "value": "a\x00"}, (".value", "null_characters_not_allowed", NUL)),
    "long merchant": (
        {"type": "set_merchant", "value": "x" * 201},
        (".value", "max_length", characters(200)),
    ),
    "long description": (
        {"type": "set_description", "value": "x" * 501},
        (".value", "max_length", characters(500)),
    ),
    "long notes": (
        {"type": "set_notes", "value": "x" * 5001},
        (".value", "max_length", characters(5000)),
    ),
    "21 tags": (
        {"type": "add_tags", "value": [f"t{i}" for i in range(21)]},
        (".value", "max_length", "Give at most 20 tags."),
    ),
    "true for a tag": ({"type": "remove_tags", "value": [True]}, (".value", "invalid", NO_REFERENCE)),
    "false for a flag": ({"type": "mark_reviewed", "value": False}, (".value", "invalid_choice", FLAG)),
    "number for a flag": ({"type": "needs_review", "value": 1}, (".value", "invalid_choice", FLAG)),
    "text for a flag": (
        {"type": "exclude_from_budget", "value": "true"},
        (".value", "invalid_choice", FLAG),
    ),
}
TAGS = {"type": "add_tags", "value": ["Food"]}
WHOLE: dict[str, tuple[Any, tuple[str, str, str]]] = {
    "300 tests": (
        conditions(*[CAFE] * 300),
        ("conditions", "max_length", "Send at most 100 items."),
    ),
    "300 tests in groups": (
        conditions(*[{"conditions": [CAFE] * 60}] * 5),
        ("conditions", "max_length", "300 conditions are too many; a rule has at most 100, groups included."),
    ),
    "two lists of tags": (
        actions(TAGS, TAGS | {"value": ["b"]}),
        ("actions", "repeated", "A rule does each thing once."),
    ),
    "reviewed and to be": (
        actions({"type": "mark_reviewed"}, {"type": "needs_review"}),
        ("actions", "contradictory", "It is either reviewed or to be reviewed."),
    ),
    "a tag added and removed": (
        actions(TAGS, {"type": "remove_tags", "value": ["fOOD"]}),
        ("actions", "contradictory", "It adds and removes the tag food; leave one of the two out."),
    ),
    "true for a priority": (rule(priority=True), ("priority", "invalid", "Write a whole number, such as 5.")),
    "priority beyond all": (
        rule(priority=10**30),
        ("priority", "max_value", at_most(1000000)),
    ),
    "NUL in the name": (rule(name="a\x00"), ("name", "null_characters_not_allowed", NUL)),
    "unknown overwrite": (
        rule(overwrite="never"),
        ("overwrite", "invalid_choice", NO_CHOICE.format("empty, machine, always")),
    ),
}


def refused(ana: Any, body: Any, *errors: tuple[str, str, str]) -> None:
    answer = ana.post("rules/", json.dumps(body), content_type="application/json")
    assert (answer.status_code, answer.json()) == (400, refusal(*errors))
    assert ana.get("rules/").json() == {"count": 0, "next": None, "previous": None, "results": []}


@pytest.mark.parametrize(("field", "op", "value", "code", "detail"), WRONG_VALUES)
def test_a_value_of_the_wrong_type_is_refused(ana, field, op, value, code, detail):
    refused(ana, conditions(CAFE, {"field": field, "op": op, "value": value}), ("conditions.1.value", code, detail))


@pytest.mark.parametrize(("condition", "error"), WRONG_CONDITIONS.values(), ids=WRONG_CONDITIONS)
def test_a_faulty_condition_is_refused(ana, condition, error):
    path, code, detail = error
    refused(ana, conditions(CAFE, condition), (f"conditions.1.{path}", code, detail))


@pytest.mark.parametrize(("action", "error"), WRONG_ACTIONS.values(), ids=WRONG_ACTIONS)
def test_a_faulty_action_is_refused(ana, action, error):
    path, code, detail = error
    refused(ana, actions({"type": "exclude_from_budget"}, action), (f"actions.1{path}", code, detail))


@pytest.mark.parametrize(("body", "error"), WHOLE.values(), ids=WHOLE)
def test_a_rule_that_is_faulty_as_a_whole_is_refused(ana, body, error):
    refused(ana, body, error)


def test_rules_cannot_refer_to_another_users_rows(ana, ben):
    account = ben.post("accounts/", {"name": "Purse", "currency": "EUR"}).json()["id"]
    category = ben.post("categories/", {"name": "Sailing", "kind": "expense"}).json()["id"]
    ben.post("expenses/", {"amount": "1", "description": "x", "tags": ["secret"]})
    [tag] = [one["id"] for one in ben.get("tags/").json()["results"]]
    body = rule(
        conditions=[
            {"field": "account", "op": "in", "value": [account]},
            {"field": "category", "op": "in", "value": ["Sailing"]},
            {"conditions": [{"field": "tags", "op": "has_any", "value": [tag]}]},
        ],
        actions=[{"type": "set_category", "value": category}, {"type": "add_tags", "value": [tag]}],
    )
    refused(
        ana, body,
        ("conditions.0.value", "does_not_exist", f"There is no account “{account}”."),
        ("conditions.1.value", "does_not_exist", "There is no category “Sailing”."),
        ("actions.0.value", "does_not_exist", f"There is no category “{category}”."),
        ("actions.1.value", "does_not_exist", f"There is no tag {tag}."),
        ("conditions.2.conditions.0.value", "does_not_exist", f"There is no tag {tag}."),
    )  # fmt: skip


def test_a_body_of_ten_megabytes_is_refused(ana):
    huge = json.dumps(rule(name="x" * 10_000_000)).encode()
    answer = ana.post("rules/", huge, content_type="application/json")
    detail = answer.json()["detail"]
    error = {"attr": None, "code": "body_too_large", "detail": detail}
    told = {
        "type": "about:blank",
        "title": "Request Entity Too Large",
        "status": 413,
        "detail": detail,
        "errors": [error],
    }
    assert (answer.status_code, answer.json()) == (413, told)
    assert ana.get("rules/").json()["count"] == 0


@pytest.mark.parametrize(
    ("sent", "kept"),
    [(" 5.50 ", "5.50"), (5, "5"), (5.5, "5.5"), ("1e2", "100"), ("+5", "5"), (".5", "0.5"), ("0", "0")],
)
def test_an_amount_is_kept_as_a_plain_decimal(ana, sent, kept):
    body = create(ana, conditions=[{"field": "amount", "op": "eq", "value": sent}])
    assert body["conditions"] == [{"field": "amount", "op": "eq", "value": kept, "negate": False}]
