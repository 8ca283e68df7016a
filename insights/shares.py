"""Parts that add up to their whole when they are rounded. Pure."""

from collections.abc import Sequence
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Decimal

HUNDREDTH, WHOLE = Decimal("0.01"), Decimal(100)


def apportion(parts: Sequence[Decimal], *, whole: Decimal, unit: Decimal) -> list[Decimal]:
    """The parts in multiples of the unit that add up to `whole`, which is their sum, rounded.

    By the largest remainder (Hamilton's method): all are rounded down, and what is missing is given, a unit each, to
    those that lost most.
    """
    floors = [part.quantize(unit, rounding=ROUND_FLOOR) for part in parts]
    missing = int((whole - sum(floors)) / unit)
    if missing:
        by_loss = sorted(range(len(parts)), key=lambda i: floors[i] - parts[i])
        for i in by_loss[:missing]:
            floors[i] += unit
    return floors


def shares(amounts: Sequence[Decimal]) -> list[Decimal | None]:
    """Percent of what all that are more than 0 come to, with two places, 100.00 in all. None for the others."""
    positive = [max(amount, Decimal(0)) for amount in amounts]
    base = sum(positive)
    if not base:
        return [None] * len(amounts)
    found = apportion([amount * WHOLE / base for amount in positive], whole=WHOLE, unit=HUNDREDTH)
    return [share if amount > 0 else None for share, amount in zip(found, amounts, strict=True)]


def percent(part: Decimal, whole: Decimal) -> Decimal | None:
    """With two places; None of 0 or less, of which nothing is a meaningful part."""
    return (part * WHOLE / whole).quantize(HUNDREDTH, rounding=ROUND_HALF_UP) if whole > 0 else None
