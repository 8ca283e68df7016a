"""From floats to amounts, and parts that still add up when they are rounded."""

from collections.abc import Sequence
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Decimal

#: Floats of statistics become decimals with so many places before they are rounded.
PLACES_OF_A_FLOAT = 6


def decimal_of(amount: float) -> Decimal:
    """Not yet rounded to what can be paid."""
    return Decimal(f"{amount:.{PLACES_OF_A_FLOAT}f}")


def rounded(amount: float, *, places: int) -> Decimal:
    """To what can be paid."""
    return round_parts([decimal_of(amount)], places=places)[0]


def round_parts(parts: Sequence[Decimal], *, places: int) -> list[Decimal]:
    """Each rounded down or up, so that together they are their rounded sum: what was cut off most goes up first."""
    unit = Decimal(1).scaleb(-places)
    rounded = [part.quantize(unit, rounding=ROUND_FLOOR) for part in parts]
    total = sum(parts, Decimal(0)).quantize(unit, rounding=ROUND_HALF_UP)
    n_lacking = int((total - sum(rounded, Decimal(0))) / unit)
    cut_most = sorted(range(len(parts)), key=lambda i: rounded[i] - parts[i])
    for i in cut_most[:n_lacking]:
        rounded[i] += unit
    return rounded
