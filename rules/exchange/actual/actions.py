"""Actions of Actual as actions here."""

from collections.abc import Iterable

from rules.exchange.actual.documents import ActualDocument, Part
from rules.exchange.conversion import Action, NotCarried

#: The field that is set → the action here.
SETTERS = {"category": "set_category", "payee": "set_merchant", "payee_name": "set_merchant", "notes": "set_notes"}
UNKNOWN = {
    "set-split-amount": "A rule here cannot split a transaction.",
    "link-schedule": "A rule here cannot link a schedule.",
    "prepend-notes": "A rule here sets notes, and cannot add to them.",
    "append-notes": "A rule here sets notes, and cannot add to them.",
    "delete-transaction": "A rule here never deletes a transaction.",
}


def actions_of(parts: Iterable[Part], document: ActualDocument) -> tuple[list[Action], list[tuple[Part, str]]]:
    """The actions, and those that stay behind with the reason. Of two that write the same, the last counts."""
    done: dict[str, Action] = {}
    left_out: list[tuple[Part, str]] = []
    for part in parts:
        try:
            action = _action(part, document)
        except NotCarried as fault:
            left_out.append((part, str(fault)))
        else:
            done[action["type"]] = action
    return list(done.values()), left_out


def _action(part: Part, document: ActualDocument) -> Action:
    if part.op != "set":
        raise NotCarried(UNKNOWN.get(part.op, "Outlay does not know this action."))
    if part.options.get("splitIndex"):
        raise NotCarried(UNKNOWN["set-split-amount"])
    if part.options.get("template") or part.options.get("formula"):
        raise NotCarried("A rule here cannot reckon with templates or formulas.")
    if part.field not in SETTERS:
        raise NotCarried(f"A rule here never sets “{part.field}”.")
    return {"type": SETTERS[part.field], "value": _value(part, document)}


def _value(part: Part, document: ActualDocument) -> str:
    if part.field in {"category", "payee"} and part.value is not None:
        return document.name(part.field, part.value)
    if not isinstance(part.value, str) or not part.value:
        raise NotCarried("A rule here sets a text or a category, and cannot take one away.")
    return part.value
