"""Patterns of rules over HTTP: refused with a place or a reason, and bounded in the time that they take."""

import json
from typing import Any

import pytest

from rules.operators import patterns as limits
from rules.operators.patterns import TRIES, pattern_budget
from tests.api.saved_rules import CHAIN, conditions, create, refusal, spend, text

pytestmark = pytest.mark.usefixtures("short_patterns")

TOO_LARGE = "Its repeats multiply to too large a pattern; repeat less often, or nest fewer repeats."
MALFORMED = [
    ("cafe(", "at position 5: missing )"),
    ("cafe)", "at position 4: unbalanced parenthesis"),
    ("*cafe", "at position 0: nothing to repeat"),
    ("a**", "at position 2: multiple repeat"),
    ("[a", "at position 2: unterminated character set"),
    ("[z-a]", "at position 4: bad character range"),
    ("a\\", "at position 2: bad escape (end of pattern)"),
    ("a{2,1}", "at position 2: min repeat greater than max repeat"),
    (r"\1", "at position 2: invalid group reference"),
    (r"\p{Nope}", "at position 8: unknown property"),
    ("(?P<a>x)(?P<a", "at position 13: missing >"),
    ("(?z)a", "at position 2: unknown extension"),
    (r"\L<words>", "at position 9: undefined named list"),
]
UNSUPPORTED = {
    "nested repeats": ("(?:" * 20 + "a" + "b)+" * 20, TOO_LARGE),
    "nested counts": ("(?:(?:(?:a{1000}){1000}){1000})", TOO_LARGE),
    "huge count": ("(?:ab){4294967294}", TOO_LARGE),
    "deep groups": ("(" * 60 + ")" * 60, "Its groups lie more than 40 deep; nest fewer of them."),
    "recursion": ("(?R)", "Groups that call groups are not supported; write out what they stand for."),
    "spaces": ("(?x) cafe", "The flag x is not supported; write the pattern without spaces and comments."),
}


@pytest.fixture(autouse=True)
def _chain(use_chain):
    use_chain(*CHAIN)


def by_pattern(pattern: str, **fields: Any) -> dict[str, Any]:
    return text(op="regex", value=pattern, **fields)


def refused(ana: Any, pattern: str, code: str, detail: str) -> None:
    answer = ana.post("rules/", json.dumps(conditions(by_pattern(pattern))), content_type="application/json")
    assert (answer.status_code, answer.json()) == (400, refusal(("conditions.0.value", code, detail)))
    assert ana.get("rules/").json()["count"] == 0


@pytest.mark.parametrize(("pattern", "fault"), MALFORMED)
def test_a_malformed_pattern_is_refused_with_the_faults_position(ana, pattern, fault):
    refused(ana, pattern, "bad_pattern", f"This is not a regular expression {fault}.")


@pytest.mark.parametrize(("pattern", "reason"), UNSUPPORTED.values(), ids=UNSUPPORTED)
def test_a_memory_filling_pattern_is_refused_with_advice(ana, pattern, reason):
    refused(ana, pattern, "unsupported_pattern", reason)


def test_flags_that_exclude_each_other_are_refused(ana):
    detail = "This is not a regular expression: ASCII, LOCALE and UNICODE flags are mutually incompatible."
    refused(ana, "(?a)(?u)cafe", "bad_pattern", detail)


def test_a_pattern_that_the_library_stumbles_over_is_refused(ana):
    refused(
        ana,
        "(?:(?:|&&(?V1)&&)(?r)(?i)(?r)++ß&&ß)(?i)",
        "bad_pattern",
        "This is not a regular expression: tuple index out of range.",
    )


@pytest.mark.parametrize(
    ("pattern", "code", "detail"),
    [
        ("a" * 1_000_000, "max_length", "Write at most 500 characters."),
        ("a" * 501, "max_length", "Write at most 500 characters."),
        ("", "blank", "Write a text that is not empty."),
        ("a\x00", "null_characters_not_allowed", "Leave out the null character."),
        ("\ud800", "surrogate_characters_not_allowed", "Leave out U+D800, which is half a character."),
    ],
)
def test_a_huge_or_empty_pattern_is_refused(ana, pattern, code, detail):
    refused(ana, pattern, code, detail)


@pytest.mark.parametrize(
    "pattern",
    [
        *("(?V1)caf[[e]--[a]]", "(?r)cafe", "(?b)(?:cafe){e<=1}", "(?e)(?:cafe){e<=1}", "(?i)cafe", "(?p)caf|cafe"),
        *("(?w)cafe", "(?s)caf.", "(?L)cafe", "(?:x){e<=9}", r"(*PRUNE)cafe", r"ca\Kfe", r"\X+", "cafe|" + "b" * 495),
    ],
)
def test_a_pattern_keeps_and_obeys_its_own_flags(ana, pattern):
    body = create(ana, conditions=[by_pattern(pattern)])
    assert body["conditions"] == [by_pattern(pattern, negate=False, case_sensitive=False)]
    assert spend(ana, "a cafe here")["category_name"] == "Dining"


def counts(ana: Any) -> dict[str, int]:
    rules = ana.get("rules/", {"page_size": 500}).json()["results"]
    return {one["name"]: one["stats"]["timeouts"] for one in rules}


def record(ana: Any, n: int) -> list[Any]:
    """Records rows with notes that differ, so that none is answered from memory."""
    row = {"amount": "1", "date": "2026-11-02", "direction": "out"}
    rows = [row | {"description": f"row {i}", "notes": "a" * (4900 + i) + "!"} for i in range(n)]
    answer = ana.post("transactions/bulk/", {"transactions": rows})
    assert answer.status_code == 200, answer.json()
    return [row["category_name"] for row in answer.json()["created"]]


def test_a_slow_pattern_is_counted_and_blocks_no_other_rule(ana):
    create(ana, name="slow", conditions=[by_pattern("(a+)+$", field="notes")], priority=1)
    create(ana, name="quick", conditions=[by_pattern("^row")], actions=[{"type": "set_category", "value": "Travel"}])
    with pattern_budget() as limit:
        assert record(ana, 30) == ["Travel"] * 30
    assert limit.timeouts == {"(a+)+$": 30}
    assert counts(ana) == {"slow": 30, "quick": 0}
    assert record(ana, 1) == ["Travel"]
    assert counts(ana) == {"slow": 31, "quick": 0}


def test_slow_patterns_share_the_time_of_a_request(ana):
    patterns = [f"(a+)+{'$' * i}" for i in range(1, 21)]
    slow = [by_pattern(pattern, field="notes") for pattern in patterns]
    for i, one in enumerate(slow):
        create(ana, name=f"slow {i}", conditions=[one])
    with pattern_budget() as limit:
        assert record(ana, 10) == [None] * 10
    assert limit.left_s <= 0
    assert limit.left_s > -limits.TOTAL_S  # all but the match that used the last of it was refused without a try
    assert limit.timeouts == dict.fromkeys(patterns, 10)
    assert len(patterns) > TRIES
    assert counts(ana) == {f"slow {i}": 10 for i in range(20)}


@pytest.mark.parametrize("negate", [False, True])
@pytest.mark.parametrize("is_grouped", [False, True])
def test_a_timed_out_pattern_never_matches_negated_or_not(ana, negate, is_grouped):
    slow = by_pattern("(a+)+$", field="notes", negate=negate)
    group = {"match": "any", "negate": True, "conditions": [slow]}
    create(ana, name="slow", conditions=[group if is_grouped else slow])
    assert record(ana, 1) == [None]
    assert counts(ana) == {"slow": 1}
