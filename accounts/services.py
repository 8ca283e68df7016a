"""Everything that writes users."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from accounts.models import Scope, User
from accounts.roles import USER, give_role
from accounts.tokens import issue_token


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A token is shown once: only its hash is kept."""

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
    """Create a person and sign them in."""
    user = User.objects.create_user(username=username, email=email, password=password)
    give_role(user=user, role=USER)
    return sign_in(user=user, name=name)
