"""The currencies of ISO 4217, present and past, as babel knows them, and which of them have rates."""

import datetime as dt
from dataclasses import dataclass
from functools import lru_cache

from babel import Locale
from babel.core import get_global
from babel.numbers import get_currency_name, get_currency_symbol, get_territory_currencies
from django.core.cache import cache
from django.db.models import Max, Min

from expenses.ledger.money import currency_codes, minor_units
from expenses.models.rates import ExchangeRate
from expenses.rates.conversion import PIVOT

_DAYS_KEY = "rates.reference-days"
#: Seeding forgets the answer; this is for a seeding that was killed between the two.
_DAYS_KEPT_S = 3600

#: First and last day by currency.
Days = dict[str, tuple[dt.date, dt.date]]


@dataclass(frozen=True, slots=True)
class Currency:
    """A currency in the user's language; `is_current` says that it is legal tender somewhere."""

    code: str
    name: str
    symbol: str
    minor_units: int
    is_current: bool

    def matches(self, text: str) -> bool:
        """Return True if every word is in the code, the name or the symbol, in any case."""
        own = f"{self.code} {self.name} {self.symbol}".casefold()
        return all(word in own for word in text.casefold().split())


@lru_cache(maxsize=64)
def currencies_on(day: dt.date, *, locale: str) -> tuple[Currency, ...]:
    """Return all currencies by code, as of the day; `locale` as in preferences, such as de-CH."""
    spoken = Locale.parse(locale.replace("-", "_"))
    current = _tender_on(day)
    return tuple(
        Currency(
            code=code,
            name=get_currency_name(code, locale=spoken),
            symbol=get_currency_symbol(code, locale=spoken),
            minor_units=minor_units(code),
            is_current=code in current,
        )
        for code in sorted(currency_codes())
    )


@lru_cache(maxsize=4)
def _tender_on(day: dt.date) -> frozenset[str]:
    territories = get_global("territory_currencies")
    return frozenset(code for territory in territories for code in get_territory_currencies(territory, day))


def reference_days() -> Days:
    """Return the first and last day of the ECB's rates by currency; the euro spans them all."""
    days: Days | None = cache.get(_DAYS_KEY)
    if days is None:
        bounds = ExchangeRate.objects.reference().order_by().values_list("quote").annotate(Min("date"), Max("date"))
        days = {quote: (first, last) for quote, first, last in bounds}
        if days:
            days[PIVOT] = min(first for first, _ in days.values()), max(last for _, last in days.values())
        cache.set(_DAYS_KEY, days, _DAYS_KEPT_S)
    return days


def forget_reference_days() -> None:
    """Drop the cached days. Call it when rates of the ECB were added."""
    cache.delete(_DAYS_KEY)


def currencies_with_own_rates(ledger_id: int) -> set[str]:
    """Return the currencies that the ledger's own rates name."""
    pairs = ExchangeRate.objects.own(ledger_id).order_by().values_list("base", "quote").distinct()
    return {code for pair in pairs for code in pair}
