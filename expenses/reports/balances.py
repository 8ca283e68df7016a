"""Balances of accounts, added up by the database to a ten-thousandth, and their worth in one currency on one day.

Rows in another currency than their account's are counted apart. A split transaction counts as a whole here, because
its parts lie in the same account.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Case, Count, F, Func, Q, QuerySet, Sum, When, Window

from expenses.ledger.money import Money
from expenses.models import Account, Transaction
from expenses.models.fields import ExactDecimalField
from expenses.rates.book import RateBook
from expenses.rates.conversion import Conversion, MissingRate, name_rates

#: The amount that a row adds to its account; money out is negative.
SIGNED = Case(
    When(direction="in", then=F("amount")),
    default=Func(F("amount"), template="-%(expressions)s", output_field=ExactDecimalField()),
    output_field=ExactDecimalField(),
)


@dataclass(frozen=True, slots=True)
class Worth:
    """An amount converted into `currency`, or the rate that is missing for it."""

    currency: str
    amount: Decimal | None
    conversion: Conversion | None = None
    missing: MissingRate | None = None


@dataclass(frozen=True, slots=True)
class CurrencyBalance:
    """The sum of the `n` transactions of an account in one currency."""

    currency: str
    amount: Decimal
    n: int


@dataclass(frozen=True, slots=True)
class CurrencySum(CurrencyBalance):
    """A sum of transactions in one currency, and its worth in another one."""

    worth: Worth


@dataclass(frozen=True, slots=True)
class Balance(CurrencySum):
    """An account's balance: its opening balance and its transactions in its own currency; `others` are apart."""

    account: Account
    others: Sequence[CurrencySum]


@dataclass(frozen=True, slots=True)
class Valuation:
    """Balances of accounts at the end of `on`, and their sum in `currency` at the rates of `day`.

    `missing` holds one rate for each currency that lacks it; the sum is complete if there is none.
    """

    currency: str
    day: dt.date
    on: dt.date | None
    balances: Sequence[Balance]
    amount: Decimal
    missing: Sequence[MissingRate]
    #: The rates of all conversions.
    rates: Mapping[str, Any]

    @property
    def is_complete(self) -> bool:
        return not self.missing


def value_accounts(
    accounts: Iterable[Account], *, to: str, day: dt.date, ledger_id: int, on: dt.date | None = None
) -> Valuation:
    """Return all balances at the end of the day `on`, or of everything recorded, and their worth in `to` on `day`.

    Takes one query for the accounts, one for the sums, and two for the rates if any is needed.
    """
    accounts = list(accounts)
    rows = Transaction.objects.filter(account__in=[account.pk for account in accounts])
    rows = rows.filter(date__lte=on) if on else rows
    sums: dict[int, dict[str, tuple[Decimal, int]]] = defaultdict(dict)
    for pk, currency, amount, n in _sums(rows, "account", "currency"):
        sums[pk][currency] = (amount, n)
    currencies = {account.currency for account in accounts} | {name for found in sums.values() for name in found}
    book = RateBook.load(ledger_id=ledger_id, currencies=currencies, to=to, start=day, end=day)

    def worth(currency: str, amount: Decimal) -> Worth:
        try:
            conversion = book.convert(Money(amount, currency), day)
        except MissingRate as missing:
            # An empty balance is worth nothing at any rate.
            return Worth(to, None, missing=missing) if amount else Worth(to, Decimal(0))
        return Worth(to, conversion.money.amount, conversion)

    balances = []
    for account in accounts:
        amount, n = sums[account.pk].pop(account.currency, (Decimal(0), 0))
        amount += account.opening_balance
        others = [
            CurrencySum(currency, other, n_other, worth(currency, other))
            for currency, (other, n_other) in sorted(sums[account.pk].items())
        ]
        balances.append(Balance(account.currency, amount, n, worth(account.currency, amount), account, others))
    worths = [part.worth for balance in balances for part in (balance, *balance.others)]
    missing = {worth.missing.base: worth.missing for worth in worths if worth.missing}
    total = sum((worth.amount for worth in worths if worth.amount is not None), Decimal(0))
    used = name_rates(book.rate(worth.conversion.original.currency, day).named for worth in worths if worth.conversion)
    rates = {"rates_used": used, "rates_url": None}
    return Valuation(to, day, on, balances, total, [missing[currency] for currency in sorted(missing)], rates)


def note_other_currencies(accounts: Iterable[Account]) -> None:
    """Set `other_currencies` of each account: what lies in it in other currencies than its own. Takes one query."""
    wanted = {account.pk: account for account in accounts}
    by_currency: dict[str, list[int]] = defaultdict(list)
    for account in wanted.values():
        by_currency[account.currency].append(account.pk)
    ranges = Q()
    for currency, ids in by_currency.items():  # ranges, which the index of registers has; an inequality reads all rows
        ranges |= Q(account__in=ids, currency__lt=currency) | Q(account__in=ids, currency__gt=currency)
    if not wanted:
        return
    found: dict[int, list[CurrencyBalance]] = defaultdict(list)
    for pk, currency, amount, n in _sums(Transaction.objects.filter(ranges), "account", "currency"):
        found[pk].append(CurrencyBalance(currency, amount, n))
    for pk, account in wanted.items():
        account.other_currencies = found[pk]


def balances_beside(account: Account, *, currency: str) -> list[CurrencyBalance]:
    """Return the balances of an account in every currency but this one. Takes one query."""
    rows = Transaction.objects.filter(Q(currency__lt=currency) | Q(currency__gt=currency), account=account)
    found = {name: (amount, n) for name, amount, n in _sums(rows, "currency")}
    amount, n = found.get(account.currency, (Decimal(0), 0))
    if n or account.opening_balance:
        found[account.currency] = amount + account.opening_balance, n
    return [CurrencyBalance(name, *found[name]) for name in sorted(found) if name != currency]


def _sums(rows: QuerySet[Any], *columns: str) -> Iterable[Any]:
    """Return rows of (columns, sum, number), in the order of the columns. Parts of splits do not count."""
    sums: Iterable[Any] = (
        rows.filter(parent=None).order_by(*columns).values_list(*columns).annotate(sum=Sum(SIGNED), n=Count("*"))
    )
    return sums


def rows_of(account: Account, *, currency: str) -> QuerySet[Any]:
    """Return the transactions of an account in one currency, without the parts of split ones."""
    rows: QuerySet[Any] = Transaction.objects.filter(account=account, currency=currency, parent=None)
    return rows


def running_balances(account: Account, *, currency: str, page: Sequence[Transaction]) -> dict[int, Decimal]:
    """Return the balance after each row of a page, by row id.

    The page is a stretch of `rows_of` in the order of (date, id), forwards or backwards. The opening balance counts in
    the account's own currency only. Two queries: the sum before the page, and a window over the page.
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
