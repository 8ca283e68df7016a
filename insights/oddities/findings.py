"""What is told as odd. Pure."""

import datetime as dt
import hashlib
from dataclasses import dataclass
from typing import Literal

from insights.weekly import Subject

Kind = Literal["unusual_week", "missing_bill", "price_rise", "duplicate_charge", "new_merchant"]


@dataclass(frozen=True, slots=True)
class Finding:
    """Something odd, with the payments that made it. Amounts are in the currency of the payments.

    The same oddity has the same key whenever it is found, whatever its amounts come to by then.
    """

    kind: Kind
    subject: Subject
    #: Empty where it is about no payee.
    payee: str
    #: The day of the payment, the day on which one was due, or the first day of the week.
    day: dt.date
    #: The first day of its week.
    week: dt.date
    observed: float
    expected: float
    low: float
    high: float
    #: The excess in units of the spread of what is ordinary.
    score: float
    #: From 0 to 1: how sure it is that this is out of the ordinary.
    severity: float
    method: str
    payments: tuple[int, ...]
    #: Expected is trend plus seasonal; None where nothing was decomposed.
    trend: float | None = None
    seasonal: float | None = None
    #: What else was paid in the week and was known to come; in none of the other amounts.
    known_bills: float = 0.0
    #: How many weeks before it was compared with.
    n_weeks: int = 0
    #: Further categories that were unusual in the same week.
    also: tuple[Subject, ...] = ()
    #: The day in its key where `day` is an estimate, which later payments move.
    known_by: dt.date | None = None
    #: Its place among those that are about the same on the same day.
    nth: int = 1

    @property
    def key(self) -> str:
        place = f"-{self.nth}" if self.nth > 1 else ""
        return f"{self.kind}-{self._about}-{self.known_by or self.day}{place}"

    @property
    def _about(self) -> str:
        if self.payee:
            return hashlib.sha256(self.payee.encode()).hexdigest()[:12]
        return "none" if self.subject is None else str(self.subject)

    @property
    def excess(self) -> float:
        return self.observed - self.expected
