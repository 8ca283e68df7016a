"""The app's configuration: seeds roles after every migration, and forgets cached tokens when users change."""

from typing import Any

from django.apps import AppConfig
from django.db.models.signals import m2m_changed, post_delete, post_migrate, post_save


def seed(*, using: str, **kwargs: Any) -> None:
    """Seed the roles in the database that was migrated."""
    from accounts.roles import seed_roles  # noqa: PLC0415 - models are not loaded before

    seed_roles(using=using)


class AccountsConfig(AppConfig):
    """Users and their tokens."""

    name = "accounts"

    def ready(self) -> None:
        """Connect the signals."""
        from django.contrib.auth.models import Group  # noqa: PLC0415 - models are not loaded before

        from accounts.models import Token, User  # noqa: PLC0415
        from accounts.token_cache import forget_tokens, forget_tokens_unless_created  # noqa: PLC0415

        for model in (User, Token, Group):
            post_save.connect(forget_tokens_unless_created, sender=model)
            post_delete.connect(forget_tokens, sender=model)
        m2m_changed.connect(forget_tokens, sender=User.groups.through)
        post_migrate.connect(seed, sender=self)
