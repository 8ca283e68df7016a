"""What balances are worth in one currency on one day: a sum of what has a rate, which says what has none."""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from expenses.ledger.money import Money
from expenses.rates.book import RateBook
from expenses.rates.conversion import Conversion, MissingRate
from expenses.reports.balances import Balance


@dataclass(frozen=True, slots=True)
class Worth:
    """An amount in the valuation's currency and how it came to that, or the rate that is missing.

    Nothing is nothing at any rate: an empty balance is worth that even if its currency has no rate.
    """

    amount: Decimal | None
    conversion: Conversion | None = None
    missing: MissingRate | None = None


@dataclass(frozen=True, slots=True)
class Valuation:
    """By currency and amount, what it is worth; `amount` adds up what was shown, so it is the sum of its parts."""

    currency: str
    day: dt.date
    worths: dict[Money, Worth]
    amount: Decimal

    @property
    def missing(self) -> list[MissingRate]:
        """One for each currency that lacks its rate; the sum is complete if there is none."""
        lacking = {worth.missing.base: worth.missing for worth in self.worths.values() if worth.missing}
        return [lacking[currency] for currency in sorted(lacking)]


def parts_of(balance: Balance) -> list[Money]:
    """What lies in an account, in its own currency and in each other."""
    others = [Money(part.amount, part.currency) for part in balance.others]
    return [Money(balance.amount, balance.account.currency), *others]


def value_balances(balances: Iterable[Balance], *, to: str, day: dt.date, ledger_id: int) -> Valuation:
    """What all balances are worth in the currency `to` at the rates of a day. Two queries, or none."""
    parts = [part for balance in balances for part in parts_of(balance)]
    currencies = {part.currency for part in parts}
    book = RateBook.load(ledger_id=ledger_id, currencies=currencies, to=to, start=day, end=day)
    worths = {part: _worth(part, day, book) for part in parts}
    return Valuation(to, day, worths, _sum([worths[part] for part in parts]))


def _worth(part: Money, day: dt.date, book: RateBook) -> Worth:
    try:
        conversion = book.convert(part, day)
    except MissingRate as missing:
        return Worth(None, missing=missing) if part.amount else Worth(Decimal(0))
    return Worth(conversion.money.amount, conversion)


def _sum(worths: Sequence[Worth]) -> Decimal:
    return sum((worth.amount for worth in worths if worth.amount is not None), Decimal(0))
