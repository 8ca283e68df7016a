"""Finds the rules in a document of Actual, and resolves the ids in them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from rules.exchange.conversion import Conversion, NotCarried, Refusal
from rules.exchange.shapes import MAX_PARTS, MAX_RULES, Misshapen, read_flag, read_list, read_object, read_text

#: How its database calls what its API calls otherwise.
FIELDS = {"imported_description": "imported_payee", "description": "payee", "acct": "account"}
#: The field of a rule → the list of the document that has its names.
LISTS = {"payee": "payees", "account": "accounts", "category": "categories"}


@dataclass(frozen=True, slots=True)
class Part:
    """A condition or an action."""

    op: str
    field: str
    value: Any
    options: Mapping[str, Any]

    def __str__(self) -> str:
        return " ".join(word for word in (self.field, self.op, _shown(self.value)) if word)


@dataclass(frozen=True, slots=True)
class ActualRule:
    """A rule as Actual has it."""

    index: int
    id: str
    stage: str
    joins_by_or: bool
    conditions: tuple[Part, ...]
    actions: tuple[Part, ...]


@dataclass(slots=True)
class ActualDocument:
    """The rules of a document, and the names of what they name by id."""

    rules: list[ActualRule] = field(default_factory=list)
    names: dict[str, dict[str, str]] = field(default_factory=dict)

    def name(self, kind: str, value: Any) -> str:
        """The name of a payee, an account or a category. Raises NotCarried."""
        found = self.names.get(kind, {}).get(value, "") if isinstance(value, str) else ""
        if not found:
            why = f"The file does not say which {kind} this is; add the list “{LISTS[kind]}” of id and name."
            raise NotCarried(why)
        return found

    def described(self, part: Part) -> str:
        """A condition as a person would write it, with names where they are known."""
        values = part.value if isinstance(part.value, list) else [part.value]
        known = self.names.get(part.field, {})
        shown = ", ".join(known.get(value, value) if isinstance(value, str) else _shown(value) for value in values)
        return f"{part.field} {part.op} {shown}"


def is_actual(document: Any) -> bool:
    """Whether a document has rules as Actual writes them."""
    rules = document.get("rules") if isinstance(document, dict) else document
    return isinstance(rules, list) and any(_is_rule(item) for item in rules)


def read_document(document: Any, conversion: Conversion) -> ActualDocument:
    """The rules of a document; what cannot be read is refused in the conversion. Raises Misshapen."""
    found = ActualDocument()
    if isinstance(document, dict):
        found.names = {kind: _names(document.get(name), name) for kind, name in LISTS.items()}
    rules = document["rules"] if isinstance(document, dict) else document
    for index, item in enumerate(read_list(rules, "rules", at_most=MAX_RULES)):
        try:
            rule = _read_rule(index, read_object(item, f"rules.{index}"))
        except Misshapen as fault:
            conversion.refused.append(Refusal.of(index, "", fault))
        else:
            found.rules += [rule] if rule else []
    return found


def _is_rule(item: Any) -> bool:
    return isinstance(item, dict) and bool({"conditionsOp", "conditions_op", "stage"} & item.keys())


def _names(value: Any, place: str) -> dict[str, str]:
    """Names by id; what is deleted keeps its name. Raises Misshapen."""
    rows = [read_object(item, f"{place}.{i}") for i, item in enumerate(read_list(value, place))]
    return {
        read_text(row.get("id"), f"{place}.{i}.id"): read_text(row.get("name"), f"{place}.{i}.name")
        for i, row in enumerate(rows)
    }


def _read_rule(index: int, item: dict[str, Any]) -> ActualRule | None:
    place = f"rules.{index}"
    if read_flag(item.get("tombstone"), f"{place}.tombstone", default=False):
        return None
    word = read_text(item.get("conditionsOp") or item.get("conditions_op") or "and", f"{place}.conditionsOp")
    return ActualRule(
        index=index,
        id=read_text(item.get("id"), f"{place}.id"),
        stage=read_text(item.get("stage"), f"{place}.stage"),
        joins_by_or=word == "or",
        conditions=tuple(_parts(item.get("conditions"), f"{place}.conditions")),
        actions=tuple(_parts(item.get("actions"), f"{place}.actions")),
    )


def _parts(value: Any, place: str) -> list[Part]:
    """Conditions or actions, which the database keeps as text."""
    if isinstance(value, str):
        value = _decoded(value, place)
    return [
        _part(read_object(item, f"{place}.{i}"), f"{place}.{i}")
        for i, item in enumerate(read_list(value, place, at_most=MAX_PARTS))
    ]


def _decoded(text: str, place: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise Misshapen(place, "Expected a list, or its JSON.") from None


def _part(item: dict[str, Any], place: str) -> Part:
    name = read_text(item.get("field"), f"{place}.field")
    options = item.get("options")
    return Part(
        op=read_text(item.get("op"), f"{place}.op"),
        field=FIELDS.get(name, name),
        value=item.get("value"),
        options={} if options is None else read_object(options, f"{place}.options"),
    )


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
