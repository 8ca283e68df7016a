"""Recurring payments of a ledger, as a forecast takes them."""

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from typing import NamedTuple, cast

from insights.choices import choice_of
from insights.forecasting.bills import Bill
from insights.models import RecurringChoice, RecurringPayment, RecurringStatus, RecurringVerdict
from insights.recurring.rhythms import RHYTHM_NAMED, RhythmName
from insights.rows import counted_rows


class _Paid(NamedTuple):
    """A payment, in its own currency."""

    id: int
    date: dt.date
    amount: Decimal
    currency: str
    category_id: int | None
    merchant: str
    description: str


def known_bills(*, ledger_id: int, currency: str) -> list[Bill]:
    """Those that are mature or confirmed, and those that have ended, with what was paid. Three queries.

    What was found in another currency than the forecast's is left out: it is estimated like everything else.
    """
    found = list(_counted(ledger_id, currency))
    ids = {pk for row, _ in found for pk in row.payments}
    rows = counted_rows(ledger_id).filter(pk__in=ids, currency=currency).values_list(*_Paid._fields)
    paid = {row[0]: _Paid(*row) for row in rows}
    bills = [_bill(row, name, [paid[pk] for pk in row.payments if pk in paid]) for row, name in found]
    return [bill for bill in bills if bill.paid]


def _counted(ledger_id: int, currency: str) -> Iterator[tuple[RecurringPayment, str]]:
    """What is to be counted on, and what its owner calls it, if anything."""
    choices = list(RecurringChoice.objects.filter(ledger_id=ledger_id))
    for row in RecurringPayment.objects.filter(ledger_id=ledger_id, kind="expense", currency=currency).order_by("pk"):
        choice = choice_of(row, choices, currency=currency)
        verdict = choice.verdict if choice else None
        is_sure = row.status != RecurringStatus.EARLY or verdict == RecurringVerdict.CONFIRMED
        if is_sure and verdict != RecurringVerdict.REJECTED:
            yield row, choice.name if choice else ""


def _bill(row: RecurringPayment, name: str, paid: list[_Paid]) -> Bill:
    """Of the category that its last payment is in; payments in others are estimated like everything else.

    `name`: what its owner calls it, if anything.
    """
    payee = (paid[-1].merchant or paid[-1].description) if paid else row.payee
    rhythm, category = RHYTHM_NAMED[cast("RhythmName", row.rhythm)], paid[-1].category_id if paid else None
    return Bill(
        id=row.pk,
        payee=payee,
        name=name or payee,
        category=category,
        amount=row.amount,
        low=row.low,
        high=row.high,
        step_days=rhythm.days,
        step_months=rhythm.months,
        due_on=None if row.status == RecurringStatus.ENDED else row.next_on,
        patience=rhythm.patience + row.window_days,
        paid=tuple((one.date, one.amount) for one in paid if one.category_id == category),
    )
