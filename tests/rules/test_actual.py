"""Rules of Actual: equivalent parts are converted, others are listed, and no rule matches more than before."""

import datetime as dt
import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from rules.engine.conditions import compile_conditions
from rules.engine.movements import Movement
from rules.exchange.actual import convert_actual
from rules.exchange.conversion import DocumentError, RuleConversion
from tests.rules.samples import document_of

SET = {"op": "set", "field": "payee_name", "value": "Shop"}
LISTS = {
    "payees": [{"id": "p1", "name": "Rewe"}, {"id": "p2", "name": "Edeka"}],
    "categories": [{"id": "c1", "name": "Groceries"}, {"id": "c2", "name": "Dining"}],
    "accounts": [{"id": "a1", "name": "Checking"}],
}


def rule(*conditions: dict[str, Any], joined: str = "and", **fields: Any) -> dict[str, Any]:
    return {
        "id": "r",
        "stage": None,
        "conditionsOp": joined,
        "conditions": list(conditions),
        "actions": [SET],
        **fields,
    }


def converted(*rules: dict[str, Any]) -> RuleConversion:
    return convert_actual({"rules": list(rules), **LISTS})


def test_a_document_of_actual_becomes_rules_in_reverse_order():
    conversion = convert_actual(document_of("actual.json"))
    out = {"field": "direction", "op": "equals", "value": "out"}
    assert [candidate.body for candidate in conversion.rules] == [
        {
            "name": "payee is Amazon → Shopping",
            "is_active": True,
            "priority": 101,
            "stop_processing": False,
            "triggers": ["create", "import", "manual"],
            "match": "all",
            "conditions": [
                {"field": "merchant", "op": "equals", "value": "Amazon", "negate": False},
                {"match": "all", "conditions": [out, {"field": "amount", "op": "gt", "value": "50.00"}]},
                {"field": "account", "op": "in", "value": ["Checking"], "negate": False},
            ],
            "actions": [{"type": "set_category", "value": "Shopping"}],
        },
        {
            "name": "amount isapprox -1299 → Entertainment",
            "is_active": False,
            "priority": 102,
            "stop_processing": False,
            "triggers": ["create", "import", "manual"],
            "match": "all",
            "conditions": [
                {"match": "all", "conditions": [out, {"field": "amount", "op": "between", "value": ["12.02", "13.96"]}]}
            ],
            "actions": [{"type": "set_category", "value": "Entertainment"}],
        },
        {
            "name": "imported_payee contains amzn → Amazon",
            "is_active": True,
            "priority": 103,
            "stop_processing": False,
            "triggers": ["create", "import", "manual"],
            "match": "any",
            "conditions": [
                {"field": "raw_description", "op": "contains", "value": "amzn", "negate": False},
                {
                    "match": "any",
                    "negate": False,
                    "conditions": [
                        {"field": "raw_description", "op": "equals", "value": "amazon eu"},
                        {"field": "raw_description", "op": "equals", "value": "amazon uk"},
                    ],
                },
            ],
            "actions": [{"type": "set_merchant", "value": "Amazon"}],
        },
    ]
    assert [(part.rule, part.what) for part in conversion.left_out] == [
        ("payee is Amazon → Shopping", "append-notes  (large)"),
        (
            "amount isapprox -1299 → Entertainment",
            'date isapprox {"frequency": "monthly", "start": "2026-01-05"}',
        ),
        ("amount isapprox -1299 → Entertainment", "link-schedule s-1"),
        ("amount isapprox -1299 → Entertainment", "is_active"),
    ]


