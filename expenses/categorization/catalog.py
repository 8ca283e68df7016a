"""What a ledger's outcomes and its owner say of the links, as the chain takes it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from django.db import connection

from accounts.models import User
from expenses.ledger.kinds import offered_kinds
from expenses.models import Category, KindMapping
from expenses.models.ledgers import ledger_id_of
from providers.calibration import Correction
from providers.interface import NO_KINDS, NO_TRUST, OfferedCategory, Trust

#: Written out: asked with nearly every write, it took longer to compose than to answer.
TRUST = """
    SELECT record.corrections, record.thresholds, COALESCE(classifier.digest, '')
    FROM expenses_trackrecord AS record
    LEFT JOIN expenses_classifier AS classifier ON classifier.ledger_id = record.ledger_id AND classifier.is_of_use
    WHERE record.ledger_id = %s
"""


def load_trust(ledger_id: int | None) -> Trust:
    """One query."""
    with connection.cursor() as cursor:
        cursor.execute(TRUST, [ledger_id])
        found = cursor.fetchone()
    if found is None:
        return NO_TRUST
    corrections, thresholds, classifier = found
    by_link = {name: Correction(*values) for name, values in _parsed(corrections).items()}
    return Trust(corrections=by_link, thresholds=_parsed(thresholds), classifier=classifier)


def _parsed(stored: Any) -> dict[str, Any]:
    """JSON as the database's driver gives it: text, or read already."""
    parsed: dict[str, Any] = json.loads(stored) if isinstance(stored, str) else stored
    return parsed


#: `CategoryQuerySet.in_ledger`, written out: asked with nearly every write, it took longer to compose than to answer.
IN_LEDGER = """
    SELECT category.*, COALESCE(hiding.is_hidden, FALSE) AS is_hidden,
        EXISTS (SELECT 1 FROM expenses_kindmapping WHERE ledger_id = %s) AS has_mappings,
        EXISTS (SELECT 1 FROM expenses_trackrecord WHERE ledger_id = %s) AS has_track_record
    FROM expenses_category AS category
    LEFT JOIN expenses_hiding AS hiding ON hiding.category_id = category.id AND hiding.ledger_id = %s
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
        """One query."""
        rows = Category.objects.raw(IN_LEDGER, [ledger_id] * 4)
        return cls({category.pk: category for category in rows}, ledger_id)

    @classmethod
    def load_for(cls, user: User) -> "Catalog":
        """The catalog of the ledger that the person works in."""
        return cls.load(ledger_id_of(user))

    def find(self, wanted: int | str) -> Category | None:
        """By id, or by name whatever the case; a ledger's own goes before a system one of the same name."""
        if isinstance(wanted, int):
            return self.categories.get(wanted)
        name = wanted.strip().casefold()
        named = [c for c in self.categories.values() if name in {c.name.casefold(), c.display_name.casefold()}]
        return max(named, key=lambda c: c.ledger_id is not None, default=None)

    @property
    def transfers(self) -> Category:
        """The system's category of money that stays in the ledger."""
        return self.system("transfers")

    def system(self, key: str) -> Category:
        """A category of the system."""
        return next(c for c in self.categories.values() if c.key == key)

    def offered(self, direction: str, kind: str | None) -> tuple[OfferedCategory, ...]:
        """What the chain may choose from; equal arguments give the same object, which links may compare by identity."""
        key = (direction, kind)
        if key not in self._offers:
            kinds = offered_kinds(direction, kind)
            self._offers[key] = tuple(
                _offer(c) for c in self.categories.values() if c.kind in kinds and not c.is_hidden
            )
        return self._offers[key]

    @cached_property
    def kinds(self) -> Mapping[str, int | None]:
        """Kinds of shops and the ids of the categories that they were put into, as `Transaction.kinds` has them.

        One query, when it is first asked; none where the ledger has put no kind anywhere.
        """
        if not any(category.has_mappings for category in self.categories.values()):
            return NO_KINDS
        return dict(KindMapping.objects.filter(ledger=self.ledger_id).values_list("kind", "category"))

    @cached_property
    def trust(self) -> Trust:
        """What the ledger's outcomes and its owner say of the links, as `Transaction.trust` has it.

        One query, when it is first asked; none where nothing was measured.
        """
        if not any(category.has_track_record for category in self.categories.values()):
            return NO_TRUST
        return load_trust(self.ledger_id)

    def name(self, category: int | None) -> str:
        """The display name of a category; "" where there is none, or none any more."""
        if category not in self._names:
            found = self.categories.get(category or 0)
            self._names[category] = found.display_name if found else ""
        return self._names[category]

    def with_children(self, category: Category) -> list[int]:
        """The category's id and those of the categories below it."""
        return [category.pk, *(c.pk for c in self.categories.values() if c.parent_id == category.pk)]


def _offer(category: Category) -> OfferedCategory:
    return OfferedCategory(
        id=category.pk, name=category.name, kind=category.kind, key=category.key, description=category.description
    )
