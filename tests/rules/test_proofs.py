"""Proofs from conditions alone: what must be proved, what must not, and that no row refutes a proof."""

import datetime as dt
from decimal import Decimal
from itertools import combinations, product
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from rules.engine.conditions import compile_conditions
from rules.engine.movements import Movement
from rules.linting import proofs
from rules.linting.formulas import formula_of
from tests.laws import law

Conditions = dict[str, Any]


def implies(narrow: Conditions, *broad: Conditions) -> bool:
    return proofs.implies(formula_of(narrow), *map(formula_of, broad))


def is_impossible(conditions: Conditions) -> bool:
    return proofs.is_refuted([formula_of(conditions)])


def asks(op: str, value: Any = None, *, on: str = "raw_description", **more: Any) -> Conditions:
    return {"field": on, "op": op, "value": value} | more


def every(*conditions: Conditions, negate: bool = False) -> Conditions:
    return {"match": "all", "conditions": list(conditions), "negate": negate}


def some(*conditions: Conditions, negate: bool = False) -> Conditions:
    return {"match": "any", "conditions": list(conditions), "negate": negate}


def text(op: str, value: Any = None, **more: Any) -> Conditions:
    return every(asks(op, value, **more))


def amount(op: str, value: Any, **more: Any) -> Conditions:
    return every(asks(op, value, on="amount", **more))


def day(op: str, value: Any, **more: Any) -> Conditions:
    return every(asks(op, value, on="date", **more))


def tags(op: str, value: Any = None, **more: Any) -> Conditions:
    return every(asks(op, value, on="tags", **more))


