"""Patterns that people write: measured before they are compiled, and matched within a limit of time."""

from contextlib import suppress
from dataclasses import replace

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st

from rules.operators.pattern_size import MAX_DEPTH, MAX_SIZE, Unsupported, check_size, measure
from rules.operators.patterns import TOTAL_S, TRIES, Undecided, compile_pattern, find, matches, pattern_budget
from tests.rules.generated import CAFE, NO, condition, holds

TOO_LARGE = "Its repeats multiply to too large a pattern; repeat less often, or nest fewer repeats."
TOO_DEEP = f"Its groups lie more than {MAX_DEPTH} deep; nest fewer of them."
CALLS = "Groups that call groups are not supported; write out what they stand for."
SPACED = "The flag x is not supported; write the pattern without spaces and comments."


@pytest.mark.parametrize(
    ("pattern", "size", "depth"),
    [
        ("", 0, 0),
        ("cafe", 4, 0),
        ("a+", 2, 0),
        ("a*b?", 4, 0),
        ("a{3}", 4, 0),
        ("a{3,}", 4, 0),
        ("a{0,1000}", 1, 0),
        ("a{,1000}", 8, 0),
        ("(ab)+", 6, 1),
        ("(?:(a+)+)+", 18, 2),
        ("(a{9}){9}", 110, 1),
        ("[a-z]{9}", 50, 0),
        (r"\(+\)+", 8, 0),
        ("[(]+[)]+", 12, 0),
        ("[]+]", 4, 0),
        ("[^]+]", 5, 0),
        ("(?#a(b+)c", 9, 0),
        (r"\\(a)", 4, 1),
    ],
)
def test_a_pattern_is_measured_with_the_copies_that_repeats_make(pattern, size, depth):
    assert measure(pattern) == (size, depth)


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        ("(?:" * 20 + "a" + "b)+" * 20, TOO_LARGE),
        ("(?:(?:(?:a{1000}){1000}){1000})", TOO_LARGE),
        ("(?:ab){4294967294}", TOO_LARGE),
        ("a{99999999999999999999}", TOO_LARGE),
        (r"(\w+){10000}", TOO_LARGE),
        ("(?:" * 40 + "a" + "){2}" * 40, TOO_LARGE),
        ("(?V1)" + "(?:" * 14 + "[[a)]]" + ")+" * 14, TOO_LARGE),
        ("(?:" * 14 + "[[:alpha:])]" + ")+" * 14, TOO_LARGE),
        ("(?:" * 41 + ")" * 41, TOO_DEEP),
        ("(?V1)" + "[" * 60 + "a" + "]" * 60, TOO_DEEP),
        ("(?R)", CALLS),
        ("(a(?1)?b)", CALLS),
        ("(a(?-1)?b)", CALLS),
        ("(?P<x>a(?&x)?)", CALLS),
        ("(?P<x>a(?P>x)?)", CALLS),
        ("(?P<x>a(?P&x)?)", CALLS),
        (r"\\(?R)", CALLS),
        ("(?x) a {1 000}", SPACED),
        ("(?ix: a)", SPACED),
    ],
)
def test_a_pattern_that_would_fill_the_memory_is_not_compiled(pattern, reason):
    with pytest.raises(Unsupported) as caught:
        compile_pattern(pattern, case_sensitive=False)
    assert str(caught.value) == reason


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        (r"^[A-Z]{2}\d{2}(?: ?\d{4}){4}(?: ?\d{1,2})?$", "DE02 1203 0000 0000 2020 51"),
        (r"\(?0\d{2,5}\)?[ /-]?\d+", "(030) 1234"),
        (r"(?i)rechnung\s+(?:nr\.?|nummer)\s*:?\s*\d+(?:[-/]\d+)*", "Rechnung Nr. 2026/11"),
        ("[[:alpha:]]+ [[:digit:]]{4}", "Luna 2026"),
        ("(?V1)[a-z--[aeiou]]{3}", "xyz"),
        ("(?r)luna", "cafe luna"),
        ("(?b)(?:cafe){e<=1}", "a cfe"),
        ("(?e)(?:luna){e<=1}", "lna"),
        ("(?P<word>luna) (?P=word)", "luna luna"),
    ],
)
def test_patterns_of_use_are_taken(pattern, text):
    assert matches(pattern, case_sensitive=False)(text) is True


