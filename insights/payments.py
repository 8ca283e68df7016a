"""Payments in one currency, which all arithmetic of insights is given. Pure."""

import datetime as dt
import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, TypeVar

from providers.merchants.names import spelled
from providers.merchants.provider import known_name

PaymentKind = Literal["expense", "refund", "income"]
#: Amounts that differ by 1 % are the same: rates of exchange and rounding move them by as much.
SAME_AMOUNT = 0.01
_NUMBERED = re.compile(r"\S*\d\S*")
_Amount = TypeVar("_Amount", float, Decimal)


@dataclass(frozen=True, slots=True)
class Payment:
    """A row of the ledger that counts: a part instead of a split whole, no transfer, not excluded from budgets."""

    id: int
    day: dt.date
    #: More than 0, in the currency of all payments that are looked at together.
    amount: Decimal
    kind: PaymentKind
    #: The payee's key (`payee_of`); empty where the text has no words.
    payee: str
    category: int | None
    account: int | None = None
    #: The id of the split transaction that this is a part of.
    whole: int | None = None
    #: The amount and currency in which it was paid; None where they are not known.
    own: Decimal | None = None
    currency: str = ""

    @property
    def spent(self) -> Decimal:
        """The amount that left the purse: less than 0 for a refund."""
        return -self.amount if self.kind == "refund" else self.amount


@dataclass(frozen=True, slots=True)
class Uncounted:
    """A payment that does not count: it is excluded from budgets, or its rate is missing."""

    payee: str
    day: dt.date


def same_amount(*amounts: _Amount, within: float = SAME_AMOUNT) -> bool:
    """Return True if all amounts are one price: the highest is above the lowest by 1 %, or `within`, at most."""
    return float(max(amounts)) <= float(min(amounts)) * (1 + within)


def payee_of(*, merchant: str, match_text: str) -> str:
    """Return the key that payments to one payee share: the brand's or merchant's name, else the normalized text."""
    name = merchant or match_text
    return (known_name(name, "out") or name).casefold()


def payee_name(*, merchant: str, match_text: str, description: str) -> str:
    """Return the name of the payee of a payment: the brand's or merchant's, else the words of the text."""
    return known_name(merchant or match_text, "out") or merchant or spelled(match_text, [description]) or description


def payee_key(payee: str) -> str:
    """Return the payee without numbers of invoices and the like, unless nothing else is left."""
    return " ".join(_NUMBERED.sub(" ", payee).split()) or payee
