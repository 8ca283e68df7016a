"""The data that ship with the merchants link, and the script that compiles them."""

import json
from importlib.resources import files

import pytest

from providers.merchants import compile as compilation
from providers.merchants import dictionary
from providers.merchants.compile import place_brand
from providers.merchants.dictionary import (
    REFUND,
    Brand,
    Dictionary,
    MerchantKind,
    Words,
    load_dictionary,
    load_kinds,
    load_words,
)
from providers.normalization import fold, normalize

PACKAGE = files("providers.merchants")
KEYS = {
    *("groceries", "dining", "transport", "travel", "housing", "utilities", "shopping", "entertainment", "healthcare"),
    *("personal-care", "education", "subscriptions", "insurance", "fees-taxes", "gifts-donations", "pets", "kids"),
    "transfers",
}
INCOME_KEYS = {"salary", "interest", "other-income"}


def item(name, place, *, match_names=(), exclude=(), **tags):
    places = {"include": [place], "exclude": list(exclude)}
    return {"displayName": name, "locationSet": places, "matchNames": list(match_names), "tags": {"name": name, **tags}}


NSI = {
    "_meta": {"version": "8.0.1"},
    "nsi": {
        "brands/shop/supermarket": {
            "items": [
                item("Nordmarkt", "de", match_names=["nordmarkt city"], brand="Nordmarkt"),
                item("Öko-Laden", "150", exclude=["fr"]),
                item("Nowhere", "unknown-shape.geojson"),
            ]
        },
        "brands/amenity/fuel": {"items": [item("Nordmarkt", "001", exclude=["us", "ca-qc.geojson"])]},
        "brands/amenity/bank": {"items": [item("Nordmarkt Bank", "de"), item("Sparbank", "de")]},
        "brands/amenity/pharmacy": {"items": [item("Pharmacy", "gb"), item("Q", "gb"), item("A&B", "us-ca.geojson")]},
        "brands/advertising/totem": {"items": [item("Nordmarkt", "de")]},
        "operators/power/line": {"items": [item("Grid", "de")]},
    },
}
SERVICES = "# remark\n[online=streaming]\nFilmtube @de at = filmtube abo\n"
EUROPE_WITHOUT_FRANCE = place_brand(["150"], ["fr"])
COMPILED = f"""\
{{"source": "name-suggestion-index", "version": "8.0.1", "license": "BSD-3-Clause", \
"brands": 6, "names": 10, "first_words": 7}}
A&B\tamenity=pharmacy\tus
Filmtube\tonline=streaming\tat de
Nordmarkt\tamenity=fuel\t*us
Nordmarkt\tshop=supermarket\tde
Nordmarkt Bank\tamenity=bank\tde
Öko-Laden\tshop=supermarket\t{EUROPE_WITHOUT_FRANCE}
a b\t0
a&b\t0
filmtube\t1
filmtube abo\t1
nordmarkt\t2 3
nordmarkt bank\t4
nordmarkt city\t3
oeko laden\t5
oko laden\t5
okoladen\t5
a\t2
a&b\t1
filmtube\t2
nordmarkt\t2
oeko\t2
oko\t2
okoladen\t1
"""


def name_in(text, dictionary, *, inner=False):
    find = dictionary.find_inner if inner else dictionary.find_leading
    found = find(text.split(), "")
    return found and found.name


def write_package(folder):
    (folder / "dist" / "json").mkdir(parents=True)
    (folder / "dist" / "json" / "nsi.json").write_text(json.dumps(NSI), encoding="utf-8")
    (folder / "LICENSE.md").write_text("Do as you please.", encoding="utf-8")


