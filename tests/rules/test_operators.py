"""Operators of each type of field."""

import datetime as dt
from dataclasses import replace
from decimal import Decimal
from itertools import groupby
from typing import Any

import pytest

from rules.engine.movements import TEXT_FIELDS, Movement
from rules.operators import OPERATORS
from tests.rules.generated import CAFE, FIELDS_AND_OPS, condition, holds

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
    ("regex", r"^CAFE\s\w+ Straße \d$", True, True),
    ("regex", r"^cafe\b", True, False),
    ("regex", r"^Luna", False, False),
    ("fuzzy", "CAFE Lunas", True, True),
    ("fuzzy", "cafe luna", True, False),
    ("fuzzy", "Konzert", False, False),
    ("is_empty", None, False, False),
]
VALUE_CASES: dict[str, list[tuple[str, Any, bool]]] = {
    "amount": [
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
        ("approx", "12.00", True),
        ("approx", "11.90", False),
    ],
    "date": [
        ("on", "2024-02-29", True),
        ("on", "2024-02-28", False),
        ("before", "2024-03-01", True),
        ("before", "2024-02-29", False),
        ("after", "2024-02-28", True),
        ("after", "2024-02-29", False),
        ("between", ["2024-02-29", "2024-03-05"], True),
        ("between", ["2024-02-01", "2024-02-29"], True),
        ("between", ["2024-03-01", "2024-03-05"], False),
        ("day_of_month", [1, 29], True),
        ("day_of_month", [-1], True),
        ("day_of_month", [28, 30], False),
        ("weekday", [1, 4], True),
        ("weekday", [5], False),
    ],
    "account": [("in", [1, 3], True), ("in", [1, 2], False), ("is_empty", None, False)],
    "category": [("in", [7], True), ("in", [3], False), ("is_empty", None, False)],
    "tags": [
        ("has_any", ["FOOD", "sea"], True),
        ("has_any", ["sea"], False),
        ("has_all", ["Work", "food"], True),
        ("has_all", ["food", "sea"], False),
        ("has_none", ["sea"], True),
        ("has_none", ["sea", "Food"], False),
        ("is_empty", None, False),
    ],
}
VALUES = [(field, *case) for field, cases in VALUE_CASES.items() for case in cases]


@pytest.mark.parametrize("negate", [False, True])
@pytest.mark.parametrize("case_sensitive", [False, True])
@pytest.mark.parametrize(("op", "value", "folded", "literal"), TEXT_CASES)
def test_a_text_operator_holds(op, value, folded, literal, case_sensitive, negate):
    asked = condition("raw_description", op, value, case_sensitive=case_sensitive, negate=negate)
    assert holds(asked) is ((literal if case_sensitive else folded) is not negate)


@pytest.mark.parametrize("negate", [False, True])
@pytest.mark.parametrize(("field", "op", "value", "expected"), VALUES)
def test_an_operator_of_values_holds(field, op, value, expected, negate):
    assert holds(condition(field, op, value, negate=negate)) is (expected is not negate)


def test_every_operator_of_every_field_is_in_the_tables_above():
    told = {field: {case[0] for case in cases} for field, cases in VALUE_CASES.items()}
    told |= {name: {case[0] for case in TEXT_CASES} for name in ["text", *TEXT_FIELDS]}
    assert {name: {op for _, op in ops} for name, ops in groupby(FIELDS_AND_OPS, lambda pair: pair[0])} == told
    assert {name: set(ops) for name, ops in OPERATORS.items()} == told


@pytest.mark.parametrize("name", TEXT_FIELDS)
def test_every_text_field_is_read_from_its_own_place(name):
    asked = [condition(other, "equals", getattr(CAFE, name).upper()) for other in TEXT_FIELDS]
    assert [holds(one) for one in asked] == [other == name for other in TEXT_FIELDS]


#: The fields that `text` stands for, and others.
IN_TEXT = ["raw_description", "description", "merchant"]
NOT_IN_TEXT = ["notes", "payment_method", "iban", "mcc", "source", "currency"]


def with_texts(*names: str, text: str = CAFE.raw_description) -> Movement:
    """A movement with the text in these fields."""
    movement = Movement(direction="")
    for name in names:
        setattr(movement, name, text)
    return movement


@pytest.mark.parametrize("negate", [False, True])
@pytest.mark.parametrize("case_sensitive", [False, True])
@pytest.mark.parametrize(("op", "value", "folded", "literal"), TEXT_CASES)
@pytest.mark.parametrize("name", IN_TEXT)
def test_any_text_holds_if_one_of_its_fields_does(name, op, value, folded, literal, case_sensitive, negate):
    asked = condition("text", op, value, case_sensitive=case_sensitive, negate=negate)
    movement = with_texts(name)
    assert holds(asked, movement=movement) is ((literal if case_sensitive else folded) is not negate)


@pytest.mark.parametrize(("op", "value", "folded", "literal"), TEXT_CASES)
def test_any_text_reads_no_other_field(op, value, folded, literal):
    movement = with_texts(*NOT_IN_TEXT)
    assert holds(condition("text", op, value), movement=movement) is (op == "is_empty")


def test_any_text_is_empty_only_if_all_its_fields_are():
    asked, denied = condition("text", "is_empty"), condition("text", "is_empty", negate=True)
    for name in IN_TEXT:
        assert not holds(asked, movement=with_texts(name, text="x"))
        assert holds(denied, movement=with_texts(name, text="x"))
    assert holds(asked, movement=Movement(notes="x"))


