"""Rules evaluated for one movement."""

from dataclasses import replace

from rules.engine.evaluation import Evaluation, evaluate
from rules.engine.movements import Movement
from rules.engine.rule_sets import CompiledRule, Matcher, RuleSet
from tests.rules.generated import CAFE

#: CAFE as the bank sent it, with three categories to choose from.
BLANK = replace(
    CAFE, raw_description="CAFE Luna", description="CAFE Luna", merchant="", notes="", tags=frozenset(), category=None,
    source="", offered=frozenset({1, 2, 3}),
)  # fmt: skip


def evaluated(rules: list[CompiledRule], movement: Movement = BLANK, *, force: bool = False) -> Evaluation:
    """Return what becomes of the movement."""
    matcher = Matcher(RuleSet(rules))
    return evaluate(movement, matcher.matched, looks_at=matcher.rule_set.fields, force=force)
