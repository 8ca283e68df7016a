"""Known brands of merchants, general words of bank texts in several languages, and the categories they stand for.

`brands.txt`, which `compile` writes, holds the brands, `words.txt` the words, and `kinds.txt` the category of each kind
of shop.
"""

import json
from collections.abc import Collection, Iterator
from functools import cache, cached_property
from importlib.resources import files
from typing import Any, Literal, NamedTuple

from providers.interface import Direction
from providers.normalization import PLACE_WORDS, normalize

#: How a brand was found: the whole text; its leading words or leading word; words or a word further on; a brand of
#: other countries, by a telling name or by a mere word. Then how a general word was found; "movement" is a word about
#: the movement of the money itself.
Way = Literal[
    "whole", "leading words", "leading word", "inner words", "inner word", "name abroad", "word abroad", "movement",
    "phrase", "word", "ending", "alone", "vague",
]  # fmt: skip

#: The section of words that say that money came back; it is no category.
REFUND = "refund"
#: Keys of the categories of fees, and of money that stays in the ledger.
FEES, TRANSFERS = "fees-taxes", "transfers"
#: Words that stand behind the language of a line in `words.txt`.
STRENGTHS = frozenset({"weak", "vague", "first", "last"})
_SHORTEST_ENDING = 3
_MOST_WEAK_WORDS = 4


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
        #: Weak words that also count where a text begins with them and nothing else in it is known.
        self.vague: dict[str, str] = {}
        #: Words about the movement itself, which count before names where a text begins or ends with them.
        self.first: dict[str, str] = {}
        self.last: dict[str, str] = {}
        self.longest_first: dict[str, int] = {}
        self.longest_last: dict[str, int] = {}
        self.endings: dict[str, str] = {}
        #: First words of phrases, with the number of words of the longest phrase.
        self.longest: dict[str, int] = {}
        #: Endings by their last letters, the longest first.
        self.tails: dict[str, list[str]] = {}

    def add(self, entry: str, category: str, *, strength: str) -> None:
        """Add one entry of `words.txt`; the first category of a word stays. `strength` is "" or one of STRENGTHS."""
        n_words = entry.count(" ") + 1
        if strength == "first":
            self.first.setdefault(entry, category)
            first = entry.split(" ", 1)[0]
            self.longest_first[first] = max(self.longest_first.get(first, 0), n_words)
        if strength == "last":
            self.last.setdefault(entry, category)
            last = entry.rsplit(" ", 1)[-1]
            self.longest_last[last] = max(self.longest_last.get(last, 0), n_words)
        elif strength in ("weak", "vague"):
            self.weak.setdefault(entry, category)
            if strength == "vague":
                self.vague.setdefault(entry, category)
        elif entry.startswith("*"):
            ending = entry[1:]
            self.endings.setdefault(ending, category)
            tails = self.tails.setdefault(ending[-_SHORTEST_ENDING:], [])
            tails.append(ending)
            tails.sort(key=len, reverse=True)
        elif " " in entry:
            self.phrases.setdefault(entry, category)
            first = entry.split(" ", 1)[0]
            self.longest[first] = max(self.longest.get(first, 0), n_words)
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
        text = " ".join(words) if len(words) <= _MOST_WEAK_WORDS else ""
        return WordMatch(text, self.weak[text], "alone") if text in self.weak else None

    def find_movement(self, words: list[str]) -> WordMatch | None:
        """Find the longest words about the movement itself that the text begins with, else ends with.

        A fee behind the first ones decides instead: "withdrawal fee". So does any other word before the last ones:
        "hotel transfer".
        """
        for length in range(min(self.longest_first.get(words[0], 0), len(words)), 0, -1):
            phrase = " ".join(words[:length])
            if category := self.first.get(phrase):
                is_fee = any(self.singles.get(word) == FEES for word in words[length:])
                return None if is_fee and category != FEES else WordMatch(phrase, category, "movement")
        for length in range(min(self.longest_last.get(words[-1], 0), len(words)), 0, -1):
            phrase = " ".join(words[-length:])
            if category := self.last.get(phrase):
                other = self.find_phrase(words) or self.find(words[:-length])
                is_other = other and other.way != "alone" and other.category not in (category, TRANSFERS)
                return None if is_other else WordMatch(phrase, category, "movement")
        return None

    def find_vague(self, words: list[str]) -> WordMatch | None:
        """Find the vague word that a text begins with, for a text of which nothing else is known."""
        for phrase in (" ".join(words[:2]), words[0]):
            if phrase in self.vague:
                return WordMatch(phrase, self.vague[phrase], "vague")
        return None

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
            strength = languages.rsplit(" ", 1)[-1]
            strength = strength if strength in STRENGTHS else ""
            table = self._refund if category == REFUND else self._received if direction == "in" else self._spent
            for entry in entries.split(", "):
                table.add(entry, category, strength=strength)
                if category == TRANSFERS and not direction:
                    self._received.add(entry, category, strength=strength)
        #: The keys of all categories that words stand for.
        self.categories = frozenset(found - {REFUND})

    @property
    def phrases(self) -> set[str]:
        """Every expression of several words, in either direction."""
        return {phrase for table in (self._spent, self._received, self._refund) for phrase in table.phrases}

    def spent(self) -> Iterator[tuple[str, str]]:
        """Yield every word and phrase that stands for money spent, with the key of its category; no vague ones."""
        for entries in (self._spent.phrases, self._spent.singles, self._spent.weak):
            yield from ((word, category) for word, category in entries.items() if word not in self._spent.vague)

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

    def find_movement(self, words: list[str], direction: Direction) -> WordMatch | None:
        """Find the words that tell of the movement itself, and so more than any name beside them."""
        return self._table_of(words, direction).find_movement(words)

    def find_vague(self, words: list[str]) -> WordMatch | None:
        """Find the vague word of a transfer that the text begins with."""
        return self._spent.find_vague(words)

    def has_refund(self, words: list[str]) -> bool:
        """Return True if a word says that money came back."""
        return self._refund.find(words) is not None

    def _table_of(self, words: list[str], direction: Direction) -> WordTable:
        is_spent = direction == "out" or self.has_refund(words)
        return self._spent if is_spent else self._received


