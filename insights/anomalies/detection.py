"""The shape of a detected anomaly. Pure."""

import datetime as dt
import hashlib
from dataclasses import dataclass
from typing import Literal

from insights.anomalies.weekly_series import Subject

DetectionKind = Literal["unusual_week", "missing_bill", "price_rise", "duplicate_charge", "new_merchant"]


@dataclass(frozen=True, slots=True)
class Detection:
    """An anomaly and the payments that caused it. Amounts are in the one currency of all payments, or in its own.

    The same anomaly keeps its key whenever it is detected again, even if its amounts have changed.
    """

    kind: DetectionKind
    subject: Subject
    #: Empty for an anomaly of no single payee.
    payee: str
    #: The day of the payment, the day a bill was due, or the first day of the week.
    day: dt.date
    #: The first day of its week.
    week: dt.date
    observed: float
    expected: float
    low: float
    high: float
    #: The excess in units of an ordinary spread.
    score: float
    #: How certain the anomaly is, from 0 to 1.
    severity: float
    method: str
    payments: tuple[int, ...]
    #: The expected amount is trend plus seasonal. None without a decomposition.
    trend: float | None = None
    seasonal: float | None = None
    #: The period of the decomposition (0: none), and the share of its season that counts.
    period_weeks: int = 0
    weight: float = 0.0
    #: Bills of the week that were known to come; part of no other amount.
    known_bills: float = 0.0
    #: The number of earlier weeks it was compared with.
    n_weeks: int = 0
    #: The money that it is about, in ordinary months of spending.
    stake: float = 0.0
    #: Further categories that were unusual in the same week.
    also: tuple[Subject, ...] = ()
    #: The day for the key if `day` is an estimate, which later payments may move.
    known_by: dt.date | None = None
    #: The currency of its amounts if it has one of its own, and how much a unit is worth in that of all payments.
    currency: str = ""
    rate: float = 1.0
    #: The day on which it could first be known, if that is later than `day`.
    known_on: dt.date | None = None
    #: Its number among the detections with the same subject and day.
    nth: int = 1

    @property
    def key(self) -> str:
        if self.payee:
            about = hashlib.sha256(self.payee.encode()).hexdigest()[:12]
        else:
            about = "none" if self.subject is None else str(self.subject)
        number = f"-{self.nth}" if self.nth > 1 else ""
        return f"{self.kind}-{about}-{self.known_by or self.day}{number}"

    @property
    def known_day(self) -> dt.date:
        return self.known_on or self.day

    @property
    def excess(self) -> float:
        return self.observed - self.expected
