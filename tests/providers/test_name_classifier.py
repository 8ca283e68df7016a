"""Guesses for unknown names: suggested, never certain, and silent for a name that says nothing."""

from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.interface import OfferedCategory, Question
from providers.merchants.dictionary import load_kinds
from providers.name_classifier import NameClassifierProvider
from providers.name_classifier.provider import load_name_classifier

KEYS = ("groceries", "dining", "healthcare", "transport", "personal-care", "pets")
OFFERED = tuple(OfferedCategory(i, key.title(), "expense", key) for i, key in enumerate(KEYS, start=1))
NAMES = {category.id: category.key for category in OFFERED}


def ask(text, offered=OFFERED, **fields):
    [answer] = NameClassifierProvider().categorize_many([Question(text, offered, owner=1, **fields)])
    return answer


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("Zahnarztpraxis Drkwski", "healthcare"),
        ("Ristorante Qvrelli", "dining"),
        ("Pizzeria Vbnstra", "dining"),
        ("Nagelstudio Xqmann", "personal-care"),
    ],
)
def test_a_name_is_put_where_it_sounds_like(text, key):
    answer = ask(text)
    assert answer is not None
    assert NAMES[answer.category] == key
    assert 0.3 <= answer.confidence <= 1
    assert answer.explanation == f"It sounds like {key.title()}."


@pytest.mark.parametrize("text", ["", "4711 0815", "🍕👩‍👩‍👧‍👦", "𒀀𒁀𐎠ꦄ𞤀", "Xqvw"])
def test_a_name_that_says_nothing_is_declined(text):
    assert ask(text) is None


def test_money_that_comes_in_is_not_guessed_at():
    assert ask("Ristorante Qvrelli", direction="in") is None


def test_a_country_is_assumed_where_a_transaction_has_none():
    def guessed(option, country):
        asked = Question("Abele Optik", OFFERED, owner=1, country=country)
        link = NameClassifierProvider(country=option)
        [answer] = link.categorize_many([asked])
        return answer, link.key(asked)

    abroad, key = guessed("", "AU")
    assert abroad is not None
    assert guessed("", "DE")[0] is None  # a known brand there, whose category the dictionary tells
    assert guessed("AU", "") == (abroad, key)
    assert guessed("AU", "DE")[0] is None
    assert guessed("", "DE")[1] != key


def test_a_category_that_is_not_offered_is_not_answered():
    only_pets = tuple(category for category in OFFERED if category.key == "pets")
    answer = ask("Ristorante Qvrelli", only_pets)
    assert answer is None or answer.category == only_pets[0].id
    assert ask("Ristorante Qvrelli", ()) is None


def test_a_mapped_group_gets_the_users_own_category():
    own = OfferedCategory(99, "Essen", "expense")
    answer = ask("Ristorante Qvrelli", (*OFFERED, own), kinds={"dining": own.id})
    assert answer is not None
    assert answer.category == own.id
    assert answer.explanation == "It sounds like what you put into Essen."


def test_groups_that_share_a_category_are_one_alternative():
    own = OfferedCategory(99, "Alles", "expense")
    kinds = dict.fromkeys(load_name_classifier().categories, own.id) | {"dining": OFFERED[1].id}
    answer = ask("Pizza Taxi", (*OFFERED, own), kinds=kinds)
    assert answer is not None
    assert [category for category, _ in answer.alternatives] == [own.id]


@given(st.text(st.characters(), max_size=2_500))
def test_any_text_is_answered_or_declined(text):
    answer = ask(text)
    if answer is not None:
        assert answer.category in NAMES
        assert 0 <= answer.confidence + sum(p for _, p in answer.alternatives) <= 1.1


@given(st.lists(st.sampled_from(["ristorante", "zahnarzt", "", "xqvw", "markt"]), max_size=5))
def test_guesses_do_not_depend_on_what_else_is_asked(texts):
    together = NameClassifierProvider().categorize_many([Question(text, OFFERED, owner=1) for text in texts])
    alone = [ask(text) for text in texts]
    assert [found and found.category for found in together] == [found and found.category for found in alone]


@pytest.mark.parametrize("text", ["Blorf", "Ygdra Qvumpitz", "Qwertz", "Qvxisk Trznfo"])
def test_a_text_without_any_known_word_resembles_nothing(text):
    assert ask(text) is None


def test_the_shipped_classifier_names_its_sources():
    sounds = load_name_classifier()
    assert set(sounds.categories) <= {kind.category for kind in load_kinds().values()}
    assert sounds.weights.shape[1] == len(sounds.categories) == len(sounds.bias)
    assert sounds.version.startswith("nsi.")
    assert "+ids." in sounds.version
    assert NameClassifierProvider().version == f"2+{sounds.version}"


def test_the_license_of_the_schema_ships():
    text = files("providers.name_classifier").joinpath("LICENSE-id-tagging-schema").read_text(encoding="utf-8")
    assert "Permission to use, copy, modify" in text
