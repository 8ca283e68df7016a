"""The ledger's app. After every migration it seeds categories, and brings indexes and stored texts up to date."""

from typing import Any

from django.apps import AppConfig
from django.core import checks
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models.signals import post_migrate

from expenses.indexes import check_search_index, ensure_indexes


def bring_up_to_date(*, using: str, **kwargs: Any) -> None:
    """Seed the default categories, normalize stored texts as this release does, and give indexes their form.

    It follows every migration, whichever way the database was made. In a migration SQLite would lose the form of an
    index, when a later migration makes the table anew.
    """
    from expenses.services.categories import seed_default_categories  # noqa: PLC0415 - models are not loaded before
    from expenses.services.normalization import normalize_texts  # noqa: PLC0415 - the same

    seed_default_categories(using=using)
    if using == DEFAULT_DB_ALIAS:
        normalize_texts()
    ensure_indexes(connections[using])


class ExpensesConfig(AppConfig):
    """The ledger."""

    name = "expenses"

    def ready(self) -> None:
        from expenses.hooks import register_edit_hook  # noqa: PLC0415 - models are not loaded before
        from expenses.services.learning import LearningHook  # noqa: PLC0415 - the same

        register_edit_hook(LearningHook())
        post_migrate.connect(bring_up_to_date, sender=self)
        checks.register(check_search_index, checks.Tags.database)
