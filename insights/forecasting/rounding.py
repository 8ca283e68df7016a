"""Rounds parts so that they still add up."""

from collections.abc import Sequence
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Decimal


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
