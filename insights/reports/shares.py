"""Parts in percent of their whole. Pure."""

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal

from expenses.ledger.money import apportion

HUNDREDTH, WHOLE = Decimal("0.01"), Decimal(100)


def shares(amounts: Sequence[Decimal]) -> list[Decimal | None]:
    """Percent of what all that are more than 0 come to, with two places, 100.00 in all. None for the others."""
    positive = [max(amount, Decimal(0)) for amount in amounts]
    base = sum(positive)
    if not base:
        return [None] * len(amounts)
    found = apportion([amount * WHOLE / base for amount in positive], unit=HUNDREDTH)
    return [share if amount > 0 else None for share, amount in zip(found, amounts, strict=True)]


def percent(part: Decimal, whole: Decimal) -> Decimal | None:
    """With two places; None of 0 or less, of which nothing is a meaningful part."""
    return (part * WHOLE / whole).quantize(HUNDREDTH, rounding=ROUND_HALF_UP) if whole > 0 else None