@cache
def load_words() -> Words:
    """Read the shipped words, once per process."""
    return Words(files(__package__).joinpath("words.txt").read_text(encoding="utf-8"))


class MerchantKind(NamedTuple):
    """A kind of merchant. `category` is the key of a system category, "" if a payment tells none.

    `likelihood` (0-9) says how likely a card payment to a brand of several kinds is one to this kind.
    """

    tag: str
    category: str
    likelihood: int
    label: str


@cache
def load_kinds() -> dict[str, MerchantKind]:
    """Read all kinds by their tag, such as "shop=supermarket"."""
    kinds = {}
    for category, line in read_lines(files(__package__).joinpath("kinds.txt").read_text(encoding="utf-8")):
        likelihood, tag, label = line.split(None, 2)
        kinds[tag] = MerchantKind(tag, "" if category == "-" else category, int(likelihood), label)
    return kinds


_SHORTEST_INNER_WORD = 4
#: Letters of one word that is no name by chance.
_SHORTEST_TELLING = 5
#: Behind these, and as these, a word further on names no merchant.
_JOINING = frozenset(PLACE_WORDS["joining"].split())
_COMMON_WORDS = frozenset(("total", "next", "free", "post", "plus", "now", "express", "action", "star", "orange"))


class Brand(NamedTuple):
    """A brand as one kind of place. `countries` as in `compile.place_brand`."""

    title: str
    kind: MerchantKind
    countries: str

    def is_known_in(self, country: str) -> bool:
        """Return True if the brand is found in a country, a small ISO 3166 alpha-2 code, "" if unknown."""
        return not country or (country in self.countries) != self.countries.startswith("*")


class BrandMatch(NamedTuple):
    """A known name in a text, with its brands in that country, the likeliest kind of place first."""

    name: str
    brands: tuple[Brand, ...]
    way: Way
    score: float


