"""Turn a bank's text into the words of its merchant, so that two payments to one shop read the same.

Banks put the merchant first and wrap it in channel words, card numbers, dates and references. What is left here is
the merchant, in order, which is why the leading words make a good key. A town at the end is dropped where the rest
still names somebody. The towns of `towns.txt`, which `compile_towns` writes, are read once per process and only split
into lines; a line is understood when a text ends with its town.
"""

import json
import re
import tomllib
import unicodedata
from collections.abc import Iterator, Mapping
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any, NamedTuple

#: Raised when texts read otherwise than before: what the ledgers keep of them is then read anew.
VERSION = 3

#: The lists of `channel_words.toml` by their names.
CHANNEL_WORDS: Mapping[str, str] = tomllib.loads(
    files(__package__).joinpath("channel_words.toml").read_text(encoding="utf-8")
)

#: The lists of `place_words.toml` by their names.
PLACE_WORDS: Mapping[str, Any] = tomllib.loads(
    files(__package__).joinpath("place_words.toml").read_text(encoding="utf-8")
)

_MOST_CODES = 3
_LONGEST_NAME = 6
_SAFE_CODES = frozenset(PLACE_WORDS["safe_codes"].split())
_JOINING = frozenset(PLACE_WORDS["joining"].split())
GIVEN_NAMES = frozenset(PLACE_WORDS["given_names"].split())

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
_PROCESSOR = re.compile(
    rf"\b(?:{'|'.join(CHANNEL_WORDS['processors'].split())})(?:\.(?:com|net|io|de))?\s{{0,3}}\*\s*(?=\w)"
)
#: A marketplace writes its country and the number of the order behind its name: AMZN Mktp US*2A3BC.
_ORDER = re.compile(r"\b(am(?:azo|z)n(?: mk\w*| marketplace)?)(?:[. ](?:com|co\.uk|\w\w))?\s?\*\s?\w+")
#: Names of companies in writing without spaces: limited company, in Japanese and Chinese.
_UNSPACED_FORMS = re.compile(
    "\u682a\u5f0f\u4f1a\u793e|\u6709\u9650(?:\u8d23\u4efb)?\u516c\u53f8|\u6709\u9650\u4f1a\u793e"
)
#: A postcode of the United Kingdom, or a telephone number with a state, which American cards have in place of a town.
_POSTCODE = re.compile(r" (?:[a-z]{1,2}\d[a-z\d]? \d[abd-hjlnp-uw-z]{2}|\d{3}-\d{3}-?\d{4}(?: [a-z]{2})?)\b")
_TIME = re.compile(r"\d{1,2}(?:h\d{0,2}|am|pm|uhr)")
_REFERENCE = re.compile(r"\D*\d+\D+\d")
#: A day glued to the word of the channel before it: POS09SEP, ATM08OCT.
_GLUED_DAY = re.compile(rf"\b([a-z]{{3}})(\d{{1,2}})({CHANNEL_WORDS['months'].replace(' ', '|')})\b")
#: A number, or a reference, glued to a name: REWE4711, NYCTAXI9Z99.
_GLUED_NUMBER = re.compile(r"\b([a-z]{4,})(\d(?=\w*\d\w*\d))")
_DROPPED, _LEGAL_FORM, _RESTLESS, _DATED, _NUMBERED = 1, 2, 4, 8, 16


_TELLING_PHRASES = frozenset(tuple(line.split()) for line in CHANNEL_WORDS["telling_phrases"].strip().splitlines())
#: Phrases by their first word, the longest first.
_PHRASES: dict[str, list[tuple[str, ...]]] = {}
for _phrase in sorted(
    [*(tuple(line.split()) for line in CHANNEL_WORDS["phrases"].strip().splitlines()), *_TELLING_PHRASES], key=len
):
    _PHRASES.setdefault(_phrase[0], []).insert(0, _phrase)
_LEADING_PROCESSORS = frozenset(CHANNEL_WORDS["leading_processors"].split())
_MASKS = frozenset("x" * length for length in range(3, MAX_LENGTH + 1))
_MONTHS = frozenset(CHANNEL_WORDS["months"].split())
_BESIDE_NUMBERS = _MONTHS | frozenset(f"{CHANNEL_WORDS['month_names']} {CHANNEL_WORDS['currencies']}".split())

#: All roles of each word as one number, so that one look-up tells them.
_ROLES: dict[str, int] = {}
for _role, _known in (
    (_DROPPED, {*CHANNEL_WORDS["channel"].split(), *_MASKS}),
    (_LEGAL_FORM, set(CHANNEL_WORDS["legal_forms"].split())),
    (_RESTLESS, {*_PHRASES, *_LEADING_PROCESSORS}),
    (_DATED, _BESIDE_NUMBERS),
    (_NUMBERED, set(CHANNEL_WORDS["before_numbers"].split())),
):
    for _word in _known:
        _ROLES[_word] = _ROLES.get(_word, 0) | _role


