"""The categories that a ledger can use, loaded once for a request or a batch."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connection
from django.db.models.base import ModelState

from accounts.models import User
from expenses.categorization.keywords import fold_keyword
from expenses.categorization.trust import load_trust
from expenses.ledger.kinds import offered_kinds
from expenses.models import Category, KindMapping
from expenses.models.ledgers import ledger_id_of
from providers.interface import NO_KEYWORDS, NO_KINDS, NO_TRUST, OfferedCategory, OwnKeyword, Trust

#: `CategoryQuerySet.in_ledger` written out, because nearly every write asks it and composing it took too long.
IN_LEDGER = """
    SELECT category.*, COALESCE(adapted.is_hidden, FALSE) AS is_hidden, adapted.keywords,
        adapted.description AS own_description,
        EXISTS (SELECT 1 FROM expenses_kindmapping WHERE ledger_id = %s) AS has_mappings,
        EXISTS (SELECT 1 FROM expenses_trackrecord WHERE ledger_id = %s) AS has_track_record
    FROM expenses_category AS category
    LEFT JOIN expenses_ledgercategory AS adapted ON adapted.category_id = category.id AND adapted.ledger_id = %s
    WHERE category.ledger_id = %s OR category.ledger_id IS NULL
    ORDER BY category.id
"""


@dataclass(frozen=True)
class Catalog:
    """All categories of one ledger."""

    categories: dict[int, Category]
    ledger_id: int | None = None
    _names: dict[int | None, str] = field(default_factory=dict)
    _offers: dict[tuple[str, str | None], tuple[OfferedCategory, ...]] = field(default_factory=dict)

    @classmethod
    def load(cls, ledger_id: int) -> "Catalog":
        """Load all categories of a ledger in one query."""
        with connection.cursor() as cursor:
            cursor.execute(IN_LEDGER, [ledger_id] * 4)
            names = [column[0] for column in cursor.description]
            rows = [_category(zip(names, values, strict=True)) for values in cursor.fetchall()]
        return cls({category.pk: category for category in rows}, ledger_id)

    @classmethod
    def load_for(cls, user: User) -> "Catalog":
        """Load the catalog of the ledger that the user works in."""
        return cls.load(ledger_id_of(user))

    def find(self, wanted: int | str) -> Category | None:
        """Find a category by id, or by name in any case; the ledger's own precede those of the system."""
        if isinstance(wanted, int):
            return self.categories.get(wanted)
        name = wanted.strip().casefold()
        named = [c for c in self.categories.values() if name in {c.name.casefold(), c.display_name.casefold()}]
        return max(named, key=lambda c: c.ledger_id is not None, default=None)

    def at(self, path: Sequence[str]) -> Category | None:
        """Find a category that is not hidden by the names from the root to it, in any case; a single name anywhere."""
        return self._paths.get(tuple(name.strip().casefold() for name in path))

    @cached_property
    def _paths(self) -> dict[tuple[str, ...], Category]:
        paths: dict[tuple[str, ...], Category] = {}
        for category in sorted(self.categories.values(), key=lambda c: c.ledger_id is not None):
            if category.is_hidden:
                continue
            lineage = [category]
            while lineage[-1].parent_id in self.categories and len(lineage) <= len(self.categories):
                lineage.append(self.categories[lineage[-1].parent_id])
            for names in ([one.name for one in lineage], [one.display_name for one in lineage]):
                path = tuple(name.casefold() for name in reversed(names))
                paths[path] = paths[path[-1:]] = category
        return paths

    def names(self) -> list[str]:
        """Return the names that a user may mean, without hidden categories."""
        return [category.display_name for category in self.categories.values() if not category.is_hidden]

    @property
    def transfers(self) -> Category:
        """Return the system's category of money that stays in the ledger."""
        return self.system("transfers")

    def system(self, key: str) -> Category:
        """Return a category of the system by its key."""
        return next(c for c in self.categories.values() if c.key == key)

    def offered(self, direction: str, kind: str | None) -> tuple[OfferedCategory, ...]:
        """Return what the chain may choose from; equal arguments return the same object, for links to compare."""
        key = (direction, kind)
        if key not in self._offers:
            kinds = offered_kinds(direction, kind)
            self._offers[key] = tuple(
                OfferedCategory(id=c.pk, name=c.name, kind=c.kind, key=c.key, description=c.seen_description)
                for c in self.categories.values()
                if c.kind in kinds and not c.is_hidden
            )
        return self._offers[key]

    @cached_property
    def kinds(self) -> Mapping[str, int | None]:
        """Kinds of shops that the ledger has mapped, with the ids of their categories, as a question holds them.

        One query on first use; none if the ledger has mapped no kind.
        """
        if not any(category.has_mappings for category in self.categories.values()):
            return NO_KINDS
        return dict(KindMapping.objects.filter(ledger=self.ledger_id).values_list("kind", "category"))

    @cached_property
    def keywords(self) -> Mapping[str, OwnKeyword]:
        """The ledger's keywords by their folded form, as a question holds them."""
        return {
            fold_keyword(text): OwnKeyword(text, category.pk)
            for category in self.categories.values()
            for text in category.keywords or ()
        } or NO_KEYWORDS

    @cached_property
    def trust(self) -> Trust:
        """How far the ledger trusts the links, as a question holds it.

        One query on first use; none if nothing was measured.
        """
        if not any(category.has_track_record for category in self.categories.values()):
            return NO_TRUST
        return load_trust(self.ledger_id)

    def name(self, category: int | None) -> str:
        """Return the display name of a category by id, "" if there is no such category."""
        if category not in self._names:
            found = self.categories.get(category or 0)
            self._names[category] = found.display_name if found else ""
        return self._names[category]

    def with_children(self, category: Category) -> list[int]:
        """Return the id of the category and those of its children."""
        return [category.pk, *(c.pk for c in self.categories.values() if c.parent_id == category.pk)]


def _category(columns: Iterable[tuple[str, Any]]) -> Category:
    """Return a stored category without a call of its constructor: two dozen of these took longer than their query."""
    row, state, fields = Category.__new__(Category), ModelState(), dict(columns)
    state.adding, state.db = False, DEFAULT_DB_ALIAS
    if isinstance(fields["keywords"], str):  # the driver of a database returns JSON as text or as objects
        fields["keywords"] = json.loads(fields["keywords"])
    row.__dict__.update(fields, _state=state)
    return row