def test_rules_of_actuals_database_are_read_like_its_api():
    condition = {"op": "is", "field": "description", "value": "p1"}
    row = {
        "id": "r",
        "stage": "post",
        "conditions_op": "or",
        "conditions": json.dumps([condition, {"op": "is", "field": "imported_description", "value": "rewe"}]),
        "actions": json.dumps([{"op": "set", "field": "category", "value": "c1"}]),
        "tombstone": 0,
    }
    conversion = converted(row, row | {"tombstone": 1})
    assert conversion.left_out == []
    [candidate] = conversion.rules
    assert candidate.body["match"] == "any"
    assert candidate.body["conditions"] == [
        {"field": "merchant", "op": "equals", "value": "Rewe", "negate": False},
        {"field": "raw_description", "op": "equals", "value": "rewe", "negate": False},
    ]
    assert candidate.body["actions"] == [{"type": "set_category", "value": "Groceries"}]


@pytest.mark.parametrize(
    ("asked", "conditions"),
    [
        (
            {"field": "payee", "op": "isNot", "value": "p1"},
            [{"field": "merchant", "op": "equals", "value": "Rewe", "negate": True}],
        ),
        ({"field": "payee", "op": "is", "value": None}, [{"field": "merchant", "op": "is_empty", "negate": False}]),
        (
            {"field": "category", "op": "oneOf", "value": ["c1", "c2"]},
            [{"field": "category", "op": "in", "value": ["Groceries", "Dining"], "negate": False}],
        ),
        (
            {"field": "category", "op": "notOneOf", "value": ["c1"]},
            [
                {
                    "match": "all",
                    "conditions": [
                        {"field": "category", "op": "in", "value": ["Groceries"], "negate": True},
                        {"field": "category", "op": "is_empty", "negate": True},
                    ],
                }
            ],
        ),
        (
            {"field": "imported_payee", "op": "matches", "value": "rewe|edeka"},
            [{"field": "raw_description", "op": "regex", "value": "rewe|edeka", "negate": False}],
        ),
        (
            {"field": "notes", "op": "doesNotContain", "value": "gift"},
            [{"field": "notes", "op": "contains", "value": "gift", "negate": True}],
        ),
        ({"field": "notes", "op": "is", "value": ""}, [{"field": "notes", "op": "is_empty", "negate": False}]),
        (
            {"field": "notes", "op": "hasTags", "value": "#a.b #c"},
            [
                {
                    "match": "all",
                    "conditions": [
                        {"field": "notes", "op": "regex", "value": r"(?<!#)\#a\.b(?:[\s#]|$)"},
                        {"field": "notes", "op": "regex", "value": r"(?<!#)\#c(?:[\s#]|$)"},
                    ],
                }
            ],
        ),
        (
            {"field": "date", "op": "is", "value": "2024-02"},
            [{"field": "date", "op": "between", "value": ["2024-02-01", "2024-02-29"]}],
        ),
        (
            {"field": "date", "op": "is", "value": "2026"},
            [{"field": "date", "op": "between", "value": ["2026-01-01", "2026-12-31"]}],
        ),
        (
            {"field": "date", "op": "isapprox", "value": "2026-01-01"},
            [{"field": "date", "op": "between", "value": ["2025-12-30", "2026-01-03"]}],
        ),
        (
            {"field": "date", "op": "gt", "value": "2026-01-01"},
            [{"field": "date", "op": "after", "value": "2026-01-01"}],
        ),
        (
            {"field": "date", "op": "lte", "value": "2026-01-31"},
            [{"field": "date", "op": "before", "value": "2026-02-01"}],
        ),
    ],
    ids=lambda value: " ".join(map(str, value.values())) if isinstance(value, dict) else "",
)
def test_a_condition_becomes_an_equivalent_one(asked, conditions):
    conversion = converted(rule(asked))
    assert conversion.left_out == []
    assert conversion.rules[0].body["conditions"] == conditions


