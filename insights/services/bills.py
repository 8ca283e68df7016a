"""Recurring payments of a ledger, as a forecast takes them."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple, cast

from django.db.models import Q

from expenses.rates.book import RateBook, RateUsage
from insights.forecast.bills import KnownBill, after_payment
from insights.models import RecurringPayment, RecurringStatus, RecurringVerdict
from insights.models.recurring import PAYEE_LENGTH
from insights.payments import payee_name, payee_of
from insights.querysets import counted_rows
from insights.recurring.rhythms import RHYTHM_NAMED, RhythmName
from insights.services.feedback import band_of, choices_by_payment

ONE = Decimal(1)


@dataclass(frozen=True, slots=True)
class KnownBills:
    """Bills in the requested currency, and the rates that they took. Bills without a rate into it are only counted."""

    bills: Sequence[KnownBill] = ()
    n_without_rate: int = 0
    rates_used: Sequence[dict[str, Any]] = ()


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
    def name(self) -> str:
        return payee_name(merchant=self.merchant, match_text=self.match_text, description=self.description)

    @property
    def payee(self) -> str:
        return payee_of(merchant=self.merchant, match_text=self.match_text)[:PAYEE_LENGTH]


def known_bills(
    *, ledger_id: int, currency: str, today: dt.date, recorded_until: dt.date | None, version: int
) -> KnownBills:
    """Return mature, confirmed and ended bills with their payments. Takes four queries.

    Takes two more where other currencies are among them: a payment counts at the rate of its own day, and what is to
    come at that of today. The bills are of the ledger's `version`; what was paid since then comes no more. What was due
    after the last recorded day is not missed.
    """
    found = dict(_counted(ledger_id))
    if not found:
        return KnownBills()
    rows = list(found)
    read = _read(ledger_id, Q(pk__in={pk for row in rows for pk in row.payments}))
    newer = _newer(ledger_id, rows, read, today=today, version=version)
    days = [today, *(one.date for one in (*read, *newer) if one.currency != currency)]
    currencies = {row.currency for row in rows} | {one.currency for one in (*read, *newer)}
    book = RateBook.load(ledger_id=ledger_id, currencies=currencies, to=currency, start=min(days), end=max(days))
    rates = RateUsage(book)
    paid = {one.id: one for one in _converted(read, rates, to=currency)}
    known, n_without_rate = dict[int, KnownBill](), 0
    for row, name in found.items():
        rate = rates.exact(ONE, row.currency, today)
        if rate is None and row.base_currency == currency:
            rate = row.rate  # that of the last payment: a bill is not forgotten for want of a rate of today
        if rate is None:
            n_without_rate += 1
            continue
        bill = _bill(row, name, [paid[pk] for pk in row.payments if pk in paid], rate, recorded_until)
        if bill.paid:
            known[bill.id] = bill
    _pay(known, {row.pk: row for row in rows}, _converted(newer, rates, to=currency))
    return KnownBills(list(known.values()), n_without_rate, rates.named)


def _counted(ledger_id: int) -> list[tuple[RecurringPayment, str]]:
    """Return bills to be counted on, each with the name that the user gave it, if any."""
    choices, found = choices_by_payment(ledger_id=ledger_id), []
    for row in RecurringPayment.objects.filter(ledger_id=ledger_id, kind="expense").order_by("pk"):
        choice = choices.get(row.pk)
        verdict = choice.verdict if choice else None
        is_sure = row.status != RecurringStatus.EARLY or verdict == RecurringVerdict.CONFIRMED
        if is_sure and verdict != RecurringVerdict.REJECTED:
            found.append((row, choice.name if choice else ""))
    return found


def _read(ledger_id: int, which: Q) -> list[_Paid]:
    rows = counted_rows(ledger_id).filter(which).order_by("date", "pk")
    return [_Paid(*row) for row in rows.values_list(*_Paid._fields)]


def _newer(
    ledger_id: int, rows: Sequence[RecurringPayment], paid: Sequence[_Paid], *, today: dt.date, version: int
) -> list[_Paid]:
    """Return payments to the same payees that were written since, the oldest first."""
    merchants, texts = ({getattr(one, name) for one in paid} for name in ("merchant", "match_text"))
    is_same = Q(merchant__in=merchants - {""}) | Q(merchant="", match_text__in=texts - {""})
    is_new = Q(kind="expense", version__gt=version, date__gte=min(row.last_on for row in rows), date__lte=today)
    known = {pk for row in rows for pk in row.payments}
    return [one for one in _read(ledger_id, is_same & is_new) if one.id not in known]


def _converted(paid: Sequence[_Paid], rates: RateUsage, *, to: str) -> list[_Paid]:
    """Convert the payments that have a rate."""
    known = [(one, rates.exact(ONE, one.currency, one.date)) for one in paid]
    return [one._replace(amount=one.amount * rate, currency=to) for one, rate in known if rate is not None]


def _pay(bills: dict[int, KnownBill], rows: dict[int, RecurringPayment], newer: Sequence[_Paid]) -> None:
    """Assign each newer payment to the bill that waits for it; among several, to the one nearest in amount."""
    for one in newer:
        waiting = []
        for bill in bills.values():
            row = rows[bill.id]
            if bill.due_on is not None and row.payee == one.payee:
                low, high = band_of(low=bill.low, high=bill.high)
                slack, n_days = RHYTHM_NAMED[cast("RhythmName", row.rhythm)].slack, (one.date - bill.due_on).days
                if low <= one.amount <= high and -slack <= n_days <= bill.patience:
                    waiting.append(bill)
        if waiting:
            bill = min(waiting, key=lambda bill: abs(bill.amount - one.amount))
            is_counted = one.category_id == bill.category
            bills[bill.id] = after_payment(bill, (one.date, one.amount) if is_counted else None)


def _bill(
    row: RecurringPayment, name: str, paid: list[_Paid], rate: Decimal, recorded_until: dt.date | None
) -> KnownBill:
    """Return the bill in the category of its last payment; payments in others are estimated as everything else.

    `name`: the user's own, if any. `rate`: into the currency of the payments.
    """
    payee = paid[-1].name if paid else row.payee
    rhythm, category = RHYTHM_NAMED[cast("RhythmName", row.rhythm)], paid[-1].category_id if paid else None
    # A payment that was due after the last recorded day may have come.
    missed = (dt.date.fromisoformat(day) for day in row.missed)
    unknown = min((day for day in missed if day > (recorded_until or row.last_on)), default=None)
    return KnownBill(
        id=row.pk,
        payee=payee,
        name=name or payee,
        category=category,
        amount=row.amount * rate,
        low=row.low * rate,
        high=row.high * rate,
        step_days=rhythm.days,
        step_months=rhythm.months,
        due_on=unknown or (None if row.status == RecurringStatus.ENDED else row.next_on),
        patience=rhythm.patience + row.window_days,
        paid=tuple((one.date, one.amount) for one in paid if one.category_id == category),
    )
