"""Conversion of Firefly III's rules: as its API returns them (`GET /api/v1/rules`), or as `rules.csv` of its export.

A trigger or an action is converted only if it means the same here. Others are listed, and a rule that would then match
more than before is switched off. Triggers work as in the search of Firefly III. Texts are compared in any case.
`amount_less`, `amount_more`, `date_before`, `date_after` and their opposites include the named value.
"""

import re
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
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
    LedgerNames,
    NotConvertible,
    RuleConversion,
    in_month,
    on_day,
    read_day,
    shorten,
    unique_name,
)
from rules.exchange.firefly_documents import FireflyDocument, FireflyPart, FireflyRule, read_firefly

#: Event that runs a rule there → triggers here. Every rule can be applied by hand.
TRIGGERS = {
    "store-journal": ["create", "import", "manual"],
    "update-journal": ["update", "manual"],
    "manual-activation": ["manual"],
}
#: Other words for the same trigger, and their beginnings.
ALIASES = {
    "description": "description_is",
    "notes": "notes_contains",
    "notes_contain": "notes_contains",
    "notes_are": "notes_is",
    "notes_start": "notes_starts",
    "notes_end": "notes_ends",
    "has_any_notes": "any_notes",
    "has_notes": "any_notes",
    "type": "transaction_type",
    "tag": "tag_is",
    "category": "category_contains",
    "amount": "amount_is",
    "amount_exactly": "amount_is",
    "amount_max": "amount_less",
    "less": "amount_less",
    "amount_min": "amount_more",
    "more": "amount_more",
    "date": "date_on",
    "date_is": "date_on",
    "on": "date_on",
    "before": "date_before",
    "after": "date_after",
    "source": "source_account_contains",
    "from": "source_account_contains",
    "destination": "destination_account_contains",
    "to": "destination_account_contains",
}
OPPOSITES = {"amount_less": "amount_more", "date_before": "date_after"}
OPPOSITES |= {right: left for left, right in OPPOSITES.items()}
#: End of a trigger's name → operator here.
TEXT_OPS = {"is": "equals", "contains": "contains", "starts": "starts_with", "ends": "ends_with"}
#: Why a trigger cannot be converted → how the names of such triggers begin.
UNKNOWN_TRIGGERS = {
    "A rule here cannot ask for a budget.": "budget has_any_budget has_no_budget",
    "A rule here cannot ask for a bill or subscription.": "bill has_any_bill has_no_bill",
    "A rule here asks for whole categories, not for a part of their names.": "category_",
    "A rule here asks for whole tags, not for a part of their names.": "tag_",
    "A transaction here has one amount in one currency.": "foreign_",
    "A transaction here has one date.": ("interest_date book_date process_date due_date payment_date invoice_date"),
    "A rule here cannot ask when a transaction was entered.": "created_",
    "A rule here cannot ask when a transaction was changed.": "updated_",
    "A rule here cannot ask for attachments.": "attachment has_attachments has_no_attachments",
    "A rule here cannot ask for references of other systems.": (
        "external_ any_external_ has_any_external_ no_external_ internal_reference sepa_"
    ),
    "Numbers of Firefly III's own mean nothing here.": "recurrence_id journal_id",
    "Numbers of Firefly III's own mean nothing here; name the account instead.": (
        "account_id source_account_id destination_account_id"
    ),
    "A rule here cannot ask for an account's balance.": "source_balance destination_balance",
    "Outlay has no cash account for unknown payees.": ("source_is_cash destination_is_cash account_is_cash"),
    "A rule here cannot ask whether a transaction is reconciled.": "reconciled",
}
SETTERS = {"set_category", "set_description", "set_notes"}
TAG_ACTIONS = {"add_tag": "add_tags", "remove_tag": "remove_tags"}
#: Why an action cannot be converted → the names of such actions.
UNKNOWN_ACTIONS = {
    "A rule here sets a category, and cannot take one away.": "clear_category",
    "A rule here cannot set a budget.": "set_budget clear_budget",
    "A rule here takes away tags that it names, not all.": "remove_all_tags",
    "A rule here sets a description, and cannot add to it.": "append_description prepend_description",
    "A rule here sets notes, and cannot add to them.": "append_notes prepend_notes",
    "A rule here sets notes, and cannot take them away.": "clear_notes",
    "A rule here cannot copy one text into another.": (
        "append_descr_to_notes append_notes_to_descr move_descr_to_notes move_notes_to_descr"
    ),
    "A rule here cannot move a transaction to another account.": (
        "set_source_account set_destination_account set_source_to_cash set_destination_to_cash"
    ),
    "A rule here cannot turn a transaction round.": "switch_accounts",
    "A rule here cannot turn a transaction into one of another type.": (
        "convert_withdrawal convert_deposit convert_transfer"
    ),
    "A rule here cannot link a bill or subscription.": "link_to_bill",
    "There are no piggy banks here.": "update_piggy",
    "A rule here never deletes a transaction.": "delete_transaction",
    "A rule here never changes an amount.": "set_amount",
}


