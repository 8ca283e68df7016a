"""Lists recurring payments with the feedback that holds for them, their names and their costs."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, cast

from expenses.categorization.catalog import Catalog
from expenses.ledger.money import format_amount
from expenses.models import Transaction
from insights.calendars import MONTHS_OF_A_YEAR
from insights.models import RecurringChoice, RecurringKind, RecurringPayment, RecurringStatus, RecurringVerdict
from insights.querysets import is_person, payee_of_row
from insights.recurring.rhythms import RhythmName, times_a_year
from insights.services.feedback import choices_by_payment


@dataclass(frozen=True, slots=True)
class RecurringEntry:
    """A recurring payment of the list, with the feedback that holds for it and names as the ledger writes them."""

    row: RecurringPayment
    choice: RecurringChoice | None
    payee: str = ""
    category_name: str | None = None
    #: All its transactions, for the detail.
    payments: Sequence[Transaction] = ()

    @property
    def name(self) -> str:
        return self.choice.name if self.choice and self.choice.name else self.payee

    @property
    def currency(self) -> str:
        return self.row.currency

    @property
    def n_payments(self) -> int:
        return len(self.row.payments)

    @property
    def verdict(self) -> str | None:
        return self.choice.verdict if self.choice else None

    @property
    def status(self) -> str:
        """The stored status; a confirmed payment is mature before it is computed anew."""
        is_confirmed = self.verdict == RecurringVerdict.CONFIRMED and self.row.status == RecurringStatus.EARLY
        return RecurringStatus.MATURE.value if is_confirmed else self.row.status

    @property
    def yearly_cost(self) -> Decimal:
        return self.row.amount * Decimal(str(times_a_year(cast("RhythmName", self.row.rhythm))))

    @property
    def monthly_cost(self) -> Decimal:
        return self.yearly_cost / MONTHS_OF_A_YEAR

    @property
    def in_base(self) -> "BaseAmounts":
        """Its amounts in the currency of the ledger's founder."""
        row = self.row
        amounts = (amount * row.rate for amount in (row.amount, row.low, row.high, self.monthly_cost))
        return BaseAmounts(row.base_currency or row.currency, *amounts)


@dataclass(frozen=True, slots=True)
class BaseAmounts:
    """Amounts of a recurring payment at the rate of its last payment."""

    currency: str
    amount: Decimal
    low: Decimal
    high: Decimal
    monthly_cost: Decimal


def total_costs(entries: Iterable[RecurringEntry], *, currency: str) -> dict[str, Any]:
    """Return what mature payments come to in a month and in a year, by their kind, in the founder's currency."""
    years = dict.fromkeys(RecurringKind.values, Decimal(0))
    for entry in entries:
        if entry.status == RecurringStatus.MATURE:
            years[entry.row.kind] += entry.yearly_cost * entry.row.rate
    return {
        kind: {"month": format_amount(year / MONTHS_OF_A_YEAR, currency), "year": format_amount(year, currency)}
        for kind, year in years.items()
    }


def list_recurring(*, ledger_id: int, query: Mapping[str, Any]) -> list[RecurringEntry]:
    """Return the recurring payments that the valid parameters select: the next due first, ended ones last."""
    choices = choices_by_payment(ledger_id=ledger_id)
    entries = [RecurringEntry(row, choices.get(row.pk)) for row in RecurringPayment.objects.filter(ledger=ledger_id)]
    wanted = [entry for entry in entries if _is_wanted(entry, query)]
    return sorted(wanted, key=lambda one: (one.row.next_on or dt.date.max, -one.row.confidence, one.row.pk))


def name_recurring(entries: Sequence[RecurringEntry], *, catalog: Catalog) -> Sequence[RecurringEntry]:
    """Name payees as their last transactions do, and categories. Takes one query."""
    rows = payments_of([entry.row.payments[-1] for entry in entries], ledger_id=catalog.ledger_id)
    named = []
    for entry in entries:
        last = rows.get(entry.row.payments[-1])
        payee = payee_of_row(last) if last else entry.row.payee
        named.append(replace(entry, payee=payee, category_name=catalog.name(entry.row.category_id) or None))
    return named


def payments_of(ids: Sequence[int], *, ledger_id: int | None) -> dict[int, Transaction]:
    """Return transactions of a ledger by id, with the columns that recurring payments show."""
    rows = Transaction.objects.filter(ledger=ledger_id, pk__in=ids)
    return {row.pk: row for row in rows.only("date", "amount", "currency", "description", "merchant", "match_text")}


def paid_to_persons(ids: Iterable[int], *, ledger_id: int) -> set[int]:
    """Return those recurring payments whose last statement says that a person is the other side. Takes two queries."""
    found = RecurringPayment.objects.filter(ledger=ledger_id, pk__in=ids)
    last = {payments[-1]: pk for pk, payments in found.values_list("pk", "payments")}
    rows = Transaction.objects.filter(ledger=ledger_id, pk__in=last)
    return {last[row.pk] for row in rows.only("description", "raw_description", "iban") if is_person(row)}


def _is_wanted(entry: RecurringEntry, query: Mapping[str, Any]) -> bool:
    if "verdict" not in query and entry.verdict == RecurringVerdict.REJECTED:
        return False
    row = entry.row
    if "due_until" in query and (row.next_on is None or row.next_on > query["due_until"]):
        return False
    own: dict[str, Any] = {"verdict": entry.verdict, "status": entry.status, "kind": row.kind, "rhythm": row.rhythm}
    own |= {"category": row.category_id}
    return all(own[name] == getattr(value, "pk", value) for name, value in query.items() if name in own)
