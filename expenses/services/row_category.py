"""The category of a row in memory: answers of machines and users, and the category before a split or transfer."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

from expenses.categorization.catalog import Catalog
from expenses.categorization.questions import Categorization
from expenses.ledger.kinds import CATEGORY_KIND, DIRECTION, derive_kind
from expenses.models import CategorizationStatus, Category, Change, Review, Transaction
from expenses.services.journal import Fields

#: The fields that `rewind` gives back.
REWOUND = (
    "kind", "category_source", "category_confidence", "review_status", "is_kind_stated", "category",
    "suggested_category",
)  # fmt: skip


def apply_categorization(row: Transaction, answer: Categorization, *, catalog: Catalog) -> None:
    """Write a machine's answer. The kind follows the category."""
    row.review_status = answer.status
    row.category = catalog.categories.get(answer.category or 0)
    row.suggested_category = catalog.categories.get(answer.suggested_category or 0)
    row.category_source = answer.source
    row.category_confidence = answer.confidence
    row.awaits_model = answer.awaits_model
    follow_category(row)


def apply_choice(row: Transaction, category: Category | None) -> None:
    """Write a user's answer, which no machine overwrites. None takes the category away for good."""
    row.category = category
    row.review_status = CategorizationStatus.CONFIRMED if category else CategorizationStatus.NONE
    row.category_source, row.category_confidence, row.suggested_category = "user", None, None
    note_review(row)
    follow_category(row)


def answer_of(row: Transaction) -> Category | None:
    """Return the row's category, or else the machine's suggestion. Return None if it does not fit the row."""
    answer: Category | None = row.category or row.suggested_category
    return answer if answer is not None and fits(row, answer) else None


def accept_answer(row: Transaction, answer: Category) -> None:
    """Write that the machine's answer is right. It stays the machine's by its source."""
    row.category = answer
    follow_category(row)
    row.review_status, row.suggested_category = CategorizationStatus.CONFIRMED, None
    note_review(row)


def note_review(row: Transaction) -> None:
    """Note that a user has reviewed the row, if a rule asked for that."""
    if row.review == Review.NEEDED:
        row.review = Review.DONE


def fits(row: Transaction, category: Category) -> bool:
    """Return True if the category suits the kind that the client stated, or else the direction."""
    if row.is_kind_stated:
        return CATEGORY_KIND[row.kind] == category.kind
    return derive_kind(row.direction, category.kind) is not None


def follow_category(row: Transaction) -> None:
    """Derive the kind from direction and category, and drop a suggestion that does not fit any more."""
    if row.category is not None:
        row.kind = derive_kind(row.direction, row.category.kind) or row.kind
    if row.suggested_category is not None and not fits(row, row.suggested_category):
        row.category_source, row.category_confidence = "", None
        drop_suggestion(row)


def drop_suggestion(row: Transaction) -> None:
    """Take the suggestion away. The row may still wait for the model."""
    row.suggested_category = None
    if row.review_status == CategorizationStatus.SUGGESTED:
        row.review_status = CategorizationStatus.PENDING if row.awaits_model else CategorizationStatus.NONE


def clear_category(row: Transaction) -> None:
    """Leave the row without a category, as if the chain had never been asked."""
    row.category = row.suggested_category = None
    row.category_source, row.category_confidence, row.review_status = "", None, CategorizationStatus.NONE
    if not row.is_kind_stated:
        row.kind = derive_kind(row.direction, None) or row.kind


def refit(row: Transaction) -> None:
    """Adapt the kind to a direction that was turned, and clear a category that fits neither of them."""
    if DIRECTION.get(row.kind, row.direction) != row.direction:
        category = row.category.kind if row.category else None
        row.kind = derive_kind(row.direction, category) or derive_kind(row.direction, None) or row.kind
    if row.category is not None and not fits(row, row.category):
        clear_category(row)


def rewind(rows: Sequence[Transaction], *, until: Callable[[Fields], bool], catalog: Catalog) -> None:
    """Set, without saving, the rows' categories as they were before the change that `until` recognizes.

    Edits after that change are taken back as well. It takes one query for all rows.
    """
    journal: dict[int, list[Fields]] = defaultdict(list)
    changes = Change.objects.filter(transaction__in=[row.pk for row in rows]).order_by("-id")
    for pk, fields in changes.values_list("transaction_id", "fields"):
        journal[pk].append(fields)
    for row in rows:
        values: dict[str, Any] = {}
        for fields in journal[row.pk]:  # the newest first, so that the oldest value stays
            values |= {name: fields[name][0] for name in REWOUND if name in fields}
            if until(fields):
                break
        for name, value in values.items():
            is_reference = name in {"category", "suggested_category"}
            setattr(row, name, catalog.categories.get(value[0]) if value and is_reference else value)
        needs_category = {CategorizationStatus.AUTOMATIC, CategorizationStatus.CONFIRMED}
        is_lost = row.category is None and row.review_status in needs_category
        if is_lost or (row.category is not None and not fits(row, row.category)):
            clear_category(row)
        elif row.suggested_category is None:
            drop_suggestion(row)