@lru_cache(maxsize=16_384)
def normalize(text: str) -> str:
    """Return the merchant's words in order, folded and joined by one space; "" if nothing is left.

    It never raises, is idempotent, and reads the first 200 characters only. A cache keeps the result, since every
    link of the chain asks for it.
    """
    joined = " ".join(words(text))
    # Numbers that are left may read as a postcode or a date once they stand side by side.
    while any(map(str.isdigit, joined)) and (again := " ".join(words(joined))) != joined:
        joined = again
    return joined


def leading_words(text: str, n: int) -> str:
    """Return the first `n` words of a normalized text, joined by one space."""
    return " ".join(text.split(" ", n)[:n])


def words(text: str) -> list[str]:
    """Return the words that `normalize` joins."""
    found = words_and_place(text)
    while (shorter := load_towns().without_place(found)) != found:
        found = words_and_place(" ".join(shorter))
    return found


def words_and_place(text: str) -> list[str]:
    """Return the words of the merchant, and of the place behind it."""
    folded = fold(text)
    if "*" in folded:
        folded = _PROCESSOR.sub("", _ORDER.sub(r"\1", folded))
    if not folded.isascii():
        folded = _UNSPACED_FORMS.sub(" ", folded)
    if any(map(str.isdigit, folded)):
        folded = _GLUED_NUMBER.sub(r"\1 \2", _GLUED_DAY.sub(r"\1 \2 \3", _POSTCODE.sub(" ", folded)))
    found = _WORD.findall(folded)
    kept, is_settled = _merchant_words(found)
    while not is_settled and kept != found:
        found = kept
        kept, is_settled = _merchant_words(found)
    return kept


def plain_words(text: str) -> list[str]:
    """Return every word of the text in order."""
    found: list[str] = _WORD.findall(fold(text))
    return found


def fold(text: str) -> str:
    """Return the first 200 characters in small letters without accents, quotes and invisible characters."""
    folded = text[:MAX_LENGTH].lower()
    if not folded.isascii():
        folded = unicodedata.normalize("NFKD", folded.casefold()).translate(_FOLDS)
        folded = unicodedata.normalize("NFKC", folded).casefold()
    return folded[:MAX_LENGTH].replace("'", "").replace("_", " ")


def _merchant_words(found: list[str]) -> tuple[list[str], bool]:
    """Return the words of the merchant, and True if another look would leave the same."""
    kept, is_settled = _keep_words(found if _PHRASES.keys().isdisjoint(found) else _without_phrases(found))
    if not is_settled:
        kept = _without_phrases(kept)
        if len(kept) > 1 and kept[0] in _LEADING_PROCESSORS:
            kept = kept[1:]
        if len(kept) == 1 and kept[0].isdigit():
            kept = []
        kept = kept[:1] + [word for word in kept[1:] if not word.isdigit()]
    if kept:
        return kept, is_settled
    plain = [word for word in found if not any(map(str.isdigit, word)) and word not in _MASKS]
    return (plain, True) if plain == found else _merchant_words(plain)


def _keep_words(found: list[str]) -> tuple[list[str], bool]:
    """Return the words that are neither channel nor number, and True if none of them depends on its neighbors."""
    kept: list[str] = []
    is_settled = True
    for index, word in enumerate(found):
        if role := _ROLES.get(word):
            if role & _DROPPED or (kept and role & _LEGAL_FORM) or _belongs_to_number(role, found, index):
                continue
            is_settled = is_settled and role == _LEGAL_FORM
        elif not word.isalpha():
            if not _may_name(word, found, index):
                continue
            is_settled = is_settled and not word.isdigit()
        kept.append(word)
    return kept, is_settled


def _belongs_to_number(role: int, found: list[str], index: int) -> bool:
    """Return True if a month, a currency or "on" stands beside the number that it belongs to."""
    if not role & (_DATED | _NUMBERED):
        return False
    after = found[index + 1] if index + 1 < len(found) else ""
    return after[:1].isdigit() or (bool(role & _DATED) and index > 0 and found[index - 1].isdigit())


