"""Writes of accounts."""

from typing import Any

from accounts.models import User
from expenses.hooks import sync_feeds
from expenses.models import Account, Transaction, Transfer
from expenses.models.ledgers import ledger_id_of
from expenses.services.ledger_lock import add_row, change_row, ledger_write, remove_row, restamp


def open_account(*, by: User, fields: dict[str, Any]) -> Account:
    """Add an account to the ledger."""
    return add_row(Account, by=by, fields=fields)


def edit_account(*, by: User, account: Account, fields: dict[str, Any]) -> Account:
    """Change an account. A new name gives the transactions that show it a new version."""
    ledger_id = ledger_id_of(by)
    with ledger_write(ledger_id):
        changed = change_row(account, by=by, fields=fields)
        if changed.name != account.name:
            restamp(Transaction.objects.filter(account=account), ledger_id=ledger_id)
            _restamp_feeds(account, version=changed.version)
        return changed


def delete_account(*, by: User, account: Account) -> None:
    """Raises ProtectedError while transactions lie in it."""
    with ledger_write(ledger_id_of(by)) as version:
        binned = Transaction.everything.filter(account=account, deleted_at__isnull=False)
        Transfer.objects.of(binned.values("pk")).update(version=version)
        binned.update(account=None)
        _restamp_feeds(account, version=version)
        for feed in sync_feeds():
            if feed.forget_account is not None:
                feed.forget_account(account.pk, ledger_id=account.ledger_id, version=version)
        remove_row(account, ledger_id=account.ledger_id, version=version)


def _restamp_feeds(account: Account, *, version: int) -> None:
    for feed in sync_feeds():
        feed.restamp_account(account.pk, version=version)