CASED: dict[str, Any] = {"case_sensitive": True}
NOT: dict[str, Any] = {"negate": True}
FOLLOWS = [
    # narrow, broad
    (text("equals", "REWE"), text("contains", "rew")),
    (text("contains", "rewe city"), text("contains", "REWE")),
    (text("starts_with", "rewe"), text("contains", "rewe")),
    (text("starts_with", "rewe city"), text("starts_with", "rewe")),
    (text("ends_with", "gmbh berlin"), text("ends_with", "berlin")),
    (text("contains", "Straße"), text("contains", "STRASSE")),
    (text("contains", "REWE", **CASED), text("contains", "rewe")),
    (text("contains", "24/7"), text("contains", "24/7", **CASED)),
    (text("contains_any", ["rewe city", "edeka"]), text("contains_any", ["edeka", "rewe", "lidl"])),
    (text("contains_any", ["rewe", "edeka"]), some(asks("contains", "rewe"), asks("contains", "edeka"))),
    (text("contains_all", ["rewe", "city"]), text("contains", "city")),
    (text("contains_all", ["rewe", "city"]), every(asks("contains", "city"), asks("contains", "rewe"))),
    (text("contains", "rewe"), text("is_empty", **NOT)),
    (text("is_empty"), text("contains", "rewe", **NOT)),
    (text("contains", "rewe", **NOT), text("contains", "rewe city", **NOT)),
    (text("contains", "rewe", **NOT), text("contains", "REWE", **CASED, **NOT)),
    (text("equals", "rewe"), text("equals", "edeka", **NOT)),
    (text("starts_with", "rewe"), text("starts_with", "edeka", **NOT)),
    (text("regex", r"re\w+"), text("regex", r"re\w+")),
    (text("equals", "REWE Markt"), text("regex", "rewe|edeka")),
    (text("equals", "REWE", **CASED), text("regex", "(?-i:R)ewe")),
    (text("equals", "12.50"), text("regex", r"^\d+[.]\d\d$", **CASED)),
    (text("fuzzy", "rewe", threshold=90), text("fuzzy", "REWE", threshold=80)),
    (text("equals", "rewe markt"), text("fuzzy", "rewe", threshold=85)),
    (amount("eq", "5.00"), amount("lte", "5")),
    (amount("between", ["5", "10"]), amount("lt", "10.01")),
    (amount("gt", "5"), amount("gte", "5")),
    (amount("approx", "100", tolerance="5"), amount("between", ["95", "105"])),
    (amount("between", ["95", "105"]), amount("approx", "100", tolerance="5")),
    (every(*amount("gte", "5")["conditions"], *amount("lte", "10")["conditions"]), amount("between", ["5", "10"])),
    (amount("lt", "5"), amount("gt", "7", **NOT)),
    (day("on", "2026-11-20"), day("weekday", [5])),
    (day("between", ["2026-11-01", "2026-11-30"]), day("after", "2026-10-31")),
    (day("between", ["2026-02-01", "2026-02-28"]), day("day_of_month", [29, 30, 31], **NOT)),
    (day("between", ["2026-02-28", "2026-02-28"]), day("day_of_month", [-1])),
    (day("day_of_month", [31]), day("day_of_month", [-1])),
    (day("weekday", [6, 7]), day("weekday", [1, 2, 3, 4, 5], **NOT)),
    (day("weekday", [6]), day("weekday", [6, 7])),
    (every(asks("in", [1], on="account")), every(asks("in", [1, 2], on="account"))),
    (every(asks("in", [1], on="category")), every(asks("is_empty", on="category", **NOT))),
    (every(asks("is_empty", on="account")), every(asks("in", [1], on="account", **NOT))),
    (tags("has_all", ["food", "trip"]), tags("has_any", ["Trip", "work"])),
    (tags("is_empty"), tags("has_none", ["food"])),
    (tags("has_any", ["food"]), tags("is_empty", **NOT)),
    (tags("has_none", ["food", "trip"]), tags("has_none", ["food"])),
    (every(asks("equals", "in", on="direction", **NOT)), every(asks("equals", "out", on="direction"))),
    (every(asks("contains", "rewe"), asks("lt", "5", on="amount")), text("contains", "rewe")),
    (text("contains", "rewe"), some(asks("contains", "rewe"), asks("lt", "5", on="amount"))),
    (every(asks("contains", "rewe", on="merchant")), every(asks("contains", "rew", on="text"))),
    (every(asks("contains", "rewe", on="text", **NOT)), every(asks("contains", "rewe city", on="description", **NOT))),
    (every(asks("is_empty", on="text")), every(asks("is_empty", on="merchant"))),
    (every(asks("contains_any", ["rewe", "lidl"], on="text")), every(asks("is_empty", on="text", **NOT))),
    # De Morgan, and a group against the same tests outside of one
    (some(asks("contains", "a"), asks("contains", "b"), negate=True),
     every(asks("contains", "a", **NOT), asks("contains", "b", **NOT))),
    (every(asks("lt", "5", on="amount"), some(asks("contains", "rewe"), asks("contains", "lidl"))),
     some(every(asks("lt", "6", on="amount"), asks("contains", "rewe")), asks("contains", "lidl"))),
]  # fmt: skip
DOES_NOT_FOLLOW = [
    (text("contains", "rewe"), text("contains", "rewe city")),
    (text("contains", "rewe"), text("starts_with", "rewe")),
    (text("contains", "rewe"), text("contains", "REWE", **CASED)),
    (text("contains", "ss"), text("regex", "ss")),
    (text("equals", "gross"), text("regex", "^.{5}$")),
    (text("equals", "rewe"), text("regex", "(?-i:REWE)")),
    (text("equals", "rewe"), text("regex", r"\p{Lu}")),
    (text("regex", "rewe city"), text("regex", "rewe")),
    (text("fuzzy", "rewe", threshold=80), text("fuzzy", "rewe", threshold=90)),
    (text("contains_any", ["rewe", "edeka"]), text("contains", "rewe")),
    (text("starts_with", "rewe"), text("ends_with", "rewe")),
    (amount("lte", "5"), amount("lt", "5")),
    (amount("lt", "5", **NOT), amount("gte", "5")),  # a missing amount is not less than 5 either
    (amount("approx", "100", tolerance="5"), amount("between", ["95.01", "105"])),
    (day("weekday", [5]), day("on", "2026-11-20")),
    (day("day_of_month", [-1]), day("day_of_month", [30, 31])),
    (day("between", ["2026-01-01", "2030-01-01"]), day("day_of_month", [29], **NOT)),
    (every(asks("in", [1, 2], on="account")), every(asks("in", [1], on="account"))),
    (tags("has_any", ["food", "trip"]), tags("has_all", ["food", "trip"])),
    (some(asks("contains", "rewe"), asks("lt", "5", on="amount")), text("contains", "rewe")),
    (text("contains", "rewe"), every(asks("contains", "rewe", on="merchant"))),
    (every(asks("contains", "rewe", on="text")), text("contains", "rewe")),
    (every(asks("contains", "rewe", on="text")), every(asks("contains", "rewe city", on="text"))),
    (every(asks("contains", "rewe", on="notes")), every(asks("contains", "rewe", on="text"))),
]
IMPOSSIBLE = [
    every(asks("equals", "rewe"), asks("equals", "edeka")),
    every(asks("contains", "rewe city"), asks("contains", "rewe", **NOT)),
    every(asks("starts_with", "rewe"), asks("starts_with", "edeka")),
    every(asks("ends_with", "rewe"), asks("ends_with", "edeka")),
    every(asks("is_empty"), asks("contains", "rewe")),
    every(asks("contains_any", ["rewe", "edeka"]), asks("contains_any", ["rew", "ede"], **NOT)),
    every(asks("regex", "rewe"), asks("regex", "rewe", **NOT)),
    every(asks("contains", "rewe", on="text", **NOT), asks("equals", "Rewe", on="merchant")),
    every(asks("is_empty", on="text"), asks("contains", "rewe", on="text")),
    every(asks("contains", "Rewe", **CASED), asks("contains", "rewe", **NOT)),
    every(asks("between", ["5", "10"], on="amount"), asks("gt", "10", on="amount")),
    every(asks("lt", "0.00", on="amount")),
    every(asks("weekday", [6], on="date"), asks("between", ["2026-11-16", "2026-11-20"], on="date")),
    every(asks("day_of_month", [30], on="date"), asks("between", ["2027-02-01", "2027-03-01"], on="date")),
    every(asks("before", "2026-01-01", on="date"), asks("after", "2026-01-01", on="date")),
    every(asks("in", [1], on="account"), asks("in", [2], on="account")),
    every(asks("has_any", ["food"], on="tags"), asks("has_none", ["FOOD"], on="tags")),
    every(asks("equals", "in", on="direction"), asks("equals", "out", on="direction")),
    every(asks("equals", "sideways", on="direction")),
]
POSSIBLE = [
    every(asks("contains", "rewe"), asks("contains", "edeka")),
    every(asks("starts_with", "rewe"), asks("ends_with", "edeka")),
    every(asks("contains", "rewe"), asks("contains", "REWE", **CASED, **NOT)),
    every(asks("gte", "5", on="amount"), asks("lte", "5", on="amount")),
    every(asks("lt", "5", on="amount", **NOT), asks("gte", "5", on="amount", **NOT)),
    every(asks("day_of_month", [29], on="date"), asks("between", ["2028-02-01", "2028-02-29"], on="date")),
    every(asks("regex", "a"), asks("regex", "b", **NOT)),
    every(asks("equals", "rewe", on="text"), asks("equals", "edeka", on="text")),
    every(asks("contains", "rewe", on="text"), asks("contains", "rewe", **NOT)),
]


