"""Reader of Actual Budget's rules, as `getRules()` returns them or as its database keeps them.

The document may also hold the lists of payees, accounts and categories that the rules name by id.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from rules.exchange.conversion import (
    MAX_PARTS,
    MAX_RULES,
    DocumentError,
    NotConvertible,
    RuleConversion,
    read_flag,
    read_list,
    read_object,
    read_text,
)

#: Names of fields in Actual's database → their names in its API.
FIELDS = {"imported_description": "imported_payee", "description": "payee", "acct": "account"}
#: Field of a rule → the list of the document with its names.
LISTS = {"payee": "payees", "account": "accounts", "category": "categories"}
#: Ranking of stages and operators in Actual; a rule with only exact operators scores double.
STAGES = {"pre": 0, "post": 2}
SCORES = {"is": 10, "isNot": 10, "oneOf": 9, "notOneOf": 9, "isapprox": 5, "isbetween": 5}
SCORES |= {"gt": 1, "gte": 1, "lt": 1, "lte": 1}
EXACT = {"is", "isNot", "isapprox", "oneOf", "notOneOf"}


@dataclass(frozen=True, slots=True)
class ActualPart:
    """A condition or an action."""

    op: str
    field: str
    value: Any
    options: Mapping[str, Any]

    def __str__(self) -> str:
        return " ".join(word for word in (self.field, self.op, _as_text(self.value)) if word)


@dataclass(frozen=True, slots=True)
class ActualRule:
    """A rule of Actual."""

    index: int
    id: str
    stage: str
    joins_by_or: bool
    conditions: tuple[ActualPart, ...]
    actions: tuple[ActualPart, ...]

    @property
    def rank(self) -> tuple[int, int, str, int]:
        """Place in Actual's order: `pre` first, `post` last, and within a stage the less exact first."""
        ops = [condition.op for condition in self.conditions]
        score = sum(SCORES.get(op, 0) for op in ops) * (2 if set(ops) <= EXACT else 1)
        return STAGES.get(self.stage, 1), score, self.id, self.index


@dataclass(slots=True)
class ActualDocument:
    """The rules of a document, and the names behind the ids in them."""

    rules: list[ActualRule] = field(default_factory=list)
    names: dict[str, dict[str, str]] = field(default_factory=dict)

    def name(self, kind: str, value: Any) -> str:
        """Return the name of a payee, an account or a category. Raises NotConvertible."""
        found = self.names.get(kind, {}).get(value, "") if isinstance(value, str) else ""
        if not found:
            raise NotConvertible(
                f"The file does not say which {kind} this is; add the list “{LISTS[kind]}” of id and name."
            )
        return found

    def describe(self, part: ActualPart) -> str:
        """Return a readable condition, with names where they are known."""
        values = part.value if isinstance(part.value, list) else [part.value]
        known = self.names.get(part.field, {})
        shown = (known.get(value, value) if isinstance(value, str) else _as_text(value) for value in values)
        return f"{part.field} {part.op} {', '.join(shown)}"


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def is_actual(document: Any) -> bool:
    """Return True if a document has rules as Actual writes them."""
    rules = document.get("rules") if isinstance(document, dict) else document
    marks = {"conditionsOp", "conditions_op", "stage"}
    return isinstance(rules, list) and any(isinstance(item, dict) and marks & item.keys() for item in rules)


def read_actual(document: Any, conversion: RuleConversion) -> ActualDocument:
    """Read the rules of a document; the conversion notes the unreadable ones. Raises DocumentError."""
    found = ActualDocument()
    if isinstance(document, dict):
        found.names = {kind: _read_names(document.get(name), name) for kind, name in LISTS.items()}
    rules = document["rules"] if isinstance(document, dict) else document
    for index, item in enumerate(read_list(rules, "rules", at_most=MAX_RULES)):
        try:
            rule = _read_rule(index, read_object(item, f"rules.{index}"))
        except DocumentError as error:
            conversion.refuse(index, error)
        else:
            found.rules += [rule] if rule else []
    return found


def _read_names(value: Any, place: str) -> dict[str, str]:
    """Return names by id; deleted entries keep their names."""
    rows = [read_object(item, f"{place}.{i}") for i, item in enumerate(read_list(value, place))]
    return {
        read_text(row.get("id"), f"{place}.{i}.id"): read_text(row.get("name"), f"{place}.{i}.name")
        for i, row in enumerate(rows)
    }


def _read_rule(index: int, item: dict[str, Any]) -> ActualRule | None:
    """Return the rule, or None if it was deleted."""
    place = f"rules.{index}"
    if read_flag(item.get("tombstone"), f"{place}.tombstone", default=False):
        return None
    word = read_text(item.get("conditionsOp") or item.get("conditions_op") or "and", f"{place}.conditionsOp")
    return ActualRule(
        index=index,
        id=read_text(item.get("id"), f"{place}.id"),
        stage=read_text(item.get("stage"), f"{place}.stage"),
        joins_by_or=word == "or",
        conditions=tuple(_read_parts(item.get("conditions"), f"{place}.conditions")),
        actions=tuple(_read_parts(item.get("actions"), f"{place}.actions")),
    )


def _read_parts(value: Any, place: str) -> list[ActualPart]:
    """Return conditions or actions, which the database keeps as JSON text."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            raise DocumentError(place, "Send a list, or its JSON.") from None
    parts = []
    for i, entry in enumerate(read_list(value, place, at_most=MAX_PARTS)):
        item = read_object(entry, f"{place}.{i}")
        name = read_text(item.get("field"), f"{place}.{i}.field")
        options = item.get("options")
        part = ActualPart(
            op=read_text(item.get("op"), f"{place}.{i}.op"),
            field=FIELDS.get(name, name),
            value=item.get("value"),
            options={} if options is None else read_object(options, f"{place}.{i}.options"),
        )
        parts.append(part)
    return parts
