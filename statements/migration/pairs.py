"""Halves of transfers in files that show both, each in its own account, without an id that joins them."""

import datetime as dt
from collections import Counter
from decimal import Decimal


class Pairing:
    """Gives both halves of a transfer one key. The first half in one account belongs to the first in the other."""

    def __init__(self, program: str) -> None:
        self._program = program
        self._seen: Counter[tuple[str, str, dt.date, Decimal, bool]] = Counter()

    def key(self, account: str, other: str, day: dt.date, amount: Decimal) -> str:
        """Return the key of a half of `amount` in `account`."""
        first, second = sorted((account, other))
        # A transfer from A to B and one back on the same day are two.
        is_forth = (amount < 0) == (account == first)
        half = (account, other, day, abs(amount), is_forth)
        n = self._seen[half]
        self._seen[half] += 1
        return f"{self._program}\x1f{first}\x1f{second}\x1f{day}\x1f{abs(amount).normalize()}\x1f{is_forth}\x1f{n}"