@pytest.mark.parametrize(("narrow", "broad"), FOLLOWS)
def test_implications_are_proved(narrow, broad):
    assert implies(narrow, broad)


@pytest.mark.parametrize(("narrow", "broad"), DOES_NOT_FOLLOW)
def test_false_implications_are_not_proved(narrow, broad):
    assert not implies(narrow, broad)


@pytest.mark.parametrize("conditions", IMPOSSIBLE)
def test_impossible_conditions_are_proved(conditions):
    assert is_impossible(conditions)


@pytest.mark.parametrize("conditions", POSSIBLE)
def test_possible_conditions_are_not_called_impossible(conditions):
    assert not is_impossible(conditions)


def test_several_broad_conditions_share_the_rows_of_a_narrow_one():
    assert implies(text("contains_any", ["rewe", "lidl"]), text("contains", "rewe"), text("contains", "lidl"))
    assert not implies(text("contains_any", ["rewe", "lidl"]), text("contains", "rewe"), text("contains", "edeka"))


def test_a_hundred_tests_in_any_order_are_equivalent():
    groups = [every(asks("contains", f"word {n}"), asks("gt", str(n), on="amount")) for n in range(50)]
    one, other = some(*groups), some(*reversed(groups))
    assert implies(one, other)
    assert implies(other, one)


