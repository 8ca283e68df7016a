"""What lies in accounts, and how it came to that: added up by the database, to the last ten-thousandth.

Rows in another currency than their account's are never added to it. The parts of a split transaction lie where the
whole does, so the whole is what counts here.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Case, Count, F, Func, Q, QuerySet, Sum, When, Window

from expenses.ledger.money import Money
from expenses.models import Account, Transaction
from expenses.models.fields import ExactDecimalField
from expenses.rates.book import RateBook
from expenses.rates.conversion import Conversion, MissingRate

MONEY = ExactDecimalField()
#: What a row adds to its account: money out is negative.
SIGNED = Case(
    When(direction="in", then=F("amount")),
    default=Func(F("amount"), template="-%(expressions)s", output_field=MONEY),
    output_field=MONEY,
)


@dataclass(frozen=True, slots=True)
class CurrencySum:
    """What the rows of one currency come to."""

    currency: str
    amount: Decimal
    n: int


@dataclass(frozen=True, slots=True)
class Balance:
    """An account's opening balance and what its rows come to; `others` are in currencies that are not its own."""

    account: Account
    moved: CurrencySum
    others: tuple[CurrencySum, ...]

    @property
    def amount(self) -> Decimal:
        return self.account.opening_balance + self.moved.amount


def balances_of(accounts: Iterable[Account], *, on: dt.date | None = None) -> list[Balance]:
    """Balances at the end of a day, or of everything that is recorded. One query."""
    accounts = list(accounts)
    rows = Transaction.objects.filter(account__in=[account.pk for account in accounts], parent=None).order_by()
    rows = rows.filter(date__lte=on) if on else rows
    parts: dict[int, list[CurrencySum]] = defaultdict(list)
    for account, *part in rows.values_list("account", "currency").annotate(sum=Sum(SIGNED), n=Count("*")):
        parts[account].append(CurrencySum(*part))
    return [_balance(account, parts[account.pk]) for account in accounts]


def _balance(account: Account, parts: Iterable[CurrencySum]) -> Balance:
    by_currency = {part.currency: part for part in sorted(parts, key=lambda part: part.currency)}
    own = by_currency.pop(account.currency, CurrencySum(account.currency, Decimal(0), 0))
    return Balance(account, own, tuple(by_currency.values()))


def rows_of(account: Account, *, currency: str) -> QuerySet[Any]:
    """What was recorded in an account in one currency, whole transactions only."""
    rows: QuerySet[Any] = Transaction.objects.filter(account=account, currency=currency, parent=None)
    return rows


def running_balances(account: Account, *, currency: str, page: Sequence[Transaction]) -> dict[int, Decimal]:
    """The balance after each row of a page, by row id.

    The page is a stretch of `rows_of` in the order of (date, id), forwards or backwards. The opening balance is in the
    account's own currency; any other begins with nothing. Two queries: what came before the page, and a window over it.
    """
    if not page:
        return {}
    first, last = (end(page, key=lambda row: (row.date, row.pk)) for end in (min, max))
    rows = rows_of(account, currency=currency)
    earlier = rows.filter(Q(date__lt=first.date) | Q(pk__lt=first.pk), date__lte=first.date)
    carried = earlier.aggregate(sum=Sum(SIGNED))["sum"] or Decimal(0)
    carried += account.opening_balance if currency == account.currency else 0
    running = Window(Sum(SIGNED), order_by=[F("date").asc(), F("pk").asc()])
    window = rows.filter(pk__in=[row.pk for row in page], date__gte=first.date, date__lte=last.date)
    balances = window.order_by().annotate(running=running).values_list("pk", "running")
    return {pk: carried + amount for pk, amount in balances}


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
