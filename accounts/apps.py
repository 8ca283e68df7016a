"""Registers the app."""

from django.apps import AppConfig
from django.db.models.signals import m2m_changed


class AccountsConfig(AppConfig):
    """People and their tokens."""

    name = "accounts"

    def ready(self) -> None:
        """Whoever changes a person, their groups or tokens, every process hears of it."""
        from django.contrib.auth.models import Group  # noqa: PLC0415 - models are not loaded before

        from accounts.models import Token, User  # noqa: PLC0415
        from accounts.revocations import announce, watch  # noqa: PLC0415

        watch(User, Token, Group)
        m2m_changed.connect(announce, sender=User.groups.through)
