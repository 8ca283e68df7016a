"""Registration, sign-in, changes and deletion of users."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.module_loading import import_string

from accounts.models import PREFERENCES, Scope, Token, User
from accounts.roles import USER, give_role
from accounts.services.lockout import forget_guesses
from accounts.services.tokens import issue_token


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A user with a new token. The token is shown once: only its hash is stored."""

    user: User
    token: str
    expiry: datetime


def sign_in(*, user: User, name: str = "", scope: str = Scope.READ_WRITE) -> SignedIn:
    """Issue a token for one more device."""
    record, token = issue_token(user=user, name=name, scope=scope)
    assert record.expiry is not None  # noqa: S101 - every token of ours has one
    return SignedIn(user=user, token=token, expiry=record.expiry)


@transaction.atomic
def register_user(*, username: str, email: str, password: str, name: str = "") -> SignedIn:
    """Create a user and sign them in."""
    user = User.objects.create_user(username=username, email=email, password=password)
    give_role(user=user, role=USER)
    return sign_in(user=user, name=name)


@transaction.atomic
def edit_user(*, user: User, fields: Mapping[str, Any]) -> User:
    """Change fields of a user. Raises DoesNotExist when they are gone.

    Other apps follow changed preferences: each path in PREFERENCE_FOLLOWERS names a function of `user`.
    """
    locked = User.objects.select_for_update(no_key=True).get(pk=user.pk)
    changed = {name: value for name, value in fields.items() if getattr(locked, name) != value}
    for name, value in changed.items():
        setattr(locked, name, value)
    if changed:
        locked.save(update_fields=list(changed))
    if not changed.keys().isdisjoint(PREFERENCES):
        for path in settings.PREFERENCE_FOLLOWERS:
            follow: Callable[..., None] = import_string(path)
            follow(user=locked)
    return locked


@transaction.atomic
def change_password(*, user: User, password: str, keeps: Token) -> None:
    """Store a new password, and revoke all tokens of the user but the one to keep."""
    locked = User.objects.select_for_update(no_key=True).get(pk=user.pk)
    locked.set_password(password)
    locked.save(update_fields=["password"], keeps=keeps)
    forget_guesses(user=locked)


@transaction.atomic
def delete_account(*, user: User) -> None:
    """Delete the user with all their rows and files, all or nothing. Raises DoesNotExist when they are gone already.

    Other apps delete their own part: each path in ACCOUNT_ERASERS names a function of `user`. Files are deleted after
    the commit.
    """
    locked = User.objects.select_for_update(no_key=True).get(pk=user.pk)  # rows of others may refer to it meanwhile
    for path in settings.ACCOUNT_ERASERS:
        erase: Callable[..., None] = import_string(path)
        erase(user=locked)
    forget_guesses(user=locked)
    locked.delete()
