"""In which order rules of Firefly III are to be asked here, so that the same rule wins.

There a rule overwrites what the rules before it wrote, and one that stops ends its group. Here the first rule that
writes a field wins it, and one that stops ends the list. So groups are turned round; within a group those that stop
come first, in their order, and then the others, the last one first.
"""

from collections.abc import Iterator

from rules.exchange.firefly.documents import FireflyDocument, FireflyRule

ENDS_THE_LIST = (
    "It ended its group; here it ends the list of rules, so that a row that it matches is not asked by rules below it."
)


def in_order(document: FireflyDocument) -> list[FireflyRule]:
    """The rules in the order in which they are to be asked here."""
    ordered: list[FireflyRule] = []
    for group in sorted(document.groups, key=lambda title: document.groups[title], reverse=True):
        rules = sorted((r for r in document.rules if r.group == group), key=lambda rule: (rule.order, rule.index))
        ordered += [rule for rule in rules if rule.stops]
        ordered += [rule for rule in reversed(rules) if not rule.stops]
    return ordered


def ends_more_than_before(ordered: list[FireflyRule]) -> Iterator[FireflyRule]:
    """Rules that stop, after which some are not asked here that were asked there."""
    for position, rule in enumerate(ordered):
        if rule.stops and any(_was_asked(other, rule) for other in ordered[position + 1 :]):
            yield rule


def _was_asked(other: FireflyRule, rule: FireflyRule) -> bool:
    """Whether Firefly III asks the other rule of a row that the rule matches."""
    return other.group != rule.group or (other.order, other.index) < (rule.order, rule.index)
