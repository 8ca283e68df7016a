"""Proved findings hold for every row, whatever the rules."""

from dataclasses import replace
from decimal import Decimal
from itertools import product
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from expenses.ledger.kinds import offered_kinds
from rules.engine.evaluation import evaluate
from rules.engine.movements import Movement
from rules.engine.rule_sets import Matcher, RuleSet
from rules.linting.cases import LintContext, LintFinding, LintVerdict, RuleCase
from rules.linting.checks import contradictory_rules, dead_rules, duplicate_rules, shadowed_rules
from rules.linting.deadline import Deadline
from rules.linting.history import MatchHistory
from rules.models import Rule
from tests.laws import law

KINDS = {1: "expense", 2: "expense", 3: "income"}  # 4 is hidden


def asks(field: str, op: str, value: Any) -> dict[str, Any]:
    return {"field": field, "op": op, "value": value}


WORDS = st.sampled_from(["a", "ab", "b", "ba"])
CONDITIONS = st.one_of(
    st.builds(asks, st.just("raw_description"), st.sampled_from(["contains", "starts_with", "equals"]), WORDS),
    st.builds(asks, st.just("raw_description"), st.just("contains_any"), st.lists(WORDS, min_size=1, max_size=3)),
    st.builds(asks, st.just("merchant"), st.just("contains"), WORDS),
    st.builds(asks, st.just("text"), st.sampled_from(["contains", "equals"]), WORDS),
    st.builds(asks, st.just("amount"), st.sampled_from(["lt", "gte"]), st.sampled_from(["1", "2"])),
    st.builds(asks, st.just("category"), st.just("in"), st.lists(st.integers(1, 3), min_size=1, max_size=2)),
    st.builds(asks, st.just("tags"), st.sampled_from(["has_any", "has_none"]), st.just(["t"])),
)
ACTIONS = st.one_of(
    st.builds(lambda pk: {"type": "set_category", "value": pk}, st.integers(1, 4)),
    st.sampled_from([{"type": "add_tags", "value": ["t"]}, {"type": "remove_tags", "value": ["T"]}]),
    st.builds(lambda word: {"type": "set_merchant", "value": word}, WORDS),
)
RULES = st.lists(
    st.fixed_dictionaries(
        {
            "match": st.sampled_from(["all", "any"]),
            "conditions": st.lists(CONDITIONS, min_size=1, max_size=2),
            "actions": st.lists(ACTIONS, min_size=1, max_size=2, unique_by=lambda action: action["type"]),
            "stop_processing": st.booleans(),
            "mode": st.sampled_from(["apply", "apply", "suggest"]),
            "overwrite": st.sampled_from(["empty", "machine"]),
            "triggers": st.sampled_from([["create"], ["create", "import"]]),
        }
    ),
    min_size=2,
    max_size=5,
)
ROWS = st.builds(
    Movement,
    raw_description=st.text("abAB", max_size=4),
    merchant=st.sampled_from(["", "a", "ba"]),
    amount=st.sampled_from([None, Decimal("0.5"), Decimal(1), Decimal(3)]),
    direction=st.sampled_from(["in", "out"]),
    category=st.sampled_from([None, 1, 2, 3]),
    tags=st.sampled_from([frozenset(), frozenset({"t"})]),
)


def context_of(bodies: list[dict[str, Any]]) -> LintContext:
    rules = [Rule(pk=number, name=f"Rule {number}", **body) for number, body in enumerate(bodies, 1)]
    return LintContext(
        cases=[RuleCase.of(*numbered) for numbered in enumerate(rules)],
        history=MatchHistory(),
        deadline=Deadline(60),
        kinds=KINDS,
        categories=frozenset({*KINDS, 4}),
        accounts=frozenset(),
    )


def outcome(cases: list[RuleCase], row: Movement, trigger: str) -> Movement | None:
    """Return the row after the rules, or None where they go in circles."""
    matcher = Matcher(RuleSet(case.rule for case in cases if trigger in case.rule.triggers))
    kinds = offered_kinds(row.direction, None)
    row = replace(row, offered=frozenset(pk for pk, kind in KINDS.items() if kind in kinds))
    found = evaluate(row, matcher.matched, looks_at=matcher.rule_set.fields)
    return None if found.is_circle else found.after


def proved(findings: Any) -> list[LintFinding]:
    return [finding for finding in findings if finding.verdict == LintVerdict.PROVED]


patient = law(60)


@patient
@given(RULES, st.lists(ROWS, min_size=20, max_size=20))
def test_a_rule_that_is_proved_dead_or_shadowed_changes_no_row(bodies, rows):
    context = context_of(bodies)
    for finding in [*proved(dead_rules(context)), *proved(shadowed_rules(context))]:
        idle = finding.cases[0]
        empty = replace(idle, rule=replace(idle.rule, writes={}, add_tags=(), remove_tags=()))
        others = [empty if case is idle else case for case in context.cases]
        for row, trigger in product(rows, ["create", "import"]):
            assert outcome([*context.cases], row, trigger) == outcome(others, row, trigger)


@patient
@given(RULES, st.lists(ROWS, min_size=20, max_size=20))
def test_proved_duplicates_and_contradictions_match_accordingly(bodies, rows):
    context = context_of(bodies)
    for finding in proved(duplicate_rules(context)):
        one, other = finding.cases
        assert [row for row in rows if one.rule.matches(row) is not other.rule.matches(row)] == []
    for finding in proved(contradictory_rules(context)):
        narrow, broad = finding.cases
        assert [row for row in rows if narrow.rule.matches(row) and not broad.rule.matches(row)] == []