def convert_firefly(document: Any, names: LedgerNames) -> RuleConversion:
    """Convert the rules of an answer of Firefly III's API, or of its FireflyTable. Raises DocumentError."""
    conversion = RuleConversion("firefly-iii")
    found = read_firefly(document, conversion)
    # In Firefly III a rule overwrites earlier ones, and a stopping rule ends its group. Here the first rule that writes
    # a field wins it, and a stopping rule ends the list. So the groups are reversed. Within a group the stopping rules
    # come first, in their order, and then the others, the last one first.
    ordered: list[FireflyRule] = []
    for group in sorted(found.groups, key=lambda title: found.groups[title], reverse=True):
        rules = sorted((rule for rule in found.rules if rule.group == group), key=lambda rule: rule.place)
        ordered += [rule for rule in rules if rule.stops]
        ordered += [rule for rule in reversed(rules) if not rule.stops]
    for position, rule in enumerate(ordered):
        later = ordered[position + 1 :]
        if rule.stops and any(other.group != rule.group or other.place < rule.place for other in later):
            why = "It ended its group; here it ends the list of rules, so that a row that it matches is not asked by "
            conversion.leave_out(rule.title, "stop_processing", f"{why}rules below it.")
    taken: list[str] = []
    for position, rule in enumerate(ordered):
        name = unique_name(rule.title, taken)
        taken.append(name)
        body = _convert_rule(rule, found, names, conversion)
        if body is not None:
            body |= {"name": name, "priority": FIRST_PRIORITY + position}
            conversion.rules.append(Candidate(rule.index, body))
    return conversion


def _convert_rule(
    rule: FireflyRule, document: FireflyDocument, names: LedgerNames, conversion: RuleConversion
) -> Body | None:
    """Return the rule's body without its name, or None if no condition or no action remains."""
    conditions: list[Condition] = []
    missed = []
    for part in rule.triggers:
        try:
            condition = _convert_trigger(part, names)
        except NotConvertible as error:
            conversion.leave_out(rule.title, f"trigger {part}", str(error))
            missed.append(part.type)
            continue
        conditions += [condition] if condition else []
        if condition is None and not rule.is_strict:
            conversion.leave_out(rule.title, f"trigger {part}", "A rule here cannot match every row.")
    actions = _convert_actions(rule, conversion)
    if not conditions or not actions:
        what = "actions can be done" if conditions else "triggers can be asked"
        conversion.leave_out(rule.title, "rule", f"None of its {what} here.")
        return None
    is_wider = bool(missed) and rule.is_strict
    if is_wider:
        conversion.leave_out(rule.title, "is_active", WIDER.format(", ".join(f"“{word}”" for word in missed)))
    if rule.description:
        conversion.leave_out(rule.title, "description", "A rule here has a name, and no description.")
    if len(rule.title) > NAME_LENGTH:
        conversion.leave_out(rule.title, "title", f"A name has at most {NAME_LENGTH} characters.")
    if len(rule.group) > GROUP_LENGTH:
        conversion.leave_out(rule.title, "group", f"A group has at most {GROUP_LENGTH} characters.")
    return {
        "group": shorten(rule.group, GROUP_LENGTH),
        "is_active": rule.is_active and rule.group not in document.switched_off and not is_wider,
        "stop_processing": rule.stops,
        "triggers": TRIGGERS.get(rule.moment, ["manual"]),
        "match": "all" if rule.is_strict else "any",
        "conditions": conditions,
        "actions": actions,
    }


