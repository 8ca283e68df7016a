"""Names in cut, glued, abbreviated and misspelled text, found by an index without a database."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rapidfuzz import process

from benchmarks.bank_damage import brand_names, damaged_texts, nonsense, people
from benchmarks.keywords import ask
from providers.damaged_names.evidence import (
    CONFIDENCE,
    LEAST_STRENGTH,
    MOST_STRENGTH,
    NameCandidate,
    choose,
    strength_of,
)
from providers.damaged_names.index import Damage, NameIndex, NameMatch
from providers.damaged_names.shipped import find_shipped_name, is_known_whole, load_shipped_names
from providers.merchants.dictionary import load_dictionary
from providers.normalization import normalize

NAMES = ["krummer hund", "starbucks", "starbucks coffee", "apotheke zur sonne", "blumen wagner", "velowerk", "h&m"]


def index_of(names, ordinary=()):
    known = {word for name in names for word in name.split(" ")} | set(ordinary)
    return NameIndex(names, is_ordinary=known.__contains__)


def found(text, names=NAMES, ordinary=()):
    matches = index_of(names, ordinary).find_damaged(text.split())
    return sorted((match.name, str(match.damage), round(match.likeness, 2)) for match in matches)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("velowe", [("velowerk", "cut", 0.75)]),
        ("krummer hu", [("krummer hund", "cut", 0.83)]),
        ("krummerhund", [("krummer hund", "glued", 0.92)]),
        ("velowerkbonn", [("velowerk", "glued", 0.67)]),
        ("vlwrk", [("velowerk", "abbreviated", 0.62)]),
        ("krmmr hnd", [("krummer hund", "abbreviated", 0.75)]),
        ("velowerek", [("velowerk", "misspelled", 0.89)]),
        ("velwerk", [("velowerk", "misspelled", 0.88)]),
        ("velowork", [("velowerk", "misspelled", 0.88)]),
        ("veolwerk", [("velowerk", "misspelled", 0.88)]),
        ("velo werk", [("velowerk", "cut", 0.5), ("velowerk", "misspelled", 0.89)]),
        ("starbucks", []),
        ("veloherz", []),
        ("olewerkv", []),
        ("", []),
    ],
)
def test_each_kind_of_damage_is_told_from_the_others(text, expected):
    assert found(text) == expected


def test_a_word_that_stands_for_itself_is_no_damaged_name():
    assert found("velowerck") == [("velowerk", "misspelled", 0.89)]
    assert found("velowerck", ordinary=["velowerck"]) == []


def test_letters_glued_to_a_name_are_known_or_make_it_unclean():
    clean = {
        match.name: match.is_clean
        for text in ("velowerkbonn", "velowerkshop", "velowerkqzx")
        for match in index_of(NAMES, ["bonn"]).find_damaged([text])
    }
    assert clean == {"velowerk": False}
    [match] = index_of(NAMES, ["bonn"]).find_damaged(["velowerkbonn"])
    assert match.is_clean


def test_what_else_the_text_holds_is_counted():
    [match] = index_of(NAMES, ["koeln"]).find_damaged(["qwz", "velowrk", "koeln", "plugh"])
    assert (match.start, match.end, match.n_unknown) == (1, 2, 2)


def test_undamaged_names_are_found_as_whole_words():
    names = index_of(NAMES)
    assert [match.name for match in names.find_whole(["der", "krummer", "hund", "in", "starbucks"])] == [
        "krummer hund",
        "starbucks",
    ]
    assert names.find_whole(["krummerhund", "starbuckss"]) == []


@given(st.permutations(NAMES), st.sampled_from(["velowe", "krummerhund", "strbcks", "starbucsk", "apotheke zur so"]))
def test_the_order_of_names_changes_nothing(names, text):
    assert found(text, names) == found(text)


@given(st.permutations(NAMES))
def test_a_name_that_is_added_later_is_found_as_one_given_at_first(names):
    grown = NameIndex(names[:3], is_ordinary=lambda word: False)
    for name in (*names[3:], names[0]):
        grown.add(name)
    for text in ("velowe", "krummerhund", "strbcks", "starbucsk", "starbucks"):
        whole = NameIndex(names, is_ordinary=lambda word: False)
        assert sorted(grown.find_damaged([text])) == sorted(whole.find_damaged([text]))
        assert grown.find_whole([text]) == whole.find_whole([text])


LETTERS = "abcdefghijklmnopqrstuvwxyz"
LONG_NAMES = st.text(LETTERS, min_size=8, max_size=14)


@given(LONG_NAMES, st.integers(0, 12), st.sampled_from(LETTERS), st.sampled_from(["in", "out", "other", "swap"]))
def test_one_typing_error_anywhere_is_found(name, at, letter, kind):
    at %= len(name) - 1
    wrong = {
        "in": name[:at] + letter + name[at:],
        "out": name[:at] + name[at + 1 :],
        "other": name[:at] + letter + name[at + 1 :],
        "swap": name[:at] + name[at + 1] + name[at] + name[at + 2 :],
    }[kind]
    matches = NameIndex([name], is_ordinary=lambda word: False).find_damaged([wrong])
    assert wrong == name or name in {match.name for match in matches}


@given(LONG_NAMES, LONG_NAMES)
def test_two_names_that_share_no_half_are_never_taken_for_each_other(name, other):
    if name[:4] == other[:4] or name[-4:] == other[-4:]:
        return
    matches = NameIndex([name], is_ordinary=lambda word: False).find_damaged([other])
    assert all(match.damage in (Damage.GLUED, Damage.ABBREVIATED) for match in matches)


@given(st.text(max_size=60))
def test_any_text_can_be_asked_about(text):
    words = normalize(text).split()
    for match in load_shipped_names().find_damaged(words):
        assert 0 < match.likeness <= 1
        assert 0 <= match.start < match.end <= len(words)


def match_of(**fields):
    return NameMatch("velowerk", 0, 1, Damage.CUT, likeness=0.9, n_letters=8)._replace(**fields)


@pytest.mark.parametrize(
    ("fields", "words", "is_general", "strength"),
    [
        ({}, "velowe", False, 8),
        ({"n_unknown": 1}, "velowe plugh", False, 5),
        ({}, "velowe daniel", False, 5),
        ({"start": 1, "end": 2}, "der velowe", False, 6),
        ({"is_clean": False}, "velowe", False, 5),
        ({"damage": Damage.GLUED, "likeness": 0.6}, "velowerkbonnn", False, 7),
        ({"start": 1, "end": 2, "n_unknown": 1}, "plugh velowe", True, 4),
        ({"n_unknown": 1, "damage": Damage.MISSPELLED}, "velowe plugh", True, 1),
    ],
)
def test_the_strength_is_letters_less_what_speaks_against(fields, words, is_general, strength):
    assert strength_of(match_of(**fields), words.split(), is_general=is_general) == strength


def test_more_letters_never_mean_less_confidence():
    for shares in CONFIDENCE.values():
        assert len(shares) == MOST_STRENGTH - LEAST_STRENGTH + 1
        assert list(shares) == sorted(shares)
    assert choose([]) is None
    assert choose([NameCandidate(match_of(), LEAST_STRENGTH - 1, "dining")]) is None


@given(st.permutations([("velowerk", "transport"), ("velowerft", "transport"), ("veloweg", "travel")]))
def test_names_of_several_categories_share_the_confidence(pairs):
    chosen = choose([NameCandidate(match_of(name=name), 8, category) for name, category in pairs])
    assert chosen is not None
    assert (chosen.match.name, chosen.category, chosen.others) == ("velowerk", "transport", ("travel",))
    alone = choose([NameCandidate(match_of(), 8, "transport")])
    assert alone is not None
    assert alone.confidence == CONFIDENCE[Damage.CUT][8 - LEAST_STRENGTH]
    assert chosen.confidence == pytest.approx(alone.confidence * 2 / 3, abs=1e-4)


@pytest.mark.parametrize(
    ("text", "brand", "damage"),
    [
        ("STARBUC", "Starbucks", "cut"),
        ("KARTENZAHLUNG STARBUC KOELN", "Starbucks", "cut"),
        ("STARBUCKSCOFFEE4711", "Starbucks", "glued"),
        ("PAYPAL*NETFLIXCOM", "Netflix", "glued"),
        ("STRBCKS", "Starbucks", "abbreviated"),
        ("MCDNLDS 123", "McDonald's", "abbreviated"),
        ("MCDONLADS", "McDonald's", "misspelled"),
    ],
)
@pytest.mark.parametrize("country", ["", "de"])
def test_shipped_names_are_found_damaged(text, brand, damage, country):
    words = tuple(normalize(text).split())
    name = find_shipped_name(words, "out", country)
    assert name is not None
    assert name.brand is not None
    assert (name.brand.title, name.match.damage) == (brand, damage)
    assert name.confidence >= 0.93
    refund = find_shipped_name(words, "in", country)
    assert refund is not None
    assert refund.confidence == pytest.approx(name.confidence * 0.95, abs=1e-4)


def test_general_words_are_found_where_money_goes_out():
    words = ("xyzzy", "plugh", "restauran")
    name = find_shipped_name(words, "out", "")
    assert name is not None
    assert (name.category, name.brand, name.match.name) == ("dining", None, "restaurant")
    assert find_shipped_name(words, "in", "") is None


def test_brands_of_other_countries_are_not_looked_for():
    name = find_shipped_name(("mercadonna",), "out", "es")
    assert name is not None
    assert name.brand is not None
    assert name.brand.title == "Mercadona"
    assert find_shipped_name(("mercadonna",), "out", "pl") is None


@pytest.mark.parametrize("text", ["Iglesias Petra", "Kowalczyk", "Transfer to Wendy Beauchamp", "Martin Huber"])
def test_people_are_no_misspelled_shops(text):
    assert is_known_whole(text, "out", "de") or find_shipped_name(tuple(normalize(text).split()), "out", "de") is None


def test_most_damaged_names_are_found_and_nearly_all_of_those_are_right():
    outcomes = [
        (one, ask(one.text, one.country))
        for one in damaged_texts(brand_names(n_per_country=15, seed=7), seed=8)
        if not is_known_whole(one.text, "out", one.country)
    ]
    for damage in (Damage.CUT, Damage.GLUED, Damage.ABBREVIATED, Damage.MISSPELLED):
        answers = [(one.category, found) for one, found in outcomes if one.damage is damage]
        right = [category == found.category for category, found in answers if found]
        assert len(answers) > 50
        assert len(right) / len(answers) >= 0.8
        assert sum(right) / len(right) >= 0.97


@pytest.mark.parametrize("texts", [nonsense, people])
def test_texts_without_a_known_name_are_seldom_taken_for_one(texts):
    unknown = [(text, country) for text, country in texts(1_000, seed=9) if not is_known_whole(text, "out", country)]
    assert len(unknown) > 500
    assert sum(ask(text, country) is not None for text, country in unknown) / len(unknown) <= 0.01


def test_few_names_are_looked_at(monkeypatch):
    seen = []

    def count(text, names, **options):
        seen.append(len(names))
        return extract(text, names, **options)

    extract = process.extract
    monkeypatch.setattr(process, "extract", count)
    chance, names = random.Random(1), load_shipped_names()  # noqa: S311 - a fixed seed
    texts = ["".join(chance.choices(LETTERS, k=9)) for _ in range(200)]
    for text in texts:
        names.find_damaged([text])
    assert 0 < sum(seen) / len(texts) < 100 < len(load_dictionary().names) / 200
