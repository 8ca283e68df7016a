"""Conversion of Actual Budget's rules.

A condition or an action is converted only if it means the same here. Others are listed, and a rule that would then
match more than before is switched off.
"""

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from rules.exchange.actual_documents import ActualDocument, ActualPart, ActualRule, read_actual
from rules.exchange.conversion import (
    FIRST_PRIORITY,
    WIDER,
    Action,
    Body,
    Candidate,
    Condition,
    DocumentError,
    NotConvertible,
    RuleConversion,
    in_month,
    near_day,
    on_day,
    read_day,
    read_object,
    shorten,
    unique_name,
)

#: Actual applies its rules to imported and entered rows; here every rule can be applied by hand, too.
TRIGGERS = ["create", "import", "manual"]
#: Field of Actual → field here.
FIELDS = {
    "imported_payee": "raw_description",
    "payee": "merchant",
    "payee_name": "merchant",
    "notes": "notes",
    "category": "category",
    "account": "account",
}
UNKNOWN_FIELDS = {
    "saved": "A rule here cannot refer to a saved filter.",
    "cleared": "A rule here cannot ask whether a transaction is cleared.",
    "reconciled": "A rule here cannot ask whether a transaction is reconciled.",
    "transfer": "A rule here asks for the category Transfers instead.",
    "parent": "A rule here cannot ask whether a transaction is split.",
}
NO_SUCH_TEST = "A rule here cannot ask this."
NEGATIVE = {"isNot": "is", "doesNotContain": "contains", "notOneOf": "oneOf"}
#: Operator on a day → operator here, and the shift in days.
DAY_OPS = {"is": ("on", 0), "gt": ("after", 0), "gte": ("after", -1), "lt": ("before", 0), "lte": ("before", 1)}
#: Actual's “approximately” for an amount: 7.5 percent, rounded to a hundredth.
NEAR_PER_MILLE = 75
MAX_AMOUNT = 10**15
IN: Condition = {"field": "direction", "op": "equals", "value": "in"}
OUT: Condition = {"field": "direction", "op": "equals", "value": "out"}
#: Field that an action sets → the action here.
SETTERS = {"category": "set_category", "payee": "set_merchant", "payee_name": "set_merchant", "notes": "set_notes"}
UNKNOWN_ACTIONS = {
    "set-split-amount": "A rule here cannot split a transaction.",
    "link-schedule": "A rule here cannot link a schedule.",
    "prepend-notes": "A rule here sets notes, and cannot add to them.",
    "append-notes": "A rule here sets notes, and cannot add to them.",
    "delete-transaction": "A rule here never deletes a transaction.",
}


def convert_actual(document: Any) -> RuleConversion:
    """Convert the rules of a document of Actual. Raises DocumentError.

    In Actual the last rule that writes a field wins it, here the first one: the order is reversed.
    """
    conversion = RuleConversion("actual")
    found = read_actual(document, conversion)
    taken: list[str] = []
    for position, rule in enumerate(sorted(found.rules, key=lambda rule: rule.rank, reverse=True)):
        body = _convert_rule(rule, found, taken, conversion)
        if body is not None:
            taken.append(body["name"])
            conversion.rules.append(Candidate(rule.index, body | {"priority": FIRST_PRIORITY + position}))
    return conversion


def _convert_rule(
    rule: ActualRule, document: ActualDocument, taken: list[str], conversion: RuleConversion
) -> Body | None:
    """Return the rule's body, or None if no condition or no action remains. Actual's rules have no names."""
    conditions: list[Condition] = []
    missed, undone = [], []
    for part in rule.conditions:
        try:
            conditions += _convert_condition(part, document, joins_by_or=rule.joins_by_or)
        except NotConvertible as error:
            missed.append((part, str(error)))
    actions: dict[str, Action] = {}  # the last of two that write the same field wins
    for part in rule.actions:
        try:
            action = _convert_action(part, document)
            actions[action["type"]] = action
        except NotConvertible as error:
            undone.append((part, str(error)))
    summary = [document.describe(part) for part in rule.conditions[:1]]
    summary += [str(action["value"]) for action in list(actions.values())[:1]]
    name = " → ".join(shorten(text, 48) for text in summary) or f"Rule {rule.index + 1}"
    name = unique_name(name, taken)
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
        "actions": list(actions.values()),
    }


