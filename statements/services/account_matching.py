"""Accounts that files name, and which account of the ledger each of them is.

An IBAN or a whole number is proof. The last digits of a masked card number are a proposal, which a person confirms.
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

from expenses.models import Account
from statements.importer import FileAccount

#: Signs that banks write between the digits of a number.
_SEPARATORS = re.compile(r"[\s./-]+")
#: Four digits behind signs that hide the others: XXXX1234, ****1234, 1234 alone.
_MASKED = re.compile(r"(?:[0-9]*[x*•.…#]+)?([0-9]{4})", re.IGNORECASE)
#: So many digits at the end of an IBAN or of a longer number make a proposal.
_MIN_TELLING = 6
NUMBER_LENGTH = 40


class AccountMatch(NamedTuple):
    """The account that a file's account is, and by what: `iban` or `number`. Without one, `proposals` may be it."""

    account: Account | None = None
    by: str = ""
    proposals: tuple[Account, ...] = ()


def match_account(named: FileAccount, accounts: Sequence[Account]) -> AccountMatch:
    """Return the one account of a ledger that the file means. Several accounts, or likely ones, are proposals."""
    by_iban = [account for account in accounts if named.iban and account.iban == named.iban]
    by_number = [account for account in accounts if _is_same_number(named, account)]
    for by, found in (("iban", by_iban), ("number", by_number)):
        in_currency = [account for account in found if account.currency == named.currency] or found
        if len(in_currency) == 1:
            return AccountMatch(in_currency[0], by)
        if found:
            return AccountMatch(proposals=tuple(found))
    return AccountMatch(proposals=tuple(account for account in accounts if _is_likely(named, account)))


def contradicts(named: FileAccount, account: Account) -> bool:
    """Return True if the account has an IBAN or number, and the file names one that is surely another."""
    match = match_account(named, [account])
    has_own = bool(account.iban or account.number)
    return has_own and bool(named.iban or named.number) and match.account is None and not match.proposals


def missing_numbers(named: FileAccount, account: Account) -> dict[str, str]:
    """Return `iban` and `number` as the file has them, where the account has none and nothing contradicts them."""
    pairs = ((account.iban, named.iban), (plain_number(account.number), plain_number(named.number)))
    if any(own and other and own != other for own, other in pairs):
        return {}
    iban = account.iban or named.iban
    says_number = bool(iban) and iban.casefold().endswith(plain_number(named.number))
    known = {"iban": named.iban, "number": "" if says_number else named.number[:NUMBER_LENGTH]}
    return {field: value for field, value in known.items() if value and not getattr(account, field)}


def plain_number(number: str) -> str:
    """Return a number without blanks, separators and leading zeros, in small letters."""
    return _SEPARATORS.sub("", number).casefold().lstrip("0")


def _is_same_number(named: FileAccount, account: Account) -> bool:
    """Return True if both have the same number, or if the file's bank and number make up the account's IBAN."""
    if named.iban and account.iban:
        return False
    number = plain_number(named.number)
    if number and number == plain_number(account.number) and not (number.isdigit() and len(number) <= 4):
        return True
    bank, bban = _SEPARATORS.sub("", named.bank).casefold(), account.iban[4:].casefold()
    return bool(number and bank and bban.startswith(bank) and bban[len(bank) :].lstrip("0") == number)


def _is_likely(named: FileAccount, account: Account) -> bool:
    """Return True if one number is masked, or cut off in front, and ends as the other one does."""
    if named.iban and account.iban:
        return False
    pairs = [(named.number, account.number), (named.number, account.iban), (account.number, named.iban)]
    for number, other in ((plain_number(a), plain_number(b)) for a, b in pairs if a and b):
        for short, whole in ((number, other), (other, number)):
            masked = _MASKED.fullmatch(short)
            if whole.endswith(masked[1] if masked else short) and (masked or len(short) >= _MIN_TELLING):
                return True
    return False
