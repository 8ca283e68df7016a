"""Writes of categories."""

from typing import Any

from django.db import transaction
from django.db.models import Q

from accounts.models import User
from expenses.defaults import DEFAULT_CATEGORIES, DefaultCategory
from expenses.membership import ledger_id_of
from expenses.models import Category, Status, Transaction
from expenses.services.writing import add_row, change_row, ledger_write, remove_row, restamp


@transaction.atomic
def seed_default_categories(*, using: str = "default") -> None:
    """Create or refresh the system's categories; safe to repeat."""
    ids: dict[str, int] = {}
    for default in DEFAULT_CATEGORIES:
        fields = _fields(default) | {"parent_id": ids.get(default.parent)}
        category, _ = Category.objects.using(using).update_or_create(ledger=None, key=default.key, defaults=fields)
        ids[default.key] = category.pk


def _fields(default: DefaultCategory) -> dict[str, Any]:
    return {
        "name": default.name,
        "kind": default.kind,
        "icon": default.icon,
        "color_token": default.color_token,
        "description": default.description,
    }


def create_category(*, by: User, fields: dict[str, Any]) -> Category:
    """Add one of the ledger's own."""
    return add_row(Category, by=by, fields=fields)


def edit_category(*, by: User, category: Category, fields: dict[str, Any]) -> Category:
    """Change one of the ledger's own. A new name gives the transactions that show it a new version."""
    ledger_id = ledger_id_of(by)
    with ledger_write(ledger_id):
        changed = change_row(category, by=by, fields=fields)
        if changed.name != category.name:
            shows_it = Q(category=category) | Q(suggested_category=category)
            restamp(Transaction.objects.filter(shows_it), ledger_id=ledger_id)
        return changed


def delete_category(*, by: User, category: Category) -> None:
    """Raises ProtectedError while transactions or categories below it refer to it. Suggestions of it are dropped."""
    with ledger_write(ledger_id_of(by)) as version:
        suggested = Transaction.objects.filter(suggested_category=category)
        suggested.filter(review_status=Status.SUGGESTED).update(review_status=Status.NONE)
        suggested.update(suggested_category=None, category_source="", category_confidence=None, version=version)
        remove_row(category, ledger_id=category.ledger_id or 0, version=version)