def _convert_condition(part: ActualPart, document: ActualDocument, *, joins_by_or: bool) -> list[Condition]:
    """Return equivalent conditions, to be joined as the rule joins its own. Raises NotConvertible."""
    if part.op in {"onBudget", "offBudget"}:
        raise NotConvertible("Accounts here are not on or off a budget.")
    if part.field == "amount":
        return _convert_amount(part, joins_by_or=joins_by_or)
    if part.field == "date":
        return [_convert_date(part.op, part.value)]
    if part.field not in FIELDS:
        raise NotConvertible(UNKNOWN_FIELDS.get(part.field, "Outlay does not know this field."))
    if part.op in {"hasTags", "hasAnyTag"}:
        return [_convert_tags(part)]
    op, negate = NEGATIVE.get(part.op, part.op), part.op in NEGATIVE
    if part.field in {"payee", "category", "account"}:
        return [_convert_ids(part, op, document, negate=negate)]
    if op not in {"is", "oneOf", "contains", "matches"}:
        raise NotConvertible(NO_SUCH_TEST)
    field = FIELDS[part.field]
    return [_any_of([_text_condition(field, op, text) for text in _read_texts(part, op)], negate=negate)]


def _convert_date(op: str, value: Any) -> Condition:
    if not isinstance(value, str):
        raise NotConvertible("A rule here cannot ask for days that recur as in a schedule.")
    if op == "is" and (found := re.fullmatch(r"(\d{4})(?:-(\d{2}))?", value, re.ASCII)):
        year, month = int(found[1]), found[2]
        return in_month(year, int(month)) if month else in_month(year, 1, n_months=12)
    if op == "isapprox":
        return near_day(read_day(value), 2)  # Actual's “approximately” for days
    if op not in DAY_OPS:
        raise NotConvertible(NO_SUCH_TEST)
    word, shift = DAY_OPS[op]
    return on_day(word, read_day(value), shift_days=shift)


def _read_texts(part: ActualPart, op: str) -> list[str]:
    values = part.value if op == "oneOf" else [part.value]
    if not isinstance(values, list) or not values or not all(isinstance(value, str) for value in values):
        raise NotConvertible("Its value is no text.")
    return [value for value in values if value or op == "is"]


def _text_condition(field: str, op: str, text: str) -> Condition:
    if op in {"is", "oneOf"}:
        return {"field": field, "op": "equals", "value": text} if text else {"field": field, "op": "is_empty"}
    if op == "matches" and re.search(r"\\[A-Z]", text):
        raise NotConvertible(r"Actual reads patterns in small letters: “\D” as “\d”. Write the pattern as you mean it.")
    return {"field": field, "op": "regex" if op == "matches" else "contains", "value": text}


def _convert_tags(part: ActualPart) -> Condition:
    """Return a condition on the notes: Actual's tags are whole words in them, in any case."""
    if part.field != "notes":
        raise NotConvertible(NO_SUCH_TEST)
    words = dict.fromkeys(word for text in _read_texts(part, part.op) for word in re.findall(r"#[^#\s]+", text))
    conditions = [{"field": "notes", "op": "regex", "value": rf"(?<!#){re.escape(word)}(?:[\s#]|$)"} for word in words]
    if part.op == "hasAnyTag" or len(conditions) < 2:
        return _any_of(conditions, negate=False)
    return {"match": "all", "conditions": conditions}


def _convert_ids(part: ActualPart, op: str, document: ActualDocument, *, negate: bool) -> Condition:
    field = FIELDS[part.field]
    if op == "is" and part.value is None:
        return {"field": field, "op": "is_empty", "negate": negate}
    if op not in {"is", "oneOf"}:
        raise NotConvertible("A rule here asks for whole names, where Actual compares with its own ids.")
    values = part.value if op == "oneOf" else [part.value]
    if not isinstance(values, list) or not values:
        raise NotConvertible("Its value is no list of ids.")
    names = [document.name(part.field, value) for value in values]
    conditions: list[Condition] = [{"field": field, "op": "in", "value": names}]
    if field == "merchant":
        conditions = [{"field": field, "op": "equals", "value": name} for name in names]
    if negate and op == "oneOf":  # in Actual a row without any is not “not one of”
        is_set = {"field": field, "op": "is_empty", "negate": True}
        return {"match": "all", "conditions": [*(one | {"negate": True} for one in conditions), is_set]}
    return _any_of(conditions, negate=negate)


def _any_of(conditions: list[Condition], *, negate: bool) -> Condition:
    if not conditions:
        raise NotConvertible("Its list is empty.")
    if len(conditions) == 1:
        return conditions[0] | {"negate": negate}
    return {"match": "any", "negate": negate, "conditions": conditions}


