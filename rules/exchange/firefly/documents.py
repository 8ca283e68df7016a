"""Finds the rules in what Firefly III writes: an answer of its API, a list of its rules, or the table of its export."""

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from rules.exchange.conversion import Conversion, Refusal
from rules.exchange.shapes import (
    MAX_PARTS,
    MAX_RULES,
    Misshapen,
    read_flag,
    read_list,
    read_number,
    read_object,
    read_text,
    shorten,
)

MOST_HEADING = 1000
#: Columns by which the table of an export is known.
COLUMNS = {"rule_id", "row_contains", "trigger_type", "action_type"}
#: What an answer of the API, or a file put together from several, may hold.
LISTS = ("data", "rules", "rule_groups")


@dataclass(frozen=True, slots=True)
class Part:
    """A trigger or an action."""

    type: str
    value: str
    order: int
    is_prohibited: bool = False
    stops: bool = False


@dataclass(frozen=True, slots=True)
class FireflyRule:
    """A rule as Firefly III has it, without the triggers and actions that are switched off."""

    index: int
    title: str
    description: str
    group: str
    order: int
    is_active: bool
    is_strict: bool
    stops: bool
    moment: str
    triggers: tuple[Part, ...]
    actions: tuple[Part, ...]


@dataclass(slots=True)
class FireflyDocument:
    """The rules of a document, and of its groups the order and which are switched off."""

    rules: list[FireflyRule] = field(default_factory=list)
    groups: dict[str, int] = field(default_factory=dict)
    switched_off: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Table:
    """The text of an exported table."""

    text: str


def is_table(text: str) -> bool:
    """Whether a text is the table of rules that Firefly III exports."""
    header = text[:MOST_HEADING].partition("\n")[0].split(",")
    return {name.strip('\ufeff "\r') for name in header} >= COLUMNS


def is_firefly(document: Any) -> bool:
    """Whether a document is an answer of Firefly III's API, or a list of things from one."""
    return any(item.get("type") in ("rules", "rule_groups") and "attributes" in item for item in _resources(document))


def read_document(document: Any, conversion: Conversion) -> FireflyDocument:
    """The rules in an answer of the API; what cannot be read is refused in the conversion."""
    found = FireflyDocument()
    _note_pages(document, conversion)
    rules = []
    for item in _resources(document):
        attributes = item.get("attributes")
        if item.get("type") == "rule_groups" and isinstance(attributes, dict):
            _read_group(attributes, found)
        else:
            rules.append(attributes if "attributes" in item else item)
    _read_rules(rules, found, conversion)
    return found


def read_table(table: Table, conversion: Conversion) -> FireflyDocument:
    """The rules in an exported table. Raises Misshapen."""
    found = FireflyDocument()
    try:
        rows = list(csv.DictReader(io.StringIO(table.text.lstrip("\ufeff"))))
    except csv.Error as error:
        raise Misshapen("file", f"This is no table: {error}.") from None
    _read_rules(list(_rules_of_table(rows).values()), found, conversion)
    return found


def _resources(document: Any) -> Iterator[dict[str, Any]]:
    """The rules and groups, wherever the document has them."""
    if isinstance(document, dict) and "attributes" in document:
        yield document
    elif isinstance(document, dict):
        for name in LISTS:
            yield from _resources(document.get(name))
    elif isinstance(document, list):
        for item in document:
            yield item if isinstance(item, dict) else {"attributes": item}


def _note_pages(document: Any, conversion: Conversion) -> None:
    meta = document.get("meta") if isinstance(document, dict) else None
    pages = meta.get("pagination") if isinstance(meta, dict) else None
    total = pages.get("total_pages") if isinstance(pages, dict) else None
    if isinstance(total, int) and total > 1:
        conversion.leave_out("", "pages", f"This is one of {total} pages; import the others, too.")


def _read_group(attributes: dict[str, Any], found: FireflyDocument) -> None:
    title = read_text(attributes.get("title"), "rule_groups.title")
    found.groups[title] = read_number(attributes.get("order"), "rule_groups.order")
    if not read_flag(attributes.get("active"), "rule_groups.active", default=True):
        found.switched_off.add(title)


