"""Stops guessing: after some wrong passwords for a login name or from an address, none is looked at for a while.

Each try takes a place before its password is looked at, and gives it back when the password is right: however many
come at once, no more than the places are looked at. Names that nobody has are counted as the others are.
"""

import math
from collections.abc import Callable
from datetime import timedelta
from typing import TypeVar

from django.conf import settings
from django.db.models import F
from django.utils import timezone
from django.utils.crypto import salted_hmac
from rest_framework.exceptions import APIException, Throttled

from accounts.models import GuessCount, User

Found = TypeVar("Found")


class LockedOut(Throttled):
    """No password is looked at for `wait` seconds."""

    default_detail = "Too many wrong passwords. Wait a while, then try again."
    default_code = "locked_out"

    def __init__(self, wait: int) -> None:
        APIException.__init__(self)
        self.wait = wait


def try_password(*, login: str, address: str, check: Callable[[], Found | None]) -> Found | None:
    """What `check` finds, which is None for a wrong password. Raises LockedOut, and then does not call it."""
    by_name, by_address = name_key(login), _key("address", address)
    if wait := _take(by_address, limit=settings.LOCKOUT_ADDRESS_AFTER):
        raise LockedOut(wait)
    if wait := _take(by_name, limit=settings.LOCKOUT_AFTER):
        _give_back(by_address)
        raise LockedOut(wait)
    found = check()
    if found is not None:
        _give_back(by_address)
        GuessCount.objects.filter(key=by_name).delete()
    return found


def forget_guesses(*, user: User) -> None:
    """Nothing is counted against either name of this person any more."""
    GuessCount.objects.filter(key__in=[name_key(user.username), name_key(user.email)]).delete()


def name_key(login: str) -> str:
    """The same for all ways of writing a name that some database takes for equal, such as a dotless i."""
    return _key("name", login.strip().upper().casefold())


def _key(kind: str, value: str) -> str:
    return salted_hmac("accounts.lockout", f"{kind}:{value}", algorithm="sha256").hexdigest()


def _take(key: str, *, limit: int) -> int:
    """Take one of the places. Returns 0, or where none is left the seconds until there are some again."""
    now = timezone.now()
    GuessCount.objects.filter(ends_at__lte=now).delete()
    begun = GuessCount(key=key, ends_at=now + timedelta(minutes=settings.LOCKOUT_MINUTES))
    GuessCount.objects.bulk_create([begun], ignore_conflicts=True)
    count = GuessCount.objects.filter(key=key)
    if count.filter(n__lt=limit).update(n=F("n") + 1):
        return 0
    ends_at = count.values_list("ends_at", flat=True).first()
    if ends_at is None:  # a right password reset it this moment
        return _take(key, limit=limit)
    return max(1, math.ceil((ends_at - now).total_seconds()))


def _give_back(key: str) -> None:
    GuessCount.objects.filter(key=key, n__gt=0).update(n=F("n") - 1)
