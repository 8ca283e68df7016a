"""Writes of a ledger's own rates. The ECB's come from seeding alone."""

from typing import Any

from accounts.models import User
from expenses.models.ledgers import ledger_id_of
from expenses.models.rates import ExchangeRate, RateSource
from expenses.services.ledger_lock import add_row, change_row, ledger_write


def add_rate(*, by: User, fields: dict[str, Any]) -> ExchangeRate:
    """Add a rate of the ledger's own; it counts at once."""
    return add_row(ExchangeRate, by=by, fields={**fields, "source": RateSource.MANUAL})


def edit_rate(*, by: User, rate: ExchangeRate, fields: dict[str, Any]) -> ExchangeRate:
    """Change one of the ledger's own."""
    return change_row(rate, by=by, fields=fields)


def delete_rate(*, by: User, rate: ExchangeRate) -> None:
    """Remove one of the ledger's own; the ECB's counts again, where there is one."""
    with ledger_write(ledger_id_of(by)):
        rate.delete()
