"""Groups of corrections: texts that begin with the same words, and typed texts that are similar. Pure."""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from rapidfuzz import fuzz

from rules.operators.texts import ALIKE

Made = TypeVar("Made")
Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True, slots=True)
class CorrectedRow:
    """A transaction whose category a user chose, unlike the machine; `text` is normalized."""

    id: int
    text: str
    direction: str
    category: int
    #: A user typed it; no statement brought it.
    is_typed: bool = False

    @property
    def head(self) -> str:
        """The first word of the merchant's name; "" if nothing is left of the text."""
        return self.text.split(" ", 1)[0]


Rows = Sequence[CorrectedRow]


def make_of_groups(rows: Iterable[CorrectedRow], *, least: int, make: Callable[[Rows], Made | None]) -> list[Made]:
    """Return the results of `make` for the narrowest groups of at least `least` rows.

    Rows of a group share direction, category and first words. If `make` returns None for a group, its parts that
    share more words are tried.
    """

    def make_of(group: Rows, n_words: int) -> list[Made]:
        if len(group) < least:
            return []
        parts = _parted(group, lambda row: tuple(row.text.split()[: n_words + 1]))
        longer = [part for words, part in parts.items() if len(words) > n_words and len(part) >= least]
        if len(group) - sum(map(len, longer)) >= least:  # enough rows go on differently
            made = make(group)
            if made is not None:
                return [made]
        return [made for part in longer for made in make_of(part, n_words + 1)]

    named = (row for row in rows if row.text)
    groups = _parted(named, lambda row: (row.direction, row.category, row.head)).values()
    return [made for group in groups for made in make_of(group, 1)]


def similar_groups(rows: Iterable[CorrectedRow], *, least: int) -> Iterator[Rows]:
    """Yield groups of typed texts that are similar but begin differently; the first text of each is the measure."""
    typed = (row for row in rows if row.is_typed and row.text)
    for part in _parted(typed, lambda row: (row.direction, row.category)).values():
        left = part
        while left:
            group = [row for row in left if fuzz.token_sort_ratio(row.text, left[0].text) >= ALIKE]
            if len(group) >= least and len({row.head for row in group}) > 1:
                yield group
            left = [row for row in left if row not in group]


def _parted(rows: Iterable[CorrectedRow], key: Callable[[CorrectedRow], Key]) -> dict[Key, list[CorrectedRow]]:
    parts: dict[Key, list[CorrectedRow]] = defaultdict(list)
    for row in rows:
        parts[key(row)].append(row)
    return parts