def _may_name(word: str, found: list[str], index: int) -> bool:
    """Return True if a word with digits or signs can be part of a name: no number, date, reference or mask.

    Dates and masks are 26jan, jan26, 9h30, xx12 and the like, references such as a1b2c3.
    """
    if word.isdigit():
        if len(word) > 3 or index + 1 >= len(found):
            return False
        neighbors = found[max(index - 1, 0) : index] + found[index + 1 : index + 2]
        return not any(near in _BESIDE_NUMBERS or any(map(str.isdigit, near)) for near in neighbors)
    n_digits = sum(map(str.isdigit, word))
    if n_digits >= 4 or (len(word) > 4 and n_digits * 2 >= len(word)):
        return False
    letters = word.strip("0123456789")
    is_date_or_mask = (
        letters in _MONTHS
        or (len(word) > 2 and not letters.strip("x"))
        or (len(word) > 5 and _REFERENCE.match(word) is not None)
        or _TIME.fullmatch(word) is not None
    )
    return not is_date_or_mask


def _without_phrases(kept: list[str]) -> list[str]:
    left: list[str] = []
    index = 0
    while index < len(kept):
        phrase: tuple[str, ...] = ()
        if kept[index] in _PHRASES:
            phrases = _PHRASES[kept[index]]
            phrase = next((one for one in phrases if tuple(kept[index : index + len(one)]) == one), ())
        if not phrase or phrase in _TELLING_PHRASES:
            left += phrase or (kept[index],)
        index += len(phrase) or 1
    return left


class Town(NamedTuple):
    """A town without the last word of its name. `countries` are small ISO 3166 alpha-2 codes."""

    head: list[str]
    countries: frozenset[str]
    needs_code: bool

    def is_at_end(self, words: list[str], codes: list[frozenset[str]]) -> bool:
        """Return True if the words end with the town, begin with something else, and `codes` behind fit its country."""
        start = len(words) - len(self.head) - 1
        if start <= 0 or words[start:-1] != self.head or (self.needs_code and not codes):
            return False
        return not any(map(self.countries.isdisjoint, codes))


class Towns:
    """The compiled towns. `about` says where they come from."""

    def __init__(self, text: str) -> None:
        """Read the content of `towns.txt`."""
        head, *lines = text.split("\n")
        self.about: dict[str, Any] = json.loads(head)
        codes = self.about["towns"]
        names = codes + self.about["codes"]
        general = names + self.about["names"]
        self._towns: dict[str, str] = dict(line.split("\t") for line in lines[:codes])
        self._codes: dict[str, str] = dict(line.split("\t") for line in lines[codes:names])
        self._names = frozenset(lines[names:general])
        self._weak = _JOINING | GIVEN_NAMES | frozenset(lines[general:])

    def is_town(self, word: str) -> bool:
        """Return True if the word by itself is a town and nothing else that is known."""
        return any(not town.head and not town.needs_code for town in self._towns_ending_with(word))

    def without_place(self, words: list[str]) -> list[str]:
        """Cut town, state and country off the end of a merchant's words, unless the rest would name nobody."""
        while words and (words[-1] in self._towns or words[-1] in self._codes) and len(words) > 1:
            length = self._length_of_place(words)
            rest = words[:-length] if length else words
            # "bank of", "hotel" or a given name alone names nobody.
            if rest == words or rest[-1] in _JOINING:
                break
            if all(word in self._weak or len(word) <= 1 or word.isdigit() for word in rest):
                break
            words = rest
        return words

    def _length_of_place(self, words: list[str]) -> int:
        """Return the number of words at the end that are a place."""
        if self._ends_with_name(words, len(words) - 1):
            return 0
        codes: list[frozenset[str]] = []
        for end in range(len(words), max(len(words) - _MOST_CODES, 1) - 1, -1):
            here = words[:end]
            towns = self._towns_ending_with(here[-1])
            if length := max((len(town.head) + 1 for town in towns if town.is_at_end(here, codes)), default=0):
                return 0 if self._ends_with_name(here, end - length) else len(words) - end + length
            if words[end - 1] not in self._codes:
                break
            codes.append(frozenset(self._codes[words[end - 1]].split(" ")))
        return int(words[-1] in _SAFE_CODES)

    def _towns_ending_with(self, last: str) -> Iterator[Town]:
        for entry in self._towns.get(last, "").split():
            head, _, countries = entry.partition(":")
            plain = head.lstrip("!")
            yield Town(plain.split("_") if plain else [], frozenset(countries.split(",")), head != plain)

    def _ends_with_name(self, words: list[str], start: int) -> bool:
        """Return True if the town that starts there belongs to a brand's name, as in Banco Santander."""
        return any(" ".join(words[first:]) in self._names for first in range(max(0, len(words) - _LONGEST_NAME), start))


@cache
def load_towns() -> Towns:
    """Read the shipped towns, once per process."""
    return Towns(files(__package__).joinpath("towns.txt").read_text(encoding="utf-8"))
