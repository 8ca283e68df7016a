"""Made-up payments."""

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from random import Random

from insights.payments import Payment, PaymentKind

FIRST_DAY = dt.date(2025, 1, 1)


def payment(
    n: int,
    amount: str | Decimal,
    *,
    day: int | None = None,
    payee: str = "cafe luna",
    category: int | None = 1,
    kind: PaymentKind = "expense",
) -> Payment:
    """Return the n-th payment, by default on the n-th day of 2025."""
    at = FIRST_DAY + dt.timedelta(n if day is None else day)
    return Payment(n, at, Decimal(amount), kind, payee, category)


def of_amounts(amounts: Sequence[str], **fields: str) -> list[Payment]:
    """Return one payment a day."""
    return [payment(n, amount, **fields) for n, amount in enumerate(amounts)]  # type: ignore[arg-type]


def household(seed: int, *, n: int = 400) -> list[Payment]:
    """Return two payments a day: each shop has its ordinary amount, and new shops keep turning up."""
    random, shops = Random(seed), list[tuple[str, int, float]]()  # noqa: S311 - made up
    found = []
    for at in range(n):
        if not shops or random.random() < 4 / (4 + len(shops)):
            shops.append((f"shop{len(shops)} town", random.randrange(6), random.gauss(3, 1)))
        payee, category, middle = random.choice(shops)
        amount = Decimal(f"{2.718 ** random.gauss(middle, 0.4):.2f}")
        found.append(payment(at, max(amount, Decimal("0.10")), day=at // 2, payee=payee, category=category))
    return found
