"""The rates of a report, loaded at once, with those that it used and those that it lacked."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db.models import Q

from expenses.ledger.money import Money
from expenses.models.rates import ExchangeRate
from expenses.rates.conversion import (
    ECB_MAX_AGE_DAYS,
    MANUAL_MAX_AGE_DAYS,
    PIVOT,
    AppliedRate,
    Conversion,
    DatedRate,
    MissingRate,
    RateTable,
    name_rates,
)

#: Number of missing rates that a response names, the oldest first; it counts them all.
N_MISSING_SHOWN = 20


class RateBook:
    """Everything that is needed to convert a ledger's money of a period into one currency.

        book = RateBook.load(ledger_id=1, currencies={"USD", "CHF"}, to="EUR", start=first_day, end=last_day)
        for row in rows:
            try:
                total += book.convert(Money(row.amount, row.currency), row.date).money
            except MissingRate as missing:      # names base, quote and day
                unconverted.append(missing)

    Loading takes two queries, or none when every currency is `to` itself. It costs memory and time by currency and day,
    not by row: about 260 rates a year for each currency. Looking up takes no query. To ask for a day or a currency
    that was not loaded is a mistake in the program, and raises ValueError: a newer rate might be there.

    Each converted amount is rounded to minor units. A total of many rows of one currency and day is closer when it
    is summed first and converted once; whichever a report does, it does so throughout.
    """

    def __init__(self, table: RateTable, *, currencies: Iterable[str], to: str, start: dt.date, end: dt.date) -> None:
        self.to = to
        self._table = table
        self._currencies, self._start, self._end = frozenset(currencies), start, end
        self._found: dict[tuple[str, dt.date], AppliedRate] = {}

    @classmethod
    def load(cls, *, ledger_id: int, currencies: Iterable[str], to: str, start: dt.date, end: dt.date) -> "RateBook":
        """Load the rates of a period, both days included."""
        others = set(currencies) - {to}
        manual: list[DatedRate] = []
        reference: list[DatedRate] = []
        if others:
            either_way = Q(base__in=others, quote=to) | Q(base=to, quote__in=others)
            own = ExchangeRate.objects.own(ledger_id).filter(either_way)
            manual = _dated(own, start, end, MANUAL_MAX_AGE_DAYS)
            ecb = ExchangeRate.objects.reference().filter(base=PIVOT, quote__in=(others | {to}) - {PIVOT})
            reference = _dated(ecb, start, end, ECB_MAX_AGE_DAYS)
        return cls(RateTable(manual=manual, ecb=reference), currencies=others, to=to, start=start, end=end)

    def convert(self, money: Money, day: dt.date) -> Conversion:
        """Convert the money at the day's rate. Raises MissingRate."""
        return self.rate(money.currency, day).apply(money, day=day)

    def rate(self, currency: str, day: dt.date) -> AppliedRate:
        """Return the rate into `to` that counts on the day. Raises MissingRate."""
        if (currency, day) not in self._found:
            is_loaded = currency in self._currencies and self._start <= day <= self._end
            if not is_loaded and currency != self.to:
                detail = f"Rates of {currency} on {day} were not loaded; give `load` the currency and the period."
                raise ValueError(detail)
            self._found[currency, day] = self._table.rate(currency, self.to, day)
        return self._found[currency, day]


def _dated(rates: Any, start: dt.date, end: dt.date, max_age_days: int) -> list[DatedRate]:
    first = start - dt.timedelta(days=max_age_days)
    rows = rates.filter(date__gte=first, date__lte=end).order_by()
    return [DatedRate(*row) for row in rows.values_list("base", "quote", "date", "rate")]


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
            rate = None
            try:
                rate = self._book.rate(currency, day)
                self.used.setdefault(currency, UsedRates(rate.date, rate.date)).add(rate)
            except MissingRate as missing:
                self.missing.append(missing)
            self._known[key] = rate
        return self._known[key]

    def exact(self, amount: Decimal, currency: str, day: dt.date) -> Decimal | None:
        """Convert an amount without rounding. Return None without a rate. The book's own currency needs none."""
        if currency == self._book.to:
            return amount
        rate = self.rate(currency, day)
        return rate.exact(amount) if rate else None

    @property
    def named(self) -> list[dict[str, Any]]:
        """Return each rate that was used, the newest first."""
        return name_rates(rate.named for rate in {*self._known.values()} if rate is not None)

    def describe(self, *others: "RateUsage") -> dict[str, Any]:
        """Return the rates that were used, and those that are missing, as responses have them.

        `others` are uses of further parts of the report, whose rates are named with the others in `rates_used`.
        """
        missing = sorted(self.missing, key=lambda rate: (rate.day, rate.base))
        return {
            "is_complete": not missing,
            "rates": {
                currency: {"from": used.first, "to": used.last, "sources": sorted(used.sources)}
                for currency, used in sorted(self.used.items())
            },
            "rates_used": name_rates(self.named, *(other.named for other in others)),
            "rates_url": None,
            "n_missing": len(missing),
            "missing": [{"base": one.base, "quote": one.quote, "date": one.day} for one in missing[:N_MISSING_SHOWN]],
        }
