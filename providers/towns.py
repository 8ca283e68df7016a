"""Find the towns of `towns.txt`, which `compile_towns` writes, at the end of a text.

The file is read once per process and only split into lines; a line is understood when a text ends with its town.
"""

import json
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

#: The lists of `place_words.toml` by their names.
PLACE_WORDS: Mapping[str, Any] = tomllib.loads(
    files(__package__).joinpath("place_words.toml").read_text(encoding="utf-8")
)

_MOST_CODES = 3
_LONGEST_NAME = 6
_SAFE_CODES = frozenset(PLACE_WORDS["safe_codes"].split())
_JOINING = frozenset(PLACE_WORDS["joining"].split())
_GIVEN_NAMES = frozenset(PLACE_WORDS["given_names"].split())


class Town(NamedTuple):
    """A town without the last word of its name. `countries` are small ISO 3166 alpha-2 codes."""

    head: list[str]
    countries: frozenset[str]
    needs_code: bool

    def is_at_end(self, words: list[str], codes: list[frozenset[str]]) -> bool:
        """Return True if the words end with the town, begin with something else, and `codes` behind fit its country."""
        start = len(words) - len(self.head) - 1
        if start <= 0 or words[start:-1] != self.head or (self.needs_code and not codes):
            return False
        return not any(map(self.countries.isdisjoint, codes))


class Towns:
    """The compiled towns. `about` says where they come from."""

    def __init__(self, text: str) -> None:
        """Read the content of `towns.txt`."""
        head, *lines = text.split("\n")
        self.about: dict[str, Any] = json.loads(head)
        codes = self.about["towns"]
        names = codes + self.about["codes"]
        general = names + self.about["names"]
        self._towns: dict[str, str] = dict(line.split("\t") for line in lines[:codes])
        self._codes: dict[str, str] = dict(line.split("\t") for line in lines[codes:names])
        self._names = frozenset(lines[names:general])
        self._weak = _JOINING | _GIVEN_NAMES | frozenset(lines[general:])

    def is_town(self, word: str) -> bool:
        """Return True if the word by itself is a town and nothing else that is known."""
        return any(not town.head and not town.needs_code for town in self._towns_ending_with(word))

    def without_place(self, words: list[str]) -> list[str]:
        """Cut town, state and country off the end of a merchant's words, unless the rest would name nobody."""
        while words and (words[-1] in self._towns or words[-1] in self._codes) and len(words) > 1:
            length = self._length_of_place(words)
            rest = words[:-length] if length else words
            # "bank of", "hotel" or a given name alone names nobody.
            if rest == words or rest[-1] in _JOINING:
                break
            if all(word in self._weak or len(word) <= 1 or word.isdigit() for word in rest):
                break
            words = rest
        return words

    def _length_of_place(self, words: list[str]) -> int:
        """Return the number of words at the end that are a place."""
        if self._ends_with_name(words, len(words) - 1):
            return 0
        codes: list[frozenset[str]] = []
        for end in range(len(words), max(len(words) - _MOST_CODES, 1) - 1, -1):
            here = words[:end]
            towns = self._towns_ending_with(here[-1])
            if length := max((len(town.head) + 1 for town in towns if town.is_at_end(here, codes)), default=0):
                return 0 if self._ends_with_name(here, end - length) else len(words) - end + length
            if words[end - 1] not in self._codes:
                break
            codes.append(frozenset(self._codes[words[end - 1]].split(" ")))
        return int(words[-1] in _SAFE_CODES)

    def _towns_ending_with(self, last: str) -> Iterator[Town]:
        for entry in self._towns.get(last, "").split():
            head, _, countries = entry.partition(":")
            plain = head.lstrip("!")
            yield Town(plain.split("_") if plain else [], frozenset(countries.split(",")), head != plain)

    def _ends_with_name(self, words: list[str], start: int) -> bool:
        """Return True if the town that starts there belongs to a brand's name, as in Banco Santander."""
        return any(" ".join(words[first:]) in self._names for first in range(max(0, len(words) - _LONGEST_NAME), start))


@cache
def load_towns() -> Towns:
    """Read the shipped towns, once per process."""
    return Towns(files(__package__).joinpath("towns.txt").read_text(encoding="utf-8"))
