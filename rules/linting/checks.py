"""Checks for rules that are dead, duplicate, shadowed by others, or contradictory."""

from collections import defaultdict
from collections.abc import Hashable, Iterator, Mapping, Sequence, Set
from itertools import combinations
from typing import Any

from rules.linting.cases import (
    FindingKind,
    LintContext,
    LintFinding,
    LintVerdict,
    RuleCase,
    count_transactions,
)
from rules.linting.formulas import FieldTest, formula_of
from rules.linting.proofs import is_refuted

COMES_IN = FieldTest("direction", "equals", "in")
#: Fewer equal rows may be chance.
MIN_DUPLICATE_ROWS = 3
#: Limit on rules matching the same rows that one rule is compared with.
MAX_COMPARED = 20
#: Limit on rules that shadow another one together.
MAX_TOGETHER = 20
#: Limit on findings of overlaps, each of which costs two proofs, and on matching rules of a row to compare.
MAX_OVERLAPS = 100
MAX_MATCHED = 12
#: Names of fields in a sentence.
FIELD_NAMES = {"review": "state of review", "is_excluded_from_budget": "place in the budget"}


def dead_rules(context: LintContext) -> Iterator[LintFinding]:
    """Find rules that never match or write anything.

    Proved if no row can match or nothing can be written; undecided if no row of the ledger matches.
    """
    history = context.history
    for case in context.cases:
        if context.deadline.has_passed():
            return
        if reason := _why_dead(case, context):
            context.dead.add(case)
            yield LintFinding(FindingKind.DEAD, LintVerdict.PROVED, (case,), f"{case.quoted} never {reason}.")
        elif history.is_whole and history.n_rows and case.rule not in history.unsure and not history.of(case.rule):
            explanation = f"{case.quoted} matches none of the transactions that you have ({history.n_rows:,})."
            yield LintFinding(FindingKind.DEAD, LintVerdict.UNDECIDED, (case,), explanation)


def _why_dead(case: RuleCase, context: LintContext) -> str:
    """Return what the rule never does, and why; "" if that is not proved."""
    if is_refuted([case.formula]):
        return "matches: no transaction can meet its conditions"
    there = {"account": context.accounts, "category": context.categories}
    has_gone = any(test.op == "in" and not there[test.field].issuperset(test.value) for test in case.tests)
    if has_gone and is_refuted([formula_of(_without_gone(case.conditions, there))]):
        return "matches: it asks for an account or a category that is gone"
    if set(case.effects) != {"category"}:
        return ""
    kind = context.kinds.get(case.rule.category or 0)
    if kind is None:
        return "writes anything: the category that it sets is hidden or gone"
    if kind == "income" and is_refuted([case.formula, COMES_IN]):
        return "writes anything: its category is of money that comes in, and it asks for money that goes out"
    return ""


def _without_gone(conditions: Mapping[str, Any], there: Mapping[str, Set[int]]) -> dict[str, Any]:
    """Return the conditions without the ids of deleted accounts and categories."""
    kept: list[Mapping[str, Any]] = []
    for condition in conditions["conditions"]:
        if "conditions" in condition:
            kept.append(_without_gone(condition, there))
        elif condition["op"] == "in":
            kept.append({**condition, "value": [pk for pk in condition["value"] if pk in there[condition["field"]]]})
        else:
            kept.append(condition)
    return {**conditions, "conditions": kept}


def duplicate_rules(context: LintContext) -> Iterator[LintFinding]:
    """Find rules with the same effects as another.

    Proved if their conditions are equivalent; undecided if they match the same rows of the ledger.
    """
    alike: dict[Hashable, list[RuleCase]] = defaultdict(list)
    for case in context.living:
        rule = case.rule
        alike[frozenset(case.effects.items()), rule.suggests_only, rule.overwrite, rule.triggers].append(case)
    for cases in alike.values():
        for position, case in enumerate(cases[1:], 1):
            if context.deadline.has_passed():
                return
            found = _duplicate(case, cases[:position], context)
            if found is not None:
                yield found


