"""The rates that a report used, and those that it lacked."""

import datetime as dt
from dataclasses import dataclass, field
from decimal import Decimal

from expenses.rates.book import RateBook
from expenses.rates.conversion import AppliedRate, MissingRate


@dataclass(slots=True)
class UsedRates:
    """The days and sources of the rates used for one currency."""

    first: dt.date
    last: dt.date
    sources: set[str] = field(default_factory=set)

    def add(self, rate: AppliedRate) -> None:
        self.first, self.last = min(self.first, rate.date), max(self.last, rate.date)
        self.sources.add(rate.source)


class RateUsage:
    """A rate book that notes used and missing rates. Each currency and day is looked up once."""

    def __init__(self, book: RateBook) -> None:
        self.used: dict[str, UsedRates] = {}
        self.missing: list[MissingRate] = []
        self._book = book
        self._known: dict[tuple[str, dt.date], AppliedRate | None] = {}

    def rate(self, currency: str, day: dt.date) -> AppliedRate | None:
        """Return the rate that counts on the day. Without one return None, and note it in `missing`."""
        key = (currency, day)
        if key not in self._known:
            self._known[key] = self._look_up(currency, day)
        return self._known[key]

    def exact(self, amount: Decimal, currency: str, day: dt.date) -> Decimal | None:
        """Convert an amount without rounding. Return None without a rate. The book's own currency needs none."""
        if currency == self._book.to:
            return amount
        rate = self.rate(currency, day)
        return rate.exact(amount) if rate else None

    def _look_up(self, currency: str, day: dt.date) -> AppliedRate | None:
        try:
            rate = self._book.rate(currency, day)
        except MissingRate as missing:
            self.missing.append(missing)
            return None
        self.used.setdefault(currency, UsedRates(rate.date, rate.date)).add(rate)
        return rate
