"""Writes of categories: the system's, a ledger's own, and what takes their place when they go."""

from dataclasses import dataclass
from typing import Any

from django.db import DEFAULT_DB_ALIAS, transaction
from django.db.models import Q

from accounts.models import User
from expenses.hooks import call_confirmation_hooks, reference_hooks
from expenses.ledger.default_categories import DEFAULT_CATEGORIES
from expenses.models import CategorizationStatus, Category, KindMapping, LedgerCategory, Transaction
from expenses.models.ledgers import Ledger, ledger_id_of
from expenses.services.edits import Author, RowWrite, editing, write_rows
from expenses.services.learning import ask_all_again
from expenses.services.ledger_lock import (
    Refusal,
    add_row,
    change_row,
    in_versions,
    ledger_write,
    remove_row,
    restamp,
    write_nothing,
)
from expenses.services.ledger_queue import LEARN_FROM_CHOICES
from expenses.services.model_answers import move_answers
from expenses.services.row_category import drop_suggestion


@transaction.atomic
def seed_default_categories(*, using: str = "default") -> None:
    """Create or refresh the system's categories, and give ledgers that show a changed one a new version.

    Safe to repeat.
    """
    known = {row.key: row for row in Category.objects.using(using).filter(ledger=None)}
    changed = []
    for default in DEFAULT_CATEGORIES:
        category = known.setdefault(default.key, Category(key=default.key))
        fields = {
            "name": default.name,
            "kind": default.kind,
            "icon": default.icon,
            "color_token": default.color_token,
            "description": default.description,
            "parent_id": known[default.parent].pk if default.parent else None,
        }
        if category.pk is None or fields != {name: getattr(category, name) for name in fields}:
            for name, value in fields.items():
                setattr(category, name, value)
            category.save(using=using)
            changed.append(category)
    if not changed or using != DEFAULT_DB_ALIAS:
        return
    ids = [category.pk for category in changed]
    for ledger_id in list(Ledger.objects.order_by("pk").values_list("pk", flat=True)):
        with ledger_write(ledger_id) as version:
            for category in Category.objects.filter(Q(pk__in=ids) | Q(parent__in=ids), ledger=None):
                _adapt(category, ledger_id=ledger_id, version=version, fields={})
            for category in changed:
                _restamp_name(category, ledger_id=ledger_id, version=version)


def create_category(*, by: User, fields: dict[str, Any], adapted: dict[str, Any] | None = None) -> Category:
    """Add a category of the ledger's own. `adapted` has fields of `LedgerCategory`."""
    with ledger_write(ledger_id_of(by)) as version:
        category = add_row(Category, by=by, fields=fields)
        if adapted and any(adapted.values()):
            _adapt(category, ledger_id=category.ledger_id or 0, version=version, fields=adapted)
        return _as_seen(category, by)


def edit_category(
    *, by: User, category: Category, fields: dict[str, Any], adapted: dict[str, Any] | None = None
) -> Category:
    """Change a category of the ledger's own. Any category, the system's included, can be adapted.

    `adapted` has fields of `LedgerCategory`. A new name gives everything that shows it a new version. New keywords have
    the open rows asked about again.
    """
    ledger_id = ledger_id_of(by)
    with ledger_write(ledger_id) as version:
        if fields:
            changed = change_row(category, by=by, fields=fields)
            if changed.name != category.name:
                _restamp_name(category, ledger_id=ledger_id, version=changed.version)
        if adapted:
            _adapt(category, ledger_id=ledger_id, version=version, fields=adapted)
        return _as_seen(category, by)


@dataclass(frozen=True, slots=True)
class CategoryMerge:
    """The category that stays, and the number of objects that moved to it, by what they are."""

    category: Category
    moved: dict[str, int]


def merge_category(*, by: User, category: Category, into: Category) -> CategoryMerge:
    """Let another category of the same kind take a category's place everywhere, and remove it.

    Its transactions, suggestions, the categories below it, kinds of shops, keywords and rules move; what was confirmed
    stays confirmed. Its description moves to a category without one. `into` must have been checked: of the ledger, of
    the same kind, neither the category itself nor below it.
    """
    ledger_id = ledger_id_of(by)
    with ledger_write(ledger_id) as version:
        if Transaction.objects.filter(ledger_id=ledger_id, category=category).confirmed().exists():
            call_confirmation_hooks(ledger_id=ledger_id)
        moved: dict[str, int] = {}
        for column, name in (("category", "transactions"), ("suggested_category", "suggestions")):
            rows = Transaction.everything.filter(ledger_id=ledger_id, **{column: category}).order_by("pk")
            moved[name] = rows.filter(deleted_at=None).count()
            journal = {column: [[category.pk, str(category)], [into.pk, str(into)]]}
            columns = {f"{column}_id": into.pk}
            for ids, of_part in in_versions(rows.values_list("pk", flat=True), ledger_id=ledger_id):
                writes = [RowWrite(pk, columns, journal) for pk in ids]
                write_rows(writes, ledger_id=ledger_id, version=of_part, author=Author("merge", by))
        move_answers(category, into=into, ledger_id=ledger_id)
        moved["categories"] = category.children.update(parent=into, version=version)
        moved["kinds"] = category.kind_mappings.filter(ledger_id=ledger_id).update(category=into, version=version)
        moved["keywords"] = _move_keywords(category, into, ledger_id=ledger_id, version=version)
        if category.description and into.ledger_id and not into.description:
            Category.objects.filter(pk=into.pk).update(description=category.description, version=version)
        for hook in reference_hooks():
            moved[hook.name] = hook.follow(ledger_id=ledger_id, category=category.pk, into=into.pk, version=version)
        remove_row(category, ledger_id=ledger_id, version=version)
        return CategoryMerge(_as_seen(into, by), moved)