def _read_rules(rules: list[Any], found: FireflyDocument, conversion: Conversion) -> None:
    for index, attributes in enumerate(read_list(rules, "rules", at_most=MAX_RULES)):
        try:
            rule = _read_rule(index, read_object(attributes, f"rules.{index}"))
        except Misshapen as fault:
            title = attributes.get("title") if isinstance(attributes, dict) else None
            conversion.refused.append(Refusal.of(index, shorten(title) if isinstance(title, str) else "", fault))
        else:
            found.rules.append(rule)
            found.groups.setdefault(rule.group, len(found.groups) + 1)


def _read_rule(index: int, attributes: dict[str, Any]) -> FireflyRule:
    place = f"rules.{index}"
    title = read_text(attributes.get("title"), f"{place}.title")
    return FireflyRule(
        index=index,
        title=title or f"Rule {index + 1}",
        description=read_text(attributes.get("description"), f"{place}.description"),
        group=read_text(attributes.get("rule_group_title"), f"{place}.rule_group_title"),
        order=read_number(attributes.get("order"), f"{place}.order"),
        is_active=read_flag(attributes.get("active"), f"{place}.active", default=True),
        is_strict=read_flag(attributes.get("strict"), f"{place}.strict", default=True),
        stops=read_flag(attributes.get("stop_processing"), f"{place}.stop_processing", default=False),
        moment=read_text(attributes.get("trigger"), f"{place}.trigger") or "store-journal",
        triggers=tuple(_parts(attributes.get("triggers"), f"{place}.triggers")),
        actions=tuple(_parts(attributes.get("actions"), f"{place}.actions")),
    )


def _parts(value: Any, place: str) -> list[Part]:
    parts = [_part(item, f"{place}.{i}") for i, item in enumerate(read_list(value, place, at_most=MAX_PARTS))]
    return sorted((part for part in parts if part is not None), key=lambda part: part.order)


def _part(value: Any, place: str) -> Part | None:
    """A trigger or an action; None for one that is switched off."""
    item = read_object(value, place)
    word = read_text(item.get("type"), f"{place}.type")
    part = Part(
        type=word.removeprefix("-"),
        value=read_text(item.get("value"), f"{place}.value"),
        order=read_number(item.get("order"), f"{place}.order"),
        is_prohibited=read_flag(item.get("prohibited"), f"{place}.prohibited", default=False) or word.startswith("-"),
        stops=read_flag(item.get("stop_processing"), f"{place}.stop_processing", default=False),
    )
    return part if read_flag(item.get("active"), f"{place}.active", default=True) else None


def _rules_of_table(rows: Iterable[dict[str, str | None]]) -> dict[str, dict[str, Any]]:
    """The table's rows, of which each is a rule, a trigger or an action, as the API would show them."""
    rules: dict[str, dict[str, Any]] = {}
    for row in rows:
        rule = rules.setdefault(row.get("rule_id") or "", {"triggers": [], "actions": []})
        kind = row.get("row_contains")
        if kind == "rule":
            rule.update(_heading(row))
        elif row.get("trigger_type") == "user_action":
            rule["trigger"] = row.get("trigger_value")
        elif kind in {"trigger", "action"}:
            names = ("type", "value", "order", "active", "stop_processing")
            rule[f"{kind}s"].append({name: row.get(f"{kind}_{name}") for name in names})
    return rules


def _heading(row: dict[str, str | None]) -> dict[str, str | None]:
    """What a table says of a rule itself. Firefly III names one column less than it writes in these rows, the group's
    title, so that each value stands under the name of the one before."""
    names = ["title", "description", "order", "active", "stop_processing", "strict"]
    if (row.get("order") or "").isdigit() and not row.get("trigger_type"):
        return {name: row.get(name) for name in names}
    shifted = ["rule_group_title", *names]
    return dict(zip(shifted, (row.get(name) for name in [*names, "trigger_type"]), strict=True))
