"""Rows of the ledger as insights count them."""

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass, field, replace
from typing import Any

from django.db.models import Min

from expenses.models import Transaction
from expenses.querysets import TransactionQuerySet
from expenses.rates.book import RateBook, RateUsage
from expenses.reports.totals import CurrencyGroup, currency_groups
from insights.payments import Payment, Uncounted, payee_name, payee_of
from providers.redaction.persons import tells_of_person

COLUMNS = (
    "pk", "date", "amount", "currency", "kind", "category", "account", "parent", "merchant", "match_text",
    "is_excluded_from_budget",
)  # fmt: skip


def counted_rows(ledger_id: int) -> TransactionQuerySet:
    """Return what insights count: parts instead of split wholes, no transfers, nothing excluded from budgets.

    Refunds are among the rows; sums take them off what was spent in their category.
    """
    return rows_with_excluded(ledger_id).filter(is_excluded_from_budget=False)


def rows_with_excluded(ledger_id: int) -> TransactionQuerySet:
    """Return the counted rows and those that budgets leave out."""
    rows: TransactionQuerySet = Transaction.objects.filter(ledger_id=ledger_id, is_split=False)
    return rows.exclude(kind="transfer")


def last_recorded(ledger_id: int, *, today: dt.date) -> dt.date | None:
    """Return the last day, until today, on which the ledger has a row of any kind. Takes one query."""
    rows = Transaction.objects.filter(ledger_id=ledger_id, date__lte=today)
    found: dt.date | None = rows.order_by("-date", "-id").values_list("date", flat=True).first()
    return found


@dataclass(frozen=True, slots=True)
class Payments:
    """All payments of a ledger until a day, the oldest first, and how many more have no rate into the currency."""

    all: list[Payment]
    n_unconverted: int
    #: Excluded rows, and those without a rate.
    uncounted: list[Uncounted]
    #: Each rate that a payment took, as reports name it.
    rates_used: list[dict[str, Any]] = field(default_factory=list)

    @property
    def spending(self) -> list[Payment]:
        """Expenses and refunds."""
        return [payment for payment in self.all if payment.kind != "income"]

    @property
    def income(self) -> list[Payment]:
        return [payment for payment in self.all if payment.kind == "income"]


def load_payments(*, ledger_id: int, to: str, until: dt.date) -> Payments:
    """Return payments in the currency `to`, each at the rate of its own day.

    Takes three queries, or one if all is in that currency already.
    """
    rows = rows_with_excluded(ledger_id).filter(date__lte=until).order_by("date", "pk").values_list(*COLUMNS)
    counted, uncounted = list[Payment](), list[Uncounted]()
    for pk, day, amount, currency, kind, category, account, whole, merchant, text, excluded in rows.iterator(10_000):
        payee = payee_of(merchant=merchant, match_text=text)
        if excluded:
            uncounted.append(Uncounted(payee, day))
        else:
            counted.append(Payment(pk, day, amount, kind, payee, category, account, whole, amount, currency))
    foreign = [payment for payment in counted if payment.currency != to]
    if not foreign:
        return Payments(counted, 0, uncounted)
    currencies, days = {payment.currency for payment in foreign}, [payment.day for payment in foreign]
    book = RateBook.load(ledger_id=ledger_id, currencies=currencies, to=to, start=min(days), end=max(days))
    rates, converted = RateUsage(book), list[Payment]()
    for payment in counted:
        amount = rates.exact(payment.amount, payment.currency, payment.day)
        if amount is None:
            uncounted.append(Uncounted(payment.payee, payment.day))
        else:
            converted.append(payment if payment.currency == to else replace(payment, amount=amount))
    return Payments(converted, len(counted) - len(converted), uncounted, rates.named)


def payee_groups(rows: TransactionQuerySet, *, to: str) -> list[CurrencyGroup]:
    """Return groups whose only key is the payee's name. Takes two queries, four with other currencies.

    Rows of one payee (`payee_of`) share one name: that of the brand, else the most frequent spelling of the merchant,
    else the words of a description.
    Rows without a merchant and without words have an empty name. Two queries, since the index of totals holds
    merchants but no texts.
    """
    named = currency_groups(rows.exclude(merchant=""), by=("merchant",), to=to)
    unnamed = currency_groups(rows.filter(merchant=""), by=("match_text",), to=to, label=Min("description"))
    spellings: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for group in named:
        (merchant,) = group.key
        spellings[payee_of(merchant=merchant, match_text="")][merchant] += group.n
    names = {}
    for group in sorted(unnamed, key=lambda one: str(one.label), reverse=True):
        (text,) = group.key
        name = payee_name(merchant="", match_text=text, description=str(group.label)) if text else ""
        names[payee_of(merchant="", match_text=text)] = name
    for payee, counts in spellings.items():
        name = max(counts, key=lambda spelling: (counts[spelling], spelling))
        names[payee] = payee_name(merchant=name, match_text="", description="")
    return [
        *(group._replace(key=(names[payee_of(merchant=group.key[0], match_text="")],)) for group in named),
        *(group._replace(key=(names[payee_of(merchant="", match_text=group.key[0])],)) for group in unnamed),
    ]


def is_person(row: Transaction) -> bool:
    """Return True if the statement says that the other side is a person."""
    return tells_of_person(row.raw_description or row.description, iban=row.iban)


def payee_of_row(row: Transaction) -> str:
    """Return the name of the payee of a row."""
    return payee_name(merchant=row.merchant, match_text=row.match_text, description=row.description)
