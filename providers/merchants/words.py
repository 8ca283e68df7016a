"""General words of bank texts in several languages, and the category that each stands for."""

from bisect import bisect_left
from collections.abc import Iterator
from functools import cache, cached_property
from importlib.resources import files
from typing import Literal, NamedTuple

from providers.interface import Direction

Way = Literal["phrase", "word", "ending", "alone", "cut word"]

#: The section of words that say that money came back; it is no category.
REFUND = "refund"
_SHORTEST_ENDING = 3
_SHORTEST_CUT = 6
#: Letters that a cut word may lack, and words that it may begin.
_MOST_CUT, _MOST_CUT_WORDS = 5, 40


class WordMatch(NamedTuple):
    """A general word found in a text, its category, and the way in which it was found."""

    word: str
    category: str
    way: Way


def read_lines(text: str) -> Iterator[tuple[str, str]]:
    """Read the form of the tables in this package: `[section]` lines, entries below them, `#` for remarks.

    Yield each entry with the name of its section.
    """
    section = ""
    for raw in text.splitlines():
        line = raw.strip()
        if line.startswith("["):
            section = line.strip("[]")
        elif line and not line.startswith("#"):
            yield section, line


class WordTable:
    """The words of one direction. Each maps to the key of a category."""

    def __init__(self) -> None:
        self.phrases: dict[str, str] = {}
        self.singles: dict[str, str] = {}
        self.weak: dict[str, str] = {}
        self.endings: dict[str, str] = {}
        #: First words of phrases, with the number of words of the longest phrase.
        self.longest: dict[str, int] = {}
        #: Endings by their last letters, the longest first.
        self.tails: dict[str, list[str]] = {}

    def add(self, entry: str, category: str, *, weak: bool) -> None:
        """Add one entry of `words.txt`; the first category of a word stays."""
        if weak:
            self.weak.setdefault(entry, category)
        elif entry.startswith("*"):
            ending = entry[1:]
            self.endings.setdefault(ending, category)
            tails = self.tails.setdefault(ending[-_SHORTEST_ENDING:], [])
            tails.append(ending)
            tails.sort(key=len, reverse=True)
        elif " " in entry:
            self.phrases.setdefault(entry, category)
            first = entry.split(" ", 1)[0]
            self.longest[first] = max(self.longest.get(first, 0), entry.count(" ") + 1)
        else:
            self.singles.setdefault(entry, category)

    def find(self, words: list[str]) -> WordMatch | None:
        """Find the longest phrase, else the last single word, else the last ending, else a weak word alone."""
        if phrase := self.find_phrase(words):
            return phrase
        for word in reversed(words):
            if word in self.singles:
                return WordMatch(word, self.singles[word], "word")
        for word in reversed(words):
            for ending in self.tails.get(word[-_SHORTEST_ENDING:], ()):
                if word.endswith(ending) and len(word) - len(ending) >= _SHORTEST_ENDING:
                    return WordMatch(ending, self.endings[ending], "ending")
        if len(words) == 1 and words[0] in self.weak:
            return WordMatch(words[0], self.weak[words[0]], "alone")
        return None

    def find_cut(self, words: list[str]) -> WordMatch | None:
        """Find the general words that a bank cut off at the end of the text, if all stand for one category."""
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
        """Single words in the order of their letters, so that equal beginnings stand together."""
        return sorted(self.singles)

    def find_phrase(self, words: list[str]) -> WordMatch | None:
        """Find the longest key of several words, unless a head noun follows it, as in "cash withdrawal fee"."""
        if self.longest.keys().isdisjoint(words):
            return None
        found, end, least = "", 0, 2
        for start, word in enumerate(words):
            for length in range(min(self.longest.get(word, 0), len(words) - start), least - 1, -1):
                phrase = " ".join(words[start : start + length])
                if phrase in self.phrases:
                    found, end, least = phrase, start + length, length + 1
                    break
        if not found:
            return None
        head = words[end] if end < len(words) else ""
        if head in self.singles:
            return WordMatch(head, self.singles[head], "word")
        return WordMatch(found, self.phrases[found], "phrase")


class Words:
    """The tables of both directions, and the words of refunds."""

    def __init__(self, text: str) -> None:
        """Read the content of `words.txt`."""
        self._spent = WordTable()
        self._received = WordTable()
        self._refund = WordTable()
        found: set[str] = set()
        for section, line in read_lines(text):
            category, _, direction = section.partition(" ")
            found.add(category)
            languages, _, entries = line.partition(": ")
            weak = languages.endswith(" weak")
            table = self._refund if category == REFUND else self._received if direction == "in" else self._spent
            for entry in entries.split(", "):
                table.add(entry, category, weak=weak)
                if category == "transfers":
                    self._received.add(entry, category, weak=weak)
        #: The keys of all categories that words stand for.
        self.categories = frozenset(found - {REFUND})

    @property
    def phrases(self) -> set[str]:
        """Every expression of several words, in either direction."""
        return {phrase for table in (self._spent, self._received, self._refund) for phrase in table.phrases}

    @property
    def all_keys(self) -> set[str]:
        """Every word and phrase that stands for money spent."""
        return {*self._spent.phrases, *self._spent.singles, *self._spent.weak}

    def spent(self) -> Iterator[tuple[str, str]]:
        """Yield every word and phrase that stands for money spent, with the key of its category."""
        for entries in (self._spent.phrases, self._spent.singles, self._spent.weak):
            yield from entries.items()

    @cached_property
    def single_words(self) -> frozenset[str]:
        """Every word that stands for something by itself, in either direction."""
        tables = (self._spent, self._received, self._refund)
        return frozenset(word for table in tables for word in (*table.singles, *table.weak) if " " not in word)

    def find(self, words: list[str], direction: Direction) -> WordMatch | None:
        """Find the word that tells a category. A refund is looked up as the purchase that it returns."""
        return self._table_of(words, direction).find(words)

    def find_phrase(self, words: list[str], direction: Direction) -> WordMatch | None:
        """Find keys of several words only; those of an income count even beside a word of refund."""
        received = self._received.find_phrase(words) if direction == "in" else None
        return received or self._table_of(words, direction).find_phrase(words)

    def find_cut(self, words: list[str]) -> WordMatch | None:
        """Find the word of money spent that a bank cut off at the end of the text."""
        return self._spent.find_cut(words)

    def _table_of(self, words: list[str], direction: Direction) -> WordTable:
        is_spent = direction == "out" or self._refund.find(words) is not None
        return self._spent if is_spent else self._received


@cache
def load_words() -> Words:
    """Read the shipped words, once per process."""
    return Words(files(__package__).joinpath("words.txt").read_text(encoding="utf-8"))