PIECES = st.sampled_from(
    [
        *(
            "a",
            "ß",
            "[ab]",
            r"\w",
            ".",
            r"\(",
            r"\)",
            r"\\",
            "[)]",
            "[(]",
            "[]]",
            "[^]]",
            "[[]",
            r"[\]]",
            "[",
            "{",
            "^",
            "$",
        ),
        *(
            "(?:",
            "(",
            "(?=",
            "(?#x)",
            "(?#(",
            "(?i)",
            "(?V1)",
            "(?f)",
            "(?r)",
            "(?b)",
            "(?e)",
            ")",
            ")",
            ")",
            "|",
            "--",
        ),
        *("+", "+", "*", "?", "{2}", "{30,}", "{1,2}", "{e<=1}", "[[:alpha:]]", "[[a)]", r"\p{L}", r"\L<x>", "(*FAIL)"),
    ]
)


@given(st.lists(PIECES, max_size=60).map("".join))
def test_any_pattern_is_either_compiled_or_refused(pattern):
    with suppress(regex.error, ValueError, LookupError):
        compiled = compile_pattern(pattern[:500], case_sensitive=False)
        assert compiled.pattern == pattern[:500]
        assert measure(pattern[:500])[0] <= MAX_SIZE


@given(st.integers(1, 60), st.integers(1, 60), st.integers(1, 60))
def test_counts_within_counts_are_allowed_up_to_their_product(first, second, third):
    size = (((first + 1) + 1) * (second + 1) + 1) * (third + 1)
    pattern = f"(?:(?:a{{{first}}}){{{second}}}){{{third}}}"
    if size > 2 * MAX_SIZE:
        with pytest.raises(Unsupported):
            check_size(pattern)
    if size < MAX_SIZE / 4:
        assert compile_pattern(pattern, case_sensitive=False).pattern == pattern


EVIL = regex.compile("(a+)+$")
LONG = "a" * 5000 + "!"


def is_undecided(pattern, text):
    try:
        find(pattern, text)
    except Undecided:
        return True
    return False


def test_a_slow_pattern_is_undecided_then_given_up():
    with pattern_budget() as limit:
        assert [is_undecided(EVIL, LONG) for _ in range(20)] == [True] * 20
    assert limit.timeouts == {"(a+)+$": 20}
    assert limit.left_s < TOTAL_S


def test_once_no_time_is_left_nothing_is_tried():
    with pattern_budget(0) as limit:
        assert is_undecided(regex.compile("a"), "a")
    assert (limit.timeouts, limit.left_s) == ({"a": 1}, 0)


def test_other_patterns_are_still_matched_after_one_was_given_up():
    with pattern_budget(60) as limit:
        for _ in range(TRIES + 1):
            assert is_undecided(EVIL, LONG)
        found = find(regex.compile("b+"), "abba")
    assert found is not None
    assert found.span() == (1, 3)
    assert limit.timeouts == {"(a+)+$": TRIES + 1}


def test_blocks_within_blocks_share_the_time_of_the_outermost():
    with pattern_budget(5) as outer:
        with pattern_budget(90) as inner:
            assert inner.left_s == 5
            assert is_undecided(EVIL, LONG)
        assert outer.left_s == inner.left_s < 5
        assert outer.timeouts == {"(a+)+$": 1}
    with pattern_budget(7) as later:
        assert later.left_s == 7


def test_a_match_outside_of_any_block_has_its_own_limit():
    with pytest.raises(Undecided):
        matches("(a+)+$", case_sensitive=False)(LONG)
    assert matches("(A+)+$", case_sensitive=False)("aaa") is True
    assert matches("(A+)+$", case_sensitive=True)("aaa") is False


def test_a_pattern_that_no_longer_compiles_is_undecided():
    with pytest.raises(Undecided):
        matches("cafe(", case_sensitive=False)("cafe")


@pytest.mark.parametrize("negate", [False, True])
@pytest.mark.parametrize("match", ["all", "any"])
@pytest.mark.parametrize("other", [NO, condition("amount", "gt", "1000")], ids=["text", "amount"])
def test_conditions_fail_if_a_pattern_ran_out_of_time(negate, match, other):
    slow = condition("notes", "regex", "(a+)+$", negate=negate)
    negated = {"match": "any", "negate": True, "conditions": [slow, other]}
    movement = replace(CAFE, notes=LONG)
    assert holds(slow, other, match=match, movement=movement) is False
    assert holds(negated, movement=movement) is False
