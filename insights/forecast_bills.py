"""Recurring payments of a ledger, as a forecast takes them."""

import datetime as dt
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import NamedTuple, cast

from expenses.rates.book import RateBook
from expenses.rates.usage import RateUsage
from insights.forecasting.bills import Bill
from insights.models import RecurringPayment, RecurringStatus, RecurringVerdict
from insights.recurring.rhythms import RHYTHM_NAMED, RhythmName
from insights.rows import counted_rows
from insights.services.recurring import said_of_each


class _Paid(NamedTuple):
    """A payment; as it is read, in its own currency."""

    id: int
    date: dt.date
    amount: Decimal
    currency: str
    category_id: int | None
    merchant: str
    description: str


def known_bills(*, ledger_id: int, currency: str) -> list[Bill]:
    """Those that are mature or confirmed, and those that have ended, with what was paid. Three queries.

    Three more where some was paid in another currency: each payment counts at the rate of its own day. What was found
    in another currency than the forecast's is left out: it is estimated like everything else.
    """
    found = list(_counted(ledger_id, currency))
    paid = _paid({pk for row, _ in found for pk in row.payments}, ledger_id=ledger_id, to=currency)
    bills = [_bill(row, name, [paid[pk] for pk in row.payments if pk in paid]) for row, name in found]
    return [bill for bill in bills if bill.paid]


def _paid(ids: set[int], *, ledger_id: int, to: str) -> dict[int, _Paid]:
    """Those that there is a rate for, by id, in one currency."""
    read = [_Paid(*row) for row in counted_rows(ledger_id).filter(pk__in=ids).values_list(*_Paid._fields)]
    own = {one.id: one for one in read if one.currency == to}
    return own | _converted([one for one in read if one.currency != to], ledger_id=ledger_id, to=to)


def _converted(foreign: Sequence[_Paid], *, ledger_id: int, to: str) -> dict[int, _Paid]:
    if not foreign:
        return {}
    days, currencies = [one.date for one in foreign], {one.currency for one in foreign}
    book = RateBook.load(ledger_id=ledger_id, currencies=currencies, to=to, start=min(days), end=max(days))
    rates = RateUsage(book)
    known = [(one, rates.rate(one.currency, one.date)) for one in foreign]
    return {one.id: one._replace(amount=rate.exact(one.amount), currency=to) for one, rate in known if rate}


def _counted(ledger_id: int, currency: str) -> Iterator[tuple[RecurringPayment, str]]:
    """What is to be counted on, and what its owner calls it, if anything."""
    said = said_of_each(ledger_id=ledger_id)
    for row in RecurringPayment.objects.filter(ledger_id=ledger_id, kind="expense", currency=currency).order_by("pk"):
        choice = said.get(row.pk)
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