@pytest.mark.parametrize(
    "asked",
    [
        {"field": "payee", "op": "is", "value": "nobody"},
        {"field": "payee", "op": "contains", "value": "re"},
        {"field": "payee", "op": "oneOf", "value": []},
        {"field": "category", "op": "oneOf", "value": "c1"},
        {"field": "account", "op": "onBudget", "value": ""},
        {"field": "imported_payee", "op": "matches", "value": r"\D+"},
        {"field": "imported_payee", "op": "is", "value": None},
        {"field": "imported_payee", "op": "oneOf", "value": [1]},
        {"field": "imported_payee", "op": "hasTags", "value": "#a"},
        {"field": "notes", "op": "hasTags", "value": "no tag"},
        {"field": "date", "op": "is", "value": {"frequency": "weekly"}},
        {"field": "date", "op": "is", "value": "2026-13"},
        {"field": "date", "op": "isbetween", "value": "2026-01-01"},
        {"field": "date", "op": "isapprox", "value": "9999-12-31"},
        {"field": "amount", "op": "is", "value": 0},
        {"field": "amount", "op": "is", "value": "5"},
        {"field": "amount", "op": "is", "value": 1.5},
        {"field": "amount", "op": "is", "value": 10**400},
        {"field": "amount", "op": "is", "value": True},
        {"field": "amount", "op": "formula", "value": "=1"},
        {"field": "amount", "op": "isbetween", "value": [1, 2]},
        {"field": "amount", "op": "is", "value": -500, "options": {"outflow": True}},
        {"field": "saved", "op": "is", "value": "x"},
        {"field": "cleared", "op": "is", "value": True},
        {"field": "transfer", "op": "is", "value": False},
        {"field": "of_the_future", "op": "is", "value": 1},
        {"field": None, "op": None, "value": None},
    ],
    ids=lambda asked: " ".join(map(str, asked.values()))[:60],
)
def test_an_inconvertible_condition_is_listed_and_switches_an_and_rule_off(asked):
    notes = {"field": "notes", "op": "contains", "value": "x"}
    both, either = converted(rule(notes, asked)), converted(rule(notes, asked, joined="or"))
    assert [candidate.body["is_active"] for candidate in both.rules + either.rules] == [False, True]
    assert len(both.left_out) == 2
    assert both.left_out[1].what == "is_active"
    assert [part.reason for part in either.left_out] == [both.left_out[0].reason]


@pytest.mark.parametrize(
    "action",
    [
        {"op": "set", "field": "category", "value": "gone"},
        {"op": "set", "field": "category", "value": None},
        {"op": "set", "field": "account", "value": "a1"},
        {"op": "set", "field": "notes", "value": ""},
        {"op": "set", "field": "notes", "value": "x", "options": {"template": "{{x}}"}},
        {"op": "set", "field": "category", "value": "c1", "options": {"splitIndex": 1}},
        {"op": "set-split-amount", "value": 5, "options": {"method": "remainder"}},
        {"op": "prepend-notes", "value": "x"},
        {"op": "delete-transaction", "value": ""},
        {"op": "launch", "value": ""},
    ],
)
def test_an_inconvertible_action_is_listed(action):
    condition = {"field": "notes", "op": "contains", "value": "x"}
    conversion = converted(rule(condition, actions=[SET, action]), rule(condition, actions=[action]))
    assert [candidate.body["actions"] for candidate in conversion.rules] == [
        [{"type": "set_merchant", "value": "Shop"}]
    ]
    assert len(conversion.left_out) == 3
    assert "None of its actions can be done here." in {part.reason for part in conversion.left_out}


def test_stages_and_exactness_reverse_the_order_of_rules():
    exact = {"field": "payee", "op": "is", "value": "p1"}
    vague = {"field": "notes", "op": "contains", "value": "x"}
    conversion = converted(
        rule(exact, id="1", stage="pre"),
        rule(vague, id="2"),
        rule(exact, id="3"),
        rule(vague, id="4", stage="post"),
    )
    assert [candidate.index for candidate in conversion.rules] == [3, 2, 1, 0]


