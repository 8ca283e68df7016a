"""Made-up recurring payments, and payments of shops and bills."""

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from insights.anomalies.detection import Detection
from insights.anomalies.detectors import detect_anomalies
from insights.calendars import Calendar
from insights.payments import Payment
from insights.recurring.detection import Recurring, find_recurring

MONDAY = dt.date(2024, 1, 1)


def paid(pk: int, day: int, amount: str, payee: str = "shop", **fields: Any) -> Payment:
    """Return a payment of a day counted from a Monday."""
    given: dict[str, Any] = {"kind": "expense", "category": 1} | fields
    return Payment(id=pk, day=MONDAY + dt.timedelta(day), amount=Decimal(amount), payee=payee, **given)


def chain_of(payments: Sequence[Payment], **fields: Any) -> Recurring:
    """Return a mature monthly bill of these payments."""
    amounts = [one.amount for one in payments]
    given: dict[str, Any] = {
        "payee": payments[0].payee,
        "kind": "expense",
        "rhythm": "monthly",
        "amount": amounts[-1],
        "low": min(amounts),
        "high": max(amounts),
        "payments": tuple(one.id for one in payments),
        "first_on": payments[0].day,
        "last_on": payments[-1].day,
        "next_on": None,
        "day_of_month": None,
        "window_days": 4,
        "status": "mature",
        "confidence": 0.9,
        "category": 1,
        "missed": (),
        "raised": None,
        "is_varying": False,
        "doubled": (),
    }
    return Recurring(**given | fields)


def detected(payments: Sequence[Payment], *, today: dt.date | None = None) -> list[Detection]:
    """Return the detections of a worker on the day of the last payment."""
    today = today or max((one.day for one in payments), default=MONDAY)
    recurring = [one for one in find_recurring(payments, today=today) if one.kind == "expense"]
    return detect_anomalies(payments, recurring, calendar=Calendar(), today=today)
