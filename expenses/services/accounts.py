"""Writes of accounts."""

from typing import Any

from accounts.models import User
from expenses.membership import ledger_id_of
from expenses.models import Account
from expenses.services.writing import ledger_write


def open_account(*, by: User, fields: dict[str, Any]) -> Account:
    """Add an account to the ledger."""
    ledger_id = ledger_id_of(by)
    with ledger_write(ledger_id) as version:
        account: Account = Account.objects.create(ledger_id=ledger_id, version=version, **fields)
        return account


def edit_account(*, by: User, account: Account, fields: dict[str, Any]) -> Account:
    """Change an account."""
    with ledger_write(ledger_id_of(by)) as version:
        row: Account = Account.objects.get(pk=account.pk)  # as it is now, which may not be what was checked
        for name, value in fields.items():
            setattr(row, name, value)
        row.version = version
        row.save()
        return row


def delete_account(*, by: User, account: Account) -> None:
    """Raises ProtectedError while transactions lie in it."""
    with ledger_write(ledger_id_of(by)):
        account.delete()
