"""Gives rows the category back that they had before a split or a transfer took it, from the journal."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

from expenses.categorization.catalog import Catalog
from expenses.ledger.kinds import DIRECTION, derive_kind
from expenses.models import CategorizationStatus, Change, Transaction
from expenses.services.standing import fits

PLAIN = ("kind", "category_source", "category_confidence", "review_status", "is_kind_stated")
REFERENCES = ("category", "suggested_category")
#: The fields that are given back.
STANDING = (*PLAIN, *REFERENCES)

Fields = dict[str, list[Any]]


def rewind(rows: Sequence[Transaction], *, until: Callable[[Fields], bool], catalog: Catalog) -> None:
    """Set, without saving, how the rows' categories stood before the change that `until` recognizes.

    What was edited after that change goes as well. One query, however many rows.
    """
    journal: dict[int, list[Fields]] = defaultdict(list)
    changes = Change.objects.filter(transaction__in=[row.pk for row in rows]).order_by("-id")
    for pk, fields in changes.values_list("transaction_id", "fields"):
        journal[pk].append(fields)
    for row in rows:
        _give_back(row, _before(journal[row.pk], until), catalog)


def clear_standing(row: Transaction) -> None:
    """Leave the row without a category, as if nobody had been asked."""
    row.category = row.suggested_category = None
    row.category_source, row.category_confidence, row.review_status = "", None, CategorizationStatus.NONE
    if not row.is_kind_stated:
        row.kind = derive_kind(row.direction, None) or row.kind


def drop_unfit(row: Transaction) -> None:
    """Clear a category that does not go with the row's direction or stated kind."""
    if row.category is not None and not fits(row, row.category):
        clear_standing(row)


def refit(row: Transaction) -> None:
    """Let the kind go with a direction that was turned, and drop a category that does not."""
    if DIRECTION.get(row.kind, row.direction) != row.direction:
        category = row.category.kind if row.category else None
        row.kind = derive_kind(row.direction, category) or derive_kind(row.direction, None) or row.kind
    drop_unfit(row)


def _before(changes: Sequence[Fields], until: Callable[[Fields], bool]) -> dict[str, Any]:
    """Field → value before the change; the newest change comes first, so that the oldest value stays."""
    values: dict[str, Any] = {}
    for fields in changes:
        values |= {name: fields[name][0] for name in STANDING if name in fields}
        if until(fields):
            break
    return values


def _give_back(row: Transaction, values: dict[str, Any], catalog: Catalog) -> None:
    for name, value in values.items():
        setattr(row, name, catalog.categories.get(value[0]) if value and name in REFERENCES else value)
    is_lost = row.category is None and row.review_status in {
        CategorizationStatus.AUTOMATIC,
        CategorizationStatus.CONFIRMED,
    }
    if is_lost or (row.review_status == CategorizationStatus.SUGGESTED and row.suggested_category is None):
        clear_standing(row)
    drop_unfit(row)
