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

from expenses.models import Account, Transaction
from expenses.models.fields import ExactDecimalField

MONEY = ExactDecimalField()
#: What a row adds to its account: money out is negative.
SIGNED = Case(
    When(direction="in", then=F("amount")),
    default=Func(F("amount"), template="-%(expressions)s", output_field=MONEY),
    output_field=MONEY,
)


@dataclass(frozen=True, slots=True)
class Part:
    """What the rows of one currency come to."""

    currency: str
    amount: Decimal
    n: int


@dataclass(frozen=True, slots=True)
class Balance:
    """An account's opening balance and what its rows come to; `others` are in currencies that are not its own."""

    account: Account
    moved: Part
    others: tuple[Part, ...]

    @property
    def amount(self) -> Decimal:
        return self.account.opening_balance + self.moved.amount


def balances_of(accounts: Iterable[Account], *, on: dt.date | None = None) -> list[Balance]:
    """Balances at the end of a day, or of everything that is recorded. One query."""
    accounts = list(accounts)
    rows = Transaction.objects.filter(account__in=[account.pk for account in accounts], parent=None).order_by()
    rows = rows.filter(date__lte=on) if on else rows
    parts: dict[int, list[Part]] = defaultdict(list)
    for account, *part in rows.values_list("account", "currency").annotate(sum=Sum(SIGNED), n=Count("*")):
        parts[account].append(Part(*part))
    return [_balance(account, parts[account.pk]) for account in accounts]


def _balance(account: Account, parts: Iterable[Part]) -> Balance:
    by_currency = {part.currency: part for part in sorted(parts, key=lambda part: part.currency)}
    own = by_currency.pop(account.currency, Part(account.currency, Decimal(0), 0))
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