def test_a_package_is_compiled_to_a_file_and_its_license(tmp_path):
    write_package(tmp_path / "package")
    compilation.main([str(tmp_path / "package"), "--target", str(tmp_path)])
    assert (tmp_path / "LICENSE-name-suggestion-index").read_text(encoding="utf-8") == "Do as you please."
    compiled = Dictionary((tmp_path / "brands.txt").read_text(encoding="utf-8"))
    assert compiled.version == "8.0.1"
    assert name_in("nordmarkt city west", compiled) == "nordmarkt city"
    assert name_in("netflix", compiled) == "netflix"


def test_the_file_holds_brands_names_and_first_words():
    assert compilation.compile_brands(NSI, SERVICES) == COMPILED


def test_compiling_twice_gives_the_same_file():
    assert compilation.compile_brands(NSI, SERVICES) == compilation.compile_brands(NSI, SERVICES)


def brands_named(*names):
    return {
        "nsi": {"brands/shop/supermarket": {"items": [item(name, "001") for name in names]}},
        "_meta": {"version": "1"},
    }


def test_the_end_of_many_names_is_no_name():
    names = ["Corner", *(f"{word} Corner" for word in ("Red", "Blue", "Green", "Black", "White", "Gold"))]
    dictionary = Dictionary(compilation.compile_brands(brands_named(*names), ""))
    assert name_in("corner", dictionary) is None
    assert name_in("red corner", dictionary) == "red corner"


def test_the_end_of_few_names_counts_in_front_only():
    names = ["Corner", "Red Corner", "Blue Corner", "Green Corner"]
    dictionary = Dictionary(compilation.compile_brands(brands_named(*names), ""))
    assert name_in("corner town", dictionary) == "corner"
    assert name_in("old corner", dictionary, inner=True) is None


def test_the_start_of_many_names_is_a_family():
    names = ["Nord", *(f"Nord {word}" for word in ("City", "Express", "Extra", "Metro", "Center", "Local"))]
    dictionary = Dictionary(compilation.compile_brands(brands_named(*names), ""))
    assert name_in("nord town", dictionary) == "nord"
    assert name_in("old nord", dictionary, inner=True) == "nord"


def test_the_start_of_names_of_other_trades_is_no_name():
    nsi = brands_named("Seven")
    nsi["nsi"]["brands/shop/clothes"] = {"items": [item(f"Seven {word}", "001") for word in ("Hills", "Seas", "Suits")]}
    dictionary = Dictionary(compilation.compile_brands(nsi, ""))
    assert name_in("seven town", dictionary) is None


@pytest.mark.parametrize(
    ("include", "exclude", "countries"),
    [
        (["de", "at"], [], "at de"),
        (["001"], [], "*"),
        (["001"], ["us", "ca-qc.geojson"], "*us"),
        (["us-ca.geojson", "gb-eng"], [], "gb us"),
        (["fx"], [], "fr"),
        (["029"], ["cu", "ht"], "ag ai aw bb bl bq bs cw dm do gd gp jm kn ky lc mf mq ms pr sx tc tt vc vg vi"),
        ([[8.5, 47.3, 5], "q35", "somewhere.geojson"], [], ""),
    ],
)
def test_places_become_countries(include, exclude, countries):
    assert place_brand(include, exclude) == countries


@pytest.mark.parametrize(
    ("countries", "country", "known"),
    [("at de", "de", True), ("at de", "fr", False), ("*", "fr", True), ("*us", "us", False), ("*us", "", True)],
)
def test_a_brand_is_known_in_its_countries(countries, country, known):
    assert Brand("X", MerchantKind("shop=x", "shopping", 1, "x"), countries).is_known_in(country) is known


def test_the_shipped_file_says_where_it_comes_from():
    about = load_dictionary().about
    assert (about["source"], about["license"]) == ("name-suggestion-index", "BSD-3-Clause")
    assert about["version"].startswith("8.")
    assert about["names"] > 20_000
    assert "BSD 3-Clause" in PACKAGE.joinpath("LICENSE-name-suggestion-index").read_text(encoding="utf-8")


def test_the_shipped_file_stays_small():
    assert len(PACKAGE.joinpath("brands.txt").read_bytes()) < 2_000_000