@dataclass(frozen=True, slots=True)
class AmountBound:
    """An end of a range of amounts, in hundredths."""

    value: int
    is_open: bool = False

    def __neg__(self) -> "AmountBound":
        return AmountBound(-self.value, self.is_open)

    def __str__(self) -> str:
        return f"{Decimal(self.value).scaleb(-2):.2f}"


#: A range of signed amounts; None is an end without a bound.
AmountRange = tuple[AmountBound | None, AmountBound | None]


def _convert_amount(part: ActualPart, *, joins_by_or: bool) -> list[Condition]:
    """Convert a range of signed amounts into conditions on direction and positive amount."""
    low, high = _read_range(part)
    if part.options.get("outflow"):
        sides = [_one_direction(OUT, (low, high))]
    elif part.options.get("inflow"):
        sides = [_one_direction(IN, (low, high))]
    else:
        sides = [_one_direction(IN, (low, high)), _one_direction(OUT, (high and -high, low and -low))]
    held = [side for side in sides if side]
    if not held:
        raise NotConvertible("No transaction here has an amount of zero.")
    if len(held) < 2 or joins_by_or:
        return [condition for side in held for condition in side]
    # A range around zero: money of one direction, or no more than the bound of that direction.
    tests = [(OUT, high), (IN, low and -low)]
    return [
        {"match": "any", "conditions": [direction, *_amount_tests(None, bound)]} for direction, bound in tests if bound
    ]


def _read_range(part: ActualPart) -> AmountRange:
    if part.op == "isbetween":
        try:
            pair = read_object(part.value, "value")
        except DocumentError:
            raise NotConvertible("Its value is no pair of amounts.") from None
        low, high = sorted([_read_hundredths(pair.get("num1")), _read_hundredths(pair.get("num2"))])
        return AmountBound(low), AmountBound(high)
    value = _read_hundredths(part.value)
    near = (abs(value) * NEAR_PER_MILLE + 500) // 1000
    ranges: dict[str, AmountRange] = {
        "is": (AmountBound(value), AmountBound(value)),
        "isapprox": (AmountBound(value - near), AmountBound(value + near)),
        "gt": (AmountBound(value, is_open=True), None),
        "gte": (AmountBound(value), None),
        "lt": (None, AmountBound(value, is_open=True)),
        "lte": (None, AmountBound(value)),
    }
    if part.op not in ranges:
        raise NotConvertible("A rule here cannot ask for an amount in this way.")
    return ranges[part.op]


def _read_hundredths(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < MAX_AMOUNT or value % 1:
        raise NotConvertible("Its value is no amount in whole hundredths.")
    return int(value)


def _one_direction(direction: Condition, asked: AmountRange) -> list[Condition]:
    """Return a condition on money of one direction; [] if the range has no amount above zero."""
    low, high = asked
    if high is not None and high.value <= 0:
        return []
    tests = _amount_tests(low if low is not None and low.value > 0 else None, high)
    return [{"match": "all", "conditions": [direction, *tests]}] if tests else [direction]


def _amount_tests(low: AmountBound | None, high: AmountBound | None) -> list[Condition]:
    tests: list[tuple[str, str | list[str]]] = []
    if low and high and not low.is_open and not high.is_open:
        tests = [("eq", str(low))] if low.value == high.value else [("between", [str(low), str(high)])]
    else:
        tests += [("gt" if low.is_open else "gte", str(low))] if low else []
        tests += [("lt" if high.is_open else "lte", str(high))] if high else []
    return [{"field": "amount", "op": op, "value": value} for op, value in tests]


def _convert_action(part: ActualPart, document: ActualDocument) -> Action:
    if part.op != "set":
        raise NotConvertible(UNKNOWN_ACTIONS.get(part.op, "Outlay does not know this action."))
    if part.options.get("splitIndex"):
        raise NotConvertible(UNKNOWN_ACTIONS["set-split-amount"])
    if part.options.get("template") or part.options.get("formula"):
        raise NotConvertible("A rule here cannot reckon with templates or formulas.")
    if part.field not in SETTERS:
        raise NotConvertible(f"A rule here never sets “{part.field}”.")
    value = part.value
    if part.field in {"category", "payee"} and value is not None:
        value = document.name(part.field, value)
    if not isinstance(value, str) or not value:
        raise NotConvertible("A rule here sets a text or a category, and cannot take one away.")
    return {"type": SETTERS[part.field], "value": value}
