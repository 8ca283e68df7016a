"""What is found. Pure."""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from insights.recurring.rhythms import Name

Status = Literal["early", "mature", "ended"]


@dataclass(frozen=True, slots=True)
class Raise:
    """A change of price; `after` may be less."""

    before: Decimal
    after: Decimal
    on: dt.date


@dataclass(frozen=True, slots=True)
class Recurring:
    """Payments to or from one payee that come again and again."""

    payee: str
    kind: Literal["expense", "income"]
    rhythm: Name
    #: What it will probably cost next, in the currency of the payments.
    amount: Decimal
    low: Decimal
    high: Decimal
    #: In the order of their days.
    payments: tuple[int, ...]
    first_on: dt.date
    last_on: dt.date
    next_on: dt.date | None
    #: How many days before or after `next_on` is still on time.
    window_days: int
    status: Status
    #: The probability that the next one comes on time and of the amount.
    confidence: float
    category: int | None
    #: Days on which one was due and none came, since the last that came and between those that did.
    missed: tuple[dt.date, ...]
    raised: Raise | None
    is_varying: bool
    #: Payment and the second one of the same due date.
    doubled: tuple[tuple[int, int], ...]
