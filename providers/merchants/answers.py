"""Decides which of the brands and words found in a text answers, and how likely it is right."""

from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

from providers.interface import Direction
from providers.merchants import dictionary
from providers.merchants.dictionary import Brand, BrandMatch, load_dictionary
from providers.merchants.kinds import Kind
from providers.merchants.words import Way, WordMatch, load_words
from providers.normalization import normalize

#: Share of right answers by the way they were found, measured by `benchmarks/merchants.py` (see docs/merchants.md).
CONFIDENCE: Mapping[dictionary.Way | Way, float] = {
    "whole": 0.94,
    "leading words": 0.93,
    "leading word": 0.88,
    "inner words": 0.78,
    "inner word": 0.96,
    "similar": 0.62,
    "phrase": 0.98,
    "word": 0.94,
    "ending": 0.5,
    "alone": 0.8,
    "cut name": 0.91,
    "cut word": 0.82,
}
#: The same where the country is unknown, so that brands of the whole world are taken for known; a word further on is
#: then measured on all files.
CONFIDENCE_ANYWHERE: Mapping[dictionary.Way | Way, float] = {
    **CONFIDENCE,
    "leading word": 0.81,
    "inner words": 0.73,
    "inner word": 0.68,
}
#: Money that comes in under a brand or word is its refund or income a little less surely.
SHARE_OF_RECEIVED = 0.95
#: What a word may say against the likeliest kind of a brand: a supermarket's fuel station, pharmacy, cafe, insurance.
_POINTERS = frozenset({"transport", "healthcare", "dining", "utilities", "insurance", "travel"})


class Finding(NamedTuple):
    """What a text says: the key of a category, and where that comes from.

    `brand` is None for a general word; `pointer` is the word that chose among the kinds of a brand. `alternatives` are
    all its kinds.
    """

    category: str
    confidence: float
    score: float
    way: str
    text: str
    brand: Brand | None = None
    pointer: str = ""
    alternatives: tuple[Kind, ...] = ()
    is_refund: bool = False


@lru_cache(maxsize=4096)  # two links ask for it, one after the other
def find_answer(text: str, direction: Direction, country: str) -> Finding | None:
    """What a bank's text says of a payment; None if nothing known is in it. `country` is a small code or ""."""
    words = normalize(text).split()
    if not words:
        return None
    if direction == "in":
        return _find_received(words, country)
    return _find_spent(words, country)


def _find_spent(words: list[str], country: str) -> Finding | None:
    known = load_dictionary()
    leading = known.find_leading(words, country)
    if leading and leading.way != "leading word":
        return _by_brand(leading, words, country) or _by_word(words, "out")
    return (
        _by_phrase(words, "out")
        or _by_head_noun(leading, words)
        or _by_brand(leading, words, country)
        or _by_word(words, "out")
        or _by_brand(known.find_inner(words, country), words, country)
        or _by_rest(words, country)
    )


def _by_rest(words: list[str], country: str) -> Finding | None:
    """What a bank cut off, or somebody typed with a slip."""
    known = load_dictionary()
    stump = None if known.has_word(words[-1]) else load_words().find_cut(words)
    return (
        _by_brand(known.find_cut(words, country), words, country)
        or (stump and _by_match(stump, words))
        or _by_brand(known.find_similar(words, country), words, country)
    )


def _find_received(words: list[str], country: str) -> Finding | None:
    known = load_dictionary()
    leading = known.find_leading(words, country)
    named = leading if leading and leading.way != "leading word" else None
    found = (
        _by_phrase(words, "in")
        or _by_brand(named, words, country)
        or _by_word(words, "in")
        or _by_brand(leading or known.find_inner(words, country), words, country)
    )
    return found and found._replace(
        confidence=round(found.confidence * SHARE_OF_RECEIVED, 2), is_refund=found.brand is not None
    )


def _by_brand(match: BrandMatch | None, words: list[str], country: str) -> Finding | None:
    """The likeliest kind of the brand that tells a category; a word of the text may point at another of its kinds."""
    brands = [brand for brand in match.brands if brand.kind.category] if match else []
    if not match or not brands:
        return None
    brand, pointer = _choose(brands, words)
    category = pointer.category if pointer else brand.kind.category
    return Finding(
        category=category,
        confidence=(CONFIDENCE if country else CONFIDENCE_ANYWHERE)[match.way],
        score=match.score,
        way=match.way,
        text=match.name,
        brand=brand,
        pointer=pointer.word if pointer else "",
        alternatives=tuple(dict.fromkeys(other.kind for other in brands)),
    )


def _choose(brands: list[Brand], words: list[str]) -> tuple[Brand, WordMatch | None]:
    """The brand as the likeliest kind of place, or as the kind that a word of the text points at, with that word.

    Words of fuel and parking hold for a grocer even where no such place of it is known.
    """
    said = load_words().find(words, "out")
    if said is None or said.category not in _POINTERS or said.category == brands[0].kind.category:
        return brands[0], None
    pointed = next((brand for brand in brands if brand.kind.category == said.category), None)
    if pointed:
        return pointed, said
    overridden = said.category == "transport" and brands[0].kind.category == "groceries"
    return brands[0], said if overridden else None


def _by_head_noun(match: BrandMatch | None, words: list[str]) -> Finding | None:
    """The general word right behind a brand of one word: "Adler Apotheke" is no Adler, but a pharmacy."""
    said = load_words().find(words[1:2], "out") if match else None
    if not match or not said or said.way != "word" or said.category in {brand.kind.category for brand in match.brands}:
        return None
    return _by_match(said, words)


def _by_phrase(words: list[str], direction: Direction) -> Finding | None:
    match = load_words().find_phrase(words, direction)
    return match and _by_match(match, words)


def _by_word(words: list[str], direction: Direction) -> Finding | None:
    match = load_words().find(words, direction)
    return match and _by_match(match, words)


def _by_match(match: WordMatch, words: list[str]) -> Finding:
    share = (match.word.count(" ") + 1) / len(words)
    return Finding(match.category, CONFIDENCE[match.way], score=share, way=match.way, text=match.word)
