"""The ledger's app. After every migration it seeds categories, and brings indexes and stored texts up to date."""

from typing import Any

from django.apps import AppConfig
from django.core import checks
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models.signals import post_migrate

from expenses.indexes import check_search_index, ensure_indexes


def seed(*, using: str, **kwargs: Any) -> None:
    """Seed the default categories, whichever way the database was made."""
    from expenses.services.categories import seed_default_categories  # noqa: PLC0415 - models are not loaded before

    seed_default_categories(using=using)


def index(*, using: str, **kwargs: Any) -> None:
    """Give indexes their form. In a migration SQLite would lose it, when a later one makes the table anew."""
    ensure_indexes(connections[using])


def reread(*, using: str, **kwargs: Any) -> None:
    """Normalize stored texts anew after an upgrade that does it differently."""
    from expenses.services.normalization import normalize_texts  # noqa: PLC0415 - models are not loaded before

    if using == DEFAULT_DB_ALIAS:
        normalize_texts()


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
