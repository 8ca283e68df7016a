"""The one door through which insights look at the ledger."""

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple, cast

from expenses.models import Transaction
from expenses.querysets import TransactionQuerySet
from expenses.rates.book import RateBook
from expenses.rates.usage import RateUsage
from insights.payments import Kind, Payment, Uncounted


def counted_rows(ledger_id: int) -> TransactionQuerySet:
    """What insights count: parts instead of what was split, no transfers, and nothing that budgets leave out.

    Refunds are among the rows; whoever adds up takes them off what was spent in their category.
    """
    return rows_with_excluded(ledger_id).filter(is_excluded_from_budget=False)


def rows_with_excluded(ledger_id: int) -> TransactionQuerySet:
    """The same with what budgets leave out, for whoever says how much that is."""
    rows: TransactionQuerySet = Transaction.objects.filter(ledger_id=ledger_id, is_split=False)
    return rows.exclude(kind="transfer")


@dataclass(frozen=True, slots=True)
class Payments:
    """All payments of a ledger until a day, the oldest first, and how many more have no rate into the currency."""

    all: list[Payment]
    n_unconverted: int
    #: Excluded rows, and those without a rate.
    uncounted: list[Uncounted]

    @property
    def spending(self) -> list[Payment]:
        """What was spent, and what came back of it."""
        return [payment for payment in self.all if payment.kind != "income"]

    @property
    def income(self) -> list[Payment]:
        return [payment for payment in self.all if payment.kind == "income"]


class _Row(NamedTuple):
    id: int
    date: dt.date
    amount: Decimal
    currency: str
    kind: str
    merchant: str
    match_text: str
    category_id: int | None
    account_id: int | None
    parent_id: int | None
    is_excluded_from_budget: bool

    @property
    def payee(self) -> str:
        return payee_of(merchant=self.merchant, match_text=self.match_text)


def load_payments(*, ledger_id: int, to: str, until: dt.date) -> Payments:
    """Each at the rate of its own day. Three queries, or one if all is in the currency `to` already."""
    rows = rows_with_excluded(ledger_id).filter(date__lte=until).order_by("date", "pk").values_list(*_Row._fields)
    found = [_Row(*row) for row in rows.iterator(chunk_size=10_000)]
    counted = [row for row in found if not row.is_excluded_from_budget]
    payments = list(_payments(counted, rates=_rates(counted, to=to, ledger_id=ledger_id)))
    known = {payment.id for payment in payments}
    uncounted = [Uncounted(row.payee, row.date) for row in found if row.id not in known]
    return Payments(payments, len(counted) - len(payments), uncounted)


def payee_of(*, merchant: str, match_text: str) -> str:
    """What payments to the same payee share: the merchant's name, else the normalized text."""
    return (merchant or match_text).casefold()


def _rates(rows: Sequence[_Row], *, to: str, ledger_id: int) -> RateUsage | None:
    days = [row.date for row in rows if row.currency != to]
    if not days:
        return None
    currencies = {row.currency for row in rows}
    return RateUsage(RateBook.load(ledger_id=ledger_id, currencies=currencies, to=to, start=min(days), end=max(days)))


def _payments(rows: Sequence[_Row], *, rates: RateUsage | None) -> Iterator[Payment]:
    for row in rows:
        amount = rates.exact(row.amount, row.currency, row.date) if rates else row.amount
        if amount is not None:
            yield Payment(
                id=row.id,
                day=row.date,
                amount=amount,
                kind=cast("Kind", row.kind),
                payee=row.payee,
                category=row.category_id,
                account=row.account_id,
                whole=row.parent_id,
                own=row.amount,
                currency=row.currency,
            )