@pytest.mark.parametrize(
    ("broken", "place"),
    [
        (None, "rules.1"),
        ([], "rules.1"),
        ({"conditions": 5}, "rules.1.conditions"),
        ({"conditions": "["}, "rules.1.conditions"),
        ({"conditions": [5]}, "rules.1.conditions.0"),
        ({"actions": [{"op": []}]}, "rules.1.actions.0.op"),
        ({"actions": [{"options": 5}]}, "rules.1.actions.0.options"),
        ({"stage": {}}, "rules.1.stage"),
    ],
)
def test_an_unreadable_rule_is_refused_with_its_place(broken, place):
    conversion = converted(rule({"field": "notes", "op": "contains", "value": "x"}), broken)
    assert len(conversion.rules) == 1
    [refusal] = conversion.refused
    assert (refusal.index, refusal.errors[0]["attr"]) == (1, place)


def test_a_malformed_list_of_names_is_refused():
    with pytest.raises(DocumentError, match=r"payees\.0"):
        convert_actual({"rules": [rule()], "payees": ["Rewe"]})


OPS = {
    "is": lambda amount, value: amount == value,
    "isapprox": lambda amount, value: abs(amount - value) <= (abs(value) * 75 + 500) // 1000,
    "gt": lambda amount, value: amount > value,
    "gte": lambda amount, value: amount >= value,
    "lt": lambda amount, value: amount < value,
    "lte": lambda amount, value: amount <= value,
}
CENTS = st.integers(-30, 30)
SINGLE = st.builds(
    lambda op, value, options: {"field": "amount", "op": op, "value": value, "options": options},
    st.sampled_from(sorted(OPS)),
    CENTS,
    st.sampled_from([None, {"inflow": True}, {"outflow": True}]),
)
BETWEEN = st.builds(lambda a, b: {"field": "amount", "op": "isbetween", "value": {"num1": a, "num2": b}}, CENTS, CENTS)
DAYS = st.sampled_from([dt.date(2026, 1, day) for day in range(1, 10)])
DATES = st.builds(
    lambda op, day: {"field": "date", "op": op, "value": day.isoformat()},
    st.sampled_from(["is", "isapprox", "gt", "gte", "lt", "lte"]),
    DAYS,
)


def _actual_holds(asked: dict[str, Any], cents: int, day: dt.date) -> bool:
    """Evaluate a condition as Actual does."""
    if asked["field"] == "date":
        wanted = dt.date.fromisoformat(asked["value"])
        return abs(day - wanted).days <= 2 if asked["op"] == "isapprox" else bool(OPS[asked["op"]](day, wanted))
    options = asked.get("options") or {}
    if options.get("outflow"):
        if cents > 0:
            return False
        cents = -cents
    elif options.get("inflow") and cents < 0:
        return False
    if asked["op"] == "isbetween":
        low, high = sorted([asked["value"]["num1"], asked["value"]["num2"]])
        return bool(low <= cents <= high)
    return bool(OPS[asked["op"]](cents, asked["value"]))


@given(
    st.lists(st.one_of(SINGLE, BETWEEN, DATES), min_size=1, max_size=3),
    st.sampled_from(["and", "or"]),
    st.lists(st.tuples(CENTS.filter(bool), DAYS), min_size=1),
)
@example(
    [{"field": "amount", "op": "isbetween", "value": {"num1": -20, "num2": 10}}], "and", [(-15, dt.date(2026, 1, 1))]
)
def test_amounts_and_days_match_the_same_rows_as_in_actual(asked, joined, rows):
    conversion = converted(rule(*asked, joined=joined))
    for candidate in conversion.rules:
        compiled = compile_conditions(candidate.body["match"], candidate.body["conditions"])
        for cents, day in rows if candidate.body["is_active"] else []:
            held = [_actual_holds(condition, cents, day) for condition in asked]
            there = all(held) if joined == "and" else any(held)
            movement = Movement(amount=Decimal(abs(cents)) / 100, direction="in" if cents > 0 else "out", date=day)
            here = compiled.matches(movement)
            assert there or not here
            assert here == there or conversion.left_out