def test_a_long_proof_is_given_up():
    """Fit nine pigeons into eight holes, which a search refutes only after 8! cases."""

    def sits(pigeon: int, hole: int, **more: Any) -> Conditions:
        return asks("regex", f"{pigeon} in {hole}", **more)

    homes = [some(*(sits(pigeon, hole) for hole in range(8))) for pigeon in range(9)]
    alone = [
        some(sits(one, hole, **NOT), sits(other, hole, **NOT))
        for hole in range(8)
        for one, other in combinations(range(9), 2)
    ]
    assert not is_impossible(every(*homes, *alone))


# Generated conditions and rows: few letters, so that they meet; among them some that fold to two or from several.
LETTERS = "aAsSß\u017fkK1 "
TEXTS = st.text(LETTERS, max_size=3)
PATTERNS = st.sampled_from(["a", "^s", "s.$", "[ak]s?", "s{2}", "(a|k)1", r"\w\d", "[^s]", "(?-i:S)", r"\p{Lu}"])
AMOUNTS = st.sampled_from(["0.5", "1", "1.05", "2", "3.00"])
DAYS = st.dates(dt.date(2026, 1, 25), dt.date(2026, 3, 5))


Leaves = st.SearchStrategy[Conditions]


def leaf(on: str, ops: str, value: Any, **more: Any) -> Leaves:
    fixed = {"field": st.just(on), "op": st.sampled_from(ops.split()), "value": value}
    return st.fixed_dictionaries(fixed | {"negate": st.booleans()} | more)


CASE = {"case_sensitive": st.booleans()}
NAMES = st.lists(st.sampled_from(["a", "B", "c"]), min_size=1, max_size=2, unique=True)
IDS = st.lists(st.integers(1, 3), min_size=1, max_size=2, unique=True)
WRITTEN_DAYS = DAYS.map(str)
TEXT_TESTS = st.one_of(
    leaf("raw_description", "equals contains starts_with ends_with", TEXTS, **CASE),
    leaf("raw_description", "contains_any contains_all", st.lists(TEXTS, max_size=3), **CASE),
    leaf("raw_description", "regex", PATTERNS, **CASE),
    leaf("raw_description", "is_empty", st.none()),
    leaf("raw_description", "fuzzy", TEXTS, threshold=st.sampled_from([50, 70, 100]), **CASE),
    leaf("text", "equals contains starts_with", TEXTS, **CASE),
    leaf("text", "contains_any contains_all", st.lists(TEXTS, max_size=3), **CASE),
    leaf("text", "is_empty", st.none()),
)
TESTS = st.one_of(
    TEXT_TESTS,
    leaf("direction", "equals", st.sampled_from(["in", "out"])),
    leaf("amount", "eq lt lte gt gte", AMOUNTS),
    leaf("amount", "approx", AMOUNTS, tolerance=st.sampled_from(["0", "5", "50"])),
    leaf("amount", "between", st.tuples(AMOUNTS, AMOUNTS).map(sorted)),
    leaf("date", "on before after", WRITTEN_DAYS),
    leaf("date", "between", st.tuples(WRITTEN_DAYS, WRITTEN_DAYS).map(sorted)),
    leaf("date", "day_of_month", st.lists(st.sampled_from([1, 28, 29, 31, -1]), min_size=1, max_size=2)),
    leaf("date", "weekday", st.lists(st.integers(1, 7), min_size=1, max_size=4)),
    leaf("account", "in", IDS),
    leaf("account", "is_empty", st.none()),
    leaf("tags", "has_any has_all has_none", NAMES),
    leaf("tags", "is_empty", st.none()),
)


