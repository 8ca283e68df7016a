"""Registers the app; after every migration the default categories and the index of searches are seen to."""

from typing import Any

from django.apps import AppConfig
from django.core import checks
from django.db import connections
from django.db.models.signals import post_migrate

from expenses.search_index import check_search_index, ensure_indexes


def seed(*, using: str, **kwargs: Any) -> None:
    """As Django seeds permissions: idempotent, and there whichever way the database was made."""
    from expenses.services.categories import seed_default_categories  # noqa: PLC0415 - models are not loaded before

    seed_default_categories(using=using)


def index(*, using: str, **kwargs: Any) -> None:
    """Here rather than in a migration: SQLite loses it when a later one makes the table anew."""
    ensure_indexes(connections[using])


class ExpensesConfig(AppConfig):
    """The ledger."""

    name = "expenses"

    def ready(self) -> None:
        from expenses.learning_reaction import Learning  # noqa: PLC0415 - models are not loaded before
        from expenses.reactions import register  # noqa: PLC0415 - the same

        register(Learning())
        post_migrate.connect(seed, sender=self)
        post_migrate.connect(index, sender=self)
        checks.register(check_search_index, checks.Tags.database)
