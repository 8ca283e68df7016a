"""Transactions that are to be recorded, before they are rows."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from expenses.models.accounts import Account
from expenses.models.categories import Category
from providers.interface import EFFECT_FIELDS, Direction


@dataclass(frozen=True, slots=True, kw_only=True)
class TransactionDraft:
    """A transaction to record. `amount` is positive, in `currency`; `kind` is None unless the client stated it.

    With `asks_chain` None, the chain is asked if no category is given. A draft with `parts` has no category: its parts
    count instead.
    """

    amount: Decimal
    currency: str
    date: date
    description: str
    direction: Direction
    kind: str | None = None
    account: Account | None = None
    category: Category | None = None
    merchant: str = ""
    payment_method: str | None = None
    iban: str = ""
    mcc: str = ""
    review: str | None = None
    is_excluded_from_budget: bool = False
    notes: str = ""
    tags: tuple[str, ...] = ()
    external_id: str | None = None
    fingerprint: str | None = None
    asks_chain: bool | None = None
    parts: tuple["TransactionDraft", ...] = ()

    @property
    def is_for_chain(self) -> bool:
        """Return True if the chain is to be asked."""
        if self.parts:
            return False
        return self.category is None if self.asks_chain is None else self.asks_chain

    @property
    def stated_fields(self) -> frozenset[str]:
        """Return the fields that the client wrote. The description of a new row is just the text that it came with."""
        return frozenset(name for name in EFFECT_FIELDS if name != "description" and getattr(self, name))
