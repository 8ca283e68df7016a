"""Which corrections belong together: those whose texts begin with the same words, and typed texts that are alike."""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from rapidfuzz import fuzz

#: Percent; typed texts that are so alike mean the same, whatever the order of their words.
ALIKE = 85

Made = TypeVar("Made")


@dataclass(frozen=True, slots=True)
class CorrectedRow:
    """A transaction whose category a person chose, unlike the machine; `text` is normalized."""

    id: int
    text: str
    direction: str
    category: int
    #: No statement brought it.
    is_typed: bool = False

    @property
    def head(self) -> str:
        """The word that the merchant's name begins with; "" where nothing is left of the text."""
        return self.text.split(" ", 1)[0]


Rows = Sequence[CorrectedRow]


@dataclass(frozen=True, slots=True)
class Grouping(Generic[Made]):
    """Puts corrections together; `make` may say None of rows that share a direction, a category and a first word."""

    least: int
    make: Callable[[Rows], Made | None]

    def all_of(self, corrections: Iterable[CorrectedRow]) -> Iterator[Made]:
        """What is made of the narrowest groups of at least `least`."""
        for rows in _parted(corrections, lambda row: (row.direction, row.category, row.head)).values():
            if rows[0].text:
                yield from self._from(rows, 1)

    def _from(self, rows: Rows, n_words: int) -> list[Made]:
        """Of rows that share so many leading words. Where enough go on differently, these are their common name."""
        if len(rows) < self.least:
            return []
        parts = _parted(rows, lambda row: tuple(row.text.split()[: n_words + 1]))
        going_on = [part for words, part in parts.items() if len(words) > n_words and len(part) >= self.least]
        if len(rows) - sum(map(len, going_on)) >= self.least:
            made = self.make(rows)
            if made is not None:
                return [made]
        return [made for part in going_on for made in self._from(part, n_words + 1)]


def alike(corrections: Iterable[CorrectedRow], *, least: int) -> Iterator[list[CorrectedRow]]:
    """Groups of typed texts that are nearly the same, but do not begin so; the first of each is the measure."""
    typed = [row for row in corrections if row.is_typed and row.text]
    for rows in _parted(typed, lambda row: (row.direction, row.category)).values():
        for group in _alike(rows):
            if len(group) >= least and len({row.head for row in group}) > 1:
                yield group


def _alike(rows: Rows) -> Iterator[list[CorrectedRow]]:
    left = list(rows)
    while left:
        group = [row for row in left if fuzz.token_sort_ratio(row.text, left[0].text) >= ALIKE]
        yield group
        left = [row for row in left if row not in group]


def _parted(
    rows: Iterable[CorrectedRow], key: Callable[[CorrectedRow], tuple[Hashable, ...]]
) -> dict[tuple[Hashable, ...], list[CorrectedRow]]:
    parts: dict[tuple[Hashable, ...], list[CorrectedRow]] = defaultdict(list)
    for row in rows:
        parts[key(row)].append(row)
    return parts
