"""Names for ids: a stored rule refers to categories and accounts by id, a rule in a file by name."""

import copy
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from accounts.models import User
from expenses.categorization.catalog import Catalog
from expenses.models import Account, Tag
from rules.exchange.conversion import Body, shorten
from rules.operators import FIELD_TYPES, FieldType

#: Field of a condition or type of an action → the kind of thing that its value refers to.
KINDS = {name: name for name, sort in FIELD_TYPES.items() if sort is FieldType.ID}
KINDS |= {name: "tag" for name, sort in FIELD_TYPES.items() if sort is FieldType.TAGS}
KINDS |= {"set_category": "category", "add_tags": "tag", "remove_tags": "tag"}
ADVICE = {
    "category": "Create it first, or import with create_missing=true.",
    "account": "Create it first; an import never creates accounts.",
}


@dataclass(frozen=True, slots=True)
class NameSlot:
    """A place in a rule's body that holds an id, a name, or a list of these: `holder["value"]`."""

    kind: str
    holder: dict[str, Any]
    place: str

    @property
    def values(self) -> list[Any]:
        value = self.holder["value"]
        return value if isinstance(value, list) else [value]

    def put(self, values: list[Any]) -> None:
        """Write the values back as a list or a single value, as before."""
        self.holder["value"] = values if isinstance(self.holder["value"], list) else values[0]


@dataclass(slots=True)
class ResolvedBody:
    """A body with ids for names; `missing` are kinds and names that the ledger does not have."""

    body: Body
    missing: list[tuple[str, str]] = field(default_factory=list)
    errors: list[dict[str, str]] = field(default_factory=list)

    def refuse(self, slot: NameSlot, code: str, detail: str) -> None:
        """Record an error about a value."""
        self.errors.append({"attr": slot.place, "code": code, "detail": detail})


@dataclass(slots=True)
class Directory:
    """Names of a ledger's categories, accounts and tags."""

    catalog: Catalog
    accounts: dict[int, str]
    tags: set[str]

    @classmethod
    def load_for(cls, user: User) -> "Directory":
        """Load the names with three queries."""
        accounts = dict(Account.objects.for_user(user).values_list("pk", "name"))
        tags = {name.casefold() for name in Tag.objects.for_user(user).values_list("name", flat=True)}
        return cls(Catalog.load_for(user), accounts, tags)

    def name(self, kind: str, pk: int) -> str:
        """Return the name for a file; a deleted row gets its number, which no import finds as a name."""
        if kind == "account":
            return self.accounts.get(pk, f"#{pk}")
        category = self.catalog.categories.get(pk)
        return category.name if category else f"#{pk}"

    def find(self, kind: str, name: str) -> int | None:
        """Return the id of the category or account of this name, in any case."""
        if kind == "category":
            category = self.catalog.find(name)
            return category.pk if category else None
        wanted = name.strip().casefold()
        return next((pk for pk, own in self.accounts.items() if own.casefold() == wanted), None)


def with_names(body: Body, directory: Directory) -> Body:
    """Return the body of a stored rule with names for ids."""
    named = copy.deepcopy(body)
    for slot in _slots(named):
        if slot.kind != "tag":
            slot.put([directory.name(slot.kind, pk) for pk in slot.values])
    return named


def with_ids(body: Body, directory: Directory) -> ResolvedBody:
    """Return the body of a rule in a file with ids for names. The serializer finds other faults."""
    resolved = ResolvedBody(copy.deepcopy(body))
    for slot in _slots(resolved.body):
        slot.put([_look_up(slot, value, directory, resolved) for value in slot.values])
    return resolved


def _look_up(slot: NameSlot, value: Any, directory: Directory, resolved: ResolvedBody) -> Any:
    """Return the id of a name. Tags and values that are no names come back unchanged."""
    if isinstance(value, int) and not isinstance(value, bool):
        detail = f"Write the name of the {slot.kind}: a number means nothing in another ledger."
        resolved.refuse(slot, "not_a_name", detail)
        return value
    if not isinstance(value, str):
        return value
    if slot.kind == "tag":
        resolved.missing += [] if value.strip().casefold() in directory.tags else [("tag", value.strip())]
        return value
    found = directory.find(slot.kind, value)
    if found is not None:
        return found
    resolved.missing.append((slot.kind, value.strip()))
    detail = f"There is no {slot.kind} “{shorten(value)}” here. {ADVICE[slot.kind]}"
    resolved.refuse(slot, "does_not_exist", detail)
    return value


def _slots(body: Body) -> Iterator[NameSlot]:
    leaves: list[tuple[str, dict[str, Any]]] = []
    for place, condition in _objects(body.get("conditions"), "conditions"):
        is_group = "conditions" in condition
        leaves += _objects(condition["conditions"], f"{place}.conditions") if is_group else [(place, condition)]
    parts = [(place, leaf, leaf.get("field")) for place, leaf in leaves]
    parts += [(place, action, action.get("type")) for place, action in _objects(body.get("actions"), "actions")]
    for place, part, name in parts:
        kind = KINDS.get(name) if isinstance(name, str) else None
        if kind is not None and part.get("value") is not None:
            yield NameSlot(kind, part, f"{place}.value")


def _objects(value: Any, place: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for i, item in enumerate(value if isinstance(value, list) else []):
        if isinstance(item, dict):
            yield f"{place}.{i}", item
