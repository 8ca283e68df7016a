"""Rules of Firefly III as bodies of rules here."""

from collections.abc import Iterator
from typing import Any

from rules.exchange.conversion import (
    FIRST_PRIORITY,
    GROUP_LENGTH,
    NAME_LENGTH,
    WIDER,
    Action,
    Body,
    Candidate,
    Condition,
    Conversion,
    Names,
    NotCarried,
    unique_name,
)
from rules.exchange.firefly.actions import actions_of
from rules.exchange.firefly.documents import FireflyDocument, FireflyRule, Part, Table, read_document, read_table
from rules.exchange.firefly.ordering import ENDS_THE_LIST, ends_more_than_before, in_order
from rules.exchange.firefly.triggers import condition_of
from rules.exchange.firefly.words import TRIGGERS
from rules.exchange.shapes import shorten


def convert(document: Any, names: Names) -> Conversion:
    """The rules of an answer of Firefly III's API, or of its exported Table. Raises Misshapen."""
    conversion = Conversion()
    is_table = isinstance(document, Table)
    found = read_table(document, conversion) if is_table else read_document(document, conversion)
    ordered = in_order(found)
    for rule in ends_more_than_before(ordered):
        conversion.leave_out(rule.title, "stop_processing", ENDS_THE_LIST)
    taken: list[str] = []
    for position, rule in enumerate(ordered):
        name = unique_name(rule.title, taken)
        taken.append(name)
        body = _body(rule, name, found, names, conversion)
        if body is not None:
            conversion.rules.append(Candidate(rule.index, body | {"priority": FIRST_PRIORITY + position}))
    return conversion


def _body(rule: FireflyRule, name: str, found: FireflyDocument, names: Names, conversion: Conversion) -> Body | None:
    conditions, missed = _conditions(rule, names, conversion)
    actions = _actions(rule, conversion)
    for why in _why_nothing_is_left(conditions, actions):
        conversion.leave_out(rule.title, "rule", why)
        return None
    is_wider = bool(missed) and rule.is_strict
    if is_wider:
        conversion.leave_out(rule.title, "is_active", WIDER.format(", ".join(f"“{word}”" for word in missed)))
    _leave_out_texts(rule, conversion)
    return {
        "name": name,
        "group": shorten(rule.group, GROUP_LENGTH),
        "is_active": rule.is_active and rule.group not in found.switched_off and not is_wider,
        "stop_processing": rule.stops,
        "triggers": TRIGGERS.get(rule.moment, ["manual"]),
        "match": "all" if rule.is_strict else "any",
        "conditions": conditions,
        "actions": actions,
    }


def _conditions(rule: FireflyRule, names: Names, conversion: Conversion) -> tuple[list[Condition], list[str]]:
    """The conditions, and the words of triggers that have none."""
    conditions, missed = [], []
    for part in rule.triggers:
        try:
            condition = condition_of(part, names)
        except NotCarried as fault:
            conversion.leave_out(rule.title, _shown("trigger", part), str(fault))
            missed.append(part.type)
        else:
            conditions += [condition] if condition else []
            if condition is None and not rule.is_strict:
                conversion.leave_out(rule.title, _shown("trigger", part), "A rule here cannot match every row.")
    return conditions, missed


def _actions(rule: FireflyRule, conversion: Conversion) -> list[Action]:
    actions, left_out = actions_of(rule.actions)
    for part, why in left_out:
        conversion.leave_out(rule.title, _shown("action", part), why)
    return actions


def _why_nothing_is_left(conditions: list[Condition], actions: list[Action]) -> Iterator[str]:
    if not conditions:
        yield "None of its triggers can be asked here."
    elif not actions:
        yield "None of its actions can be done here."


def _leave_out_texts(rule: FireflyRule, conversion: Conversion) -> None:
    if rule.description:
        conversion.leave_out(rule.title, "description", "A rule here has a name, and no description.")
    if len(rule.title) > NAME_LENGTH:
        conversion.leave_out(rule.title, "title", f"A name has at most {NAME_LENGTH} characters.")
    if len(rule.group) > GROUP_LENGTH:
        conversion.leave_out(rule.title, "group", f"A group has at most {GROUP_LENGTH} characters.")


def _shown(kind: str, part: Part) -> str:
    """A trigger or action as a person would write it."""
    return f"{kind} {'-' if part.is_prohibited else ''}{part.type}{': ' if part.value else ''}{shorten(part.value)}"
