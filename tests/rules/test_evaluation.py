"""Evaluation of rules: the winner of each field, and fields that stay."""

from dataclasses import replace
from typing import Any

import pytest

from rules.engine.evaluation import CLOSED, FILLED, HELD, SPLIT, TRANSFER, UNFIT, Evaluation
from rules.engine.rule_sets import CompiledRule
from tests.rules.evaluated_rows import BLANK, evaluated
from tests.rules.generated import NO, condition, rule


def always(name: str = "always", **fields: Any) -> CompiledRule:
    """A rule that matches every row here."""
    return rule(name, condition("currency", "equals", "EUR"), **fields)


def merchant(value: str) -> dict[str, Any]:
    return condition("merchant", "equals", value)


def names(evaluation: Evaluation) -> dict[str, tuple[str, Any]]:
    """Return the rule and value of each written field."""
    return {field: (claim.rule.name, claim.value) for field, claim in evaluation.written.items()}


def test_a_rule_writes_all_that_it_says():
    every = always(
        writes={
            "category": 1, "merchant": "Luna", "description": "Lunch", "notes": "Good", "review": "needed",
            "is_excluded_from_budget": True,
        },
        add_tags=("Food",),
        remove_tags=("old",),
    )  # fmt: skip
    before = replace(BLANK, tags=frozenset({"old", "own"}))
    result = evaluated([every], before)
    assert result.after == replace(
        BLANK,
        category=1,
        source="rule",
        status="automatic",
        confidence=1.0,
        merchant="Luna",
        description="Lunch",
        notes="Good",
        review="needed",
        is_excluded_from_budget=True,
        tags=frozenset({"own", "food"}),
    )
    assert (result.before, result.matched, result.left, result.is_circle) == (before, [every], {}, False)
    assert {claim.rule for claim in result.written.values()} == {every}


def test_the_first_rule_wins_each_field_and_tags_add_up():
    first = always("first", add_tags=("a",))
    second, third = always("second", writes={"category": 1}, add_tags=("b",)), always("third", writes={"category": 2})
    result = evaluated([first, second, third])
    assert names(result) == {"tag:a": ("first", "a"), "category": ("second", 1), "tag:b": ("second", "b")}
    assert (result.after.category, result.after.tags) == (1, frozenset({"a", "b"}))
    assert result.matched == [first, second, third]


def test_the_first_rule_decides_about_a_tag():
    adds, takes = always("adds", add_tags=("Food",)), always("takes", remove_tags=("FOOD",))
    assert evaluated([adds, takes]).after.tags == {"food"}
    assert evaluated([takes, adds]).after.tags == frozenset()


def test_a_category_that_is_not_offered_is_passed_over():
    gone, there = always("gone", writes={"category": 9}), always("there", writes={"category": 1})
    assert names(evaluated([gone, there])) == {"category": ("there", 1)}


def test_an_unfit_category_is_locked_and_the_rest_written():
    result = evaluated(
        [always("gone", writes={"category": 9, "merchant": "Luna"}), always("too", writes={"category": 8})]
    )
    assert result.after == replace(BLANK, merchant="Luna")
    assert (result.left, result.locked) == ({"category": UNFIT}, {"category": UNFIT})
    assert names(result) == {"merchant": ("gone", "Luna")}


def test_an_unfit_category_is_not_reported_beside_a_fit_one():
    gone, there = always("gone", writes={"category": 9}), always("there", writes={"category": 1})
    for rules in ([gone, there], [there, gone]):
        assert evaluated(rules).left == {}


def test_a_rule_that_matches_nothing_writes_nothing():
    result = evaluated([rule("no", NO, writes={"category": 1, "merchant": "x"}, add_tags=("x",))])
    assert (result.after, result.matched, result.is_change) == (BLANK, [], False)


def test_a_suggestion_is_made_only_without_a_category():
    suggests = always(writes={"category": 1}, suggests_only=True)
    after = evaluated([suggests]).after
    assert after == replace(BLANK, suggested=1, source="rule", status="suggested", confidence=1.0)
    known = replace(BLANK, category=2, source="model", status="automatic", confidence=0.9)
    assert evaluated([suggests], known).after == known


AUTOMATIC = replace(BLANK, category=2, source="model", status="automatic", confidence=0.9, merchant="Old")
WRITES: dict[str, Any] = {"category": 1, "merchant": "New"}
BY_RULE: dict[str, Any] = {"category": 1, "source": "rule", "confidence": 1.0}


@pytest.mark.parametrize("force", [False, True])
@pytest.mark.parametrize(
    ("overwrite", "after", "left"),
    [
        ("empty", AUTOMATIC, {"category": FILLED, "merchant": FILLED}),
        ("machine", replace(AUTOMATIC, merchant="New", **BY_RULE), {}),
        ("always", replace(AUTOMATIC, merchant="New", **BY_RULE), {}),
    ],
)
def test_overwrite_empty_keeps_values_of_machines(overwrite, after, left, force):
    result = evaluated([always(writes=WRITES, overwrite=overwrite)], AUTOMATIC, force=force)
    assert (result.after, result.left, result.locked) == (after, left, {})


CONFIRMED = replace(AUTOMATIC, status="confirmed")
CHOSEN = replace(AUTOMATIC, status="confirmed", source="user", confidence=None)
CLEARED = replace(BLANK, source="user", merchant="Old")
HOLDS = frozenset({"merchant", "tag:food"})
LOCKED = {"category": HELD, "merchant": HELD, "tag:food": HELD}


