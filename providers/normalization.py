"""Turns a bank's text into the words of its merchant, so that two payments to one shop read the same.

Banks put the merchant first and wrap it in channel words, card numbers, dates and references. What is left here is
the merchant and the place, in order, which is why the leading words make a good key.
"""

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

from providers import channel_words

#: Characters that are read; the merchant stands at the front, and the limit bounds the time of any text.
MAX_LENGTH = 200

_INVISIBLE = dict.fromkeys(
    [
        *(0xAD, 0x34F, 0x61C, 0x180E, 0x2060, 0xFEFF),
        *(*range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2066, 0x2070), *range(0xFE00, 0xFE10)),
    ]
)
_MARKS = dict.fromkeys([*range(0x300, 0x370), *range(0x591, 0x5C8), *range(0x64B, 0x660), 0x670])
_QUOTES = dict.fromkeys(map(ord, "\u2018\u2019\u02bc\u2032\xb4`"))
_UNDECOMPOSED = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "\u0131": "i", "æ": "ae", "œ": "oe", "ð": "d", "þ": "th"})
_FOLDS = _INVISIBLE | _MARKS | _QUOTES | _UNDECOMPOSED

#: One or two characters on both sides of "&" are one word (h&m, 1&1). Vowel signs of South and Southeast Asian
#: scripts are not \w, but part of their words.
_WORD = re.compile(r"\w{1,2}&\w{1,2}(?!\w)|[\w\u0900-\u0963\u0966-\u109f\u1780-\u17d3]+")
_PROCESSOR = re.compile(rf"\b(?:{'|'.join(channel_words.PROCESSORS.split())})\s?\*\s*(?=\w)")
_CHANNEL = frozenset(channel_words.CHANNEL.split())
_LEGAL_FORMS = frozenset(channel_words.LEGAL_FORMS.split())
_PHRASES = [tuple(line.split()) for line in channel_words.PHRASES.strip().splitlines()]
_PHRASES_BY_HEAD = {
    head: sorted((phrase for phrase in _PHRASES if phrase[0] == head), key=len, reverse=True)
    for head in {phrase[0] for phrase in _PHRASES}
}
_TELLING_PHRASES = [tuple(line.split()) for line in channel_words.TELLING_PHRASES.strip().splitlines()]
_LEADING_PROCESSORS = frozenset(channel_words.LEADING_PROCESSORS.split())
_RESTLESS = frozenset(_PHRASES_BY_HEAD) | _LEADING_PROCESSORS
_MASKS = frozenset("x" * length for length in range(3, MAX_LENGTH + 1))
_MONTHS = frozenset(channel_words.MONTHS.split())


@lru_cache(maxsize=16_384)
def normalize(text: str) -> str:
    """The merchant's words in order, folded and joined by one space; "" if nothing is left.

    Never raises, is idempotent, and reads the first 200 characters only. Kept for a while, since every link of the
    chain asks for it.
    """
    return " ".join(words(text))


def leading_words(text: str, n: int) -> str:
    """The first `n` words of a normalized text, joined by one space."""
    return " ".join(text.split(" ", n)[:n])


def words(text: str) -> list[str]:
    """The words that `normalize` joins."""
    folded = fold(text)
    if "*" in folded:
        folded = _PROCESSOR.sub("", folded)
    return _merchant_words(_WORD.findall(folded))


def fold(text: str) -> str:
    """The first 200 characters in small letters without accents, quotes and invisible characters."""
    folded = text[:MAX_LENGTH].lower()
    if not folded.isascii():
        folded = unicodedata.normalize("NFKD", folded.casefold()).translate(_FOLDS)
        folded = unicodedata.normalize("NFKC", folded).casefold()
    return folded[:MAX_LENGTH].replace("'", "").replace("_", " ")


def _merchant_words(found: list[str]) -> list[str]:
    kept, restless = _keep_words(found)
    if restless:
        kept = _settle(kept)
    if kept:
        return kept
    plain = [word for word in found if not any(map(str.isdigit, word)) and word not in _MASKS]
    return plain if plain == found else _merchant_words(plain)


def _keep_words(found: list[str]) -> tuple[list[str], bool]:
    """The words that are neither channel nor number, and whether `_settle` has to look at them."""
    kept: list[str] = []
    restless = False
    for index, word in enumerate(found):
        if word in _CHANNEL or (kept and word in _LEGAL_FORMS) or word in _MASKS:
            continue
        if not word.isalpha():
            if not _may_name(word, found, index):
                continue
            restless = restless or word.isdigit()
        elif word in _RESTLESS:
            restless = True
        kept.append(word)
    return kept, restless


def _may_name(word: str, found: list[str], index: int) -> bool:
    """Whether a word with other characters than letters can be part of a name, not a number, a date or a mask."""
    if word.isdigit():
        neighbors = found[max(index - 1, 0) : index] + found[index + 1 : index + 2]
        return len(word) <= 3 and index + 1 < len(found) and not any(map(str.isdigit, neighbors))
    n_digits = sum(map(str.isdigit, word))
    return n_digits < 4 and not (len(word) > 4 and n_digits * 2 >= len(word)) and not _is_date_or_mask(word)


def _is_date_or_mask(word: str) -> bool:
    """True of 26jan, jan26, xx12 and the like."""
    letters = word.strip("0123456789")
    return letters in _MONTHS or (len(word) > 2 and not letters.strip("x"))


def _settle(kept: list[str]) -> list[str]:
    """Drop phrases, processors in front and numbers that do not lead, until nothing changes."""
    while True:
        settled = _without_phrases(kept)
        if len(settled) > 1 and settled[0] in _LEADING_PROCESSORS:
            settled = settled[1:]
        settled = settled[:1] + [word for word in settled[1:] if not word.isdigit()]
        if settled == kept:
            return [] if len(kept) == 1 and kept[0].isdigit() else kept
        kept = settled


def _without_phrases(kept: list[str]) -> list[str]:
    left: list[str] = []
    index = 0
    while index < len(kept):
        length = _length_at(kept, index, _TELLING_PHRASES) or 1
        if length > 1 or not (dropped := _length_at(kept, index, _PHRASES_BY_HEAD.get(kept[index], ()))):
            left += kept[index : index + length]
            dropped = length
        index += dropped
    return left


def _length_at(kept: list[str], index: int, phrases: Iterable[tuple[str, ...]]) -> int:
    """The length of the first of the phrases that stands at the index, or 0."""
    return next((len(phrase) for phrase in phrases if tuple(kept[index : index + len(phrase)]) == phrase), 0)
