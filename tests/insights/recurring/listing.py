"""Payments written as text in a test."""

import datetime as dt
from decimal import Decimal

from insights.payments import Payment, PaymentKind


def listed(text: str | None) -> list[Payment]:
    """Read one payment a line: day, amount and payee; a minus is income. The id and category are the line's number."""
    lines = [line.split(maxsplit=2) for line in (text or "").splitlines() if line.strip()[:2] == "20"]
    return [_payment(number, *line) for number, line in enumerate(lines, start=1)]


def _payment(number: int, day: str, amount: str, payee: str) -> Payment:
    value = Decimal(amount)
    kind: PaymentKind = "expense" if value > 0 else "income"
    return Payment(number, dt.date.fromisoformat(day), abs(value), kind, payee, number)


def monthly(n: int, *, amount: str = "9.99", payee: str = "stream", day: int = 5, first_id: int = 1) -> list[Payment]:
    """Return n payments on the same day of each month, from January 2024 on."""
    return [
        Payment(first_id + i, dt.date(2024 + i // 12, i % 12 + 1, day), Decimal(amount), "expense", payee, None)
        for i in range(n)
    ]
