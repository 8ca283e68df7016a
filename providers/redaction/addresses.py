"""Finds e-mail addresses and postal addresses in a text.

A postal address is a street with its number. The postcode and the town behind it are hidden with it; alone, they stay,
since they only tell of the shop's branch.
"""

import re
from collections.abc import Iterator, Sequence

from providers.merchants.dictionary import load_dictionary
from providers.redaction.parts import PrivatePart, Word
from providers.redaction.vocabulary import (
    BEFORE_NAME,
    BEFORE_NUMBER,
    BEHIND_NUMBER,
    COMPANY,
    LAST,
    PARTICLE,
    STREETS,
    load_roles,
    words_of,
)

_MAIL = re.compile(r"(?<![\w.+-])[\w.+-]++ ?(?:@|\(at\)|\[at\]) ?[\w-]+(?:\.[\w-]+)+", re.IGNORECASE)
_HOUSE_NUMBER = re.compile(
    r"[ .,]{1,2}(?:nr\.? ?|no\.? ?|n[.°º]? ?)?\d{1,4}(?: ?[a-z](?!\w))?(?:[-/]\d{1,3}[a-z]?)?(?![\w:%]|[.,]\d)",
    re.IGNORECASE,
)
_NUMBER_BEFORE = re.compile(r"(?<![\w.,:/-])\d{1,5}[a-z]?(?:[-/]\d{1,3}[a-z]?)?,? $", re.IGNORECASE)
_LONGEST_NUMBER = 14
_PLACE_BEHIND = re.compile(
    r"[ ,;/]{1,3}(?:(?:[A-Z]{1,2}[- ])?\d{4,5}(?:[ -]?(?:[A-Z]{2}|\d{3}))?|\d{3} \d{2}|\d{2}-\d{3})"
    r"(?: [^\W\d_]{3,}+)?(?!\w)"
    r"|[ ,;/]{1,3}(?:[^\W\d_]{3,}+[ ,]{1,2})?[A-Za-z]{1,2}\d[A-Za-z\d]? \d[A-Za-z]{2}(?!\w)"
)
_TAILS = tuple(sorted(words_of("street_tails")))
_STREETS = frozenset().union(
    *map(words_of, ("streets_before_name", "streets_behind_number", "streets_last", "streets_before_number"))
)
_SHORTEST_HEAD = 3
_MOST_WORDS = 4
_MOST_WORDS_LAST = 3


def find_mails(text: str) -> Iterator[PrivatePart]:
    """Yield e-mail addresses."""
    for found in _MAIL.finditer(text):
        yield PrivatePart(*found.span(), "EMAIL")


def may_hold_address(folded: Sequence[str]) -> bool:
    """Return True if a folded word is that of a street."""
    return not _STREETS.isdisjoint(folded) or any(word.endswith(_TAILS) for word in folded)


def find_addresses(text: str, words: Sequence[Word]) -> Iterator[PrivatePart]:
    """Yield streets with their number, and the postcode and town behind them."""
    roles = load_roles()
    end = 0
    for place, word in enumerate(words):
        role = roles.get(word.folded, 0) & STREETS
        if word.start < end or not (role or is_long_street(word.folded)):
            continue
        if span := _address_at(text, words, place, role):
            behind = _PLACE_BEHIND.match(text, span.end)
            end = behind.end() if behind else span.end
            yield PrivatePart(span.start, end, "ADDRESS")


def is_long_street(word: str) -> bool:
    """Return True if a folded word is the name of a street in one word: Hauptstrasse, Kerkstraat, Storgatan."""
    if not word.endswith(_TAILS):
        return False
    return any(word.endswith(tail) and len(word) >= len(tail) + _SHORTEST_HEAD for tail in _TAILS)


def _address_at(text: str, words: Sequence[Word], place: int, role: int) -> PrivatePart | None:
    word = words[place]
    if not role:
        number = _HOUSE_NUMBER.match(text, word.end)
        return PrivatePart(word.start, number.end(), "ADDRESS") if number else None
    if role & BEFORE_NUMBER and place and _is_joined(text, words[place - 1], word):
        number = _HOUSE_NUMBER.match(text, word.end)
        if number and words[place - 1].folded.isalpha():
            return PrivatePart(words[place - 1].start, number.end(), "ADDRESS")
    if role & LAST and (start := _start_of_number_and_name(text, words, place)) is not None:
        return PrivatePart(start, word.end, "ADDRESS")
    if role & (BEHIND_NUMBER | BEFORE_NAME):
        return _street_before_name(text, words, place, role)
    return None


def _start_of_number_and_name(text: str, words: Sequence[Word], place: int) -> int | None:
    """Return the start of "12 High" before "Street"; None if there is no such number."""
    for first in range(place - 1, max(place - 2 - _MOST_WORDS_LAST, -1), -1):
        word = words[first]
        if not _is_joined(text, word, words[first + 1]):
            return None
        if word.folded.isdigit():
            names_brand = f"{word.folded} {words[first + 1].folded}" in load_dictionary().names
            is_number = first < place - 1 and _NUMBER_BEFORE.search(
                text[max(0, word.end - _LONGEST_NUMBER) : word.end + 1]
            )
            return word.start if is_number and not names_brand else None
        if load_roles().get(word.folded, 0) & COMPANY and not load_roles().get(word.folded, 0) & LAST:
            return None
    return None


def _street_before_name(text: str, words: Sequence[Word], place: int, role: int) -> PrivatePart | None:
    """Return "Calle Mayor 5" or "12 rue de la Paix"."""
    roles = load_roles()
    word = words[place]
    before = (
        _NUMBER_BEFORE.search(text[max(0, word.start - _LONGEST_NUMBER) : word.start]) if role & BEHIND_NUMBER else None
    )
    last = word
    for after in words[place + 1 : place + 1 + _MOST_WORDS]:
        if not _is_joined(text, last, after) or after.folded.isdigit():
            return None
        last = after
        is_particle = roles.get(after.folded, 0) & PARTICLE
        if before and not is_particle:
            return PrivatePart(word.start - len(before[0]), last.end, "ADDRESS")
        number = _HOUSE_NUMBER.match(text, last.end) if role & BEFORE_NAME and not is_particle else None
        if number and last.folded not in load_dictionary().names:
            return PrivatePart(word.start, number.end(), "ADDRESS")
    return None


def _is_joined(text: str, word: Word, after: Word) -> bool:
    """Return True if only a blank, a dot or a hyphen stands between the words."""
    return text[word.end : after.start] in (" ", ".", ". ", "-", ", ", "/ ", "/")