@pytest.mark.parametrize(
    ("name", "country", "title", "tag"),
    [
        ("rewe", "de", "Rewe", "shop=supermarket"),
        ("tesco", "gb", "Tesco", "shop=supermarket"),
        ("mcdonalds", "us", "McDonald's", "amenity=fast_food"),
        ("ikea", "se", "IKEA", "shop=furniture"),
        ("ryanair", "", "Ryanair", "online=airline"),
    ],
)
def test_well_known_brands_are_in_the_shipped_file(name, country, title, tag):
    found = load_dictionary().find_leading([name], country)
    assert found is not None
    assert (found.brands[0].title, found.brands[0].kind.tag) == (title, tag)


def test_every_shipped_name_is_normalized():
    head, *lines = PACKAGE.joinpath("brands.txt").read_text(encoding="utf-8").splitlines()
    about = json.loads(head)
    brands, names = lines[: about["brands"]], lines[about["brands"] : about["brands"] + about["names"]]
    assert len(lines) == about["brands"] + about["names"] + about["first_words"]
    assert {line.split("\t")[1] for line in brands} <= set(load_kinds())
    assert [name for name in (line.split("\t")[0] for line in names) if normalize(name) != name] == []


def test_every_kind_has_a_category_of_the_system_or_none():
    assert {kind.category for kind in load_kinds().values()} == KEYS | {""}


def test_every_service_has_a_known_kind():
    lines = dictionary.read_lines(PACKAGE.joinpath("services.txt").read_text(encoding="utf-8"))
    assert {kind for kind, _ in lines} <= set(load_kinds())


def entries():
    for section, line in dictionary.read_lines(PACKAGE.joinpath("words.txt").read_text(encoding="utf-8")):
        for entry in line.partition(": ")[2].split(", "):
            yield section, entry


def test_every_word_stands_for_a_category_of_the_system():
    found = {section.removesuffix(" in") for section, _ in entries()}
    assert found == KEYS | INCOME_KEYS | {REFUND}


def test_every_word_can_be_met_in_a_normalized_text():
    assert [word for _, word in entries() if normalize(word.lstrip("*")) != fold(word.lstrip("*"))] == []


def test_no_word_stands_for_two_categories_of_one_direction():
    homes: dict[tuple[bool, str], set[str]] = {}
    for section, word in entries():
        homes.setdefault((section.endswith(" in"), word), set()).add(section)
    assert {word: dictionary for word, dictionary in homes.items() if len(dictionary) > 1} == {}


def test_the_languages_asked_for_have_words_in_every_common_category():
    lines = dictionary.read_lines(PACKAGE.joinpath("words.txt").read_text(encoding="utf-8"))
    found = {(section, line[:2]) for section, line in lines}
    common = [*KEYS, "salary in", "interest in"]
    languages = ("en", "de", "fr", "es", "it", "nl", "pt", "pl", "sv")
    assert [(key, language) for key in common for language in languages if (key, language) not in found] == []


WORDS = Words("[dining]\nen: coffee, fish bar\nen weak: bar\nde: *cafe\n[fees-taxes]\nen: fee\n[salary in]\nen: pay\n")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("old fish bar town", ("fish bar", "dining", "phrase")),
        ("coffee fee", ("fee", "fees-taxes", "word")),
        ("fee coffee town", ("coffee", "dining", "word")),
        ("fish bar fee", ("fee", "fees-taxes", "word")),
        ("stadtcafe mitte", ("cafe", "dining", "ending")),
        ("bar", ("bar", "dining", "alone")),
        ("bar town", None),
        ("pay", None),
    ],
)
def test_phrases_win_over_words_endings_and_weak_words(text, found):
    assert WORDS.find(text.split(), "out") == found


def test_the_shipped_words_are_read_once():
    assert load_words() is load_words()
    assert load_dictionary() is load_dictionary()