def _convert_trigger(part: FireflyPart, names: LedgerNames) -> Condition | None:
    """Return the equivalent condition; None for a trigger that always holds. Raises NotConvertible."""
    word = ALIASES.get(part.type, part.type)
    for alias, prefix in (("from_account_", "source_account_"), ("to_account_", "destination_account_")):
        if part.type.startswith(alias):
            word = prefix + part.type.removeprefix(alias)
    if word in {"exists", "user_action"} and not part.is_prohibited:
        return None
    is_flipped = part.is_prohibited and word in OPPOSITES
    condition = _convert_asserted(OPPOSITES[word] if is_flipped else word, part, names)
    return condition | {"negate": condition.get("negate", False) != (part.is_prohibited and not is_flipped)}


def _convert_asserted(word: str, part: FireflyPart, names: LedgerNames) -> Condition:
    """Return the condition of a trigger as if it were not prohibited."""
    if word in FLAGS:
        field, negate = FLAGS[word]
        return {"field": field, "op": "is_empty", "negate": negate}
    field, _, ending = word.rpartition("_")
    is_text = field in {"description", "notes"} and ending in TEXT_OPS
    accounts = {"account", "source_account", "destination_account"}
    is_account = ending in TEXT_OPS and field.removesuffix("_nr") in accounts
    if word not in CONVERTERS and not is_text and not is_account:
        fits = (why for why, starts in UNKNOWN_TRIGGERS.items() if word.startswith(tuple(starts.split())))
        raise NotConvertible(next(fits, "Outlay does not know this trigger."))
    if is_text and part.is_prohibited and {"%", "_"} & set(part.value):
        raise NotConvertible("“%” and “_” stand for any text in Firefly III, and for themselves here.")
    if not part.value:
        raise NotConvertible("It has no value.")
    if is_text:
        return {"field": field, "op": TEXT_OPS[ending], "value": part.value}
    return _convert_account(field, ending, part, names) if is_account else CONVERTERS[word](part.value, names)


def _convert_account(field: str, ending: str, part: FireflyPart, names: LedgerNames) -> Condition:
    """Return a condition on one's own account, on the merchant, or on the other party's IBAN.

    Firefly III keeps payees as accounts, too. Outgoing money has one's own account as its source and the payee as its
    destination. Incoming money has them the other way round.
    """
    tests = {"is": str.__eq__, "contains": str.__contains__, "starts": str.startswith, "ends": str.endswith}
    own = [name for name in names.accounts if tests[ending](name.casefold(), part.value.casefold())]
    is_number, side = field.endswith("_nr"), field.partition("_")[0]
    is_own = bool(own) and not is_number
    if part.is_prohibited and not (is_own and ending == "is"):
        raise NotConvertible("Who is paid may be called otherwise here, and then “not” would match more than before.")
    condition: Condition
    if is_own:
        condition = {"field": "account", "op": "in", "value": own}
    elif is_number:
        condition = {"field": "iban", "op": TEXT_OPS[ending], "value": "".join(part.value.split())}
    else:
        condition = {"field": "merchant", "op": TEXT_OPS[ending], "value": part.value}
    if side not in {"source", "destination"}:
        return condition
    direction = "out" if is_own == (side == "source") else "in"
    return {"match": "all", "conditions": [{"field": "direction", "op": "equals", "value": direction}, condition]}


def _convert_type(value: str, names: LedgerNames) -> Condition:
    """Return a condition on the direction; transfers between own accounts have a transfer category here."""
    directions = {"withdrawal": "out", "deposit": "in"}
    is_transfer: Condition = {"field": "category", "op": "in", "value": list(names.transfers)}
    word = value.casefold()
    if word == "transfer":
        return is_transfer
    if word not in directions:
        raise NotConvertible("There are no transactions of this type here.")
    direction = {"field": "direction", "op": "equals", "value": directions[word]}
    return {"match": "all", "conditions": [direction, is_transfer | {"negate": True}]}


