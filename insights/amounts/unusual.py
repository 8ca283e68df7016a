"""The payments of the last weeks that were unusual on their day."""

import datetime as dt
from bisect import insort
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from insights.amounts.calibration import FALSE_FLAGS, N_PAST, Calibration, Past, past_payments
from insights.amounts.judging import Judgment, judge
from insights.payments import Payment


@dataclass(frozen=True, slots=True)
class Unusual:
    """One payment, and what was said of it on its day."""

    payment: Payment
    kind: Literal["large_new_merchant", "unusual_amount"]
    judgment: Judgment
    #: How many times what is usual.
    ratio: float
    #: 0 to 1, how far below the cut the chance is: 1 where no ordinary payment would be as unusual.
    severity: float


def large_new_merchants(payments: Sequence[Payment], *, since: dt.date) -> list[Unusual]:
    """Unusual first payments to a payee, the oldest first."""
    return [found for found in unusual_payments(payments, since=since) if found.kind == "large_new_merchant"]


def unusual_amounts(payments: Sequence[Payment], *, since: dt.date) -> list[Unusual]:
    """Unusual payments to payees that were paid before, the oldest first."""
    return [found for found in unusual_payments(payments, since=since) if found.kind == "unusual_amount"]


def unusual_payments(payments: Sequence[Payment], *, since: dt.date) -> list[Unusual]:
    """Expenses from `since` on that hardly any ordinary payment is as unusual as; the oldest first.

    `payments`: all, the oldest first, in one currency. Each is judged by what was there before it alone, amounts as
    well as how odd earlier payments were.
    """
    return list(_unusual(payments, since))


def _unusual(payments: Sequence[Payment], since: dt.date) -> Iterator[Unusual]:
    spent = [payment for payment in payments if payment.kind == "expense"]
    n_asked = sum(payment.day >= since for payment in spent)
    seen: list[float] = []
    for past in past_payments(spent, n=n_asked + N_PAST):
        calibration = Calibration(seen)
        if past.payment.day >= since and calibration.chance(past.oddity) <= FALSE_FLAGS:
            yield _described(past, calibration)
        insort(seen, past.oddity)


def _described(past: Past, calibration: Calibration) -> Unusual:
    amount = float(past.payment.amount)
    judgment = judge(amount, past.known, calibration)
    usual = judgment.expected.usual if judgment.expected else amount
    return Unusual(
        payment=past.payment,
        kind="unusual_amount" if "payee" in past.known else "large_new_merchant",
        judgment=judgment,
        ratio=amount / usual,
        severity=1 - (judgment.chance or 0) / FALSE_FLAGS,
    )