def delete_category(*, by: User, category: Category) -> None:
    """Remove a category that nothing uses. Suggestions of it are dropped, and rows in the bin lose it.

    Raises Refusal while transactions, categories below it, kinds of shops, or rules use it.
    """
    ledger_id = ledger_id_of(by)
    with ledger_write(ledger_id) as version:
        used = {
            "transactions": Transaction.objects.filter(ledger_id=ledger_id, category=category).count(),
            "categories below it": category.children.count(),
            "kinds of shops": category.kind_mappings.filter(ledger_id=ledger_id).count(),
            **{hook.name: hook.count(ledger_id=ledger_id, category=category.pk) for hook in reference_hooks()},
        }
        if any(used.values()):
            counted = ", ".join(f"{name}: {n:,}" for name, n in used.items() if n)
            detail = (
                f"“{category}” is in use ({counted}). Say what takes its place: "
                f"DELETE with ?replacement= and the id or name of another category of kind {category.kind}."
            )
            raise Refusal(detail, code="in_use")
        shows_it = Q(category=category) | Q(suggested_category=category)
        shown = Transaction.everything.filter(shows_it, ledger_id=ledger_id).order_by("pk")
        for ids, of_part in in_versions(shown.values_list("pk", flat=True), ledger_id=ledger_id):
            rows = list(Transaction.everything.filter(pk__in=ids).with_related())
            with editing(rows, version=of_part, author=Author("deletion", by)):
                for row in rows:
                    _drop_category(row, category)
        for hook in reference_hooks():
            hook.forget(ledger_id=ledger_id, category=category.pk, version=version)
        remove_row(category, ledger_id=ledger_id, version=version)


def assign_kind(*, by: User, kind: str, category: Category | None) -> None:
    """Let a kind of shop, or a group of kinds, belong to a category. None: no answer is wanted for it. Safe to repeat.

    `category` must have been checked: of the ledger or the system's, and not hidden.
    """
    ledger_id = ledger_id_of(by)
    mappings = KindMapping.objects.for_user(by).filter(kind=kind)
    with ledger_write(ledger_id) as version:
        if not mappings.filter(category=category).exists():
            new = {"category": category, "version": version}
            KindMapping.objects.update_or_create(ledger_id=ledger_id, kind=kind, defaults=new)
            LEARN_FROM_CHOICES.queue(ledger_id)
        else:
            write_nothing()


def release_kind(*, by: User, kind: str) -> None:
    """Let a kind of shop follow its group again, and a group the system. Safe to repeat."""
    ledger_id = ledger_id_of(by)
    with ledger_write(ledger_id) as version:
        mapping = KindMapping.objects.for_user(by).filter(kind=kind).first()
        if mapping is not None:
            remove_row(mapping, ledger_id=ledger_id, version=version)
            LEARN_FROM_CHOICES.queue(ledger_id)
        else:
            write_nothing()


def _drop_category(row: Transaction, category: Category) -> None:
    if row.category_id == category.pk:
        row.category, row.review_status = None, CategorizationStatus.NONE
    if row.suggested_category_id == category.pk:
        drop_suggestion(row)
    if row.category is None:
        row.category_source, row.category_confidence = "", None


def _restamp_name(category: Category, *, ledger_id: int, version: int) -> None:
    """Give everything that shows the category's name a new version."""
    shows_it = Q(category=category) | Q(suggested_category=category)
    restamp(Transaction.objects.filter(shows_it, ledger_id=ledger_id), ledger_id=ledger_id)
    Category.objects.filter(parent=category, ledger_id=ledger_id).update(version=version)
    KindMapping.objects.filter(category=category, ledger_id=ledger_id).update(version=version)
    for hook in reference_hooks():
        hook.restamp(ledger_id=ledger_id, category=category.pk, version=version)


def _adapt(category: Category, *, ledger_id: int, version: int, fields: dict[str, Any]) -> None:
    """Adapt a category in one ledger, and have open rows asked about again if its keywords changed."""
    before = keywords_of(category, ledger_id=ledger_id)
    new = fields | {"version": version}
    LedgerCategory.objects.update_or_create(ledger_id=ledger_id, category=category, defaults=new)
    if fields.get("keywords", before) != before:
        ask_all_again(ledger_id=ledger_id)


def keywords_of(category: Category, *, ledger_id: int) -> list[str]:
    """Return the keywords of a category in one ledger, as their owner wrote them."""
    found = LedgerCategory.objects.filter(ledger_id=ledger_id, category=category)
    keywords: list[str] = found.values_list("keywords", flat=True).first() or []
    return keywords


def _move_keywords(category: Category, into: Category, *, ledger_id: int, version: int) -> int:
    """Give the keywords of one category to another. Return how many."""
    keywords = keywords_of(category, ledger_id=ledger_id)
    if keywords:
        all_keywords = keywords_of(into, ledger_id=ledger_id) + keywords
        _adapt(into, ledger_id=ledger_id, version=version, fields={"keywords": all_keywords})
    return len(keywords)


def _as_seen(category: Category, by: User) -> Category:
    seen: Category = Category.objects.for_user(by).select_related("parent").get(pk=category.pk)
    return seen
