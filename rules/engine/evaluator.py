"""Evaluates rules for stored rows of one ledger, once for all rows that look the same to the rules."""

import json
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from operator import itemgetter
from typing import Any

from expenses.categorization.catalog import Catalog
from expenses.ledger.kinds import derive_kind
from expenses.models import Tag
from providers.interface import EFFECT_FIELDS
from rules.engine.evaluation import CLOSED, SPLIT, TRANSFER, WRITTEN, Evaluation, evaluate
from rules.engine.movements import Movement
from rules.engine.rule_sets import Matched, Matcher
from rules.engine.stored_rows import StoredRow

#: Columns that decide with the matching rules what becomes of a row, besides the fields that the rules write.
DECISIVE = (
    "direction", "kind", "is_kind_stated", "category", "suggested", "source", "confidence", "status", "is_split",
    "transfer", "held", "is_closed", "tags",
)  # fmt: skip


class Evaluator:
    """One set of rules, and the results that it has given for rows of one ledger."""

    def __init__(self, *, ledger_id: int, matcher: Matcher, catalog: Catalog, force: bool = False) -> None:
        self.ledger_id, self.catalog, self.force = ledger_id, catalog, force
        self._matcher, self.rule_set = matcher, matcher.rule_set
        written = {name for rule in self.rule_set.rules for name in rule.writes}
        fields = [name for name in EFFECT_FIELDS if name in written]
        compared = ["raw_description"] if "description" in written else []
        self._texts_of = _picker(self.rule_set.text_fields)
        self._key_of = _picker([*DECISIVE, *fields, *compared])
        self._evaluations: dict[tuple[tuple[Any, ...], Matched], Evaluation] = {}
        self._offered: dict[tuple[str, str | None], frozenset[int]] = {}
        tags = [name for rule in self.rule_set.rules for name in (*rule.add_tags, *rule.remove_tags)]
        #: The rules look at tags or write them, so rows must be read with theirs.
        self.uses_tags = bool(tags) or "tags" in self.rule_set.fields
        self._spelling_of_rules = {name.casefold(): name for name in reversed(tags)}

    def evaluate(self, row: StoredRow) -> Evaluation:
        """Apply the rules to a row. Rows that look the same to the rules get the same object."""
        matched = self._matcher.among(self._texts_of(row), lambda: self.movement(row))
        key = self._key_of(row), matched
        known = self._evaluations.get(key)
        if known is not None:
            return known
        movement = self.movement(row)

        def match(now: Movement) -> Matched:
            return matched if now is movement else self._matcher.matched(now)

        found = evaluate(movement, match, looks_at=self.rule_set.fields, force=self.force)
        is_final = found.after is movement and not found.is_circle
        if is_final or not self.rule_set.fields & WRITTEN:  # else it depends on fields that are not in the key
            self._evaluations[key] = found
        return found

    def movement(self, row: StoredRow) -> Movement:
        """Return the row as rules see it. A tag that was deleted since the row was read is left out."""
        names = self.tag_names if row.tags else {}
        held: set[str] = set()
        if row.held != "[]":
            for name in json.loads(row.held):  # rows hold tags by id, rules claim them by name
                kind, _, pk = name.partition(":")
                held.add(f"tag:{self.tag_names.get(int(pk), '').casefold()}" if kind == "tag" else name)
        obstacle = SPLIT if row.is_split else TRANSFER if row.transfer is not None else ""
        return Movement(
            raw_description=row.raw_description,
            description=row.description,
            merchant=row.merchant,
            amount=row.money,
            direction=row.direction,
            currency=row.currency,
            account=row.account,
            category=row.category,
            date=row.day,
            tags=frozenset(names[pk].casefold() for pk in row.tags if pk in names),
            payment_method=row.payment_method,
            notes=row.notes,
            iban=row.iban,
            mcc=row.mcc,
            source=row.source,
            suggested=row.suggested,
            status=row.status,
            confidence=row.confidence,
            review=row.review,
            is_excluded_from_budget=bool(row.is_excluded_from_budget),
            offered=self.offered(row),
            held=frozenset(held),
            obstacle=CLOSED if row.is_closed else "",
            category_obstacle=obstacle,
        )

    def offered(self, row: StoredRow) -> frozenset[int]:
        """Return the ids of the categories that the row could have."""
        key = row.direction, row.kind if row.is_kind_stated else None
        if key not in self._offered:
            self._offered[key] = frozenset(category.id for category in self.catalog.offered(*key))
        return self._offered[key]

    def kind_of(self, row: StoredRow, category: int | None) -> str:
        """Return the row's kind if it had the category."""
        found = self.catalog.categories.get(category or 0)
        return (derive_kind(row.direction, found.kind) if found is not None else None) or row.kind

    def spelled(self, tags: Iterable[str]) -> list[str]:
        """Return the tags in order, spelled as the ledger does; new ones as the first rule does."""
        spelling = self._spelling_of_rules | {name.casefold(): name for name in self.tag_names.values()}
        return sorted(spelling.get(tag, tag) for tag in tags)

    @cached_property
    def tag_names(self) -> dict[int, str]:
        """The names of the ledger's tags by id, read when a row has one."""
        return dict(Tag.objects.filter(ledger_id=self.ledger_id).order_by().values_list("pk", "name"))


def _picker(names: Sequence[str]) -> Callable[[StoredRow], tuple[Any, ...]]:
    """Return a function that gives the named fields of a row as a tuple."""
    places = [StoredRow._fields.index(name) for name in names]
    if len(places) == 1:
        [place] = places
        return lambda row: (row[place],)
    return itemgetter(*places) if places else lambda row: ()