def _duplicate(case: RuleCase, earlier: list[RuleCase], context: LintContext) -> LintFinding | None:
    history, broader = context.history, set(context.broader(case))
    for other in earlier:
        if other in broader and context.implies(case, other) and context.implies(other, case):
            explanation = f"{case.quoted} asks for the same as {other.quoted}, and does the same."
            example = history.newest(case.rule)
            return LintFinding(FindingKind.DUPLICATE, LintVerdict.PROVED, (case, other), explanation, example)
    together = {rule for group in history.of(case.rule) for rule in group.matched}
    met = [other for other in earlier if other.rule in together][:MAX_COMPARED]
    found = [finding for other in met if (finding := _duplicate_by_rows(case, other, context))]
    return min(found, key=lambda finding: finding.verdict == LintVerdict.DISPROVED, default=None)


def _duplicate_by_rows(case: RuleCase, other: RuleCase, context: LintContext) -> LintFinding | None:
    """Compare the rows of two rules that match some of them both."""
    history = context.history
    if {case.rule, other.rule} & history.unsure:
        return None
    groups, others = history.of(case.rule), history.of(other.rule)
    differing = set(groups) ^ set(others)
    if differing:
        first = next(group for group in [*groups, *others] if group in differing)
        explanation = f"{case.quoted} and {other.quoted} do the same, but not to the same transactions."
        return LintFinding(FindingKind.DUPLICATE, LintVerdict.DISPROVED, (case, other), explanation, first.example)
    n_rows = sum(group.n_rows for group in groups)
    if n_rows < MIN_DUPLICATE_ROWS:
        return None
    counted = count_transactions(n_rows)
    explanation = f"{case.quoted} does the same as {other.quoted}, and both match the same {counted}."
    return LintFinding(FindingKind.DUPLICATE, LintVerdict.UNDECIDED, (case, other), explanation, groups[0].example)


def shadowed_rules(context: LintContext) -> Iterator[LintFinding]:
    """Find rules that never get a turn because earlier rules take their rows.

    Proved if earlier rules take every possible row; disproved by a row on which the rule gets its turn.
    """
    for case in context.living:
        found = _shadow(case, context)
        if found is not None:
            yield found
        if context.deadline.was_missed:
            return


def _shadow(case: RuleCase, context: LintContext) -> LintFinding | None:
    history = context.history
    groups = [] if case.rule in history.unsure else history.of(case.rule)
    turns = [group for group in groups if case.rule in group.winners]
    if turns:
        taken = {rule: None for group in groups if case.rule not in group.winners for rule in group.matched}
        suspect = next((other for other in map(context.case_of, taken) if context.takes_from(other, case)), None)
        if suspect is None:
            return None
        explanation = f"{case.quoted} gets a turn where {suspect.quoted} leaves it one."
        pair = (case, suspect)
        return LintFinding(FindingKind.SHADOWED, LintVerdict.DISPROVED, pair, explanation, turns[0].example)
    if takers := _takers(case, context):
        explanation = _describe_shadow(case, takers)
        example = history.newest(case.rule)
        return LintFinding(FindingKind.SHADOWED, LintVerdict.PROVED, (case, *takers), explanation, example)
    if not groups:
        return None
    before = groups[0].matched[: groups[0].matched.index(case.rule)]
    takers = tuple(other for other in map(context.case_of, before) if context.takes_from(other, case))
    if not takers:  # the values that it sets are impossible
        return None
    counted = count_transactions(sum(group.n_rows for group in groups))
    explanation = f"{case.quoted} has not had a turn: it matches {counted}, all taken by rules before it."
    found = (case, *takers)
    return LintFinding(FindingKind.SHADOWED, LintVerdict.UNDECIDED, found, explanation, groups[0].example)


