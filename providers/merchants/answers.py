"""Decides which of the brands and words found in a text answers, and how likely it is right."""

from typing import NamedTuple

from providers.interface import Direction
from providers.merchants import dictionary
from providers.merchants.dictionary import Brand, BrandMatch, load_dictionary
from providers.merchants.words import Way, WordMatch, load_words
from providers.normalization import words as words_of

#: Share of right answers by the way they were found, measured by `benchmarks/merchants.py` (see docs/merchants.md).
CONFIDENCE: dict[dictionary.Way | Way, float] = {
    "whole": 0.95,
    "leading words": 0.95,
    "leading word": 0.9,
    "inner words": 0.85,
    "inner word": 0.7,
    "similar": 0.8,
    "phrase": 0.9,
    "word": 0.85,
    "ending": 0.8,
    "alone": 0.6,
}
#: A brand's money that comes in is its refund less surely than its money that goes out is a purchase.
CONFIDENCE_OF_REFUND = 0.8


class Finding(NamedTuple):
    """What a text says: the key of a category, and where that comes from. `brand` is None for a general word."""

    category: str
    confidence: float
    score: float
    way: str
    text: str
    brand: Brand | None = None
    alternatives: tuple[str, ...] = ()
    is_refund: bool = False


def find_answer(text: str, direction: Direction, country: str) -> Finding | None:
    """What a bank's text says of a payment; None if nothing known is in it. `country` is a small code or ""."""
    words = words_of(text)
    if not words:
        return None
    if direction == "in":
        return _find_received(words, country)
    return _find_spent(words, country)


def _find_spent(words: list[str], country: str) -> Finding | None:
    known = load_dictionary()
    leading = known.find_leading(words, country)
    if leading and leading.way != "leading word":
        return _by_brand(leading, words) or _by_word(words, "out")
    return (
        _by_phrase(words, "out")
        or _by_brand(leading or known.find_inner(words, country) or known.find_similar(words, country), words)
        or _by_word(words, "out")
    )


def _find_received(words: list[str], country: str) -> Finding | None:
    said = _by_word(words, "in")
    if said:
        return said
    known = load_dictionary()
    refund = _by_brand(known.find_leading(words, country) or known.find_inner(words, country), words)
    return refund and refund._replace(confidence=refund.confidence * CONFIDENCE_OF_REFUND, is_refund=True)


def _by_brand(match: BrandMatch | None, words: list[str]) -> Finding | None:
    """The likeliest kind of the brand that tells a category; a word of the text may point at another of its kinds."""
    brands = [brand for brand in match.brands if brand.kind.category] if match else []
    if not match or not brands:
        return None
    brand = _pointed_at(brands, words) or brands[0]
    others = {other.kind.category: None for other in brands if other.kind.category != brand.kind.category}
    return Finding(
        category=brand.kind.category,
        confidence=CONFIDENCE[match.way],
        score=match.score,
        way=match.way,
        text=match.name,
        brand=brand,
        alternatives=tuple(others),
    )


def _pointed_at(brands: list[Brand], words: list[str]) -> Brand | None:
    if len(brands) == 1:
        return None
    said = load_words().find(words, "out")
    return next((brand for brand in brands if said and brand.kind.category == said.category), None)


def _by_phrase(words: list[str], direction: Direction) -> Finding | None:
    match = load_words().find_phrase(words, direction)
    return match and _by_match(match, words)


def _by_word(words: list[str], direction: Direction) -> Finding | None:
    match = load_words().find(words, direction)
    return match and _by_match(match, words)


def _by_match(match: WordMatch, words: list[str]) -> Finding:
    share = (match.word.count(" ") + 1) / len(words)
    return Finding(match.category, CONFIDENCE[match.way], score=share, way=match.way, text=match.word)
