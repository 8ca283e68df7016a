"""What the arithmetic of insights is given: payments in one currency. Pure."""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

Kind = Literal["expense", "refund", "income"]


@dataclass(frozen=True, slots=True)
class Payment:
    """One row of the ledger that counts: a part of a split instead of its whole, no transfer, nothing excluded."""

    id: int
    day: dt.date
    #: More than 0, in the currency of all that is looked at together.
    amount: Decimal
    kind: Kind
    #: Who was paid or paid, the same for the same; empty where the text has no words.
    payee: str
    category: int | None
    account: int | None = None
    #: What was split into it and others; None where nothing was.
    whole: int | None = None
    #: The amount as it was paid, and in which currency; None where that is not known.
    own: Decimal | None = None
    currency: str = ""

    @property
    def spent(self) -> Decimal:
        """What it took out of the purse: less than 0 for a refund."""
        return -self.amount if self.kind == "refund" else self.amount


@dataclass(frozen=True, slots=True)
class Uncounted:
    """That somebody was paid, of a row that does not count: it is excluded from budgets, or its rate is missing."""

    payee: str
    day: dt.date
