"""Accounts that a file names, in its order, and the check of their balances."""

import datetime as dt
from dataclasses import replace
from decimal import Decimal

from statements.importer import FileAccount

_MOST_WARNINGS = 5


class AccountList:
    """Accounts of one file. Several statements of one account are one account, unless their currencies differ."""

    def __init__(self) -> None:
        self._by_key: dict[str, FileAccount] = {}

    @property
    def found(self) -> list[FileAccount]:
        """The accounts in the order of the file."""
        return list(self._by_key.values())

    def add(self, account: FileAccount) -> str:
        """Take an account in if it is new, and return its key in the file; "" if it has neither IBAN nor number."""
        if not account.key:
            return ""
        known = self._by_key.get(account.key)
        if known is not None and known.currency and account.currency not in ("", known.currency):
            account = replace(account, key=f"{account.key} {account.currency}")
            known = self._by_key.get(account.key)
        self._by_key[account.key] = account if known is None else _completed(known, account)
        return account.key

    def close(self, key: str, balance: Decimal, date: dt.date | None) -> None:
        """Set the closing balance of an account, unless a later one is known."""
        account = self._by_key.get(key)
        if account is None:
            return
        if account.balance_date is None or (date is not None and date >= account.balance_date):
            self._by_key[key] = replace(account, balance=balance, balance_date=date)


def _completed(known: FileAccount, again: FileAccount) -> FileAccount:
    """Return the known account, with what only the other statement says."""
    missing = {name: getattr(again, name) for name in ("name", "bank", "currency") if not getattr(known, name)}
    return replace(known, **missing)


def balance_warning(line: int, key: str, *, opening: Decimal, booked: Decimal, closing: Decimal, currency: str) -> str:
    """Return a sentence if the entries do not lead from the opening to the closing balance; "" if they do."""
    if opening + booked == closing:
        return ""
    account = f" of account {key}" if key else ""
    places = max(_places(amount) for amount in (opening, booked, closing))
    opens = f"{opening:.{places}f} {currency}".strip()
    return (
        f"The statement from line {line}{account} does not add up: it opens with {opens}, its entries come to "
        f"{booked:.{places}f}, and it closes with {closing:.{places}f}. Compare its rows with your bank."
    )


def _places(amount: Decimal) -> int:
    """Return the number of decimal places, as written."""
    exponent = amount.as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def most_telling(warnings: list[str]) -> list[str]:
    """Return the first warnings, each once, and how many more there are."""
    told = list(dict.fromkeys(filter(None, warnings)))
    if len(told) <= _MOST_WARNINGS:
        return told
    return [*told[:_MOST_WARNINGS], f"There are {len(told) - _MOST_WARNINGS} more warnings of this kind."]
