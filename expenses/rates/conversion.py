"""Converts money by dated rates. Pure: rates in, an amount with its reasons out. A rate that is missing is said.

A rate counts from its own day on, for a stated number of days: the ECB publishes none on weekends and holidays, and a
person writes one down once a month. An own rate of the pair, either way round, goes before the ECB's; those are all
against the euro, so that other pairs go by way of it, with both rates of one day.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Context, Decimal
from operator import itemgetter
from typing import Any, Literal

from expenses.ledger.money import Money, round_to_minor_units

#: What the ECB's rates are against.
PIVOT = "EUR"
#: The ECB pauses for five days at most (Easter, Christmas), but the packaged file ends some weeks ago.
ECB_MAX_AGE_DAYS = 31
MANUAL_MAX_AGE_DAYS = 31
#: A double keeps these in any database; nobody quotes more.
SIGNIFICANT_DIGITS = 15

Source = Literal["same", "manual", "ecb"]
#: More digits than an amount times a rate has; the quotient cannot be so near to half a cent that they do not tell.
_EXACT = Context(prec=60)
_SHOWN = Context(prec=SIGNIFICANT_DIGITS)


class MissingRate(LookupError):
    """The lack of a rate for a pair on a day."""

    def __init__(self, *, base: str, quote: str, day: dt.date) -> None:
        super().__init__(
            f"No rate from {base} to {quote} is known for {day}: none of the ECB's of that day or the "
            f"{ECB_MAX_AGE_DAYS} before, and none of yours of that day or the {MANUAL_MAX_AGE_DAYS} before. "
            f'Add one: POST rates/ {{"base": "{base}", "quote": "{quote}", "date": "{day}", "rate": …}}.'
        )
        self.base, self.quote, self.day = base, quote, day


@dataclass(frozen=True, slots=True)
class DatedRate:
    """A rate of a day: one unit of `base` was worth `value` units of `quote`."""

    base: str
    quote: str
    date: dt.date
    value: Decimal


@dataclass(frozen=True, slots=True)
class Conversion:
    """An amount in another currency, with the rate; `path` names the currencies from the first to the last."""

    original: Money
    day: dt.date
    money: Money
    rate: Decimal
    rate_date: dt.date
    source: Source
    path: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AppliedRate:
    """An exact rate: a unit of the path's first currency is worth numerator / denominator of its last."""

    numerator: Decimal
    denominator: Decimal
    date: dt.date
    source: Source
    path: tuple[str, ...]

    @property
    def value(self) -> Decimal:
        """Return the quotient to 15 significant digits, for display. Amounts are computed from the exact one."""
        return self.numerator if self.denominator == 1 else _SHOWN.divide(self.numerator, self.denominator)

    @property
    def named(self) -> dict[str, Any]:
        """Return the rate as a report names it."""
        return {
            "from": self.path[0],
            "to": self.path[-1],
            "rate": format_rate(self.value),
            "day": self.date.isoformat(),
            "source": self.source,
        }

    def exact(self, amount: Decimal) -> Decimal:
        """Return the unrounded amount in the path's last currency, for a sum that is rounded when it is complete."""
        return _EXACT.divide(_EXACT.multiply(amount, self.numerator), self.denominator)

    def apply(self, money: Money, *, day: dt.date) -> Conversion:
        """Convert the money, and round once, to minor units."""
        currency = self.path[-1]
        worth = Money(round_to_minor_units(self.exact(money.amount), currency), currency)
        return Conversion(money, day, worth, self.value, self.date, self.source, self.path)


def format_rate(rate: Decimal) -> str:
    """Return a rate as a decimal string without trailing zeros or an exponent."""
    return f"{rate.normalize():f}"


def name_rates(*used: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return named rates of one or several parts of a report, each once, the newest first."""
    once = {(one["day"], one["from"], one["source"]): one for part in used for one in part if one["source"] != "same"}
    return [once[key] for key in sorted(sorted(once), key=itemgetter(0), reverse=True)]


class RateTable:
    """Rates in memory, looked up by pair and day."""

    def __init__(self, *, manual: Iterable[DatedRate], ecb: Iterable[DatedRate]) -> None:
        """`ecb` has rates from the euro alone."""
        self._manual = _by_pair(manual)
        self._ecb = _by_pair(ecb)

    def convert(self, money: Money, *, to: str, day: dt.date) -> Conversion:
        """Convert the money at the day's rate. Raises MissingRate."""
        return self.rate(money.currency, to, day).apply(money, day=day)

    def rate(self, base: str, quote: str, day: dt.date) -> AppliedRate:
        """Return the rate that counts on the day. Raises MissingRate."""
        if base == quote:
            return AppliedRate(Decimal(1), Decimal(1), day, "same", (base,))
        found = self._manual_rate(base, quote, day) or self._reference_rate(base, quote, day)
        if found is None:
            raise MissingRate(base=base, quote=quote, day=day)
        return found

    def _manual_rate(self, base: str, quote: str, day: dt.date) -> AppliedRate | None:
        direct, inverse = self._manual.get((base, quote), {}), self._manual.get((quote, base), {})
        if not direct and not inverse:
            return None
        for date in _days_back(day, MANUAL_MAX_AGE_DAYS):
            if value := direct.get(date):
                return AppliedRate(value, Decimal(1), date, "manual", (base, quote))
            if value := inverse.get(date):
                return AppliedRate(Decimal(1), value, date, "manual", (base, quote))
        return None

    def _reference_rate(self, base: str, quote: str, day: dt.date) -> AppliedRate | None:
        path = tuple(dict.fromkeys((base, PIVOT, quote)))
        for date in _days_back(day, ECB_MAX_AGE_DAYS):
            denominator, numerator = self._per_euro(base, date), self._per_euro(quote, date)
            if denominator and numerator:
                return AppliedRate(numerator, denominator, date, "ecb", path)
        return None

    def _per_euro(self, currency: str, date: dt.date) -> Decimal | None:
        return Decimal(1) if currency == PIVOT else self._ecb.get((PIVOT, currency), {}).get(date)


def _by_pair(rates: Iterable[DatedRate]) -> dict[tuple[str, str], dict[dt.date, Decimal]]:
    found: dict[tuple[str, str], dict[dt.date, Decimal]] = defaultdict(dict)
    for rate in rates:
        found[rate.base, rate.quote][rate.date] = rate.value
    return dict(found)


def _days_back(day: dt.date, n: int) -> Iterable[dt.date]:
    """Return the day and the n before it, newest first."""
    return (day - dt.timedelta(days=age) for age in range(n + 1))
