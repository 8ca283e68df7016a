"""Writes of categories."""

from typing import Any

from django.db import DEFAULT_DB_ALIAS, transaction
from django.db.models import Q

from accounts.models import User
from expenses.hooks import reference_hooks
from expenses.ledger.default_categories import DEFAULT_CATEGORIES, DefaultCategory
from expenses.models import Category, Hiding, Transaction
from expenses.models.ledgers import Ledger, ledger_id_of
from expenses.services.ledger_lock import add_row, change_row, ledger_write, restamp


@transaction.atomic
def seed_default_categories(*, using: str = "default") -> None:
    """Create or refresh the system's categories; safe to repeat. Ledgers are told of what has changed."""
    known = {row.key: row for row in Category.objects.using(using).filter(ledger=None)}
    changed = []
    for default in DEFAULT_CATEGORIES:
        category = known.setdefault(default.key, Category(key=default.key))
        fields = _fields(default) | {"parent_id": known[default.parent].pk if default.parent else None}
        if category.pk is None or fields != {name: getattr(category, name) for name in fields}:
            for name, value in fields.items():
                setattr(category, name, value)
            category.save(using=using)
            changed.append(category)
    if changed and using == DEFAULT_DB_ALIAS:
        for ledger_id in list(Ledger.objects.order_by("pk").values_list("pk", flat=True)):
            _announce(changed, ledger_id=ledger_id)


def _announce(changed: list[Category], *, ledger_id: int) -> None:
    """Have copies learn of system categories that an upgrade brought or worded anew, and of whatever shows them."""
    ids = [category.pk for category in changed]
    told = Category.objects.filter(Q(pk__in=ids) | Q(parent__in=ids), ledger=None)
    with ledger_write(ledger_id) as version:
        for category in told:
            new = {"version": version}
            Hiding.objects.update_or_create(
                ledger_id=ledger_id, category=category, defaults=new, create_defaults=new | {"is_hidden": False}
            )
        for category in changed:
            _restamp_what_shows(category, ledger_id=ledger_id, version=version)


def _fields(default: DefaultCategory) -> dict[str, Any]:
    return {
        "name": default.name,
        "kind": default.kind,
        "icon": default.icon,
        "color_token": default.color_token,
        "description": default.description,
    }


def create_category(*, by: User, fields: dict[str, Any], is_hidden: bool = False) -> Category:
    """Add one of the ledger's own."""
    with ledger_write(ledger_id_of(by)) as version:
        category = add_row(Category, by=by, fields=fields)
        if is_hidden:
            _hide(category, ledger_id=category.ledger_id or 0, is_hidden=True, version=version)
        return _as_seen(category, by)


def edit_category(*, by: User, category: Category, fields: dict[str, Any], is_hidden: bool | None = None) -> Category:
    """Change one of the ledger's own; any, the system's included, can be hidden and shown again.

    A new name gives everything that shows it a new version.
    """
    ledger_id = ledger_id_of(by)
    with ledger_write(ledger_id) as version:
        if fields:
            changed = change_row(category, by=by, fields=fields)
            if changed.name != category.name:
                _restamp_what_shows(category, ledger_id=ledger_id, version=changed.version)
        if is_hidden is not None:
            _hide(category, ledger_id=ledger_id, is_hidden=is_hidden, version=version)
        return _as_seen(category, by)


def _restamp_what_shows(category: Category, *, ledger_id: int, version: int) -> None:
    shows_it = Q(category=category) | Q(suggested_category=category)
    restamp(Transaction.objects.filter(shows_it, ledger_id=ledger_id), ledger_id=ledger_id)
    Category.objects.filter(parent=category, ledger_id=ledger_id).update(version=version)
    for hook in reference_hooks():
        hook.restamp(ledger_id=ledger_id, category=category.pk, version=version)


def _hide(category: Category, *, ledger_id: int, is_hidden: bool, version: int) -> None:
    new = {"is_hidden": is_hidden, "version": version}
    Hiding.objects.update_or_create(ledger_id=ledger_id, category=category, defaults=new)


def _as_seen(category: Category, by: User) -> Category:
    seen: Category = Category.objects.for_user(by).select_related("parent").get(pk=category.pk)
    return seen