class Dictionary:
    """The compiled names and brands. `version` is that of the source."""

    def __init__(self, text: str) -> None:
        """Read the content of `brands.txt`."""
        head, *lines = text.split("\n")
        self.about: dict[str, Any] = json.loads(head)
        names = self.about["brands"]
        words = names + self.about["names"]
        self.version: str = self.about["version"]
        self._brands = lines[:names]
        self._understood: dict[int, Brand] = {}
        self._names: dict[str, str] = dict(line.split("\t") for line in lines[names:words])
        self._first_words: dict[str, str] = dict(
            line.split("\t") for line in lines[words : words + self.about["first_words"]]
        )

    @property
    def names(self) -> Collection[str]:
        """Every known name, normalized."""
        return self._names.keys()

    def prepare(self) -> None:
        """Make the index that the first text with a brand of other countries would make."""
        len(self._later_words)

    @property
    def titles(self) -> Iterator[str]:
        """Yield the titles of all brands."""
        return (line.split("\t")[0] for line in self._brands)

    def find_leading(self, words: list[str], country: str) -> BrandMatch | None:
        """Find the brand of the longest known name that the text starts with, also if a bank split it: "wal mart"."""
        if not words:
            return None
        found = self._find_at(words, 0, country)
        joined = "".join(words[:2])
        if found or len(words) == 1 or joined not in self._names:
            return found
        return self._find_at([joined, *words[2:]], 0, country)

    def find_abroad(self, words: list[str]) -> BrandMatch | None:
        """Find the brand of any country that the text starts with.

        It tells less than a brand of the own country. A word in front of others, a short one and one that also ends
        other names tell least: another merchant may well be called so.
        """
        match = self.find_leading(words, "")
        if not match:
            return None
        is_word = match.way == "leading word" or self._is_ordinary(match.name)
        return match._replace(way="word abroad" if is_word else "name abroad")

    def _is_ordinary(self, name: str) -> bool:
        return " " not in name and (len(name) < _SHORTEST_TELLING or name in self._later_words)

    @cached_property
    def _later_words(self) -> frozenset[str]:
        """Words behind the first one of a name, which begins with another word."""
        words = (name.split(" ") for name in self._names if " " in name)
        return frozenset(word for first, *later in words for word in later if word != first)

    def find_inner(self, words: list[str], country: str) -> BrandMatch | None:
        """Find a brand further on; a name of one word counts only if it ends few other names."""
        for start in range(1, len(words)):
            if words[start] not in self._first_words or words[start - 1] in _JOINING:
                continue
            match = self._find_at(words, start, country)
            if not match or match.name in _COMMON_WORDS:
                continue
            if any(len(word) >= _SHORTEST_INNER_WORD for word in match.name.split(" ")):
                return match
        return None

    def _find_at(self, words: list[str], start: int, country: str) -> BrandMatch | None:
        flags = self._first_words.get(words[start])
        if flags is None:
            return None
        guard = flags[1:]
        names_alone = guard != "n" if start == 0 else guard == "" and len(words[start]) >= _SHORTEST_INNER_WORD
        for length in range(min(int(flags[0]), len(words) - start), 0, -1):
            name = " ".join(words[start : start + length])
            if name in self._names and (length > 1 or names_alone):
                brands = self.brands_of(name, country)
                if brands:
                    way: Way = "whole"
                    if length < len(words) and start == 0:
                        way = "leading words" if length > 1 else "leading word"
                    elif length < len(words):
                        way = "inner words" if length > 1 else "inner word"
                    return BrandMatch(name, brands, way, length / len(words))
        return None

    def categories_of_names(self) -> Iterator[tuple[str, str]]:
        """Yield every name with the category of its likeliest kind, except names of banks and others without one."""
        for name in self._names:
            category = next((brand.kind.category for brand in self.brands_of(name, "") if brand.kind.category), "")
            if category:
                yield name, category

    def brands_of(self, name: str, country: str) -> tuple[Brand, ...]:
        """Return the brands of a normalized name in a country, the likeliest first; () if it is no name."""
        known = []
        for number in map(int, self._names.get(name, "").split()):
            brand = self._understood.get(number)
            if brand is None:
                title, tag, countries = self._brands[number].split("\t")
                brand = self._understood[number] = Brand(title, load_kinds()[tag], countries)
            if brand.is_known_in(country):
                known.append(brand)
        if len(known) > 1:
            known.sort(key=lambda brand: (normalize(brand.title) == name, brand.kind.likelihood), reverse=True)
        return tuple(known)


@cache
def load_dictionary() -> Dictionary:
    """Read the shipped dictionary, once per process."""
    return Dictionary(files(__package__).joinpath("brands.txt").read_text(encoding="utf-8"))