@pytest.mark.parametrize("state", [CONFIRMED, CHOSEN, CLEARED], ids=["confirmed", "chosen", "cleared"])
@pytest.mark.parametrize("overwrite", ["empty", "machine", "always"])
@pytest.mark.parametrize("force", [False, True])
def test_only_overwrite_always_with_force_replaces_user_values(state, overwrite, force):
    replaces = always(writes=WRITES, add_tags=("Food",), overwrite=overwrite)
    state = replace(state, held=HOLDS)
    result = evaluated([replaces], state, force=force)
    if force and overwrite == "always":
        written = replace(state, merchant="New", status="automatic", tags=frozenset({"food"}), **BY_RULE)
        assert (result.after, result.left) == (written, {})
    else:
        assert (result.after, result.left, result.locked) == (state, LOCKED, LOCKED)


def test_a_claimed_field_stays_closed_to_later_rules():
    keeps, writes = always("keeps", writes={"merchant": "A"}, overwrite="empty"), always(writes={"merchant": "B"})
    state = replace(BLANK, merchant="Old")
    assert evaluated([keeps, writes], state).after == state


@pytest.mark.parametrize("overwrite", ["empty", "machine", "always"])
def test_an_equal_value_is_neither_written_nor_left(overwrite):
    state = replace(BLANK, merchant="New", tags=frozenset({"food"}), held=HOLDS)
    result = evaluated([always(writes={"merchant": "New"}, add_tags=("food",), overwrite=overwrite)], state)
    assert (result.after, result.written, result.left) == (state, {}, {})


def test_a_description_is_empty_while_it_is_the_banks_own():
    fills = always(writes={"description": "Lunch"}, overwrite="empty")
    assert evaluated([fills]).after.description == "Lunch"
    edited = replace(BLANK, description="Dinner")
    assert (evaluated([fills], edited).after, evaluated([fills], edited).left) == (edited, {"description": FILLED})


@pytest.mark.parametrize("obstacle", [SPLIT, TRANSFER])
def test_a_split_or_transfer_keeps_its_category_only(obstacle):
    half = replace(BLANK, category_obstacle=obstacle)
    result = evaluated([always(writes=WRITES, overwrite="always")], half, force=True)
    assert (result.after, result.locked) == (replace(half, merchant="New"), {"category": obstacle})


def test_nothing_is_written_where_the_edit_window_is_closed():
    closed = replace(BLANK, obstacle=CLOSED)
    result = evaluated([always(writes=WRITES, add_tags=("food",), overwrite="always")], closed, force=True)
    assert (result.after, result.left) == (closed, dict.fromkeys(["category", "merchant", "tag:food"], CLOSED))


def test_a_rule_sees_what_another_one_wrote_whatever_their_order():
    second = rule("second", merchant("Luna"), writes={"category": 1})
    third = rule("third", condition("category", "in", [1]), add_tags=("food",))
    fourth = rule(
        "fourth", condition("source", "equals", "rule"), condition("tags", "has_any", ["food"]), writes={"notes": "n"}
    )
    first = always("first", writes={"merchant": "Luna"})
    result = evaluated([fourth, third, second, first])
    assert names(result) == {
        "merchant": ("first", "Luna"),
        "category": ("second", 1),
        "tag:food": ("third", "food"),
        "notes": ("fourth", "n"),
    }
    assert result.matched == [first, second, third, fourth]


def test_a_rule_that_matches_later_has_the_last_word():
    renames, normalizes = (
        rule("renames", merchant("Luna"), writes={"merchant": "Cafe Luna"}),
        always(writes={"merchant": "Luna"}),
    )
    narrow = rule("keeps", merchant("Cafe Luna"), writes={"merchant": "Cafe Luna"})
    result = evaluated([narrow, renames, normalizes])
    assert (result.after.merchant, result.left, result.is_circle) == ("Cafe Luna", {}, False)
    assert names(result) == {"merchant": ("renames", "Cafe Luna")}


def test_rules_that_undo_each_other_leave_the_row_alone():
    there = rule("there", merchant("a"), writes={"merchant": "b"}, add_tags=("seen",))
    back = rule("back", merchant("b"), writes={"merchant": "a"})
    state = replace(BLANK, merchant="a")
    result = evaluated([there, back], state)
    assert (result.before, result.after, result.written, result.left) == (state, state, {}, {})
    assert (result.matched, result.is_circle, result.is_change) == ([there, back], True, False)


def test_a_circle_names_only_the_rules_that_undo_each_other():
    """Not one that only matched, nor one that wrote before they began."""
    innocent, first = always("innocent", add_tags=("own",)), always("first", writes={"notes": "n"})
    idle = always("idle", writes={"merchant": "c"})
    there = rule("there", merchant("a"), writes={"merchant": "b"})
    back = rule("back", merchant("b"), writes={"merchant": "a"})
    state = replace(BLANK, merchant="a")
    result = evaluated([innocent, there, first, back, idle], state)
    assert (result.matched, result.is_circle, result.after) == ([there, back], True, state)


def test_a_rule_that_ends_its_own_match_is_no_circle():
    once = rule("once", merchant("a"), writes={"merchant": "b"})
    assert evaluated([once], replace(BLANK, merchant="a")).after.merchant == "b"


def test_a_long_chain_of_rules_ends():
    steps = [rule(f"step {i}", merchant(f"m{i}"), writes={"merchant": f"m{i + 1}"}) for i in range(40)]
    result = evaluated(steps[::-1], replace(BLANK, merchant="m0"))
    assert (result.after.merchant, result.matched, result.is_circle) == ("m40", steps, False)


def test_a_field_written_in_a_later_round_is_not_left():
    keeps = rule("keeps", condition("tags", "is_empty"), writes={"merchant": "x"}, overwrite="empty")
    replaces = rule("replaces", condition("tags", "has_any", ["go"]), writes={"merchant": "New"})
    result = evaluated([keeps, always(add_tags=("go",)), replaces], replace(BLANK, merchant="Old"))
    assert (result.after.merchant, result.left) == ("New", {})