def _takers(case: RuleCase, context: LintContext) -> tuple[RuleCase, ...]:
    """Return as few rules as possible that are proved to match all that the case matches; () without a proof."""
    rivals = [other for other in context.related(case) if context.takes_from(other, case)]
    always = context.history.always_with(case.rule)
    for rival in rivals:
        if (always is None or rival.rule in always) and context.implies(case, rival):
            return (rival,)
    together = tuple(rivals[:MAX_TOGETHER])
    if len(together) < 2 or not context.implies(case, *together):  # one was tried alone
        return ()
    for rival in together:
        fewer = tuple(other for other in together if other is not rival)
        if context.implies(case, *fewer):
            together = fewer
    return together


def _describe_shadow(case: RuleCase, takers: Sequence[RuleCase]) -> str:
    """Explain a shadow: a stopping rule leaves no turn, another one a turn with nothing to write."""
    is_stopped = all(taker.rule.stops for taker in takers)
    start = f"{case.quoted} never gets a turn" if is_stopped else f"{case.quoted} never gets to write anything"
    *front, last = [taker.quoted for taker in takers]
    if front:
        return f"{start}: {', '.join(front)} and {last} come first, and take everything it would match."
    end = "and stops" if is_stopped else "and writes all that it would write"
    return f"{start}: {last} comes first, takes everything it would match, {end}."


def contradictory_rules(context: LintContext) -> Iterator[LintFinding]:
    """Find rules that want different values for the same rows.

    Proved if one matches all that the other matches; undecided if both match a row of the ledger.
    """
    proved: set[tuple[RuleCase, ...]] = set()
    for case in context.living:
        for earlier in context.broader(case):
            fields = context.disputed_fields(earlier, case) if earlier.position < case.position else []
            if not fields or not context.implies(case, earlier):
                continue
            if context.implies(earlier, case):
                does = f"{case.quoted} asks for the same as {earlier.quoted}, but"
            elif earlier.rule.stops:  # it casts a shadow
                continue
            else:
                does = f"{earlier.quoted} comes first, matches all that {case.quoted} does, and"
            pair, example = (case, earlier), context.history.newest(case.rule)
            proved.add(pair)
            explanation = f"{does} wants another {_spoken(fields)}."
            yield LintFinding(FindingKind.CONTRADICTORY, LintVerdict.PROVED, pair, explanation, example)
            break  # one contradiction is enough to look into it
    yield from _overlaps(context, proved)


def _overlaps(context: LintContext, proved: Set[tuple[RuleCase, ...]]) -> Iterator[LintFinding]:
    """Find pairs that want different values for a row of the ledger, and of which neither implies the other."""
    seen = set(proved)
    for group in context.history.groups:
        for earlier, case in combinations(map(context.case_of, group.matched[:MAX_MATCHED]), 2):
            if context.deadline.has_passed() or len(seen) - len(proved) >= MAX_OVERLAPS:
                return
            if (case, earlier) in seen:
                continue
            fields = context.disputed_fields(earlier, case)
            if "category" in fields and not {earlier.rule.category, case.rule.category} <= group.offered:
                fields.remove("category")  # these rows cannot have one of the two
            if not fields:
                continue
            seen.add((case, earlier))
            if context.implies(case, earlier) or context.implies(earlier, case):
                continue
            explanation = (
                f"{earlier.quoted} and {case.quoted} both match this transaction, but want another {_spoken(fields)}; "
                f"{earlier.quoted} comes first."
            )
            pair = (case, earlier)
            yield LintFinding(FindingKind.CONTRADICTORY, LintVerdict.UNDECIDED, pair, explanation, group.example)


def _spoken(fields: list[str]) -> str:
    names = [
        f"say on the tag “{name.removeprefix('tag:')}”" if name.startswith("tag:") else FIELD_NAMES.get(name, name)
        for name in sorted(fields)
    ]
    return " and ".join(names)
