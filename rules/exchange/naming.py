"""Rules name categories and accounts by id in the database, and by name in a file: ids mean nothing elsewhere."""

import copy
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from accounts.models import User
from expenses.categorization.catalog import Catalog
from expenses.models import Account, Tag
from rules.exchange.conversion import Body
from rules.exchange.shapes import shorten
from rules.operators import SORTS, Sort

#: Field of a condition, or type of an action, that holds ids or names → what they are of.
KINDS = {name: name for name, sort in SORTS.items() if sort is Sort.ID}
KINDS |= {name: "tag" for name, sort in SORTS.items() if sort is Sort.TAGS}
KINDS |= {"set_category": "category", "add_tags": "tag", "remove_tags": "tag"}
ADVICE = {
    "category": "Create it first, or import with create_missing=true.",
    "account": "Create it first; an import never creates accounts.",
}


@dataclass(frozen=True, slots=True)
class Slot:
    """A place in a rule's body that holds a list of ids or names: `holder[key]`."""

    kind: str
    holder: dict[str, Any]
    key: str
    place: str

    @property
    def values(self) -> list[Any]:
        value = self.holder.get(self.key)
        return value if isinstance(value, list) else [value]

    def put(self, values: list[Any]) -> None:
        """Write the values as they came: a list or one."""
        self.holder[self.key] = values if isinstance(self.holder.get(self.key), list) else values[0]


@dataclass(slots=True)
class Resolved:
    """A body with ids for names; what is missing, by kind and name; and what is wrong with it."""

    body: Body
    missing: list[tuple[str, str]] = field(default_factory=list)
    errors: list[dict[str, str]] = field(default_factory=list)


@dataclass(slots=True)
class Directory:
    """What a ledger calls its categories, accounts and tags."""

    catalog: Catalog
    accounts: dict[int, str]
    tags: set[str]

    @classmethod
    def load_for(cls, user: User) -> "Directory":
        """Three queries."""
        accounts = dict(Account.objects.for_user(user).values_list("pk", "name"))
        tags = {name.casefold() for name in Tag.objects.for_user(user).values_list("name", flat=True)}
        return cls(Catalog.load_for(user), accounts, tags)

    def name(self, kind: str, pk: int) -> str:
        """The name for a file; what is gone is shown as its number, which no import takes for a name that is there."""
        if kind == "account":
            return self.accounts.get(pk, f"#{pk}")
        category = self.catalog.categories.get(pk)
        return category.name if category else f"#{pk}"

    def find(self, kind: str, name: str) -> int | None:
        """The id of what has this name, whatever the case."""
        if kind == "category":
            category = self.catalog.find(name)
            return category.pk if category else None
        wanted = name.strip().casefold()
        return next((pk for pk, own in self.accounts.items() if own.casefold() == wanted), None)


def with_names(body: Body, directory: Directory) -> Body:
    """The body of a stored rule, with names for ids."""
    named = copy.deepcopy(body)
    for slot in _slots(named):
        if slot.kind != "tag":
            slot.put([directory.name(slot.kind, pk) for pk in slot.values])
    return named


def with_ids(body: Body, directory: Directory) -> Resolved:
    """The body of a rule in a file, with ids for names; whatever else is wrong with it stays as it is."""
    resolved = Resolved(copy.deepcopy(body))
    for slot in _slots(resolved.body):
        if slot.kind == "tag":
            _look_up_tags(slot, directory, resolved)
        else:
            slot.put([_look_up(slot, value, directory, resolved) for value in slot.values])
    return resolved


def _look_up(slot: Slot, value: Any, directory: Directory, resolved: Resolved) -> Any:
    if _is_number(value):
        _refuse_number(slot, resolved)
        return value
    if not isinstance(value, str):
        return value
    found = directory.find(slot.kind, value)
    if found is None:
        resolved.missing.append((slot.kind, value.strip()))
        detail = f"There is no {slot.kind} “{shorten(value)}” here. {ADVICE[slot.kind]}"
        resolved.errors.append({"attr": slot.place, "code": "does_not_exist", "detail": detail})
    return found if found is not None else value


def _look_up_tags(slot: Slot, directory: Directory, resolved: Resolved) -> None:
    for value in slot.values:
        if _is_number(value):
            _refuse_number(slot, resolved)
        elif isinstance(value, str) and value.strip().casefold() not in directory.tags:
            resolved.missing.append(("tag", value.strip()))


def _is_number(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _refuse_number(slot: Slot, resolved: Resolved) -> None:
    detail = f"Write the name of the {slot.kind}: a number means nothing in another ledger."
    resolved.errors.append({"attr": slot.place, "code": "not_a_name", "detail": detail})


def _slots(body: Body) -> Iterator[Slot]:
    parts = [(place, leaf, leaf.get("field")) for place, leaf in _leaves(body)]
    parts += [(place, action, action.get("type")) for place, action in _objects(body.get("actions"), "actions")]
    for place, part, name in parts:
        kind = KINDS.get(name) if isinstance(name, str) else None
        if kind is not None and part.get("value") is not None:
            yield Slot(kind, part, "value", f"{place}.value")


def _leaves(body: Body) -> Iterator[tuple[str, dict[str, Any]]]:
    for place, condition in _objects(body.get("conditions"), "conditions"):
        if "conditions" in condition:
            yield from _objects(condition["conditions"], f"{place}.conditions")
        else:
            yield place, condition


def _objects(value: Any, place: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for i, item in enumerate(value if isinstance(value, list) else []):
        if isinstance(item, dict):
            yield f"{place}.{i}", item
