"""What is found. Pure."""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from insights.recurring.rhythms import RhythmName

Kind = Literal["expense", "income"]
Status = Literal["early", "mature", "ended"]


@dataclass(frozen=True, slots=True)
class PriceChange:
    """`after` may be less."""

    before: Decimal
    after: Decimal
    on: dt.date


@dataclass(frozen=True, slots=True)
class Recurring:
    """Payments to or from one payee that come again and again. Amounts are in the currency of the payments."""

    payee: str
    kind: Kind
    rhythm: RhythmName
    #: What it will probably be next time: the latest price, or the median of the last few.
    amount: Decimal
    low: Decimal
    high: Decimal
    #: Their ids, in the order of their days.
    payments: tuple[int, ...]
    first_on: dt.date
    last_on: dt.date
    #: None when ended.
    next_on: dt.date | None
    #: On which day of the month it is due, before a weekend moves it; None where weeks are counted.
    day_of_month: int | None
    #: How many days before or after `next_on` is still on time.
    window_days: int
    status: Status
    #: The probability that the next one comes on time and of the amount.
    confidence: float
    #: The latest payment's.
    category: int | None
    #: Days on which one was due and none came.
    missed: tuple[dt.date, ...]
    raised: PriceChange | None
    is_varying: bool
    #: A payment and the second one of the same due date.
    doubled: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Confirmed:
    """What the owner says is recurring, whatever the arithmetic thinks of it."""

    payee: str
    kind: Kind
    rhythm: RhythmName
    low: Decimal
    high: Decimal
