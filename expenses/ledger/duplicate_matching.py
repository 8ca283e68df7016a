"""Pairs of rows that may be one movement, recorded twice. Pure.

Two rows have the same account, direction, amount and currency, and at most three days lie between them. Then their
texts must be alike, or another sign must speak for the pair. Pending rows have rules of their own. No row is in two
pairs.
"""

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Hashable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from rapidfuzz import fuzz

from expenses.ledger.fingerprints import id_part

#: The days that may lie between the day that a user writes, or one bank's format, and the day of another.
DAYS_APART = 3
#: The days after which a bank books a pending row at the latest.
DAYS_PENDING = 7
#: From this likeness on, two texts may name the same payment. One text within the other has 1.
ALIKE = 0.6


@dataclass(frozen=True, slots=True)
class ComparedRow:
    """A row that could be recorded twice. `account` is None if a row by hand names none; `text` is normalized.

    `fingerprint` is "" for rows by hand, and `category` None without one. A row that is not recorded yet has its
    `row_key` as id.
    """

    id: int | str
    account: int | None
    direction: str
    amount: Decimal
    currency: str
    date: dt.date
    text: str
    category: int | None = None
    fingerprint: str = ""
    is_pending: bool = False


@dataclass(frozen=True, slots=True)
class Match:
    """Two rows that may be one. `reasons` are codes: `same_bank_id`, `pending`, `similar_text`, `same_category`."""

    older: int | str
    newer: int | str
    days_apart: int
    likeness: float
    reasons: tuple[str, ...]


def match_duplicates(
    fresh: Iterable[ComparedRow], others: Iterable[ComparedRow], *, settled: Collection[tuple[int, int]] = frozenset()
) -> list[Match]:
    """Pair fresh rows with older ones, each at most once. `settled` are pairs (older, newer) that are not offered.

    The nearest days go first, then the likest texts, then the order of the rows.
    """
    slots = _slots(others, lambda row: (row.direction, row.currency, None if row.is_pending else row.amount))
    found = []
    for row in fresh:
        for amount in (row.amount, None):
            rivals = slots.get((row.direction, row.currency, amount), ())
            found += [match for other in rivals if (match := _match(row, other)) is not None]
    found = [match for match in found if (match.older, match.newer) not in settled]
    return _assign(found, lambda match: ("same_bank_id" not in match.reasons, match.days_apart, -match.likeness))


def match_booked(fresh: Iterable[ComparedRow], pending: Iterable[ComparedRow]) -> list[Match]:
    """Pair booked rows with the pending rows that they surely are: of equal amounts, up to seven days later.

    A pair shares the bank's id or its text is alike, or neither of the two has another partner.
    """
    slots = _slots(pending, lambda row: (row.account, row.direction, row.amount, row.currency))
    found = [
        _measured(row, other)
        for row in fresh
        for other in slots.get((row.account, row.direction, row.amount, row.currency), ())
        if _is_booked_in_time(row, other)
    ]
    sure = [match for match in found if match.likeness >= ALIKE or "same_bank_id" in match.reasons]
    pairs = _assign(sure, lambda match: ("same_bank_id" not in match.reasons, -match.likeness, match.days_apart))
    taken = {pair.older for pair in pairs} | {pair.newer for pair in pairs}
    left = [match for match in found if not {match.older, match.newer} & taken]
    n_partners = Counter(pk for match in left for pk in (match.older, match.newer))
    return pairs + [match for match in left if n_partners[match.older] == n_partners[match.newer] == 1]


def likeness(one: str, other: str) -> float:
    """Return how alike two normalized texts are, from 0 to 1: the share of common words, in any order."""
    return round(fuzz.token_set_ratio(one, other) / 100, 2) if one and other else 0.0


def _match(row: ComparedRow, other: ComparedRow) -> Match | None:
    """Return the pair of a fresh and an older row, or None if nothing speaks for it."""
    is_by_hand = not other.fingerprint
    if other.account != row.account and not (other.account is None and is_by_hand):
        return None
    if other.is_pending and (row.is_pending or not _is_booked_in_time(row, other)):
        return None
    if not other.is_pending and abs((row.date - other.date).days) > DAYS_APART:
        return None
    match = _measured(row, other)
    if other.is_pending:
        return match if match.reasons != ("pending",) or row.amount == other.amount else None
    if is_by_hand and row.category is not None and row.category == other.category:
        return Match(match.older, match.newer, match.days_apart, match.likeness, (*match.reasons, "same_category"))
    return match if match.reasons else None


def _measured(row: ComparedRow, other: ComparedRow) -> Match:
    alike = likeness(row.text, other.text)
    signs = {
        "same_bank_id": bool(id_part(row.fingerprint)) and id_part(row.fingerprint) == id_part(other.fingerprint),
        "pending": other.is_pending,
        "similar_text": alike >= ALIKE,
    }
    reasons = tuple(name for name, holds in signs.items() if holds)
    return Match(other.id, row.id, abs((row.date - other.date).days), alike, reasons)


def _is_booked_in_time(row: ComparedRow, pending: ComparedRow) -> bool:
    return -1 <= (row.date - pending.date).days <= DAYS_PENDING


def _assign(found: Sequence[Match], rank: Callable[[Match], tuple[bool, float, float]]) -> list[Match]:
    """Return matches in the order of their rank, without those whose row is in a better one."""
    taken: set[tuple[str, int | str]] = set()
    pairs = []
    for match in sorted(found, key=rank):
        ends = {("older", match.older), ("newer", match.newer)}
        if not ends & taken:
            taken |= ends
            pairs.append(match)
    return pairs


def _slots(rows: Iterable[ComparedRow], key: Callable[[ComparedRow], Hashable]) -> dict[Hashable, list[ComparedRow]]:
    slots: dict[Hashable, list[ComparedRow]] = defaultdict(list)
    for row in rows:
        slots[key(row)].append(row)
    return slots
