"""Finds known brands in normalized text without ever scanning their list.

`brands.txt`, written by `compile`, is read once per process and only split into lines; a line is understood when a
text asks for it.
"""

import json
from collections.abc import Collection, Iterable, Iterator
from functools import cache, cached_property
from importlib.resources import files
from typing import Any, Literal, NamedTuple

from rapidfuzz import fuzz, process

from providers.merchants.kinds import Kind, load_kinds
from providers.normalization import normalize

#: How a name was found: the whole text; its leading words or leading word; words or a word further on; by likeness.
Way = Literal["whole", "leading words", "leading word", "inner words", "inner word", "similar"]

_SHORTEST_INNER_WORD = 4
_SHORTEST_SIMILAR = 6
_MOST_SIMILAR_WORDS = 5
_RAREST_WORDS = 3
_COMMON_WORD = 500
_PREFIX = 4
#: token_sort_ratio, 0-100; below it, other merchants of the same town look alike.
SIMILARITY = 90.0


class Brand(NamedTuple):
    """A brand as one kind of place. `countries` as in `regions.place_brand`."""

    title: str
    kind: Kind
    countries: str

    def is_known_in(self, country: str) -> bool:
        """Whether the brand is found in a country ("" if unknown), a small ISO 3166 alpha-2 code."""
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
        self._names: dict[str, str] = dict(line.split("\t") for line in lines[names:words])
        self._first_words: dict[str, str] = dict(
            line.split("\t") for line in lines[words : words + self.about["first_words"]]
        )

    @property
    def names(self) -> Collection[str]:
        """Every known name, normalized."""
        return self._names.keys()

    def find_leading(self, words: list[str], country: str) -> BrandMatch | None:
        """The brand of the longest known name that the text starts with."""
        if not words:
            return None
        return self._find_at(words, 0, country) or self._find_joined(words, country)

    def find_inner(self, words: list[str], country: str) -> BrandMatch | None:
        """The brand of a known name further on; a single word only if it stands at the end of few other names."""
        matches = (self._find_at(words, start, country) for start in range(1, len(words)))
        return next((match for match in matches if match), None)

    def _find_at(self, words: list[str], start: int, country: str) -> BrandMatch | None:
        flags = self._first_words.get(words[start])
        if flags is None:
            return None
        for length in range(min(int(flags[0]), len(words) - start), 0, -1):
            name = " ".join(words[start : start + length])
            if name in self._names and (length > 1 or self._names_alone(name, flags, start)):
                brands = self._brands_of(name, country)
                if brands:
                    return BrandMatch(name, brands, _way(start, length, len(words)), length / len(words))
        return None

    def _find_joined(self, words: list[str], country: str) -> BrandMatch | None:
        """Names that a bank wrote in two words, as in "wal mart"."""
        name = "".join(words[:2])
        if len(words) == 1 or name not in self._names:
            return None
        return self._find_at([name, *words[2:]], 0, country)

    @staticmethod
    def _names_alone(word: str, flags: str, start: int) -> bool:
        guard = flags[1:]
        if start == 0:
            return guard != "n"
        return guard == "" and len(word) >= _SHORTEST_INNER_WORD

    def find_similar(self, words: list[str], country: str) -> BrandMatch | None:
        """The brand whose name reads almost like the whole text, for typed or misread text."""
        text = " ".join(words)
        if len(text) < _SHORTEST_SIMILAR or len(words) > _MOST_SIMILAR_WORDS:
            return None
        found = process.extractOne(text, self._candidates(words), scorer=fuzz.token_sort_ratio, score_cutoff=SIMILARITY)
        brands = self._brands_of(found[0], country) if found else ()
        return BrandMatch(found[0], brands, "similar", found[1] / 100) if found and brands else None

    def _candidates(self, words: list[str]) -> Iterable[str]:
        known = sorted((len(self._names_by_word[word]), word) for word in words if word in self._names_by_word)
        rare = [word for n, word in known[:_RAREST_WORDS] if n <= _COMMON_WORD]
        if rare:
            return {name for word in rare for name in self._names_by_word[word]}
        return self._names_by_prefix.get(words[0][:_PREFIX], ())

    @cached_property
    def _names_by_word(self) -> dict[str, list[str]]:
        return _index((word, name) for name in self._names for word in name.split(" "))

    @cached_property
    def _names_by_prefix(self) -> dict[str, list[str]]:
        return _index((name[:_PREFIX], name) for name in self._names)

    def _brands_of(self, name: str, country: str) -> tuple[Brand, ...]:
        brands = [self._brand(int(number)) for number in self._names[name].split(" ")]
        known = [brand for brand in brands if brand.is_known_in(country)]
        if len(known) > 1:
            known.sort(key=lambda brand: (normalize(brand.title) == name, brand.kind.likelihood), reverse=True)
        return tuple(known)

    def _brand(self, number: int) -> Brand:
        title, tag, countries = self._brands[number].split("\t")
        return Brand(title, load_kinds()[tag], countries)


def _way(start: int, length: int, n_words: int) -> Way:
    if length == n_words:
        return "whole"
    if start == 0:
        return "leading words" if length > 1 else "leading word"
    return "inner words" if length > 1 else "inner word"


def _index(pairs: Iterator[tuple[str, str]]) -> dict[str, list[str]]:
    index: dict[str, list[str]] = {}
    for key, name in pairs:
        index.setdefault(key, []).append(name)
    return index


@cache
def load_dictionary() -> Dictionary:
    """The dictionary that ships, read once per process."""
    return Dictionary(files(__package__).joinpath("brands.txt").read_text(encoding="utf-8"))
