"""Gives the fields of a transaction the values back that a change took from them."""

from collections.abc import Iterator
from copy import copy
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Any

from expenses.categorization.catalog import Catalog
from expenses.ledger.kinds import DIRECTION
from expenses.models import Account, Change, Decision, Tag, Transaction
from expenses.services.journal import ORDER, REFERENCES, Fields, Snapshot, snapshot
from expenses.services.pairs import breaks_pair
from expenses.services.split_parts import FIXED_ON_PART, HELD_BY_WHOLE
from expenses.services.standing import fits
from expenses.services.tagging import give_tags
from expenses.services.tags import find_or_create_tags
from expenses.services.user_fields import release

CHANGED_SINCE = "It was changed since."
TAKEN = "Another transaction of that account has the same external id or statement row now."
WITH_WHOLE = "It is a part of a split, and comes back only together with the whole."
OF_TRANSFER = "It is half of a transfer now, which its old value would break."
OF_WHOLE = "It is split now, and its parts depend on that."
OF_PART = "It is a part of a split, which has that from the whole."
MISFIT = "It does not fit the direction or kind that it has now."
#: Fields that make sense only together, under the name of the one that people know.
TOGETHER = {
    "category": (
        "category", "category_source", "category_confidence", "review_status", "suggested_category", "direction",
        "kind", "is_kind_stated", "decision_id",
    ),
    "amount": ("amount", "currency"),
    "account": ("account", "external_id"),
}  # fmt: skip
NAMED = {name: label for label, names in TOGETHER.items() for name in names}


@dataclass(frozen=True, slots=True)
class Kept:
    """What a revert leaves as it is, and why; without a field it is the row."""

    transaction: int
    reason: str
    field: str | None = None


@dataclass(frozen=True)
class OldValues:
    """What old values refer to, looked up once for many changes of a ledger."""

    ledger_id: int
    version: int
    _known_tags: dict[tuple[str, ...], tuple[Tag, ...]] = field(default_factory=dict)
    _known_decisions: dict[int | None, int | None] = field(default_factory=dict)

    @cached_property
    def named(self) -> dict[str, dict[int, Any]]:
        """What the ledger has today of what fields refer to."""
        categories = Catalog.load(self.ledger_id).categories
        accounts = {account.pk: account for account in Account.objects.filter(ledger_id=self.ledger_id)}
        return {"account": accounts, "category": categories, "suggested_category": categories}

    def restore(self, row: Transaction, change: Change) -> Iterator[Kept]:
        """Restore what still holds what the change wrote; what does not is given. The row is inside `editing`.

        It has left the bin already, where it could.
        """
        now = snapshot(row)
        restored: set[str] = set()
        for label, fields in _groups(change.fields).items():
            if all(_is_same(name, now[name], before) for name, (before, _) in fields.items()):
                continue
            reason = self._obstacle(row, now, fields)
            if reason:
                yield Kept(row.pk, reason, label)
                continue
            restored.add(label)
            for name, value in self._old_values(fields).items():
                if name == "tags":
                    give_tags(row, value)
                else:
                    setattr(row, name, value)
        row.held = release(row.held, change.fields.get("held"), restored)

    def _tags(self, names: tuple[str, ...]) -> tuple[Tag, ...]:
        if names not in self._known_tags:
            tags = find_or_create_tags(ledger_id=self.ledger_id, names=names, version=self.version)
            self._known_tags[names] = tuple(tags.values())
        return self._known_tags[names]

    def _existing_decision(self, pk: int | None) -> int | None:
        if pk not in self._known_decisions:
            self._known_decisions[pk] = pk if Decision.objects.filter(pk=pk or 0).exists() else None
        return self._known_decisions[pk]

    def _obstacle(self, row: Transaction, now: Snapshot, fields: Fields) -> str:
        if not all(_is_same(name, now[name], after) for name, (_, after) in fields.items()):
            return CHANGED_SINCE
        if "deleted_at" in fields:
            return TAKEN if row.parent_id is None else WITH_WHOLE
        for name in REFERENCES:
            before = fields[name][0] if name in fields else None
            if before is not None and before[0] not in self.named[name]:
                return f"“{before[1]}”, which it had before, is gone."
        if _is_taken(row, fields):
            return TAKEN
        return "" if "tags" in fields else _conflict(row, self._old_values(fields))

    def _old_values(self, fields: Fields) -> dict[str, Any]:
        """Field → what it is to be again."""
        return {name: self._read(name, before) for name, (before, _) in fields.items()}

    def _read(self, name: str, value: Any) -> Any:
        if name == "tags":
            return self._tags(tuple(value))
        if name in REFERENCES:
            return None if value is None else self.named[name][value[0]]
        if name == "decision_id":
            return self._existing_decision(value)
        return READERS[name](value) if name in READERS else value


READERS: dict[str, Any] = {
    "amount": Decimal,
    "date": date.fromisoformat,
}


def _conflict(row: Transaction, values: dict[str, Any]) -> str:
    """Why a row that was paired, split or turned since cannot have old values."""
    if row.is_split and HELD_BY_WHOLE & values.keys():
        return OF_WHOLE
    if row.parent_id is not None and not values.keys().isdisjoint(FIXED_ON_PART):
        return OF_PART
    if row.transfer is not None and breaks_pair(row.transfer, row, values):
        return OF_TRANSFER
    return MISFIT if _is_misfit(row, values) else ""


def _is_misfit(row: Transaction, values: dict[str, Any]) -> bool:
    """Whether kind, direction and category would not go together; only some of them are of the change."""
    if values.keys().isdisjoint(TOGETHER["category"]):
        return False
    then = copy(row)
    for name, value in values.items():
        setattr(then, name, value)
    chosen = [category for category in (then.category, then.suggested_category) if category is not None]
    turned = DIRECTION.get(then.kind, then.direction) != then.direction
    return turned or not all(fits(then, category) for category in chosen)


def _groups(fields: Fields) -> dict[str, Fields]:
    """The fields of a change, those together that belong together."""
    groups: dict[str, Fields] = {}
    for name in ORDER:
        if name in fields and name != "held":
            groups.setdefault(NAMED.get(name, name), {})[name] = fields[name]
    return groups


def _is_same(name: str, one: Any, other: Any) -> bool:
    """What is named elsewhere is the same by its id, whatever it is called now."""
    if name in REFERENCES:
        return bool((one and one[0]) == (other and other[0]))
    return bool(one == other)


def _is_taken(row: Transaction, fields: Fields) -> bool:
    """Whether another row has the place to which this one would come back."""
    if not {"account", "external_id"} & fields.keys():
        return False
    account_id: int | None = (fields["account"][0] or [None])[0] if "account" in fields else row.account_id
    external_id = fields["external_id"][0] if "external_id" in fields else row.external_id
    rows = Transaction.everything.filter(ledger_id=row.ledger_id, account=account_id).exclude(pk=row.pk)
    if external_id is not None and rows.filter(external_id=external_id, deleted_at=None).exists():
        return True
    return row.fingerprint is not None and rows.filter(fingerprint=row.fingerprint).exists()
