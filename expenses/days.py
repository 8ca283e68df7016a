"""Calendar days: which ones the ledger takes, and which one is today."""

import datetime as dt
from zoneinfo import ZoneInfo

from django.utils import timezone

from accounts.models import User

EARLIEST, LATEST = dt.date(1900, 1, 1), dt.date(2199, 12, 31)


def today_of(user: User) -> dt.date:
    """The calendar day where the person lives."""
    return timezone.now().astimezone(ZoneInfo(user.time_zone)).date()
