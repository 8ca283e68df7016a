"""Writes a machine's or a person's answer into a row that is locked or not yet saved."""

from expenses.categorization.catalog import Catalog
from expenses.categorization.decisions import Categorization
from expenses.ledger.kinds import CATEGORY_KIND, derive_kind
from expenses.models import CategorizationStatus, Category, Review, Transaction


def apply_standing(row: Transaction, standing: Categorization, *, catalog: Catalog) -> None:
    """Write a machine's answer; the kind follows the category."""
    row.review_status = standing.status
    row.category = catalog.categories.get(standing.category or 0)
    row.suggested_category = catalog.categories.get(standing.suggested_category or 0)
    row.category_source = standing.source
    row.category_confidence = standing.confidence
    follow_category(row)


def apply_choice(row: Transaction, category: Category | None) -> None:
    """Write a person's answer, which no machine overwrites; None takes the category away for good."""
    row.category = category
    row.review_status = CategorizationStatus.CONFIRMED if category else CategorizationStatus.NONE
    row.category_source, row.category_confidence, row.suggested_category = "user", None, None
    note_review(row)
    follow_category(row)


def answer_of(row: Transaction) -> Category | None:
    """The category that the row has, or else the machine's suggestion; None where that does not fit."""
    answer: Category | None = row.category or row.suggested_category
    return answer if answer is not None and fits(row, answer) else None


def accept_answer(row: Transaction, answer: Category) -> None:
    """Write that the machine's answer is right; it stays the machine's by its source."""
    row.category = answer
    follow_category(row)
    row.review_status, row.suggested_category = CategorizationStatus.CONFIRMED, None
    note_review(row)


def note_review(row: Transaction) -> None:
    """Somebody looked at it, which a rule may have asked for."""
    if row.review == Review.NEEDED:
        row.review = Review.DONE


def fits(row: Transaction, category: Category) -> bool:
    """Whether the row could have the category: it suits the kind that was stated, else the direction."""
    if row.is_kind_stated:
        return CATEGORY_KIND[row.kind] == category.kind
    return derive_kind(row.direction, category.kind) is not None


def follow_category(row: Transaction) -> None:
    """Let the kind follow direction and category, and drop a suggestion that does not fit any more."""
    if row.category is not None:
        row.kind = derive_kind(row.direction, row.category.kind) or row.kind
    if row.suggested_category is not None and not fits(row, row.suggested_category):
        row.suggested_category, row.category_source, row.category_confidence = None, "", None
        if row.review_status == CategorizationStatus.SUGGESTED:
            row.review_status = CategorizationStatus.NONE
