"""Which rates a report took, and which it lacked: a sum in one currency is honest only with both beside it."""

import datetime as dt
from dataclasses import dataclass, field
from decimal import Decimal

from expenses.rates.book import RateBook
from expenses.rates.conversion import AppliedRate, MissingRate


@dataclass(slots=True)
class UsedRates:
    """The days and sources of the rates that were taken for one currency."""

    first: dt.date
    last: dt.date
    sources: set[str] = field(default_factory=set)

    def add(self, rate: AppliedRate) -> None:
        self.first, self.last = min(self.first, rate.date), max(self.last, rate.date)
        self.sources.add(rate.source)


class RateUsage:
    """Looks rates up in a book, and keeps account: each currency and day is looked up once, found or not."""

    def __init__(self, book: RateBook) -> None:
        self.used: dict[str, UsedRates] = {}
        self.missing: list[MissingRate] = []
        self._book = book
        self._known: dict[tuple[str, dt.date], AppliedRate | None] = {}

    def rate(self, currency: str, day: dt.date) -> AppliedRate | None:
        """The rate that counts on the day; None where there is none, which is kept in `missing`."""
        key = (currency, day)
        if key not in self._known:
            self._known[key] = self._look_up(currency, day)
        return self._known[key]

    def exact(self, amount: Decimal, currency: str, day: dt.date) -> Decimal | None:
        """What the amount was worth on the day, unrounded; None where there is no rate. Its own currency takes none."""
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
