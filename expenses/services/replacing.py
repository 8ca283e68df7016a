"""Categories that go, and what takes their place."""

from dataclasses import dataclass

from django.db.models import Q

from accounts.models import User
from expenses.hooks import reference_hooks
from expenses.models import CategorizationStatus, Category, Transaction
from expenses.models.ledgers import ledger_id_of
from expenses.services.editing import Author, editing
from expenses.services.ledger_lock import Refusal, in_versions, ledger_write, remove_row
from expenses.services.moving import move_category

MERGE, DELETION = "merge", "deletion"


@dataclass(frozen=True, slots=True)
class Merged:
    """The category that stays, and how much of what moved to it."""

    category: Category
    moved: dict[str, int]


def merge_category(*, by: User, category: Category, into: Category) -> Merged:
    """Let another category of the same kind take a category's place everywhere, and remove it.

    Its transactions, suggestions, the categories below it, kinds of shops, and rules move; what was confirmed stays
    confirmed. `into` must have been checked: of the ledger, of the same kind, neither the category itself nor below it.
    """
    ledger_id = ledger_id_of(by)
    with ledger_write(ledger_id) as version:
        rows = move_category(ledger_id=ledger_id, category=category, into=into, author=Author(MERGE, by))
        moved = {"transactions": rows["category"], "suggestions": rows["suggested_category"]}
        moved["categories"] = category.children.update(parent=into, version=version)
        moved["kinds"] = category.kind_mappings.filter(ledger_id=ledger_id).update(category=into, version=version)
        for hook in reference_hooks():
            moved[hook.name] = hook.follow(ledger_id=ledger_id, category=category.pk, into=into.pk, version=version)
        remove_row(category, ledger_id=ledger_id, version=version)
        return Merged(Category.objects.for_user(by).select_related("parent").get(pk=into.pk), moved)


def delete_category(*, by: User, category: Category) -> None:
    """Remove a category that nothing uses; suggestions of it are dropped, rows in the bin lose it.

    Raises Refusal while transactions, categories below it, kinds of shops, or rules use it.
    """
    ledger_id = ledger_id_of(by)
    with ledger_write(ledger_id) as version:
        used = {
            "transactions": Transaction.objects.filter(ledger_id=ledger_id, category=category).count(),
            "categories below it": category.children.count(),
            "kinds of shops": category.kind_mappings.filter(ledger_id=ledger_id).count(),
            **{r.name: r.count(ledger_id=ledger_id, category=category.pk) for r in reference_hooks()},
        }
        if any(used.values()):
            raise Refusal(_what_uses(category, used), code="in_use")
        _forget(category, ledger_id=ledger_id, author=Author(DELETION, by))
        for hook in reference_hooks():
            hook.forget(ledger_id=ledger_id, category=category.pk, version=version)
        remove_row(category, ledger_id=ledger_id, version=version)


def _what_uses(category: Category, used: dict[str, int]) -> str:
    counted = ", ".join(f"{name}: {n:,}" for name, n in used.items() if n)
    return (
        f"“{category}” is in use ({counted}). Say what takes its place: "
        f"DELETE with ?replacement= and the id or name of another category of kind {category.kind}."
    )


def _forget(category: Category, *, ledger_id: int, author: Author) -> None:
    """Drop it where it is only suggested, and in the bin."""
    shows_it = Q(category=category) | Q(suggested_category=category)
    ids = Transaction.everything.filter(shows_it, ledger_id=ledger_id).order_by("pk").values_list("pk", flat=True)
    for part, version in in_versions(ids, ledger_id=ledger_id):
        rows = list(Transaction.everything.filter(pk__in=part).with_related())
        with editing(rows, version=version, author=author):
            for row in rows:
                _drop(row, category)


def _drop(row: Transaction, category: Category) -> None:
    if row.category_id == category.pk:
        row.category, row.review_status = None, CategorizationStatus.NONE
    if row.suggested_category_id == category.pk:
        row.suggested_category = None
        row.review_status = (
            CategorizationStatus.NONE if row.review_status == CategorizationStatus.SUGGESTED else row.review_status
        )
    if row.category is None:
        row.category_source, row.category_confidence = "", None
