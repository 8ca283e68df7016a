"""General words of bank texts in several languages, and the category that each stands for."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache, cached_property
from importlib.resources import files
from typing import Literal, NamedTuple

from providers.interface import Direction
from providers.merchants import sections

Way = Literal["phrase", "word", "ending", "alone"]

#: The section of words that say that money came back; it is no category.
REFUND = "refund"
_SHORTEST_ENDING = 3


class WordMatch(NamedTuple):
    """A general word found in a text: what it stands for, and in which way it was found."""

    word: str
    category: str
    way: Way


@dataclass(slots=True)
class Table:
    """The words of one direction. Each maps to the key of a category."""

    phrases: dict[str, str] = field(default_factory=dict)
    singles: dict[str, str] = field(default_factory=dict)
    weak: dict[str, str] = field(default_factory=dict)
    endings: dict[str, str] = field(default_factory=dict)
    longest: dict[str, int] = field(default_factory=dict)

    def add(self, entry: str, category: str, *, weak: bool) -> None:
        """Add one entry of `words.txt`; the first category of a word stays."""
        if weak:
            self.weak.setdefault(entry, category)
        elif entry.startswith("*"):
            self.endings.setdefault(entry[1:], category)
        elif " " in entry:
            self.phrases.setdefault(entry, category)
            first = entry.split(" ", 1)[0]
            self.longest[first] = max(self.longest.get(first, 0), entry.count(" ") + 1)
        else:
            self.singles.setdefault(entry, category)

    def find(self, words: list[str]) -> WordMatch | None:
        """The longest phrase, else the last single word, else the last ending, else a weak word that stands alone."""
        return (
            self.find_phrase(words) or self._find_single(words) or self._find_ending(words) or self._find_alone(words)
        )

    def find_phrase(self, words: list[str]) -> WordMatch | None:
        """The longest key of several words, unless a head noun follows it, as in "cash withdrawal fee"."""
        found = self._longest_phrase(words)
        if not found:
            return None
        head = words[-1]
        if head in self.singles and f"{found} {head}" in " ".join(words):
            return WordMatch(head, self.singles[head], "word")
        return WordMatch(found, self.phrases[found], "phrase")

    def _longest_phrase(self, words: list[str]) -> str:
        found = ""
        for start, word in enumerate(words):
            for length in range(min(self.longest.get(word, 0), len(words) - start), found.count(" ") + bool(found), -1):
                phrase = " ".join(words[start : start + length])
                if length > 1 and phrase in self.phrases:
                    found = phrase
                    break
        return found

    def _find_single(self, words: list[str]) -> WordMatch | None:
        for word in reversed(words):
            if word in self.singles:
                return WordMatch(word, self.singles[word], "word")
        return None

    def _find_ending(self, words: list[str]) -> WordMatch | None:
        for word in reversed(words):
            for start in range(_SHORTEST_ENDING, len(word) - _SHORTEST_ENDING + 1):
                ending = word[start:]
                if ending in self.endings:
                    return WordMatch(ending, self.endings[ending], "ending")
        return None

    def _find_alone(self, words: list[str]) -> WordMatch | None:
        if len(words) == 1 and words[0] in self.weak:
            return WordMatch(words[0], self.weak[words[0]], "alone")
        return None


class Words:
    """The tables of both directions."""

    def __init__(self, text: str) -> None:
        """Read the content of `words.txt`."""
        self._spent = Table()
        self._received = Table()
        self._refund = Table()
        for category, entry, is_incoming, weak in _read_entries(text):
            self._table(category, is_incoming=is_incoming).add(entry, category, weak=weak)
            if category == "transfers":
                self._received.add(entry, category, weak=weak)

    def _table(self, category: str, *, is_incoming: bool) -> Table:
        if category == REFUND:
            return self._refund
        return self._received if is_incoming else self._spent

    @property
    def phrases(self) -> set[str]:
        """Every expression of several words, whichever way the money goes."""
        return {phrase for table in (self._spent, self._received, self._refund) for phrase in table.phrases}

    @property
    def all_keys(self) -> set[str]:
        """Every word and phrase that stands for money spent."""
        return {*self._spent.phrases, *self._spent.singles, *self._spent.weak}

    @cached_property
    def single_words(self) -> frozenset[str]:
        """Every word that stands for something by itself, whichever way the money goes."""
        tables = (self._spent, self._received, self._refund)
        return frozenset(word for table in tables for word in (*table.singles, *table.weak) if " " not in word)

    def find(self, words: list[str], direction: Direction) -> WordMatch | None:
        """What the words say of money going out or coming in; a refund is looked up as what was bought."""
        return self._table_of(words, direction).find(words)

    def find_phrase(self, words: list[str], direction: Direction) -> WordMatch | None:
        """As `find`, keys of several words only."""
        return self._table_of(words, direction).find_phrase(words)

    def _table_of(self, words: list[str], direction: Direction) -> Table:
        is_spent = direction == "out" or self._refund.find(words) is not None
        return self._spent if is_spent else self._received


def _read_entries(text: str) -> Iterator[tuple[str, str, bool, bool]]:
    for section, line in sections.read_lines(text):
        category, _, direction = section.partition(" ")
        languages, _, entries = line.partition(": ")
        for entry in entries.split(", "):
            yield category, entry, direction == "in", languages.endswith(" weak")


@cache
def load_words() -> Words:
    """The words that ship, read once per process."""
    return Words(files(__package__).joinpath("words.txt").read_text(encoding="utf-8"))
