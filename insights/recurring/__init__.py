"""Recurring payments: found among all payments, dated and priced. Pure: no database, no settings."""

from insights.recurring.finding import find_recurring
from insights.recurring.model import Confirmed, Kind, PriceChange, Recurring
from insights.recurring.rhythms import RhythmName, times_a_year

__all__ = [
    "Confirmed",
    "Kind",
    "PriceChange",
    "Recurring",
    "RhythmName",
    "find_recurring",
    "times_a_year",
]
