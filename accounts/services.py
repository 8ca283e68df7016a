"""Everything that writes users and tokens."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from knox.models import AuthToken
from knox.settings import knox_settings

from accounts.models import User


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A token is shown once: only its hash is kept."""

    user: User
    token: str
    expiry: datetime


def sign_in(*, user: User) -> SignedIn:
    """Issue a token for one more device."""
    record, token = AuthToken.objects.create(user=user, expiry=knox_settings.TOKEN_TTL)
    return SignedIn(user=user, token=token, expiry=record.expiry)


@transaction.atomic
def register_user(*, username: str, email: str, password: str) -> SignedIn:
    """Create a person and sign them in."""
    return sign_in(user=User.objects.create_user(username=username, email=email, password=password))
