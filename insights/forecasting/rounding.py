"""From floats to amounts, rounded to what can be paid."""

from collections.abc import Sequence
from decimal import Decimal

from expenses.ledger.money import apportion

#: Floats of statistics become decimals with so many places before they are rounded.
PLACES_OF_A_FLOAT = 6


def decimal_of(amount: float) -> Decimal:
    """Not yet rounded to what can be paid."""
    return Decimal(f"{amount:.{PLACES_OF_A_FLOAT}f}")


def rounded(amount: float, *, places: int) -> Decimal:
    """To what can be paid."""
    return rounded_parts([decimal_of(amount)], places=places)[0]


def rounded_parts(parts: Sequence[Decimal], *, places: int) -> list[Decimal]:
    """To what can be paid, so that they still add up."""
    return apportion(parts, unit=Decimal(1).scaleb(-places))
