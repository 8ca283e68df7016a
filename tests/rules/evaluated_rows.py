"""Rules evaluated for one row."""

from typing import Any

from rules.engine.conditions import Movement
from rules.engine.evaluation import TEXTS, Evaluation, State, Traits, as_written, evaluate
from rules.engine.rule_sets import CompiledRule, Matcher, RuleSet
from tests.rules.generated import CAFE

BLANK = State(description="CAFE Luna")


ANY = Traits(offered=frozenset({1, 2, 3}), raw_description="CAFE Luna")


def evaluated(
    rules: list[CompiledRule],
    state: State = BLANK,
    traits: Traits = ANY,
    *,
    movement: Movement = CAFE,
    force: bool = False,
) -> Evaluation:
    """What becomes of the row; its texts, tags and category are those of the state, except where no rule matters."""
    matcher = Matcher(RuleSet(rules))

    def ask(now: State) -> Any:
        return matcher.matched(as_written(movement, now, texts=TEXTS))

    return evaluate(ask, state, traits, looks_at=matcher.rule_set.fields, force=force)
