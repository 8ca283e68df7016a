"""Rules evaluated for one row."""

from typing import Any

from rules.conditions import Subject
from rules.engine import Asking, CompiledRule, RuleSet
from rules.settling import (
    TEXTS,
    Settlement,
    State,
    Traits,
    as_written,
    settle,
)
from tests.rules.generated import CAFE

BLANK = State(description="CAFE Luna")


ANY = Traits(offered=frozenset({1, 2, 3}), raw_description="CAFE Luna")


def settled(
    rules: list[CompiledRule],
    state: State = BLANK,
    traits: Traits = ANY,
    *,
    subject: Subject = CAFE,
    force: bool = False,
) -> Settlement:
    """What becomes of the row; its texts, tags and category are those of the state, except where no rule matters."""
    asking = Asking(RuleSet(rules))

    def ask(now: State) -> Any:
        return asking.matched(as_written(subject, now, texts=TEXTS))

    return settle(ask, state, traits, looks_at=asking.rule_set.fields, force=force)
