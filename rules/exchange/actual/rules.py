"""Rules of Actual as bodies of rules here."""

from typing import Any

from rules.exchange.actual.actions import actions_of
from rules.exchange.actual.conditions import conditions_of
from rules.exchange.actual.documents import ActualDocument, ActualRule, read_document
from rules.exchange.actual.ranking import in_order
from rules.exchange.conversion import (
    FIRST_PRIORITY,
    WIDER,
    Action,
    Body,
    Candidate,
    Condition,
    Conversion,
    NotCarried,
    unique_name,
)
from rules.exchange.shapes import shorten

#: Actual asks its rules of what is imported or entered; here every rule can be applied by hand, too.
TRIGGERS = ["create", "import", "manual"]


def convert(document: Any) -> Conversion:
    """The rules of a document of Actual. Raises Misshapen."""
    conversion = Conversion()
    found = read_document(document, conversion)
    taken: list[str] = []
    for position, rule in enumerate(in_order(found.rules)):
        body = _body(rule, found, taken, conversion)
        if body is not None:
            taken.append(body["name"])
            conversion.rules.append(Candidate(rule.index, body | {"priority": FIRST_PRIORITY + position}))
    return conversion


def _body(rule: ActualRule, found: ActualDocument, taken: list[str], conversion: Conversion) -> Body | None:
    """The body; None where nothing is left of it. Actual's rules have no names: what they do names them."""
    conditions, missed = _conditions(rule, found)
    actions, undone = actions_of(rule.actions, found)
    name = unique_name(_name(rule, found, actions), taken)
    for part, why in [*missed, *undone]:
        conversion.leave_out(name, str(part), why)
    if not conditions or not actions:
        what = "actions can be done" if conditions else "conditions can be asked"
        conversion.leave_out(name, "rule", f"None of its {what} here.")
        return None
    is_wider = bool(missed) and not rule.joins_by_or
    if is_wider:
        conversion.leave_out(name, "is_active", WIDER.format(", ".join(f"“{part.field}”" for part, _ in missed)))
    return {
        "name": name,
        "is_active": not is_wider,
        "stop_processing": False,
        "triggers": TRIGGERS,
        "match": "any" if rule.joins_by_or else "all",
        "conditions": conditions,
        "actions": actions,
    }


def _conditions(rule: ActualRule, found: ActualDocument) -> tuple[list[Condition], list[tuple[Any, str]]]:
    """The conditions, and those of Actual that have none."""
    conditions: list[Condition] = []
    missed = []
    for part in rule.conditions:
        try:
            conditions += conditions_of(part, found, joins_by_or=rule.joins_by_or)
        except NotCarried as fault:
            missed.append((part, str(fault)))
    return conditions, missed


def _name(rule: ActualRule, found: ActualDocument, actions: list[Action]) -> str:
    tests = [found.described(part) for part in rule.conditions[:1]]
    effects = [str(action["value"]) for action in actions[:1]]
    return " → ".join(shorten(text, 48) for text in tests + effects) or f"Rule {rule.index + 1}"
