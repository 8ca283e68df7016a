"""Registers the app and seeds the default categories after every migration."""

from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate


def seed(*, using: str, **kwargs: Any) -> None:
    """As Django seeds permissions: idempotent, and there whichever way the database was made."""
    from expenses.services.categories import seed_default_categories  # noqa: PLC0415 - models are not loaded before

    seed_default_categories(using=using)


class ExpensesConfig(AppConfig):
    """The ledger."""

    name = "expenses"

    def ready(self) -> None:
        post_migrate.connect(seed, sender=self)
