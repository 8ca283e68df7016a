"""Replaces account numbers, addresses and names of persons in texts by numbered placeholders."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence

from providers.normalization import fold
from providers.redaction.addresses import find_addresses, find_mails, may_hold_address
from providers.redaction.kinds import KINDS
from providers.redaction.numbers import (
    LONG_NUMBER,
    MASKS,
    find_accounts,
    find_cards,
    find_ibans,
    find_labeled,
    find_masked_cards,
    find_phones,
    find_references,
    may_hold_label,
)
from providers.redaction.parts import PrivatePart, folded_words, words_with_places
from providers.redaction.persons import find_own_names, find_persons, folded_names, may_hold_person

_PLACEHOLDER = re.compile(rf"({'|'.join(KINDS)})\d+")
_PERSON = re.compile(r"PERSON\d")
#: Characters from which a thing is hidden wherever else it stands in the text.
_SHORTEST_EVERYWHERE = 6
_DIGIT = re.compile(r"\d")
_SIGNS = re.compile(r"[\W_]+")


class Redactor:
    """Hides what is private in the texts of one prompt or answer, with the same placeholder for the same thing.

    `names` are those that the owner wants hidden, as written. `counts` tells how often each kind was replaced.
    """

    def __init__(self, *, names: Sequence[str] = ()) -> None:
        self.names = tuple(names)
        self.counts: Counter[str] = Counter()
        self._own_names = folded_names(self.names)
        self._placeholders: dict[tuple[str, str], str] = {}
        #: Placeholders that a text had by itself, and the last number given of each kind.
        self._taken: set[str] = set()
        self._originals: dict[str, str] = {}
        self._numbers: Counter[str] = Counter()

    def redact(self, text: str, *, is_person: bool = False, is_prose: bool = False) -> str:
        """Return the text with placeholders.

        `is_person`: the statement says that a person is the counterparty. `is_prose`: a person wrote sentences, such
        as a question, in which capital letters tell names.
        """
        while (redacted := self._redact_once(text, is_person=is_person, is_prose=is_prose)) != text:
            text = redacted
        return text

    def restore(self, text: str) -> str:
        """Return the text with the first spelling of what each placeholder of this redactor stands for."""
        return _PLACEHOLDER.sub(lambda found: self._originals.get(found[0], found[0]), text)

    def _redact_once(self, text: str, *, is_person: bool, is_prose: bool) -> str:
        if "@" in text or "(at)" in text or "[at]" in text:
            text = self._hide(text, find_mails(text))
        folded = folded_words(text)
        if _DIGIT.search(text) and _DIGIT.search(_PLACEHOLDER.sub("", text)):
            text = self._hide_numbers(text, folded)
            if may_hold_address(folded):
                text = self._hide(text, find_addresses(text, words_with_places(text)))
        if self._own_names:
            text = self._hide(text, find_own_names(text, words_with_places(text), self._own_names))
        # A person that the statement names is searched for until one is found.
        is_unknown = is_person and _PERSON.search(text) is None
        if is_unknown or may_hold_person(folded, is_prose=is_prose):
            found = find_persons(text, words_with_places(text), is_person=is_unknown, is_prose=is_prose)
            text = self._hide(text, found)
        return text

    def _hide_numbers(self, text: str, folded: Sequence[str]) -> str:
        if LONG_NUMBER.search(text) or "iban" in text.lower():
            for find in (find_ibans, find_cards, find_accounts, find_phones):
                text = self._hide(text, find(text))
        if any(mask in text for mask in MASKS):
            text = self._hide(text, find_masked_cards(text))
        if may_hold_label(folded):
            text = self._hide(text, find_labeled(text))
        return self._hide(text, find_references(text))

    def _hide(self, text: str, spans: Iterable[PrivatePart]) -> str:
        pieces: list[str] = []
        hidden: dict[str, str] = {}
        end = 0
        for span in sorted(spans):
            if not pieces:
                self._taken.update(found[0] for found in _PLACEHOLDER.finditer(text))
            if span.start >= end and not _PLACEHOLDER.fullmatch(text, span.start, span.end):
                value = text[span.start : span.end]
                placeholder = hidden[value] = self._placeholder(span.kind, value)
                # A blank keeps the placeholder apart from what it was glued to.
                left = " " if text[span.start - 1 : span.start].isalnum() else ""
                right = " " if text[span.end : span.end + 1].isalnum() else ""
                pieces += [text[end : span.start], left, placeholder, right]
                end = span.end
        if not pieces:
            return text
        redacted = "".join([*pieces, text[end:]])
        # What is private in one place is so in the whole text.
        for value, placeholder in hidden.items():
            is_word_of_placeholder = any(value in kind for kind in KINDS)
            if len(value) >= _SHORTEST_EVERYWHERE and value in redacted and not is_word_of_placeholder:
                redacted = redacted.replace(value, f" {placeholder} ")
        return redacted

    def _placeholder(self, kind: str, value: str) -> str:
        """Return the placeholder of a value; numbers that a text has by itself are left out."""
        self.counts[kind.lower()] += 1
        key = (kind, " ".join(sorted(_SIGNS.split(fold(value)))) if kind == "PERSON" else _SIGNS.sub("", fold(value)))
        if key not in self._placeholders:
            self._numbers[kind] += 1
            while f"{kind}{self._numbers[kind]}" in self._taken:
                self._numbers[kind] += 1
            self._placeholders[key] = f"{kind}{self._numbers[kind]}"
            self._originals[self._placeholders[key]] = value
        return self._placeholders[key]