def _amount(op: str, value: str) -> Condition:
    try:
        amount = abs(Decimal(value.replace(",", ".")))
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite():
        raise NotConvertible("Its value is no amount.")
    return {"field": "amount", "op": op, "value": f"{amount:f}"}


def _convert_date(value: str, names: LedgerNames) -> Condition:
    """Convert a day, or a pattern such as 2026-xx-xx, 2026-11-xx or xxxx-xx-01."""
    if found := re.fullmatch(r"(\d{4})-xx-xx", value, re.ASCII):
        return in_month(int(found[1]), 1, n_months=12)
    if found := re.fullmatch(r"(\d{4})-(\d{2})-xx", value, re.ASCII):
        return in_month(int(found[1]), int(found[2]))
    if found := re.fullmatch(r"xxxx-xx-(\d{2})", value, re.ASCII):
        return {"field": "date", "op": "day_of_month", "value": [int(found[1])]}
    return on_day("on", read_day(value))


def _convert_currency(value: str, names: LedgerNames) -> Condition:
    """Convert a currency's code, or a name with the code in parentheses."""
    code = re.fullmatch(r"(?:.*\()?([A-Za-z]{3})\)?", value)
    if code is None:
        raise NotConvertible("A rule here asks for a currency's code, such as EUR.")
    return {"field": "currency", "op": "equals", "value": code[1].upper()}


#: Triggers that need no value → the field that is empty or, if negated, has something.
FLAGS = {
    "has_any_category": ("category", True),
    "has_no_category": ("category", False),
    "has_any_tag": ("tags", True),
    "has_no_tag": ("tags", False),
    "any_notes": ("notes", True),
    "no_notes": ("notes", False),
}
CONVERTERS: dict[str, Callable[[str, LedgerNames], Condition]] = {
    "amount_is": lambda value, names: _amount("eq", value),
    "amount_less": lambda value, names: _amount("lte", value),
    "amount_more": lambda value, names: _amount("gte", value),
    "date_on": _convert_date,
    "date_before": lambda value, names: on_day("before", read_day(value), shift_days=1),
    "date_after": lambda value, names: on_day("after", read_day(value), shift_days=-1),
    "transaction_type": _convert_type,
    "currency_is": _convert_currency,
    "category_is": lambda value, names: {"field": "category", "op": "in", "value": [value]},
    "tag_is": lambda value, names: {"field": "tags", "op": "has_any", "value": [value]},
    "tag_is_not": lambda value, names: {"field": "tags", "op": "has_none", "value": [value]},
}


def _convert_actions(rule: FireflyRule, conversion: RuleConversion) -> list[Action]:
    """Return the actions. Firefly III runs them in order; of two that write the same, the last one wins."""
    done: dict[str, Action] = {}
    ends = False
    for part in rule.actions:
        if ends:
            why = "An action above ends the rule when it changes something; here all actions are done."
            conversion.leave_out(rule.title, f"action {part}", why)
            continue
        try:
            _add_action(part, done)
        except NotConvertible as error:
            conversion.leave_out(rule.title, f"action {part}", str(error))
        ends = part.stops
    return [action for action in done.values() if action["value"]]


def _add_action(part: FireflyPart, done: dict[str, Action]) -> None:
    if part.type not in SETTERS | TAG_ACTIONS.keys():
        fits = (why for why, names in UNKNOWN_ACTIONS.items() if part.type in names.split())
        raise NotConvertible(next(fits, "Outlay does not know this action."))
    if not part.value:
        raise NotConvertible("It has no value.")
    if part.type in SETTERS:
        if part.value.startswith("="):
            raise NotConvertible("A rule here cannot reckon with expressions.")
        done[part.type] = {"type": part.type, "value": part.value}
        return
    # A tag that is added is no longer removed by an action above, and vice versa.
    for word, kind in TAG_ACTIONS.items():
        tags = done.setdefault(kind, {"type": kind, "value": []})["value"]
        tags[:] = [tag for tag in tags if tag.casefold() != part.value.casefold()]
        if word == part.type:
            tags.append(part.value)
