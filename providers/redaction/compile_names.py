"""Compile the names of persons of the package Faker into `names.txt`.

    python -m providers.redaction.compile_names folder/of/faker

The file has a head of one JSON object and three lines of folded words, separated by spaces: given names, family names,
and names that are also ordinary words of merchants.
"""

import argparse
import importlib
import json
import pkgutil
import shutil
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

from providers.merchants.dictionary import load_dictionary, load_words
from providers.normalization import CHANNEL_WORDS, PLACE_WORDS, fold, plain_words
from providers.redaction.vocabulary import words_of

_PACKAGE = Path(str(files("providers.redaction")))
_SHORTEST = 2
#: Names of brands with a word from which on it is rather a word of merchants.
_FREQUENT = 6
#: Locales with a name from which on it is rather a name, whatever else has it.
_FAMOUS = 8
#: Ordinary words of these count. Those of smaller languages are names elsewhere.
_LANGUAGES_OF_SHOPS = ("en_US", "de_DE", "fr_FR", "nl_NL")
_PARTICLES = words_of("particles")
#: Polish names of men, of which Faker makes those of women.
_MASCULINE = ("ski", "cki", "dzki")
#: Which attributes of a locale hold names, by a part of their own name.
_GIVEN, _FAMILY = ("first_name", "middle_name"), ("last_name",)


def read_locales(names: Iterable[str]) -> Iterator[Any]:
    """Yield Faker's provider of persons of each locale."""
    for name in names:
        yield importlib.import_module(f"faker.providers.person.{name}").Provider


def read_ordinary_words(lorem: Iterable[str], addresses: Iterable[str]) -> Iterator[str]:
    """Yield words of ordinary texts, and words that streets and towns end with, from Faker's other providers."""
    for name in lorem:
        words = importlib.import_module(f"faker.providers.lorem.{name}").Provider.word_list
        yield from (word for word in words if word.islower())
    for name in addresses:
        address = importlib.import_module(f"faker.providers.address.{name}").Provider
        yield from (*getattr(address, "street_suffixes", ()), *getattr(address, "city_suffixes", ()))


def compile_names(locales: Iterable[Any], *, ordinary_words: Iterable[str] = (), version: str) -> str:
    """Return the text of `names.txt` from classes that list names in attributes such as `last_names_male`."""
    given: set[str] = set()
    family: set[str] = set()
    n_locales: Counter[str] = Counter()
    for locale in locales:
        found = {part: _words_of(_names_of(locale, part)) for part in (*_GIVEN, *_FAMILY)}
        n_locales.update(set().union(*found.values()))
        given = given.union(*(found[part] for part in _GIVEN))
        family = family.union(*(found[part] for part in _FAMILY))
    no_names = frozenset(f"{PLACE_WORDS['joining']} {CHANNEL_WORDS['channel']} {CHANNEL_WORDS['legal_forms']}".split())
    in_brands = Counter(word for name in load_dictionary().names for word in set(name.split()))
    ordinary = {fold(word) for word in ordinary_words} | {word for word, n in in_brands.items() if n >= _FREQUENT}
    ordinary = {word for word in ordinary if n_locales[word] < _FAMOUS}
    ordinary |= load_words().single_words | frozenset(PLACE_WORDS["general_heads"].split())
    given -= no_names
    family -= no_names
    about = {"source": "Faker", "version": version, "license": "MIT"}
    lists = (given, family, (given | family) & ordinary)
    return "\n".join([json.dumps(about), *(" ".join(sorted(words)) for words in lists)]) + "\n"


def _names_of(locale: Any, part: str) -> Iterator[Any]:
    for attribute in dir(locale):
        names = getattr(locale, attribute)
        if part in attribute and isinstance(names, (list, tuple, dict, set, frozenset)):
            yield from names


def _words_of(names: Iterable[Any]) -> set[str]:
    """Return the folded names: of "Jean-Pierre" both, of "de Vries" the second; no other ones of several words."""
    found = set()
    for name in names:
        words = [word for word in plain_words(name) if word not in _PARTICLES] if isinstance(name, str) else []
        if len(words) == 1 or "-" in str(name):
            found.update(words)
    found |= {f"{word[:-1]}a" for word in found if word.endswith(_MASCULINE)}
    return {word for word in found if len(word) >= _SHORTEST and word.isalpha()}


def _locales_of(package: Path, provider: str) -> list[str]:
    folder = package / "faker" / "providers" / provider
    return sorted(module.name for module in pkgutil.iter_modules([str(folder)]))


def main(arguments: list[str] | None = None) -> None:
    """Read the unpacked package, write `names.txt` and the license beside it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("package", type=Path, help="folder into which the wheel faker was unpacked")
    parser.add_argument("--target", type=Path, default=_PACKAGE, help="folder to write to (default: this package)")
    options = parser.parse_args(arguments)
    [about] = options.package.glob("faker-*.dist-info")
    sys.path.insert(0, str(options.package))
    persons, addresses = (_locales_of(options.package, part) for part in ("person", "address"))
    ordinary = read_ordinary_words(_LANGUAGES_OF_SHOPS, addresses)
    text = compile_names(
        read_locales(persons), ordinary_words=ordinary, version=about.name.split("-")[1].removesuffix(".dist")
    )
    (options.target / "names.txt").write_text(text, encoding="utf-8")
    shutil.copyfile(about / "licenses" / "LICENSE.txt", options.target / "LICENSE-faker")


if __name__ == "__main__":
    main()
