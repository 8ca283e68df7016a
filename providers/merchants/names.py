"""Names of merchants: that of the brand's owner, or else the words that texts of a bank share, as people write them.

Pure. `known_name` of the provider tells the brand of a text.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import lru_cache

from providers.merchants.dictionary import Brand, load_dictionary
from providers.normalization import PLACE_WORDS, fold, normalize

#: Words behind the name of a retailer that say how large the shop is, or where: it is the same merchant.
_FORMATS = frozenset((
    "center", "centre", "city", "contact", "daily", "drive", "expres", "express", "extra", "go", "hyper",
    "hypermarket", "kaufpark", "local", "market", "markt", "maxi", "mega", "metro", "mini", "proxi", "shop", "store",
    "super", "superstore", "to", "xl", "xpress",
))  # fmt: skip
_JOINING = frozenset(PLACE_WORDS["joining"].split())
_TOKEN = re.compile(r"[^\W_]+(?:[&'\u2019.][^\W_]+)*")
_PART = re.compile(r"[^ -]+")
_VOWELS = frozenset("aeiouyäöüåæøáéíóúàèìòùâêîôû")
#: Abbreviations that are no names.
_SPOKEN = frozenset(("st", "dr", "mr", "mrs"))


@lru_cache(maxsize=4096)
def brand_name(brand: Brand) -> str:
    """Return the name of the merchant that a brand belongs to: "REWE To Go" and "Rewe City" are shops of "Rewe"."""
    words = normalize(brand.title).split()
    for length in range(1, len(words)):
        if are_formats(words[length:]):
            match = load_dictionary().find_leading(words[:length], "")
            whole = match.brands if match and match.way == "whole" else ()
            retailer = next((one for one in whole if _is_retailer(one, brand)), None)
            if retailer is not None:
                return retailer.title
    return brand.title


def are_formats(words: Sequence[str]) -> bool:
    """Return True if words behind the name of a retailer only say what kind of shop it is."""
    return _FORMATS.issuperset(words)


def _is_retailer(one: Brand, brand: Brand) -> bool:
    """Return True if both are shops of one category, such as a supermarket and a convenience store."""
    are_shops = one.kind.tag.startswith("shop=") and brand.kind.tag.startswith("shop=")
    return are_shops and one.kind.category == brand.kind.category


def telling_words(text: str, n: int) -> str:
    """Return the first words of a normalized text, joined by one space: `n` besides articles and the like."""
    words = text.split()
    n_telling = 0
    for place, word in enumerate(words):
        n_telling += word not in _JOINING
        if n_telling == n:
            return " ".join(words[: place + 1])
    return text


def shared_words(texts: Iterable[str]) -> str:
    """Return the words that all normalized texts begin with, joined by one space."""
    first, *others = [text.split() for text in dict.fromkeys(texts)] or [[]]
    length = len(first)
    for words in others:
        same = (i for i, (one, other) in enumerate(zip(first, words, strict=False)) if one != other)
        length = min(length, next(same, min(len(first), len(words))))
    return " ".join(first[:length])


def spelled(words: str, texts: Sequence[str]) -> str:
    """Return normalized words in the most common spelling of the texts, in capitals only where people write them."""
    wanted = words.split()
    found = Counter(spelling for text in texts if (spelling := _spelling(wanted, text)))
    likeliest = found.most_common(1)[0][0] if found else words
    if not (likeliest.isupper() or likeliest.islower()):
        return likeliest
    return _PART.sub(lambda part: _in_sensible_case(part[0]), likeliest)


def _spelling(wanted: Sequence[str], text: str) -> str:
    """Return how a text writes the words, which come in it in order; "" if it lacks one."""
    tokens = _TOKEN.finditer(text)
    spelling, end = "", 0
    for word in wanted:
        found = next((token for token in tokens if fold(token[0]).replace(".", "") == word), None)
        if found is None:
            return ""
        joint = text[end : found.start()]
        spelling += (joint if joint == "-" else " ") + found[0] if spelling else found[0]
        end = found.end()
    return spelling


def _in_sensible_case(word: str) -> str:
    small = word.casefold()
    if "&" in word or (_VOWELS.isdisjoint(small) and small not in _SPOKEN and small not in _JOINING):
        return word
    return word[:1].upper() + word[1:].lower()
