"""Settles the rows of one ledger: makes of stored rows what conditions look at, once for all rows alike."""

import json
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from operator import itemgetter
from typing import Any

from expenses.categorization.catalog import Catalog
from expenses.ledger.kinds import derive_kind
from expenses.models import Tag
from rules.engine.conditions import Movement
from rules.engine.evaluation import (
    CLOSED,
    PLAIN,
    SPLIT,
    TEXTS,
    TRANSFER,
    WRITTEN,
    Evaluation,
    State,
    Traits,
    as_written,
    evaluate,
)
from rules.engine.rule_sets import Matched, Matcher
from rules.engine.stored_rows import StoredRow

#: What a row's state and traits are made of, besides the fields that rules write as they are.
STANDING = (
    "direction",
    "kind",
    "is_kind_stated",
    "category",
    "suggested",
    "source",
    "confidence",
    "status",
    "is_split",
    "transfer",
    "held",
    "is_closed",
    "tags",
)


class Evaluator:
    """Asks one set of rules about rows of one ledger."""

    def __init__(self, *, ledger_id: int, matcher: Matcher, catalog: Catalog, force: bool = False) -> None:
        self.ledger_id, self.catalog, self.force = ledger_id, catalog, force
        self._matcher, self.rule_set = matcher, matcher.rule_set
        self._writes = frozenset(name for rule in self.rule_set.rules for name in rule.writes)
        self._texts = _picker(self.rule_set.text_fields)
        self._alike = _picker([*STANDING, *self._plain_fields()])
        self._circumstances: dict[tuple[Any, ...], tuple[State, Traits]] = {}
        self._evaluations: dict[tuple[tuple[Any, ...], Matched], Evaluation] = {}
        self._offered: dict[tuple[str, str | None], frozenset[int]] = {}

    @property
    def uses_tags(self) -> bool:
        """Whether the rules look at tags or write them, so that records must have theirs."""
        rules = self.rule_set.rules
        return "tags" in self.rule_set.fields or any(rule.add_tags or rule.remove_tags for rule in rules)

    def evaluate(self, record: StoredRow) -> Evaluation:
        """What becomes of the row. Rows alike in all that matters get the very same settlement."""
        matched = self._matcher.among(self._texts(record), lambda: self.movement(record))
        alike = self._alike(record)
        known = self._evaluations.get((alike, matched))
        if known is not None:
            return known
        state, traits = self._circumstances_of(record, alike)
        found = self._evaluate(record, matched, state, traits)
        if not matched or not self.rule_set.fields & WRITTEN:
            self._evaluations[alike, matched] = found
        return found

    def _evaluate(self, record: StoredRow, matched: Matched, state: State, traits: Traits) -> Evaluation:
        texts = self._writes.intersection(TEXTS)

        def ask(now: State) -> Matched:
            return (
                matched if now is state else self._matcher.matched(as_written(self.movement(record), now, texts=texts))
            )

        return evaluate(ask, state, traits, looks_at=self.rule_set.fields, force=self.force)

    def movement(self, record: StoredRow) -> Movement:
        """The row as conditions look at it."""
        return Movement(
            raw_description=record.raw_description,
            description=record.description,
            merchant=record.merchant,
            amount=record.money,
            direction=record.direction,
            currency=record.currency,
            account=record.account,
            category=record.category,
            date=record.day,
            tags=self._tags_of(record),
            payment_method=record.payment_method,
            notes=record.notes,
            iban=record.iban,
            mcc=record.mcc,
            source=record.source,
        )

    def _circumstances_of(self, record: StoredRow, alike: tuple[Any, ...]) -> tuple[State, Traits]:
        if alike not in self._circumstances:
            self._circumstances[alike] = self._state(record), self._traits(record)
        return self._circumstances[alike]

    def _state(self, record: StoredRow) -> State:
        plain = {name: getattr(record, name) for name in PLAIN if name in self._writes}
        if "is_excluded_from_budget" in plain:
            plain["is_excluded_from_budget"] = bool(record.is_excluded_from_budget)
        return State(
            category=record.category,
            suggested=record.suggested,
            source=record.source,
            status=record.status,
            confidence=record.confidence,
            tags=self._tags_of(record),
            **plain,
        )

    def _tags_of(self, record: StoredRow) -> frozenset[str]:
        """Casefolded; where nothing is locked a tag may have gone since the row was read."""
        names = self.tag_names if record.tags else {}
        return frozenset(names[pk].casefold() for pk in record.tags if pk in names)

    def _traits(self, record: StoredRow) -> Traits:
        return Traits(
            offered=self.offered(record),
            held=frozenset(self._name_of_hold(name) for name in json.loads(record.held)),
            raw_description=record.raw_description,
            obstacle=CLOSED if record.is_closed else "",
            category_obstacle=_category_obstacle(record),
        )

    def _name_of_hold(self, name: str) -> str:
        """Tags are held by their ids, and claimed by their names."""
        if not name.startswith("tag:"):
            return name
        return f"tag:{self.tag_names.get(int(name.removeprefix('tag:')), '').casefold()}"

    def offered(self, record: StoredRow) -> frozenset[int]:
        """Ids of the categories that the row could have."""
        sort = record.direction, record.kind if record.is_kind_stated else None
        if sort not in self._offered:
            self._offered[sort] = frozenset(category.id for category in self.catalog.offered(*sort))
        return self._offered[sort]

    def kind_of(self, record: StoredRow, state: State) -> str:
        """The kind of the row, which follows direction and category."""
        category = self.catalog.categories.get(state.category or 0)
        kind = derive_kind(record.direction, category.kind) if category is not None else None
        return kind or record.kind

    def spelled(self, tags: Iterable[str]) -> list[str]:
        """The names of tags as the ledger writes them, in order; those that it does not have yet as the rules do."""
        spelling = self._spelled_by_rules | {name.casefold(): name for name in self.tag_names.values()}
        return sorted(spelling.get(tag, tag) for tag in tags)

    @cached_property
    def _spelled_by_rules(self) -> dict[str, str]:
        named = [name for rule in self.rule_set.rules for name in (*rule.add_tags, *rule.remove_tags)]
        return {name.casefold(): name for name in reversed(named)}

    def _plain_fields(self) -> list[str]:
        fields = [name for name in PLAIN if name in self._writes]
        return [*fields, "raw_description"] if "description" in fields else fields

    @cached_property
    def tag_names(self) -> dict[int, str]:
        """The ledger's tags by id; asked for when a row has one."""
        return dict(Tag.objects.filter(ledger_id=self.ledger_id).order_by().values_list("pk", "name"))


def _category_obstacle(record: StoredRow) -> str:
    if record.is_split:
        return SPLIT
    return TRANSFER if record.transfer is not None else ""


def _picker(names: Sequence[str]) -> Callable[[StoredRow], tuple[Any, ...]]:
    """Gives the named fields of a record as a tuple."""
    places = [StoredRow._fields.index(name) for name in names]
    if len(places) == 1:
        [place] = places
        return lambda record: (record[place],)
    return itemgetter(*places) if places else lambda record: ()
