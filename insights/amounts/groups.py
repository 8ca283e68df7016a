"""Payments sorted into the groups that amounts are compared with."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from math import log

from insights.amounts.duplicates import count_repeats
from insights.amounts.keys import TEXT_LENGTH, Key, keys_of
from insights.amounts.sketches import Sketch, sketch
from insights.payments import Payment

#: Fingerprints are kept within 63 bits.
_MASK = 2**63 - 1


@dataclass(slots=True)
class Group:
    """The amounts of one key and their days as ordinals, in the order of days."""

    logs: list[float] = field(default_factory=list)
    days: list[int] = field(default_factory=list)
    #: Equal for the same payments on the same days, in whatever order.
    fingerprint: int = 0

    @property
    def n(self) -> int:
        return len(self.logs)

    @property
    def n_repeats(self) -> int:
        """How many repeat an amount of a few days before."""
        return count_repeats(self.logs, self.days)

    def add(self, amount_log: float, day: int, mark: int) -> None:
        """`day` not before the last one; `mark` tells the payment from others."""
        self.logs.append(amount_log)
        self.days.append(day)
        self.fingerprint = (self.fingerprint + mark) & _MASK

    def sketch(self) -> Sketch:
        return sketch(self.logs)


#: By key.
Groups = dict[Key, Group]


def keyed(payments: Iterable[Payment], groups: Groups) -> Iterator[tuple[Payment, float, list[Key]]]:
    """Each payment, the logarithm of its amount, and its keys as they are before it is added to `groups`.

    `payments`: the oldest first. What is yielded last is not added yet.
    """
    for payment in payments:
        amount_log = log(payment.amount)
        is_first = not payment.payee or Key(payment.kind, "payee", payment.payee[:TEXT_LENGTH]) not in groups
        keys = keys_of(kind=payment.kind, payee=payment.payee, category=payment.category, is_first=is_first)
        yield payment, amount_log, keys
        day = payment.day.toordinal()
        # Squared: hashes of tuples are so even that those of two opposite edits would cancel out in a sum.
        mark = hash((payment.id, day, payment.amount)) ** 2
        for key in keys:
            groups.setdefault(key, Group()).add(amount_log, day, mark)
