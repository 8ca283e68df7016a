"""Reader of Firefly III's rules: an API answer, a list of rules, or the table of an export."""

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from rules.exchange.conversion import (
    MAX_PARTS,
    MAX_RULES,
    DocumentError,
    RuleConversion,
    read_flag,
    read_list,
    read_number,
    read_object,
    read_text,
    shorten,
)

MAX_HEADING = 1000
#: Columns that identify the table of an export.
COLUMNS = {"rule_id", "row_contains", "trigger_type", "action_type"}
#: Lists in an answer of the API, or in a file put together from several.
LISTS = ("data", "rules", "rule_groups")


@dataclass(frozen=True, slots=True)
class FireflyPart:
    """A trigger or an action."""

    type: str
    value: str
    order: int
    is_prohibited: bool = False
    stops: bool = False

    def __str__(self) -> str:
        return f"{'-' if self.is_prohibited else ''}{self.type}{': ' if self.value else ''}{shorten(self.value)}"


@dataclass(frozen=True, slots=True)
class FireflyRule:
    """A rule of Firefly III, without the triggers and actions that are switched off."""

    index: int
    title: str
    description: str
    group: str
    order: int
    is_active: bool
    is_strict: bool
    stops: bool
    moment: str
    triggers: tuple[FireflyPart, ...]
    actions: tuple[FireflyPart, ...]

    @property
    def place(self) -> tuple[int, int]:
        """Place in its group."""
        return self.order, self.index


@dataclass(slots=True)
class FireflyDocument:
    """The rules of a document, the order of their groups, and the groups that are switched off."""

    rules: list[FireflyRule] = field(default_factory=list)
    groups: dict[str, int] = field(default_factory=dict)
    switched_off: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class FireflyTable:
    """The text of an exported table."""

    text: str


def is_firefly_table(text: str) -> bool:
    """Return True if a text is the table of rules that Firefly III exports."""
    header = text[:MAX_HEADING].partition("\n")[0].split(",")
    return {name.strip('\ufeff "\r') for name in header} >= COLUMNS


def is_firefly(document: Any) -> bool:
    """Return True if a document is an answer of Firefly III's API, or a list of resources from one."""
    return any(item.get("type") in ("rules", "rule_groups") and "attributes" in item for item in _resources(document))


def read_firefly(document: Any, conversion: RuleConversion) -> FireflyDocument:
    """Read the rules of an API answer or a FireflyTable; the conversion notes the unreadable ones.

    Raises DocumentError.
    """
    found = FireflyDocument()
    if isinstance(document, FireflyTable):
        try:
            rows = list(csv.DictReader(io.StringIO(document.text.lstrip("\ufeff"))))
        except csv.Error as error:
            raise DocumentError("file", f"This is no table: {error}.") from None
        _read_rules(list(_rules_of_table(rows).values()), found, conversion)
        return found
    meta = document.get("meta") if isinstance(document, dict) else None
    pages = meta.get("pagination") if isinstance(meta, dict) else None
    total = pages.get("total_pages") if isinstance(pages, dict) else None
    if isinstance(total, int) and total > 1:
        conversion.leave_out("", "pages", f"This is one of {total} pages; import the others, too.")
    rules = []
    for item in _resources(document):
        attributes = item.get("attributes")
        if item.get("type") == "rule_groups" and isinstance(attributes, dict):
            title = read_text(attributes.get("title"), "rule_groups.title")
            found.groups[title] = read_number(attributes.get("order"), "rule_groups.order")
            if not read_flag(attributes.get("active"), "rule_groups.active", default=True):
                found.switched_off.add(title)
        else:
            rules.append(attributes if "attributes" in item else item)
    _read_rules(rules, found, conversion)
    return found


def _resources(document: Any) -> Iterator[dict[str, Any]]:
    """Return the rules and groups, wherever the document has them."""
    if isinstance(document, dict) and "attributes" in document:
        yield document
    elif isinstance(document, dict):
        for name in LISTS:
            yield from _resources(document.get(name))
    elif isinstance(document, list):
        for item in document:
            yield item if isinstance(item, dict) else {"attributes": item}


def _read_rules(rules: list[Any], found: FireflyDocument, conversion: RuleConversion) -> None:
    for index, attributes in enumerate(read_list(rules, "rules", at_most=MAX_RULES)):
        try:
            rule = _read_rule(index, read_object(attributes, f"rules.{index}"))
        except DocumentError as error:
            name = attributes.get("title") if isinstance(attributes, dict) else None
            conversion.refuse(index, error, name=name)
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
        triggers=_read_parts(attributes.get("triggers"), f"{place}.triggers"),
        actions=_read_parts(attributes.get("actions"), f"{place}.actions"),
    )


def _read_parts(value: Any, place: str) -> tuple[FireflyPart, ...]:
    """Return the triggers or actions that are switched on, in order."""
    parts = []
    for i, entry in enumerate(read_list(value, place, at_most=MAX_PARTS)):
        item, at = read_object(entry, f"{place}.{i}"), f"{place}.{i}"
        word = read_text(item.get("type"), f"{at}.type")
        is_prohibited = read_flag(item.get("prohibited"), f"{at}.prohibited", default=False)
        part = FireflyPart(
            type=word.removeprefix("-"),
            value=read_text(item.get("value"), f"{at}.value"),
            order=read_number(item.get("order"), f"{at}.order"),
            is_prohibited=is_prohibited or word.startswith("-"),
            stops=read_flag(item.get("stop_processing"), f"{at}.stop_processing", default=False),
        )
        if read_flag(item.get("active"), f"{at}.active", default=True):
            parts.append(part)
    return tuple(sorted(parts, key=lambda part: part.order))


def _rules_of_table(rows: Iterable[dict[str, str | None]]) -> dict[str, dict[str, Any]]:
    """Return rules by id as the API would show them; each row is a rule, a trigger or an action.

    In the row of a rule, Firefly III writes one column more than it names: the group's title has no heading. Each value
    stands under the name of the one before.
    """
    names = ["title", "description", "order", "active", "stop_processing", "strict"]
    rules: dict[str, dict[str, Any]] = {}
    for row in rows:
        rule = rules.setdefault(row.get("rule_id") or "", {"triggers": [], "actions": []})
        kind = row.get("row_contains")
        if kind == "rule":
            has_title = not (row.get("order") or "").isdigit() or row.get("trigger_type")
            columns = [*names, "trigger_type"] if has_title else names
            keys = ["rule_group_title", *names] if has_title else names
            rule.update(zip(keys, map(row.get, columns), strict=True))
        elif row.get("trigger_type") == "user_action":
            rule["trigger"] = row.get("trigger_value")
        elif kind in {"trigger", "action"}:
            parts = ("type", "value", "order", "active", "stop_processing")
            rule[f"{kind}s"].append({name: row.get(f"{kind}_{name}") for name in parts})
    return rules
