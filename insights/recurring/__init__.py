"""Recurring payments: found among all payments, dated and priced. Pure: no database, no settings."""

from insights.recurring.due import Expected, due_between
from insights.recurring.finding import find_recurring, payee_key
from insights.recurring.model import Confirmed, PriceChange, Recurring

__all__ = ["Confirmed", "Expected", "PriceChange", "Recurring", "due_between", "find_recurring", "payee_key"]
