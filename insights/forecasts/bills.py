"""Recurring payments of a ledger, as a forecast takes them."""

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple, cast

from django.db.models import Q

from expenses.rates.book import RateBook
from expenses.rates.usage import RateUsage
from insights.forecasting.bills import Bill, after_payment
from insights.models import RecurringPayment, RecurringStatus, RecurringVerdict
from insights.models.recurring import PAYEE_LENGTH
from insights.payments import payee_of
from insights.querysets import counted_rows
from insights.recurring.rhythms import RHYTHM_NAMED, RhythmName
from insights.services.feedback import band_of, choices_by_payment

ONE = Decimal(1)


@dataclass(frozen=True, slots=True)
class KnownBills:
    """In the currency that was asked for. Those that no rate leads to it from are only counted."""

    bills: list[Bill]
    n_without_rate: int = 0


class _Paid(NamedTuple):
    """A payment; as it is read, in its own currency."""

    id: int
    date: dt.date
    amount: Decimal
    currency: str
    category_id: int | None
    merchant: str
    description: str
    match_text: str

    @property
    def payee(self) -> str:
        return payee_of(merchant=self.merchant, match_text=self.match_text)[:PAYEE_LENGTH]


def known_bills(
    *, ledger_id: int, currency: str, today: dt.date, recorded_until: dt.date | None, version: int
) -> KnownBills:
    """Those that are mature or confirmed, and those that have ended, with what was paid. Four queries.

    Two more where other currencies are among them: a payment counts at the rate of its own day, and what is to come at
    that of today. What was found is of the ledger's `version`; what was paid since then comes no more,
    and what was due after the last recorded day is not missed.
    """
    found = list(_counted(ledger_id))
    if not found:
        return KnownBills([])
    read = _read(ledger_id, Q(pk__in={pk for row, _ in found for pk in row.payments}))
    newer = _newer(ledger_id, [row for row, _ in found], read, today=today, version=version)
    rates = _rates([*read, *newer], {row.currency for row, _ in found}, ledger_id=ledger_id, to=currency, today=today)
    paid = {one.id: one for one in _converted(read, rates, to=currency)}
    bills, lacking = list[Bill](), 0
    for row, name in found:
        rate = rates.exact(ONE, row.currency, today)
        lacking += rate is None
        if rate is not None:
            bills.append(_bill(row, name, [paid[pk] for pk in row.payments if pk in paid], rate, recorded_until))
    known = {bill.id: bill for bill in bills if bill.paid}
    _pay(known, {row.pk: row for row, _ in found}, _converted(newer, rates, to=currency))
    return KnownBills(list(known.values()), lacking)


def _counted(ledger_id: int) -> Iterator[tuple[RecurringPayment, str]]:
    """What is to be counted on, and what its owner calls it, if anything."""
    said = choices_by_payment(ledger_id=ledger_id)
    for row in RecurringPayment.objects.filter(ledger_id=ledger_id, kind="expense").order_by("pk"):
        choice = said.get(row.pk)
        verdict = choice.verdict if choice else None
        is_sure = row.status != RecurringStatus.EARLY or verdict == RecurringVerdict.CONFIRMED
        if is_sure and verdict != RecurringVerdict.REJECTED:
            yield row, choice.name if choice else ""


def _read(ledger_id: int, which: Q) -> list[_Paid]:
    rows = counted_rows(ledger_id).filter(which).order_by("date", "pk")
    return [_Paid(*row) for row in rows.values_list(*_Paid._fields)]


def _newer(
    ledger_id: int, rows: Sequence[RecurringPayment], paid: Sequence[_Paid], *, today: dt.date, version: int
) -> list[_Paid]:
    """What was written since, to the same payees, after what was paid before; the oldest first."""
    merchants, texts = ({getattr(one, name) for one in paid} for name in ("merchant", "match_text"))
    is_same = Q(merchant__in=merchants - {""}) | Q(merchant="", match_text__in=texts - {""})
    is_new = Q(kind="expense", version__gt=version, date__gte=min(row.last_on for row in rows), date__lte=today)
    known = {pk for row in rows for pk in row.payments}
    return [one for one in _read(ledger_id, is_same & is_new) if one.id not in known]


def _rates(paid: Sequence[_Paid], currencies: set[str], *, ledger_id: int, to: str, today: dt.date) -> RateUsage:
    days = [today, *(one.date for one in paid if one.currency != to)]
    currencies = currencies | {one.currency for one in paid}
    return RateUsage(RateBook.load(ledger_id=ledger_id, currencies=currencies, to=to, start=min(days), end=max(days)))


def _converted(paid: Sequence[_Paid], rates: RateUsage, *, to: str) -> list[_Paid]:
    """Those that there is a rate for, in one currency."""
    known = [(one, rates.exact(ONE, one.currency, one.date)) for one in paid]
    return [one._replace(amount=one.amount * rate, currency=to) for one, rate in known if rate is not None]


def _pay(bills: dict[int, Bill], rows: dict[int, RecurringPayment], newer: Sequence[_Paid]) -> None:
    """Each payment is of one bill: of those that wait for it, of the one whose amount is nearest."""
    for one in newer:
        waiting = [bill for bill in bills.values() if rows[bill.id].payee == one.payee and _is_for(bill, one, rows)]
        if waiting:
            bill = min(waiting, key=lambda bill: abs(bill.amount - one.amount))
            is_counted = one.category_id == bill.category
            bills[bill.id] = after_payment(bill, (one.date, one.amount) if is_counted else None)


def _is_for(bill: Bill, one: _Paid, rows: dict[int, RecurringPayment]) -> bool:
    if bill.due_on is None:
        return False
    low, high = band_of(low=bill.low, high=bill.high)
    days = (one.date - bill.due_on).days
    return low <= one.amount <= high and -_slack(rows[bill.id]) <= days <= bill.patience


def _due_on(row: RecurringPayment, recorded_until: dt.date) -> dt.date | None:
    """Of what was due after the last recorded day nobody knows that it did not come."""
    days = map(dt.date.fromisoformat, row.missed)
    unknown = min((day for day in days if day > recorded_until), default=None)
    return unknown or (None if row.status == RecurringStatus.ENDED else row.next_on)


def _slack(row: RecurringPayment) -> int:
    return RHYTHM_NAMED[cast("RhythmName", row.rhythm)].slack


def _bill(row: RecurringPayment, name: str, paid: list[_Paid], rate: Decimal, recorded_until: dt.date | None) -> Bill:
    """Of the category that its last payment is in; payments in others are estimated like everything else.

    `name`: what its owner calls it, if anything. `rate`: into the currency of what was paid.
    """
    payee = (paid[-1].merchant or paid[-1].description) if paid else row.payee
    rhythm, category = RHYTHM_NAMED[cast("RhythmName", row.rhythm)], paid[-1].category_id if paid else None
    return Bill(
        id=row.pk,
        payee=payee,
        name=name or payee,
        category=category,
        amount=row.amount * rate,
        low=row.low * rate,
        high=row.high * rate,
        step_days=rhythm.days,
        step_months=rhythm.months,
        due_on=_due_on(row, recorded_until or row.last_on),
        patience=rhythm.patience + row.window_days,
        paid=tuple((one.date, one.amount) for one in paid if one.category_id == category),
    )
