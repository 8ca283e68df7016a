"""Recurring payments of a ledger, as a forecast takes them."""

from insights.forecasting.bills import Bill


def known_bills(*, ledger_id: int, currency: str) -> list[Bill]:
    """Those that are sure or confirmed, and those that have ended, with what was paid, in the currency."""
    return []
