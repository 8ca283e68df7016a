"""Amounts with their currency, and the one place that rounds."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Decimal
from functools import lru_cache

from babel.numbers import get_currency_precision, list_currencies

#: ISO 4217 knows no currency with more decimal places than four (CLF, UYW).
SCALE = 4
#: Amounts stay below this, so that the sum of 900,000 of them fits a 64-bit integer of ten-thousandths.
MAX_AMOUNT = Decimal(10) ** 9


@lru_cache(maxsize=1)
def currency_codes() -> frozenset[str]:
    """Return the codes of ISO 4217, present and past."""
    return frozenset(list_currencies())


@lru_cache(maxsize=512)
def minor_units(currency: str) -> int:
    """Return the decimal places of a currency: EUR 2, JPY 0, KWD 3."""
    return min(get_currency_precision(currency), SCALE)


def has_minor_units(amount: Decimal, currency: str) -> bool:
    """Return True if the amount can be paid: it has no more decimal places than its currency."""
    exponent = amount.normalize().as_tuple().exponent
    return isinstance(exponent, int) and -exponent <= minor_units(currency)


def round_to_minor_units(amount: Decimal, currency: str) -> Decimal:
    """Round half up, away from zero, as banks do on statements."""
    return amount.quantize(Decimal(1).scaleb(-minor_units(currency)), rounding=ROUND_HALF_UP)


def apportion(parts: Sequence[Decimal], *, unit: Decimal) -> list[Decimal]:
    """Return the parts in multiples of the unit that add up to their sum, rounded half up.

    The method is the largest remainder (Hamilton): all parts are rounded down, and those that lost most get a unit
    each until the sum is right.
    """
    found = [part.quantize(unit, rounding=ROUND_FLOOR) for part in parts]
    whole = sum(parts, Decimal(0)).quantize(unit, rounding=ROUND_HALF_UP)
    n_missing = int((whole - sum(found, Decimal(0))) / unit)
    by_loss = sorted(range(len(parts)), key=lambda i: found[i] - parts[i])
    for i in by_loss[:n_missing]:
        found[i] += unit
    return found


def format_amount(amount: Decimal, currency: str) -> str:
    """Return the decimal string of the API: always the currency's decimal places, never an exponent."""
    return f"{round_to_minor_units(amount, currency):f}"


@dataclass(frozen=True, slots=True)
class Money:
    """An amount that never forgets its currency; adding two currencies raises ValueError."""

    amount: Decimal
    currency: str

    def __add__(self, other: "Money") -> "Money":
        if self.currency != other.currency:
            raise ValueError(f"{self.currency} and {other.currency} cannot be added without a rate.")
        return Money(self.amount + other.amount, self.currency)

    def __neg__(self) -> "Money":
        return Money(-self.amount, self.currency)

    def __str__(self) -> str:
        return f"{format_amount(self.amount, self.currency)} {self.currency}"
