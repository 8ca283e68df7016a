"""Protection against guessing: after some wrong passwords for a login or from an address, no more are checked.

Each try takes a slot before its password is checked, and returns it when the password is right. So never more passwords
than slots are checked, however many requests come at once. Unknown logins are counted like known ones.
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
    """No password is checked for `wait` seconds."""

    default_code = "locked_out"

    def __init__(self, wait: int) -> None:
        APIException.__init__(self, f"Too many wrong passwords. Try again in {wait} seconds.")
        self.wait = wait


def try_password(*, login: str, address: str, check: Callable[[], Found | None]) -> Found | None:
    """Return the result of `check`, which is None for a wrong password. Raises LockedOut without calling it."""
    by_login, by_address = _login_key(login), _key("address", address)
    if wait := _take_slot(by_address, limit=settings.LOCKOUT_ADDRESS_AFTER):
        raise LockedOut(wait)
    if wait := _take_slot(by_login, limit=settings.LOCKOUT_AFTER):
        _return_slot(by_address)
        raise LockedOut(wait)
    found = check()
    if found is not None:
        _return_slot(by_address)
        GuessCount.objects.filter(key=by_login).delete()
    return found


def forget_guesses(*, user: User) -> None:
    """Delete the wrong passwords counted for the user's name and e-mail address."""
    GuessCount.objects.filter(key__in=[_login_key(user.username), _login_key(user.email)]).delete()


def _login_key(login: str) -> str:
    """Return one key for all spellings of a login that some database takes for equal, such as a dotless i."""
    return _key("name", login.strip().upper().casefold())


def _key(kind: str, value: str) -> str:
    return salted_hmac("accounts.lockout", f"{kind}:{value}", algorithm="sha256").hexdigest()


def _take_slot(key: str, *, limit: int) -> int:
    """Take a slot and return 0; where none is left, return the seconds until there is one."""
    now = timezone.now()
    GuessCount.objects.filter(ends_at__lte=now).delete()
    begun = GuessCount(key=key, ends_at=now + timedelta(minutes=settings.LOCKOUT_MINUTES))
    GuessCount.objects.bulk_create([begun], ignore_conflicts=True)
    count = GuessCount.objects.filter(key=key)
    if count.filter(n__lt=limit).update(n=F("n") + 1):
        return 0
    ends_at = count.values_list("ends_at", flat=True).first()
    if ends_at is None:  # a right password has just reset it
        return _take_slot(key, limit=limit)
    return max(1, math.ceil((ends_at - now).total_seconds()))


def _return_slot(key: str) -> None:
    GuessCount.objects.filter(key=key, n__gt=0).update(n=F("n") - 1)
