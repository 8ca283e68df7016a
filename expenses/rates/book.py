"""The rates of a report, loaded at once."""

import datetime as dt
from collections.abc import Iterable
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
    RateTable,
)


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
