"""Recurring payments: found among all payments, dated and priced. Pure: no database, no settings."""

from insights.recurring.detection import (
    ConfirmedContract,
    PriceChange,
    Recurring,
    RecurringDirection,
    find_recurring,
)
from insights.recurring.rhythms import RHYTHM_NAMED, RhythmName, times_a_year

__all__ = [
    "RHYTHM_NAMED",
    "ConfirmedContract",
    "PriceChange",
    "Recurring",
    "RecurringDirection",
    "RhythmName",
    "find_recurring",
    "times_a_year",
]
