"""Registers the app, seeds the roles after every migration, and tells every process when people change."""

from typing import Any

from django.apps import AppConfig
from django.db.models.signals import m2m_changed, post_migrate


def seed(*, using: str, **kwargs: Any) -> None:
    """As Django seeds permissions: idempotent, and there whichever way the database was made."""
    from accounts.roles import seed_roles  # noqa: PLC0415 - models are not loaded before

    seed_roles(using=using)


class AccountsConfig(AppConfig):
    """People and their tokens."""

    name = "accounts"

    def ready(self) -> None:
        """Whoever changes a person, their groups or tokens, every process hears of it."""
        from django.contrib.auth.models import Group  # noqa: PLC0415 - models are not loaded before

        from accounts.models import Token, User  # noqa: PLC0415
        from accounts.revocations import announce, watch  # noqa: PLC0415

        watch(User, Token, Group)
        post_migrate.connect(seed, sender=self)
        m2m_changed.connect(announce, sender=User.groups.through)
