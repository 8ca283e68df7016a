"""The names that ship with Outlay, known brands and general words, in damaged text."""

from collections.abc import Sequence
from functools import cache, lru_cache
from typing import NamedTuple

from providers.damaged_names.evidence import NameCandidate, choose, strength_of
from providers.damaged_names.index import NameIndex, NameMatch
from providers.interface import Direction
from providers.merchants.dictionary import Brand, load_dictionary, load_words
from providers.merchants.provider import SHARE_OF_RECEIVED, find_answer
from providers.normalization import CHANNEL_WORDS, PLACE_WORDS, load_towns

#: Ways of the dictionary that say so little that a damaged name may know better.
_WEAK_WAYS = frozenset({"ending", "channel", "word abroad"})


class ShippedName(NamedTuple):
    """A shipped name in damaged text. `brand` is None for a general word; `category` is the key of a category."""

    match: NameMatch
    category: str
    brand: Brand | None
    confidence: float


@lru_cache(maxsize=4096)
def find_shipped_name(words: tuple[str, ...], direction: Direction, country: str) -> ShippedName | None:
    """Find the shipped name that normalized words hold damaged. `country` is a small code or "".

    Money that came in is asked about brands alone, and taken for their refund.
    """
    candidates, brands = [], {}
    for match in load_shipped_names().find_damaged(words):
        brand = _likeliest_brand(match.name, country)
        category = brand.kind.category if brand else _spent_words().get(match.name, "")
        if category and (brand or direction == "out"):
            brands[match.name] = brand
            strength = strength_of(match, words, is_general=brand is None)
            candidates.append(NameCandidate(match, strength, category))
    chosen = choose(candidates)
    if chosen is None:
        return None
    confidence = chosen.confidence * (SHARE_OF_RECEIVED if direction == "in" else 1)
    return ShippedName(chosen.match, str(chosen.category), brands[chosen.match.name], round(confidence, 4))


def is_known_whole(text: str, direction: Direction, country: str) -> bool:
    """Return True if the dictionary finds something undamaged in the text."""
    found = find_answer(text, direction, country)
    return found is not None and found.way not in _WEAK_WAYS


@cache
def load_shipped_names() -> NameIndex:
    """Return the index of all shipped names and words of money spent, made once per process."""
    return NameIndex(sorted({*load_dictionary().names, *_spent_words()}), is_ordinary=is_ordinary)


@lru_cache(maxsize=16_384)
def is_ordinary(word: str) -> bool:
    """Return True for a word that stands for itself: of a known name, a general word, a town, a given name."""
    return word in _ordinary_words() or load_towns().is_town(word)


@cache
def _ordinary_words() -> frozenset[str]:
    of_banks = (CHANNEL_WORDS[name] for name in ("channel", "legal_forms", "processors", "leading_processors"))
    of_places = (PLACE_WORDS[name] for name in ("joining", "given_names", "ambiguous", "general_heads"))
    texts = (*of_banks, *of_places, *load_dictionary().names, *load_words().phrases, *load_words().single_words)
    return frozenset(word for text in texts for word in text.split())


@cache
def _spent_words() -> dict[str, str]:
    return dict(load_words().spent())


def _likeliest_brand(name: str, country: str) -> Brand | None:
    brands: Sequence[Brand] = load_dictionary().brands_of(name, country)
    return next((brand for brand in brands if brand.kind.category), None)
