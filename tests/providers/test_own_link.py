"""The example of a link that docs/chain.md shows."""

import inspect
import re

from django.conf import settings
from django.core.checks import run_checks
from django.test import override_settings

from examples.word_list import WordListProvider
from providers.conformance import check_provider
from providers.interface import OfferedCategory, Question

EXAMPLE = settings.BASE_DIR / "examples" / "word_list.py"
PAGE = settings.BASE_DIR / "docs" / "chain.md"
ENTRY = {
    "BACKEND": "examples.word_list.WordListProvider",
    "MIN_CONFIDENCE": 0.8,
    "OPTIONS": {"words": {"krummer hund": "Dining", "hufeisen": "Pets"}},
}


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE.read_text(), re.MULTILINE | re.DOTALL)


def test_the_page_shows_the_example_as_it_is():
    assert EXAMPLE.read_text() in blocks("python")


def test_the_word_list_keeps_to_the_interface():
    dining = OfferedCategory(1, "Dining", "expense", key="dining")
    known = Question("KRUMMER HUND KOELN", (dining,), owner=1)
    check_provider(lambda: WordListProvider(words={"krummer hund": "Dining"}), questions=[known])


def test_the_page_shows_how_it_is_tested():
    assert inspect.getsource(test_the_word_list_keeps_to_the_interface) in blocks("python")


def test_the_entry_that_the_page_shows_is_the_tested_one():
    entries = [eval(block.strip().rstrip(",")) for block in blocks("python") if block.startswith("{")]  # noqa: S307
    assert entries == [ENTRY]


@override_settings(CATEGORIZATION_PROVIDERS=[ENTRY])
def test_an_own_link_answers_under_its_name(ana):
    body = ana.post("expenses/", {"amount": "12.00", "description": "KRUMMER HUND KOELN"}).json()
    assert body["category_name"] == "Dining"
    assert body["categorization"] == {
        "status": "automatic",
        "source": "words",
        "confidence": 0.9,
        "explanation": "“krummer hund” is on your list for Dining.",
        "awaits_model": False,
        "suggestion": None,
    }


@override_settings(CATEGORIZATION_PROVIDERS=[ENTRY | {"MIN_CONFIDENCE": 0.95}])
def test_below_its_threshold_it_only_suggests(ana):
    body = ana.post("expenses/", {"amount": "30.00", "description": "Reitstall Hufeisen"}).json()
    assert (body["category"], body["categorization"]["status"]) == (None, "suggested")
    assert body["categorization"]["suggestion"]["category_name"] == "Pets"


@override_settings(CATEGORIZATION_PROVIDERS=[ENTRY])
def test_a_text_without_listed_words_is_left_to_others(ana):
    body = ana.post("expenses/", {"amount": "30.00", "description": "Kiosk"}).json()
    assert body["categorization"]["status"] == "none"


@override_settings(CATEGORIZATION_PROVIDERS=[ENTRY])
def test_the_entry_passes_the_system_checks():
    assert [message for message in run_checks() if str(message.id).startswith("providers.")] == []


@override_settings(CATEGORIZATION_PROVIDERS=[{"BACKEND": ENTRY["BACKEND"]}])
def test_a_forgotten_option_is_named_by_the_system_checks():
    (message,) = [message for message in run_checks() if message.id == "providers.E001"]
    assert "does not take these OPTIONS" in message.msg
