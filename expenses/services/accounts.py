"""Writes of accounts."""

from typing import Any

from accounts.models import User
from expenses.membership import ledger_id_of
from expenses.models import Account
from expenses.services.writing import add_row, change_row, ledger_write


def open_account(*, by: User, fields: dict[str, Any]) -> Account:
    """Add an account to the ledger."""
    return add_row(Account, by=by, fields=fields)


def edit_account(*, by: User, account: Account, fields: dict[str, Any]) -> Account:
    """Change an account."""
    return change_row(account, by=by, fields=fields)


def delete_account(*, by: User, account: Account) -> None:
    """Raises ProtectedError while transactions lie in it."""
    with ledger_write(ledger_id_of(by)):
        account.delete()
