"""Recurring payments: found among all payments, dated and priced. Pure: no database, no settings."""

from insights.recurring.finding import find_recurring, payee_key
from insights.recurring.model import Raise, Recurring

__all__ = ["Raise", "Recurring", "find_recurring", "payee_key"]