def test_any_text_has_all_words_in_one_of_its_fields():
    asked = condition("text", "contains_all", ["cafe", "luna"])
    assert holds(asked, movement=Movement(description="x", merchant="Luna, cafe"))
    assert not holds(asked, movement=Movement(description="cafe", merchant="luna"))


BARE = Movement(direction="")
EMPTY = {"amount": False, "date": False, "account": True, "category": True, "tags": True}


@pytest.mark.parametrize(("field", "op", "value", "expected"), VALUES)
def test_a_missing_value_passes_only_is_empty(field, op, value, expected):
    says_so = op in {"is_empty", "has_none"}
    assert holds(condition(field, op, value), movement=BARE) is says_so
    assert holds(condition(field, op, value, negate=True), movement=BARE) is not says_so


@pytest.mark.parametrize(("op", "value", "folded", "literal"), TEXT_CASES)
@pytest.mark.parametrize("name", ["text", *TEXT_FIELDS])
def test_a_missing_text_passes_only_is_empty(name, op, value, folded, literal):
    assert holds(condition(name, op, value), movement=BARE) is (op == "is_empty")


@pytest.mark.parametrize(
    ("value", "text", "expected"),
    [
        ("STRASSE", "Hauptstraße", True),
        ("ß", "STRASSE", True),
        ("İstanbul", "i̇stanbul", True),
        ("istanbul", "İSTANBUL", False),  # casefolding keeps the dot over the Turkish i
        ("ﬁne", "FINE", True),
        ("FINE", "reﬁned", True),
        ("Σας", "ΣΑΣ", True),
        ("K", "\u212a", True),  # the sign of kelvin
    ],
)
def test_letters_that_fold_to_several_are_found_in_either_spelling(value, text, expected):
    movement = Movement(merchant=text)
    assert holds(condition("merchant", "contains", value), movement=movement) is expected
    assert holds(condition("merchant", "contains_any", [value]), movement=movement) is expected
    assert holds(condition("merchant", "contains", value, case_sensitive=True), movement=movement) is (value in text)


@pytest.mark.parametrize(
    ("value", "text", "threshold", "expected"),
    [
        ("netflix", "NETFLIX.COM 866-579", 85, True),
        ("netflix", "NETFLX.COM 866-579", 85, True),
        ("netflix", "NETFLX.COM 866-579", 100, False),
        ("netflix", "NETWORKS", 85, False),
        ("netflix", "NETWORKS", 50, True),
        ("netflix", "n", 85, False),  # a letter of the value is no match
        ("netflix", "netfli", 85, True),
    ],
)
def test_fuzzy_holds_from_its_threshold_on(value, text, threshold, expected):
    asked = condition("merchant", "fuzzy", value, threshold=threshold)
    assert holds(asked, movement=Movement(merchant=text)) is expected


@pytest.mark.parametrize(
    ("tolerance", "amount", "expected"),
    [
        ("5", "95.00", True),
        ("5", "105.00", True),
        ("5", "94.99", False),
        ("5", "105.01", False),
        ("0", "100.00", True),
        ("0", "100.01", False),
        ("100", "0.01", True),
        ("0.5", "99.50", True),
        ("0.5", "99.49", False),
    ],
)
def test_approx_counts_both_ends_of_its_tolerance(tolerance, amount, expected):
    asked = condition("amount", "approx", "100", tolerance=tolerance)
    assert holds(asked, movement=replace(CAFE, amount=Decimal(amount))) is expected


@pytest.mark.parametrize(
    ("day", "is_last"),
    [
        ("2023-02-28", True),
        ("2024-02-28", False),
        ("2024-02-29", True),
        ("2024-04-30", True),
        ("2024-05-30", False),
        ("2024-05-31", True),
        ("1900-02-28", True),
        ("2000-02-28", False),
        ("9999-12-31", True),
    ],
)
def test_day_minus_one_is_the_last_of_any_month(day, is_last):
    movement = replace(CAFE, date=dt.date.fromisoformat(day))
    asked = [condition("date", "day_of_month", days) for days in ([-1], [-1, 15], [28, 30])]
    assert [holds(one, movement=movement) for one in asked] == [is_last, is_last, day[-2:] in {"28", "30"}]


def test_weekdays_go_from_monday_1_to_sunday_7():
    week = [dt.date(2026, 11, 2) + dt.timedelta(days) for days in range(7)]  # from a Monday on
    asked = [condition("date", "weekday", [number]) for number in range(1, 8)]
    table = [[holds(one, movement=replace(CAFE, date=day)) for one in asked] for day in week]
    assert table == [[number == day for number in range(7)] for day in range(7)]


def test_tags_are_compared_whatever_their_case_and_length():
    movement = replace(CAFE, tags=frozenset({"straße".casefold()}))
    asked = [condition("tags", op, ["STRASSE"]) for op in ("has_any", "has_all", "has_none")]
    assert [holds(one, movement=movement) for one in asked] == [True, True, False]


def test_options_that_are_left_out_count_as_their_defaults():
    asked = condition("amount", "approx", "100")
    assert [holds(asked, movement=replace(CAFE, amount=Decimal(n))) for n in (94, 95, 105, 106)] == [
        False,
        True,
        True,
        False,
    ]
    assert holds(condition("merchant", "fuzzy", "cafe lun"))
    assert not holds(condition("merchant", "fuzzy", "cafe terra"))
