"""In which order rules of Actual are to be asked here, so that the same rule wins.

Actual does the rules of the stage `pre` first and those of `post` last, within a stage the less exact first, and each
overwrites what those before it wrote. Here the first rule that writes a field wins it: the order is turned round.
"""

from collections.abc import Iterable

from rules.exchange.actual.documents import ActualRule

STAGES = {"pre": 0, "post": 2}
#: How exact an operator is; rules with none but exact ones count twice.
SCORES = dict.fromkeys(("is", "isNot"), 10) | dict.fromkeys(("oneOf", "notOneOf"), 9)
SCORES |= dict.fromkeys(("isapprox", "isbetween"), 5) | dict.fromkeys(("gt", "gte", "lt", "lte"), 1)
EXACT = {"is", "isNot", "isapprox", "oneOf", "notOneOf"}


def in_order(rules: Iterable[ActualRule]) -> list[ActualRule]:
    """The rules in the order in which they are to be asked here."""
    return sorted(rules, key=_rank, reverse=True)


def _rank(rule: ActualRule) -> tuple[int, int, str, int]:
    ops = [condition.op for condition in rule.conditions]
    score = sum(SCORES.get(op, 0) for op in ops) * (2 if set(ops) <= EXACT else 1)
    return STAGES.get(rule.stage, 1), score, rule.id, rule.index
