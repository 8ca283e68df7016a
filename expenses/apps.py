"""Registers the app; after every migration default categories, stored texts and the index of searches are seen to."""

from typing import Any

from django.apps import AppConfig
from django.core import checks
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models.signals import post_migrate

from expenses.indexes import check_search_index, ensure_indexes


def seed(*, using: str, **kwargs: Any) -> None:
    """As Django seeds permissions: idempotent, and there whichever way the database was made."""
    from expenses.services.categories import seed_default_categories  # noqa: PLC0415 - models are not loaded before

    seed_default_categories(using=using)


def index(*, using: str, **kwargs: Any) -> None:
    """Here rather than in a migration: SQLite loses it when a later one makes the table anew."""
    ensure_indexes(connections[using])


def reread(*, using: str, **kwargs: Any) -> None:
    """Once after an upgrade that reads texts otherwise; another time it only asks whether it is needed."""
    from expenses.services.rereading import reread_texts  # noqa: PLC0415 - models are not loaded before

    if using == DEFAULT_DB_ALIAS:
        reread_texts()


class ExpensesConfig(AppConfig):
    """The ledger."""

    name = "expenses"

    def ready(self) -> None:
        from expenses.hooks import register_edit_hook  # noqa: PLC0415 - models are not loaded before
        from expenses.services.learning import LearningHook  # noqa: PLC0415 - the same

        register_edit_hook(LearningHook())
        post_migrate.connect(seed, sender=self)
        post_migrate.connect(reread, sender=self)
        post_migrate.connect(index, sender=self)
        checks.register(check_search_index, checks.Tags.database)
