"""Compile the brands of name-suggestion-index and the services of `services.txt` into `brands.txt`.

    npm pack name-suggestion-index && tar xzf name-suggestion-index-*.tgz
    python -m providers.merchants.compile package

The file has four parts, so that loading it is little more than splitting lines: a head of one JSON object with the
number of lines of each part; brands ("name TAB kind TAB countries"); names ("normalized name TAB numbers of brands");
and the first words of names ("word TAB longest name in words, then flags", see `_first_words`).

The source names places by ISO 3166 codes ("de", "us-ca.geojson") or UN M49 region numbers ("150" is Europe). Other
files hold shapes of their own; only those in `_REGIONS` can be placed.
"""

import argparse
import json
import re
import shutil
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any, NamedTuple

from providers.merchants.dictionary import load_kinds, load_words, read_lines
from providers.normalization import leading_words, words_and_place

WORLD = "*"

_EUROPE = (
    "ad al at ax ba be bg by ch cy cz de dk ee es fi fo fr gb gg gi gr hr hu ie im is it je li lt lu lv mc md me mk mt "
    "nl no pl pt ro rs ru se si sk sm ua va xk"
)
_WEST_ASIA = "ae am az bh cy ge il iq jo kw lb om ps qa sa sy tr ye"
_ASIA = (
    f"{_WEST_ASIA} af bd bn bt cn hk id in ir jp kg kh kr kz la lk mm mn mo mv my np ph pk sg th tj tl tm tw uz vn kp"
)
_SUB_SAHARAN_AFRICA = (
    "ao bf bi bj bw cd cf cg ci cm cv dj er et ga gh gm gn gq gw ke km lr ls mg ml mr mu mw mz na ne ng re rw sc sl sn "
    "so ss st sz td tg tz ug yt za zm zw"
)
_CARIBBEAN = "ag ai aw bb bl bq bs cu cw dm do gd gp ht jm kn ky lc mf mq ms pr sx tc tt vc vg vi"
_REGIONS = {
    "001": WORLD,
    "002": f"{_SUB_SAHARAN_AFRICA} dz eg eh ly ma sd tn",
    "003": f"{_CARIBBEAN} bm bz ca cr gl gt hn mx ni pa pm sv us",
    "005": "ar bo br cl co ec fk gf gy pe py sr uy ve",
    "029": _CARIBBEAN,
    "142": _ASIA,
    "145": _WEST_ASIA,
    "150": _EUROPE,
    "202": _SUB_SAHARAN_AFRICA,
    "fx": "fr",
    "eth": "et",
    "khm": "kh",
    "northern cyprus": "cy",
    "mainland china": "cn",
    "aldi-sued.geojson": "de",
    "konsum-dresden.geojson": "de",
    "konsum-leipzig.geojson": "de",
}


def place_brand(include: Iterable[object], exclude: Iterable[object] = ()) -> str:
    """Return the countries of a brand: "at de", "*" for the world, "*ca us" for all but some, "" if unknown.

    A part of a country counts as the country where it is included, and as nothing where it is excluded.
    """
    included = {country for place in include for country in _countries(place)}
    whole = [place for place in exclude if not (isinstance(place, str) and len(place) > 2 and place[2] == "-")]
    excluded = {country for place in whole for country in _countries(place)}
    if WORLD in included:
        return " ".join([WORLD, *sorted(excluded - {WORLD})]).replace("* ", "*")
    return " ".join(sorted(included - excluded))


def _countries(place: object) -> list[str]:
    if not isinstance(place, str):
        return []
    if place in _REGIONS:
        return _REGIONS[place].split()
    code = place[:2]
    is_country = code.isalpha() and (len(place) == 2 or place[2] == "-")
    return [code] if is_country else []


#: A name of more words is cut to these; bank texts hold no more of it.
LONGEST_NAME = 6
_TAILS_ANYWHERE = 5
_TAILS_INSIDE = 2
_FAMILY = 3
_PACKAGE = Path(str(files("providers.merchants")))
_TREES = ("brands/", "operators/office/energy_supplier", "operators/office/water_utility", "operators/route/railway")
_NAME_TAGS = re.compile(r"(?:name|brand|alt_name|short_name|official_name)(?::[a-zA-Z-]+)?")
_PARENTHESES = re.compile(r"\s*\([^)]*\)")
_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "å": "aa", "ø": "oe"})
_JOINTS = str.maketrans("", "", ".-")


class SourceBrand(NamedTuple):
    """A brand as one kind of place. `names` are spellings, `countries` as in `place_brand`."""

    title: str
    kind: str
    countries: str
    names: frozenset[str]


