"""Words of a text with their places, and the places that are private."""

import re
from typing import NamedTuple

from providers.normalization import fold

#: Letters, with an apostrophe inside; vowel signs of South and Southeast Asian scripts belong to their words.
_LETTERS = r"[^\W\d_]|[\u0300-\u036f\u0900-\u0963\u0970-\u0e7f]"
_WORD = re.compile(rf"(?:{_LETTERS})++(?:['\u2019](?=[^\W\d_])(?:{_LETTERS})++)*+(?![\d])|\d++")


class PrivatePart(NamedTuple):
    """A private part of a text, from `start` up to `end`. `kind` is the word of its placeholder, such as IBAN."""

    start: int
    end: int
    kind: str


class Word(NamedTuple):
    """A word of a text and its place; `folded` is in small letters without accents."""

    start: int
    end: int
    folded: str


def words_with_places(text: str) -> list[Word]:
    """Return the words and numbers of a text in order."""
    return [Word(*found.span(), _fold_word(found[0])) for found in _WORD.finditer(text)]


def folded_words(text: str) -> list[str]:
    """Return the same words without their places, which is faster."""
    if text.isascii() and "'" not in text:
        return _WORD.findall(text.lower())
    return [_fold_word(word) for word in _WORD.findall(text)]


def _fold_word(word: str) -> str:
    return word.lower() if word.isascii() and "'" not in word else fold(word)
