"""Rules of Firefly III: equivalent parts are converted, others are listed, no rule matches more than before."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.engine.conditions import compile_conditions
from rules.engine.movements import Movement
from rules.exchange.conversion import DocumentError, LedgerNames, OmittedPart, RuleConversion
from rules.exchange.firefly import convert_firefly
from rules.exchange.firefly_documents import FireflyTable
from tests.rules.samples import document_of, text_of

NAMES = LedgerNames(accounts=("Checking", "Savings"))
TAG = {"type": "add_tag", "value": "seen"}


def answer(*rules: dict[str, Any]) -> dict[str, Any]:
    return {"data": [{"type": "rules", "id": str(i), "attributes": rule} for i, rule in enumerate(rules)]}


def rule(*triggers: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {"title": "A rule", "strict": True, "triggers": list(triggers), "actions": [TAG], **fields}


def trigger(word: str, value: str | None = "x", **fields: Any) -> dict[str, Any]:
    return {"type": word, "value": value, "active": True, **fields}


def condition_of(word: str, value: str | None = "x", **fields: Any) -> Any:
    conversion = convert_firefly(answer(rule(trigger(word, value, **fields))), NAMES)
    assert conversion.left_out == [], conversion.left_out
    [candidate] = conversion.rules
    [condition] = candidate.body["conditions"]
    return condition


def parts_left_out(conversion: RuleConversion) -> list[tuple[str, str]]:
    return [(part.rule, part.what) for part in conversion.left_out]


def test_an_api_answer_becomes_rules_with_the_same_winners():
    conversion = convert_firefly(document_of("firefly.json"), NAMES)
    assert [candidate.body for candidate in conversion.rules] == [
        {
            "name": "Budgeted coffee",
            "group": "Household",
            "is_active": False,
            "priority": 102,
            "stop_processing": True,
            "triggers": ["create", "import", "manual"],
            "match": "all",
            "conditions": [{"field": "description", "op": "contains", "value": "coffee", "negate": False}],
            "actions": [{"type": "set_category", "value": "Dining"}],
        },
        {
            "name": "Big withdrawals",
            "group": "Household",
            "is_active": True,
            "priority": 103,
            "stop_processing": False,
            "triggers": ["update", "manual"],
            "match": "all",
            "conditions": [
                {
                    "match": "all",
                    "negate": False,
                    "conditions": [
                        {"field": "direction", "op": "equals", "value": "out"},
                        {"field": "category", "op": "in", "value": ["Transfers"], "negate": True},
                    ],
                },
                {"field": "amount", "op": "gte", "value": "250.50", "negate": False},
                {"field": "description", "op": "contains", "value": "rent", "negate": True},
                {
                    "match": "all",
                    "negate": False,
                    "conditions": [
                        {"field": "direction", "op": "equals", "value": "out"},
                        {"field": "account", "op": "in", "value": ["Checking"]},
                    ],
                },
                {"field": "date", "op": "after", "value": "2025-12-31", "negate": False},
            ],
            "actions": [{"type": "add_tags", "value": ["large"]}],
        },
        {
            "name": "Supermarkets",
            "group": "Household",
            "is_active": True,
            "priority": 104,
            "stop_processing": False,
            "triggers": ["create", "import", "manual"],
            "match": "any",
            "conditions": [
                {"field": "description", "op": "contains", "value": "rewe", "negate": False},
                {"field": "description", "op": "starts_with", "value": "EDEKA", "negate": False},
            ],
            "actions": [{"type": "set_category", "value": "Groceries"}, {"type": "add_tags", "value": ["food"]}],
        },
    ]
    assert [candidate.index for candidate in conversion.rules] == [2, 1, 0]
    assert parts_left_out(conversion) == [
        ("Budgeted coffee", "stop_processing"),
        ("Only a piggy bank", "action update_piggy: Holidays"),
        ("Only a piggy bank", "rule"),
        ("Budgeted coffee", "trigger budget_is: Fun"),
        ("Budgeted coffee", "is_active"),
        ("Supermarkets", "action set_budget: Household"),
        ("Supermarkets", "description"),
    ]


def test_an_exported_table_is_read_despite_its_shifted_headings():
    conversion = convert_firefly(FireflyTable(text_of("firefly_rules.csv")), NAMES)
    assert (conversion.left_out, conversion.refused) == ([], [])
    [candidate] = conversion.rules
    assert candidate.body == {
        "name": "Supermarkets",
        "group": "Household",
        "is_active": True,
        "priority": 101,
        "stop_processing": False,
        "triggers": ["create", "import", "manual"],
        "match": "all",
        "conditions": [
            {"field": "description", "op": "contains", "value": "refund", "negate": True},
            {"field": "description", "op": "contains", "value": "rewe, markt", "negate": False},
        ],
        "actions": [{"type": "set_category", "value": "Groceries"}],
    }


@pytest.mark.parametrize(
    ("word", "value", "condition"),
    [
        ("description_is", "Rent", {"field": "description", "op": "equals", "value": "Rent"}),
        ("description_ends", "GmbH", {"field": "description", "op": "ends_with", "value": "GmbH"}),
        ("notes", "gift", {"field": "notes", "op": "contains", "value": "gift"}),
        ("notes_start", "To", {"field": "notes", "op": "starts_with", "value": "To"}),
        ("any_notes", "true", {"field": "notes", "op": "is_empty", "negate": True}),
        ("no_notes", None, {"field": "notes", "op": "is_empty"}),
        ("amount_exactly", "-12,50", {"field": "amount", "op": "eq", "value": "12.50"}),
        ("amount_less", "9", {"field": "amount", "op": "lte", "value": "9"}),
        ("more", "1e2", {"field": "amount", "op": "gte", "value": "100"}),
        ("category_is", "Food", {"field": "category", "op": "in", "value": ["Food"]}),
        ("has_no_category", "", {"field": "category", "op": "is_empty"}),
        ("has_any_category", "", {"field": "category", "op": "is_empty", "negate": True}),
        ("tag", "food", {"field": "tags", "op": "has_any", "value": ["food"]}),
        ("tag_is_not", "food", {"field": "tags", "op": "has_none", "value": ["food"]}),
        ("has_any_tag", "", {"field": "tags", "op": "is_empty", "negate": True}),
        ("currency_is", "Euro (EUR)", {"field": "currency", "op": "equals", "value": "EUR"}),
        ("currency_is", "usd", {"field": "currency", "op": "equals", "value": "USD"}),
        ("date_on", "2026-02-28", {"field": "date", "op": "on", "value": "2026-02-28"}),
        ("on", "2026-xx-xx", {"field": "date", "op": "between", "value": ["2026-01-01", "2026-12-31"]}),
        ("date_is", "2024-02-xx", {"field": "date", "op": "between", "value": ["2024-02-01", "2024-02-29"]}),
        ("date", "xxxx-xx-15", {"field": "date", "op": "day_of_month", "value": [15]}),
        ("before", "2026-02-28", {"field": "date", "op": "before", "value": "2026-03-01"}),
        ("transaction_type", "Transfer", {"field": "category", "op": "in", "value": ["Transfers"]}),
        ("account_is", "SAVINGS", {"field": "account", "op": "in", "value": ["Savings"]}),
        ("account_is", "Rewe", {"field": "merchant", "op": "equals", "value": "Rewe"}),
        ("account_nr_is", "DE02 1203", {"field": "iban", "op": "equals", "value": "DE021203"}),
    ],
)
def test_a_trigger_becomes_an_equivalent_condition(word, value, condition):
    assert condition_of(word, value) == {"negate": False} | condition


@pytest.mark.parametrize(
    ("word", "value", "direction", "condition"),
    [
        ("destination_account_is", "Rewe", "out", {"field": "merchant", "op": "equals", "value": "Rewe"}),
        ("to_account_starts", "Rewe", "out", {"field": "merchant", "op": "starts_with", "value": "Rewe"}),
        ("from", "Boss", "in", {"field": "merchant", "op": "contains", "value": "Boss"}),
        ("destination_account_is", "savings", "in", {"field": "account", "op": "in", "value": ["Savings"]}),
        ("source_account_contains", "in", "out", {"field": "account", "op": "in", "value": ["Checking", "Savings"]}),
        ("source_account_nr_ends", "99 1", "in", {"field": "iban", "op": "ends_with", "value": "991"}),
    ],
)
def test_source_and_destination_give_the_direction(word, value, direction, condition):
    way = {"field": "direction", "op": "equals", "value": direction}
    assert condition_of(word, value) == {"match": "all", "negate": False, "conditions": [way, condition]}


@pytest.mark.parametrize(
    ("word", "opposite"), [("amount_less", "amount_more"), ("date_before", "date_after")], ids=["amount", "date"]
)
def test_the_opposite_of_a_bound_includes_the_bound(word, opposite):
    value = "5" if word.startswith("amount") else "2026-01-31"
    assert condition_of(word, value, prohibited=True) == condition_of(opposite, value)
    assert condition_of(f"-{opposite}", value) == condition_of(word, value)


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("budget_is", "Fun"),
        ("bill_contains", "x"),
        ("category_contains", "Food"),
        ("category", "Food"),
        ("tag_contains", "x"),
        ("foreign_amount_is", "5"),
        ("book_date_after", "2026-01-01"),
        ("external_id", "x"),
        ("internal_reference_is", "x"),
        ("has_attachments", "true"),
        ("attachment_name_is", "x"),
        ("journal_id", "4"),
        ("id", "4"),
        ("source_account_id", "4"),
        ("source_is_cash", "true"),
        ("source_balance_gt", "5"),
        ("reconciled", "true"),
        ("transaction_type", "reconciliation"),
        ("currency_is", "Euro"),
        ("date_on", "today"),
        ("date_before", "xxxx-05-xx"),
        ("date_on", "2026-02-30"),
        ("date_on", "9999-13-xx"),
        ("date_before", "9999-12-31"),
        ("amount_is", "many"),
        ("amount_is", "NaN"),
        ("description_is", ""),
        ("invented_by_somebody", "x"),
    ],
)
def test_an_inconvertible_trigger_is_listed_and_switches_a_strict_rule_off(word, value):
    shop = trigger("description_contains", "shop")
    strict, loose = rule(shop, trigger(word, value)), rule(shop, trigger(word, value), strict=False, title="Any")
    conversion = convert_firefly(answer(strict, loose), NAMES)
    assert {candidate.body["name"]: candidate.body["is_active"] for candidate in conversion.rules} == {
        "A rule": False,
        "Any": True,
    }
    shown = f"trigger {word}: {value}" if value else f"trigger {word}"
    assert sorted(parts_left_out(conversion)) == [("A rule", "is_active"), ("A rule", shown), ("Any", shown)]
    for candidate in conversion.rules:
        assert candidate.body["conditions"] == [
            {"field": "description", "op": "contains", "value": "shop", "negate": False}
        ]


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("destination_account_is", "Rewe"),
        ("account_nr_is", "DE02"),
        ("source_account_contains", "Check"),
        ("description_contains", "50%"),
        ("notes_is", "a_b"),
        ("exists", "true"),
    ],
)
def test_negated_triggers_that_would_match_more_are_dropped(word, value):
    conversion = convert_firefly(answer(rule(trigger("amount_is", "5"), trigger(word, value, prohibited=True))), NAMES)
    assert [candidate.body["is_active"] for candidate in conversion.rules] == [False]
    assert parts_left_out(conversion) == [("A rule", f"trigger -{word}: {value}"), ("A rule", "is_active")]


def test_a_rule_without_convertible_parts_is_listed_and_dropped():
    without_tests = rule(trigger("budget_is", "Fun"), title="No tests")
    without_actions = rule(trigger("amount_is", "5"), title="No actions", actions=[{"type": "delete_transaction"}])
    conversion = convert_firefly(answer(without_tests, without_actions), NAMES)
    assert conversion.rules == []
    assert OmittedPart("No tests", "rule", "None of its triggers can be asked here.") in conversion.left_out
    assert OmittedPart("No actions", "rule", "None of its actions can be done here.") in conversion.left_out


def test_the_last_of_conflicting_actions_wins_and_expressions_are_dropped():
    actions = [
        {"type": "add_tag", "value": "a"},
        {"type": "add_tag", "value": "b"},
        {"type": "remove_tag", "value": "A"},
        {"type": "set_category", "value": "One"},
        {"type": "set_category", "value": "Two"},
        {"type": "set_notes", "value": "=description"},
        {"type": "set_description", "value": "Shop", "stop_processing": True},
        {"type": "set_notes", "value": "late"},
        {"type": "append_notes", "value": "off", "active": False},
    ]
    conversion = convert_firefly(answer(rule(trigger("amount_is", "5"), actions=actions)), NAMES)
    assert conversion.rules[0].body["actions"] == [
        {"type": "add_tags", "value": ["b"]},
        {"type": "remove_tags", "value": ["A"]},
        {"type": "set_category", "value": "Two"},
        {"type": "set_description", "value": "Shop"},
    ]
    assert parts_left_out(conversion) == [
        ("A rule", "action set_notes: =description"),
        ("A rule", "action set_notes: late"),
    ]


def test_rule_groups_order_their_rules_and_switch_them_off():
    groups = [
        {"type": "rule_groups", "attributes": {"title": "Late", "order": 2, "active": True}},
        {"type": "rule_groups", "attributes": {"title": "Early", "order": 1, "active": False}},
    ]
    rules = answer(
        rule(trigger("amount_is", "1"), title="E1", rule_group_title="Early", order=1),
        rule(trigger("amount_is", "2"), title="L1", rule_group_title="Late", order=1),
        rule(trigger("amount_is", "3"), title="L2", rule_group_title="Late", order=2),
    )
    conversion = convert_firefly({**rules, "rule_groups": {"data": groups}}, NAMES)
    assert [(c.body["name"], c.body["is_active"]) for c in conversion.rules] == [
        ("L2", True),
        ("L1", True),
        ("E1", False),
    ]


def test_two_rules_of_one_title_get_two_names():
    conversion = convert_firefly(answer(*[rule(trigger("amount_is", "1"), title="T" * 120)] * 2), NAMES)
    names = [candidate.body["name"] for candidate in conversion.rules]
    assert names == ["T" * 99 + "…", "T" * 95 + "… (2)"]
    assert [part.what for part in conversion.left_out] == ["title", "title"]


def test_one_page_of_several_is_noted():
    document = answer(rule(trigger("amount_is", "1"))) | {"meta": {"pagination": {"total_pages": 3}}}
    assert convert_firefly(document, NAMES).left_out == [
        OmittedPart("", "pages", "This is one of 3 pages; import the others, too.")
    ]


@pytest.mark.parametrize(
    ("broken", "place"),
    [
        (None, "rules.1"),
        (7, "rules.1"),
        ({"title": ["x"]}, "rules.1.title"),
        ({"triggers": "x"}, "rules.1.triggers"),
        ({"triggers": [None]}, "rules.1.triggers.0"),
        ({"triggers": [{"type": {}}]}, "rules.1.triggers.0.type"),
        ({"triggers": [{"type": "amount_is", "value": [1]}]}, "rules.1.triggers.0.value"),
        ({"actions": {"a": 1}}, "rules.1.actions"),
        ({"actions": [TAG] * 201}, "rules.1.actions"),
        ({"order": "first"}, "rules.1.order"),
        ({"strict": "perhaps"}, "rules.1.strict"),
    ],
)
def test_an_unreadable_rule_is_refused_with_its_place(broken, place):
    document = answer(rule(trigger("amount_is", "1")), broken)
    conversion = convert_firefly(document, NAMES)
    assert [candidate.body["name"] for candidate in conversion.rules] == ["A rule"]
    [refusal] = conversion.refused
    assert (refusal.index, refusal.errors[0]["attr"]) == (1, place)


def test_too_many_rules_are_refused_at_once():
    with pytest.raises(DocumentError, match="1001 are too many"):
        convert_firefly(answer(*[rule()] * 1001), NAMES)


DAYS = [dt.date(2026, 1, 1) + dt.timedelta(days=n) for n in range(-2, 3)]
TEXTS = st.sampled_from(["", "rewe", "REWE markt", "edeka", "Café 50%"])
SUBJECTS = st.builds(
    Movement,
    description=TEXTS,
    notes=TEXTS,
    amount=st.sampled_from([Decimal(text) for text in ("0.01", "4.99", "5", "5.01", "12.34", "20")]),
    date=st.sampled_from(DAYS),
    direction=st.sampled_from(["in", "out"]),
)
REFERENCE = {
    "description_is": lambda row, value: row.description.casefold() == value.casefold(),
    "description_contains": lambda row, value: value.casefold() in row.description.casefold(),
    "notes_starts": lambda row, value: row.notes.casefold().startswith(value.casefold()),
    "amount_less": lambda row, value: row.amount <= Decimal(value),
    "amount_more": lambda row, value: row.amount >= Decimal(value),
    "date_before": lambda row, value: row.date <= dt.date.fromisoformat(value),
    "date_after": lambda row, value: row.date >= dt.date.fromisoformat(value),
}
#: Firefly III asks the other bound, that one included, where a bound is prohibited.
PROHIBITED = {"amount_less": "amount_more", "date_before": "date_after"}
PROHIBITED |= {right: left for left, right in PROHIBITED.items()}
ASKED = st.one_of(
    st.tuples(
        st.sampled_from(["description_is", "description_contains", "notes_starts"]),
        st.sampled_from(["rewe", "edeka", "m", "%"]),
    ),
    st.tuples(st.sampled_from(["amount_less", "amount_more"]), st.sampled_from(["0.01", "5", "12.34"])),
    st.tuples(
        st.sampled_from(["date_before", "date_after"]),
        st.sampled_from([day.isoformat() for day in DAYS]),
    ),
)


def _holds(row: Movement, word: str, value: str, *, is_prohibited: bool) -> bool:
    if is_prohibited and word in PROHIBITED:
        return bool(REFERENCE[PROHIBITED[word]](row, value))
    return bool(REFERENCE[word](row, value)) != is_prohibited


@given(st.lists(st.tuples(ASKED, st.booleans()), min_size=1, max_size=4), st.booleans(), st.lists(SUBJECTS, min_size=1))
def test_an_active_rule_matches_no_row_that_firefly_does_not(asked, is_strict, rows):
    triggers = [trigger(word, value, prohibited=p) for (word, value), p in asked]
    conversion = convert_firefly(answer(rule(*triggers, strict=is_strict)), NAMES)
    for candidate in conversion.rules:
        compiled = compile_conditions(candidate.body["match"], candidate.body["conditions"])
        for row in rows if candidate.body["is_active"] else []:
            held = [_holds(row, word, value, is_prohibited=p) for (word, value), p in asked]
            there = all(held) if is_strict else any(held)
            here = compiled.matches(row)
            assert there or not here
            assert here == there or conversion.left_out
