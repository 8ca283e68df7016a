"""The form of the tables in this package: `[section]` lines, entries below them, `#` for remarks."""

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache, cached_property
from importlib.resources import files
from typing import Literal, NamedTuple

from providers.interface import Direction


def read_lines(text: str) -> Iterator[tuple[str, str]]:
    """Each entry with the name of the section that it stands in."""
    section = ""
    for raw in text.splitlines():
        line = raw.strip()
        if line.startswith("["):
            section = line.strip("[]")
        elif line and not line.startswith("#"):
            yield section, line


Way = Literal["phrase", "word", "ending", "alone", "cut word"]

#: The section of words that say that money came back; it is no category.
REFUND = "refund"
_SHORTEST_ENDING = 3
_SHORTEST_CUT = 6
#: Letters that a cut word may lack, and words that it may begin.
_MOST_CUT, _MOST_CUT_WORDS = 5, 40


class WordMatch(NamedTuple):
    """A general word found in a text: what it stands for, and in which way it was found."""

    word: str
    category: str
    way: Way


@dataclass
class WordTable:
    """The words of one direction. Each maps to the key of a category."""

    phrases: dict[str, str] = field(default_factory=dict)
    singles: dict[str, str] = field(default_factory=dict)
    weak: dict[str, str] = field(default_factory=dict)
    endings: dict[str, str] = field(default_factory=dict)
    longest: dict[str, int] = field(default_factory=dict)
    #: Endings by their last letters, the longest first.
    tails: dict[str, list[str]] = field(default_factory=dict)

    def add(self, entry: str, category: str, *, weak: bool) -> None:
        """Add one entry of `words.txt`; the first category of a word stays."""
        if weak:
            self.weak.setdefault(entry, category)
        elif entry.startswith("*"):
            self._add_ending(entry[1:], category)
        elif " " in entry:
            self.phrases.setdefault(entry, category)
            first = entry.split(" ", 1)[0]
            self.longest[first] = max(self.longest.get(first, 0), entry.count(" ") + 1)
        else:
            self.singles.setdefault(entry, category)

    def _add_ending(self, ending: str, category: str) -> None:
        self.endings.setdefault(ending, category)
        tails = self.tails.setdefault(ending[-_SHORTEST_ENDING:], [])
        tails.append(ending)
        tails.sort(key=len, reverse=True)

    def find(self, words: list[str]) -> WordMatch | None:
        """The longest phrase, else the last single word, else the last ending, else a weak word that stands alone."""
        return (
            self.find_phrase(words) or self._find_single(words) or self._find_ending(words) or self._find_alone(words)
        )

    def find_cut(self, words: list[str]) -> WordMatch | None:
        """The general words that a bank cut off at the end of the text, where all of them stand for one category."""
        stump = words[-1]
        if len(stump) < _SHORTEST_CUT or stump in self.weak:
            return None
        first = bisect_left(self.sorted_singles, stump)
        following = self.sorted_singles[first : first + _MOST_CUT_WORDS]
        if not following or not following[0].startswith(stump):
            return None
        whole = [word for word in following if word.startswith(stump)]
        categories = {self.singles[word] for word in whole}
        if len(categories) != 1 or len(whole[0]) - len(stump) > _MOST_CUT:
            return None
        return WordMatch(whole[0], categories.pop(), "cut word")

    @cached_property
    def sorted_singles(self) -> list[str]:
        """In the order of their letters, so that what begins alike stands together."""
        return sorted(self.singles)

    def find_phrase(self, words: list[str]) -> WordMatch | None:
        """The longest key of several words, unless a head noun follows it, as in "cash withdrawal fee"."""
        if self.longest.keys().isdisjoint(words):
            return None
        found, end = self._longest_phrase(words)
        if not found:
            return None
        head = words[end] if end < len(words) else ""
        if head in self.singles:
            return WordMatch(head, self.singles[head], "word")
        return WordMatch(found, self.phrases[found], "phrase")

    def _longest_phrase(self, words: list[str]) -> tuple[str, int]:
        """With the index of the word behind it."""
        found, end, least = "", 0, 2
        for start, word in enumerate(words):
            for length in range(min(self.longest.get(word, 0), len(words) - start), least - 1, -1):
                phrase = " ".join(words[start : start + length])
                if phrase in self.phrases:
                    found, end, least = phrase, start + length, length + 1
                    break
        return found, end

    def _find_single(self, words: list[str]) -> WordMatch | None:
        for word in reversed(words):
            if word in self.singles:
                return WordMatch(word, self.singles[word], "word")
        return None

    def _find_ending(self, words: list[str]) -> WordMatch | None:
        for word in reversed(words):
            for ending in self.tails.get(word[-_SHORTEST_ENDING:], ()):
                if word.endswith(ending) and len(word) - len(ending) >= _SHORTEST_ENDING:
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
        self._spent = WordTable()
        self._received = WordTable()
        self._refund = WordTable()
        for category, entry, is_incoming, weak in _read_entries(text):
            self._table(category, is_incoming=is_incoming).add(entry, category, weak=weak)
            if category == "transfers":
                self._received.add(entry, category, weak=weak)

    def _table(self, category: str, *, is_incoming: bool) -> WordTable:
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

    def spent(self) -> Iterator[tuple[str, str]]:
        """Every word and phrase that stands for money spent, with the key of its category."""
        for entries in (self._spent.phrases, self._spent.singles, self._spent.weak):
            yield from entries.items()

    @cached_property
    def single_words(self) -> frozenset[str]:
        """Every word that stands for something by itself, whichever way the money goes."""
        tables = (self._spent, self._received, self._refund)
        return frozenset(word for table in tables for word in (*table.singles, *table.weak) if " " not in word)

    def find(self, words: list[str], direction: Direction) -> WordMatch | None:
        """What the words say of money going out or coming in; a refund is looked up as what was bought."""
        return self._table_of(words, direction).find(words)

    def find_phrase(self, words: list[str], direction: Direction) -> WordMatch | None:
        """As `find`, keys of several words only; an income's own are looked up even beside a word of refund."""
        received = self._received.find_phrase(words) if direction == "in" else None
        return received or self._table_of(words, direction).find_phrase(words)

    def find_cut(self, words: list[str]) -> WordMatch | None:
        """What the last word was before a bank cut it off, of money that goes out."""
        return self._spent.find_cut(words)

    def _table_of(self, words: list[str], direction: Direction) -> WordTable:
        is_spent = direction == "out" or self._refund.find(words) is not None
        return self._spent if is_spent else self._received


def _read_entries(text: str) -> Iterator[tuple[str, str, bool, bool]]:
    for section, line in read_lines(text):
        category, _, direction = section.partition(" ")
        languages, _, entries = line.partition(": ")
        for entry in entries.split(", "):
            yield category, entry, direction == "in", languages.endswith(" weak")


@cache
def load_words() -> Words:
    """The words that ship, read once per process."""
    return Words(files(__package__).joinpath("words.txt").read_text(encoding="utf-8"))
