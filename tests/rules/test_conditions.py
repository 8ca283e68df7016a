"""How tests of fields combine, and the laws that this keeps whatever they say."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.engine.conditions import compile_conditions
from rules.engine.movements import Movement
from tests.rules.generated import CAFE, CONDITIONS, MATCHES, NO, OF_TEXT, SINGLES, SUBJECTS, YES, condition, holds

LISTS = st.lists(CONDITIONS, min_size=1, max_size=4)
BIG = condition("amount", "gt", "1000")


@pytest.mark.parametrize(
    ("match", "conditions", "expected"),
    [
        ("all", [YES], True),
        ("all", [NO], False),
        ("all", [YES, YES], True),
        ("all", [YES, NO], False),
        ("any", [YES, NO], True),
        ("any", [NO, NO], False),
        ("all", [YES, {"match": "any", "conditions": [NO, YES]}], True),
        ("all", [YES, {"match": "all", "conditions": [NO, YES]}], False),
        ("any", [NO, {"match": "all", "conditions": [YES, YES]}], True),
        ("any", [NO, {"match": "any", "conditions": [NO, NO]}], False),
        ("all", [{"match": "any", "negate": True, "conditions": [NO, NO]}], True),
        ("all", [{"match": "all", "negate": True, "conditions": [YES, YES]}], False),
        ("any", [YES, BIG], True),
        ("all", [YES, BIG], False),
        ("any", [NO, {"match": "any", "conditions": [BIG, YES]}], True),
        ("all", [{"match": "any", "negate": True, "conditions": [BIG, NO]}], True),
    ],
)
def test_all_any_and_groups_combine(match, conditions, expected):
    assert holds(*conditions, match=match) is expected


def test_the_fields_and_patterns_that_conditions_look_at_are_known():
    pattern = condition("notes", "regex", "^a+$")
    group = {"match": "any", "conditions": [condition("amount", "lt", "5"), condition("account", "in", [1]), pattern]}
    compiled = compile_conditions("all", [YES, group])
    assert compiled.fields == {"merchant", "amount", "account", "notes"}
    assert compiled.patterns == {"^a+$"}


@pytest.mark.parametrize(
    ("match", "conditions", "asks_text", "asks_rest"),
    [
        ("all", [YES], True, False),
        ("all", [BIG], False, True),
        ("all", [YES, BIG], True, True),
        ("any", [YES, NO], True, False),
        ("any", [YES, BIG], False, True),
        ("all", [{"match": "any", "conditions": [YES, BIG]}], False, True),
        ("all", [{"match": "any", "conditions": [YES, NO]}, BIG], True, True),
        ("all", [condition("text", "contains", "luna")], True, False),
        ("all", [{"match": "all", "conditions": [condition("text", "contains", "luna"), BIG]}], False, True),
    ],
)
def test_tests_of_texts_are_split_from_the_rest(match, conditions, asks_text, asks_rest):
    compiled = compile_conditions(match, conditions)
    assert (compiled.on_text is not None, compiled.on_rest is not None) == (asks_text, asks_rest)


@given(CONDITIONS, SUBJECTS)
def test_negation_is_the_complement(asked, movement):
    turned = asked | {"negate": not asked.get("negate")}
    assert holds(turned, movement=movement) is not holds(asked, movement=movement)


@given(LISTS, SUBJECTS)
def test_all_and_any_are_duals_under_negation(conditions, movement):
    negated = [one | {"negate": not one["negate"]} for one in conditions]
    assert holds(*conditions, movement=movement) is not holds(*negated, match="any", movement=movement)
    assert holds(*conditions, match="any", movement=movement) is not holds(*negated, movement=movement)


@given(LISTS.flatmap(st.permutations), MATCHES, SUBJECTS)
def test_the_order_of_conditions_does_not_matter(conditions, match, movement):
    in_order = sorted(conditions, key=repr)
    assert holds(*conditions, match=match, movement=movement) is holds(*in_order, match=match, movement=movement)


@given(st.lists(SINGLES, min_size=1, max_size=4), MATCHES, SUBJECTS)
def test_a_group_says_what_its_conditions_say(conditions, match, movement):
    group = {"match": match, "negate": False, "conditions": conditions}
    assert holds(group, movement=movement) is holds(*conditions, match=match, movement=movement)


@given(LISTS, MATCHES, SUBJECTS)
def test_asking_texts_and_the_rest_apart_says_the_same(conditions, match, movement):
    combine = all if match == "all" else any
    assert holds(*conditions, match=match, movement=movement) is combine(
        holds(c, movement=movement) for c in conditions
    )


@given(OF_TEXT, SUBJECTS)
def test_what_holds_to_the_letter_holds_whatever_the_case(asked, movement):
    if asked["op"] == "fuzzy" or asked["negate"]:
        return
    if holds(asked | {"case_sensitive": True}, movement=movement):
        assert holds(asked | {"case_sensitive": False}, movement=movement)


def test_many_conditions_casefold_a_text_once():
    movement = Movement(merchant=CAFE.merchant)
    assert holds(YES, NO | {"negate": True}, condition("merchant", "starts_with", "CAFE"), movement=movement)
    assert movement.folds == {"merchant": "cafe luna"}