def compile_brands(nsi: Mapping[str, Any], services: str) -> str:
    """Return the text of `brands.txt` from the content of `nsi.json` and of `services.txt`."""
    spelled: dict[str, set[SourceBrand]] = {}
    for brand in [*_read_services(services), *_read_brands(nsi["nsi"])]:
        for name in {name for title in brand.names for name in _normalized_names(title)} - {""}:
            spelled.setdefault(name, set()).add(brand._replace(names=frozenset()))
    names = _without_useless(spelled)
    brands = sorted(set().union(*names.values()))
    numbers = {brand: number for number, brand in enumerate(brands)}
    first_words = _first_words(names)
    head = {
        "source": "name-suggestion-index",
        "version": nsi["_meta"]["version"],
        "license": "BSD-3-Clause",
        "brands": len(brands),
        "names": len(names),
        "first_words": len(first_words),
    }
    lines = [json.dumps(head), *("\t".join(brand[:3]) for brand in brands)]
    lines += [f"{name}\t{' '.join(str(numbers[brand]) for brand in sorted(names[name]))}" for name in sorted(names)]
    lines += [f"{word}\t{flags}" for word, flags in sorted(first_words.items())]
    return "\n".join(lines) + "\n"


def _read_brands(trees: Mapping[str, Any]) -> Iterator[SourceBrand]:
    kinds = load_kinds()
    for path, tree in sorted(trees.items()):
        kind = "=".join(path.split("/")[1:])
        if not path.startswith(_TREES) or kind not in kinds:
            continue
        for item in tree["items"]:
            tags: Mapping[str, str] = item["tags"]
            places = item["locationSet"]
            spellings = {value for tag, value in tags.items() if _NAME_TAGS.fullmatch(tag)}
            title = tags.get("name") or tags.get("brand") or _PARENTHESES.sub("", item["displayName"])
            yield SourceBrand(
                title=" ".join(title.split()),
                kind=kind,
                countries=place_brand(places.get("include", ()), places.get("exclude", ())),
                names=frozenset({title, *spellings, *item.get("matchNames", ())}),
            )


def _read_services(text: str) -> Iterator[SourceBrand]:
    for kind, line in read_lines(text):
        name, _, others = line.partition("=")
        title, _, countries = name.partition("@")
        names = {title, *others.split(",")} - {""}
        yield SourceBrand(title.strip(), kind, place_brand(countries.split()) or WORLD, frozenset(names))


def _normalized_names(title: str) -> set[str]:
    """Normalize a name as banks may spell it: with umlauts spelled out, without dots and hyphens, "&" apart."""
    plain = _PARENTHESES.sub("", title)
    spellings = {plain, plain.translate(_UMLAUTS), plain.translate(_JOINTS), plain.replace("&", " ")}
    return {" ".join(words_and_place(spelling)[:LONGEST_NAME]) for spelling in spellings}


def _without_useless(spelled: Mapping[str, set[SourceBrand]]) -> dict[str, set[SourceBrand]]:
    """Drop names that are general words, single characters, of unknown place, or of banks that hide no other name."""
    kinds = load_kinds()
    general = {word for word, _ in load_words().spent()}
    placed = {name: {brand for brand in brands if brand.countries} for name, brands in spelled.items()}
    shops = {name for name, brands in placed.items() if any(kinds[brand.kind].category for brand in brands)}
    return {
        name: brands
        for name, brands in placed.items()
        if brands
        and len(name) > 1
        and name not in general
        and not shops.isdisjoint(leading_words(name, n) for n in range(1, LONGEST_NAME + 1))
    }


def _first_words(names: Mapping[str, set[SourceBrand]]) -> dict[str, str]:
    """Return for each first word the length of the longest name with it, and a flag if it is no name alone.

    A word in the tail of more than two names is a name only in front (flag f); in the tail of more than five names it
    is none (flag n). A word that starts names is a family of brands. It is none if none of several is of its own
    category: "five" does not name the starts of Five Guys and Five Below (flag n).
    """
    tails = Counter(word for name in names for word in set(name.split()[1:]))
    families: dict[str, list[str]] = {}
    for name in names:
        families.setdefault(name.split()[0], []).append(name)
    return {
        word: f"{max(len(name.split()) for name in family)}{_guard(word, tails[word], family, names)}"
        for word, family in families.items()
    }


def _guard(word: str, n_tails: int, family: list[str], names: Mapping[str, set[SourceBrand]]) -> str:
    others = [_categories(names[name]) for name in family if name != word]
    is_stranger = len(others) >= _FAMILY and word in names and _categories(names[word]).isdisjoint(set().union(*others))
    if n_tails > _TAILS_ANYWHERE or is_stranger:
        return "n"
    return "f" if n_tails > _TAILS_INSIDE else ""


def _categories(brands: set[SourceBrand]) -> set[str]:
    return {load_kinds()[brand.kind].category for brand in brands}


def main(arguments: list[str] | None = None) -> None:
    """Read an unpacked package, write `brands.txt` and the license beside it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("package", type=Path, help="folder of the unpacked npm package name-suggestion-index")
    parser.add_argument("--target", type=Path, default=_PACKAGE, help="folder to write to (default: this package)")
    options = parser.parse_args(arguments)
    nsi = json.loads((options.package / "dist" / "json" / "nsi.json").read_text(encoding="utf-8"))
    services = (_PACKAGE / "services.txt").read_text(encoding="utf-8")
    (options.target / "brands.txt").write_text(compile_brands(nsi, services), encoding="utf-8")
    shutil.copyfile(options.package / "LICENSE.md", options.target / "LICENSE-name-suggestion-index")


if __name__ == "__main__":
    main()
