"""What each operator asks of a field, and the laws that rules keep whatever they say."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.engine import CompiledRule, Outcome, Subject, apply_rules, compile_conditions
from rules.operators import OPERATORS

CAFE = Subject(
    raw_description="CAFE Luna Straße 5",
    description="Lunch at Luna",
    merchant="Cafe Luna",
    amount=Decimal("12.50"),
    direction="out",
    currency="EUR",
    account=3,
)
BARE = Subject(raw_description="")

TEXT_CASES = [
    # op, value, holds whatever the case, holds to the letter
    ("equals", "CAFE Luna Straße 5", True, True),
    ("equals", "cafe luna STRASSE 5", True, False),
    ("equals", "CAFE Luna", False, False),
    ("contains", "Luna", True, True),
    ("contains", "luna", True, False),
    ("contains", "sol", False, False),
    ("starts_with", "CAFE", True, True),
    ("starts_with", "Cafe", True, False),
    ("starts_with", "Luna", False, False),
    ("ends_with", "aße 5", True, True),
    ("ends_with", "ASSE 5", True, False),
    ("ends_with", "CAFE", False, False),
    ("contains_any", ["sol", "Luna"], True, True),
    ("contains_any", ["sol", "LUNA"], True, False),
    ("contains_any", ["sol", "mar"], False, False),
    ("contains_all", ["CAFE", "Luna"], True, True),
    ("contains_all", ["CAFE", "LUNA"], True, False),
    ("contains_all", ["CAFE", "sol"], False, False),
    ("is_empty", None, False, False),
]
AMOUNT_CASES = [
    ("eq", "12.5", True),
    ("eq", "12.51", False),
    ("lt", "12.51", True),
    ("lt", "12.50", False),
    ("lte", "12.50", True),
    ("lte", "12.49", False),
    ("gt", "12.49", True),
    ("gt", "12.50", False),
    ("gte", "12.50", True),
    ("gte", "12.51", False),
    ("between", ["12.50", "20"], True),
    ("between", ["5", "12.50"], True),
    ("between", ["12.51", "20"], False),
]
ACCOUNT_CASES = [("in", [1, 3], True), ("in", [1, 2], False), ("is_empty", None, False)]


def condition(field: str, op: str, value: Any, **more: Any) -> dict[str, Any]:
    return {"field": field, "op": op, "value": value, "negate": False} | more


def holds(*conditions: dict[str, Any], match: str = "all", subject: Subject = CAFE) -> bool:
    return compile_conditions(match, conditions)[0](subject)


@pytest.mark.parametrize("negate", [False, True])
@pytest.mark.parametrize("case_sensitive", [False, True])
@pytest.mark.parametrize(("op", "value", "folded", "literal"), TEXT_CASES)
def test_a_text_operator_holds(op, value, folded, literal, case_sensitive, negate):
    asked = condition("raw_description", op, value, case_sensitive=case_sensitive, negate=negate)
    assert holds(asked) is ((literal if case_sensitive else folded) is not negate)


@pytest.mark.parametrize("negate", [False, True])
@pytest.mark.parametrize(("op", "value", "expected"), AMOUNT_CASES)
def test_an_amount_operator_holds(op, value, expected, negate):
    assert holds(condition("amount", op, value, negate=negate)) is (expected is not negate)


@pytest.mark.parametrize("negate", [False, True])
@pytest.mark.parametrize(("op", "value", "expected"), ACCOUNT_CASES)
def test_an_account_operator_holds(op, value, expected, negate):
    assert holds(condition("account", op, value, negate=negate)) is (expected is not negate)


def test_every_operator_of_every_field_is_in_the_tables_above():
    told = {"amount": {case[0] for case in AMOUNT_CASES}, "account": {case[0] for case in ACCOUNT_CASES}}
    text = {case[0] for case in TEXT_CASES}
    assert {field: set(operators) for field, operators in OPERATORS.items()} == {
        **dict.fromkeys(["raw_description", "description", "merchant", "direction", "currency"], text),
        **told,
    }


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("raw_description", "cafe luna straße 5"),
        ("description", "lunch at luna"),
        ("merchant", "cafe luna"),
        ("direction", "OUT"),
        ("currency", "eur"),
    ],
)
def test_every_text_field_is_read_from_its_own_place(field, value):
    assert holds(condition(field, "equals", value))
    others = [name for name in ("raw_description", "description", "merchant", "direction", "currency") if name != field]
    assert not any(holds(condition(name, "equals", value)) for name in others)


@pytest.mark.parametrize("field", ["raw_description", "description", "merchant", "currency"])
def test_an_empty_text_is_empty(field):
    assert holds(condition(field, "is_empty", None), subject=BARE)


def test_a_missing_amount_fits_no_number_and_a_missing_account_is_empty():
    for op, value, _ in AMOUNT_CASES:
        assert not holds(condition("amount", op, value), subject=BARE)
        assert holds(condition("amount", op, value, negate=True), subject=BARE)
    assert holds(condition("account", "is_empty", None), subject=BARE)
    assert not holds(condition("account", "in", [1]), subject=BARE)


YES, NO = condition("merchant", "contains", "luna"), condition("merchant", "contains", "sol")


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
    ],
)
def test_all_any_and_groups_combine(match, conditions, expected):
    assert holds(*conditions, match=match) is expected


def test_the_fields_that_conditions_look_at_are_known():
    group = {"match": "any", "conditions": [condition("amount", "lt", "5"), condition("account", "in", [1])]}
    assert compile_conditions("all", [YES, group])[1] == {"merchant", "amount", "account"}


def rule(number: int, *conditions: dict[str, Any], match: str = "all", **fields: Any) -> CompiledRule:
    matches, looked_at = compile_conditions(match, conditions or (YES,))
    return CompiledRule(
        id=number,
        name=f"rule {number}",
        matches=matches,
        fields=looked_at,
        **{"triggers": frozenset({"create"})} | fields,
    )


def applied(
    *rules: CompiledRule, subject: Subject = CAFE, trigger: str = "create", offered=frozenset({1, 2})
) -> Outcome:
    return apply_rules(rules, subject, trigger=trigger, offered=frozenset(offered))


def test_the_first_rule_that_writes_the_category_wins_it_and_tags_add_up():
    first = rule(1, category=None, tags=("a",), stops=False)
    second, third = rule(2, category=1, tags=("b",), stops=False), rule(3, category=2, tags=("c",), stops=False)
    expected = Outcome(category=1, category_rule=second, tags=["a", "b", "c"], matched=[first, second, third])
    assert applied(first, second, third) == expected


def test_a_rule_that_stops_ends_the_list_once_it_matches():
    stops_not_reached, stops, later = rule(1, NO, category=2), rule(2, category=1), rule(3, tags=("late",))
    assert applied(stops_not_reached, stops, later) == Outcome(category=1, category_rule=stops, matched=[stops])


def test_a_category_that_is_not_offered_is_passed_over():
    gone, there = rule(1, category=9, stops=False), rule(2, category=1)
    assert applied(gone, there) == Outcome(category=1, category_rule=there, matched=[gone, there])


def test_a_rule_without_the_trigger_is_not_asked():
    importing = rule(1, category=1, triggers=frozenset({"import"}))
    assert applied(importing) == Outcome()
    assert applied(importing, trigger="import").category == 1


WORDS = st.sampled_from(["", "cafe", "CAFE Luna", "straße", "STRASSE", "İstanbul", "x"])
TEXT_CONDITIONS = st.one_of(
    st.builds(
        condition,
        st.sampled_from(["raw_description", "merchant"]),
        st.sampled_from(["equals", "contains", "starts_with", "ends_with"]),
        WORDS.filter(bool),
        case_sensitive=st.booleans(),
    ),
    st.builds(
        condition,
        st.just("description"),
        st.sampled_from(["contains_any", "contains_all"]),
        st.lists(WORDS.filter(bool), min_size=1),
        case_sensitive=st.booleans(),
    ),
    st.builds(condition, st.just("merchant"), st.just("is_empty"), st.none()),
)
CENTS = st.integers(0, 2000).map(lambda cents: str(Decimal(cents) / 100))
NUMBER_CONDITIONS = st.one_of(
    st.builds(condition, st.just("amount"), st.sampled_from(["eq", "lt", "lte", "gt", "gte"]), CENTS),
    st.builds(condition, st.just("amount"), st.just("between"), st.tuples(CENTS, CENTS).map(sorted)),
    st.builds(condition, st.just("account"), st.just("in"), st.lists(st.integers(1, 4), min_size=1)),
)
SINGLES = st.one_of(TEXT_CONDITIONS, NUMBER_CONDITIONS)
MATCHES = st.sampled_from(["all", "any"])
GROUPS = st.builds(
    lambda match, conditions: {"match": match, "negate": False, "conditions": conditions},
    MATCHES,
    st.lists(SINGLES, min_size=1, max_size=3),
)
CONDITIONS = st.one_of(SINGLES, GROUPS)
SUBJECTS = st.builds(
    Subject,
    raw_description=WORDS,
    description=WORDS,
    merchant=WORDS,
    amount=st.none() | CENTS.map(Decimal),
    account=st.none() | st.integers(1, 4),
)
RULES = st.lists(
    st.builds(
        lambda conditions, match, **fields: rule(0, *conditions, match=match, **fields),
        st.lists(CONDITIONS, min_size=1, max_size=3),
        MATCHES,
        category=st.none() | st.integers(1, 3),
        tags=st.lists(st.sampled_from(["a", "b"]), max_size=1).map(tuple),
        stops=st.booleans(),
    ),
    max_size=5,
)


@given(CONDITIONS, SUBJECTS)
def test_negation_is_the_complement(asked, subject):
    assert holds(asked | {"negate": True}, subject=subject) is not holds(asked, subject=subject)


@given(st.lists(CONDITIONS, min_size=1, max_size=4), SUBJECTS)
def test_all_is_none_of_the_negated_ones_and_any_is_not_all_of_them(conditions, subject):
    negated = [one | {"negate": True} for one in conditions]
    assert holds(*conditions, subject=subject) is not holds(*negated, match="any", subject=subject)
    assert holds(*conditions, match="any", subject=subject) is not holds(*negated, subject=subject)


@given(st.lists(CONDITIONS, min_size=1, max_size=4).flatmap(st.permutations), MATCHES, SUBJECTS)
def test_the_order_of_conditions_does_not_matter(conditions, match, subject):
    assert holds(*conditions, match=match, subject=subject) is holds(
        *sorted(conditions, key=repr), match=match, subject=subject
    )


@given(st.lists(CONDITIONS, min_size=1, max_size=3), MATCHES, SUBJECTS)
def test_a_group_says_what_its_conditions_say(conditions, match, subject):
    group = {"match": match, "negate": False, "conditions": conditions}
    assert holds(group, subject=subject) is holds(*conditions, match=match, subject=subject)


@given(RULES, st.integers(0, 5), SUBJECTS)
def test_adding_a_rule_that_matches_nothing_changes_nothing(rules, place, subject):
    never = replace(rule(99, category=1, tags=("never",)), matches=lambda subject: False)
    assert applied(*rules[:place], never, *rules[place:], subject=subject) == applied(*rules, subject=subject)


@given(RULES, RULES, SUBJECTS)
def test_later_rules_never_change_what_earlier_ones_wished_for(rules, more, subject):
    before, after = applied(*rules, subject=subject), applied(*rules, *more, subject=subject)
    assert after.matched[: len(before.matched)] == before.matched
    assert after.tags[: len(before.tags)] == before.tags
    assert before.category in {None, after.category}