def groups(conditions: Leaves, *, most: int) -> Leaves:
    return st.fixed_dictionaries(
        {
            "match": st.sampled_from(["all", "any"]),
            "conditions": st.lists(conditions, min_size=1, max_size=most),
            "negate": st.booleans(),
        }
    )


RULES = groups(st.one_of(TESTS, TESTS, groups(TESTS, most=2)), most=3)
ROWS = st.builds(
    Movement,
    raw_description=TEXTS,
    merchant=TEXTS,
    amount=st.one_of(st.none(), AMOUNTS.map(Decimal), st.sampled_from([Decimal("1.01"), Decimal("0.475")])),
    direction=st.sampled_from(["in", "out"]),
    date=st.one_of(st.none(), DAYS),
    account=st.one_of(st.none(), st.integers(1, 4)),
    tags=st.frozensets(st.sampled_from("abcd"), max_size=2),
)
MANY_ROWS = st.lists(ROWS, min_size=20, max_size=20)
EVERY_SHORT_TEXT = [Movement("".join(letters)) for n in range(4) for letters in product("aAsSß\u017fK1", repeat=n)]


def matches(conditions: Conditions, row: Movement) -> bool:
    """Return the engine's answers to all tests, joined for groups of any depth."""
    if "conditions" not in conditions:
        return compile_conditions("all", [conditions]).matches(row)
    answers = [matches(condition, row) for condition in conditions["conditions"]]
    return (all(answers) if conditions["match"] == "all" else any(answers)) is not conditions["negate"]


patient = law(60)


@patient
@given(RULES, RULES, MANY_ROWS)
def test_no_row_refutes_a_proof(narrow, broad, rows):
    """Prove also what always follows: that both match implies that either does, and vice versa."""
    both, either = every(narrow, broad), some(narrow, broad)
    for one, other in [(narrow, broad), (both, narrow), (narrow, either), (both, either), (either, both)]:
        if implies(one, other):
            assert [row for row in rows if matches(one, row) and not matches(other, row)] == []


@patient
@given(RULES, MANY_ROWS)
def test_no_row_matches_impossible_conditions(conditions, rows):
    if is_impossible(conditions):
        assert [row for row in rows if matches(conditions, row)] == []


@patient
@given(TEXT_TESTS, TEXT_TESTS)
@example(asks("equals", "ss"), asks("regex", "^s{2}$"))
@example(asks("equals", "k"), asks("regex", "[a-k]"))
def test_no_short_text_refutes_a_proof(one, other):
    if implies(every(one), every(other)):
        assert [row for row in EVERY_SHORT_TEXT if matches(one, row) and not matches(other, row)] == []
    if is_impossible(every(one, other)):
        assert [row for row in EVERY_SHORT_TEXT if matches(one, row) and matches(other, row)] == []


@patient
@given(RULES)
def test_conditions_imply_themselves_and_clash_with_their_denial(conditions):
    assert implies(conditions, conditions)
    assert is_impossible(every(conditions, conditions | {"negate": not conditions["negate"]}))
