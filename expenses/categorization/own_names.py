"""Names of merchants that an owner's confirmed transactions give, to be found in damaged text."""

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Container, Iterable, Sequence
from typing import NamedTuple

from providers.damaged_names.evidence import Choice, NameCandidate, choose, strength_of
from providers.damaged_names.index import NameIndex
from providers.damaged_names.shipped import is_ordinary
from providers.interface import Direction, LabeledQuestion
from providers.normalization import leading_words, normalize

#: Distinct texts that are kept of a ledger, those with most transactions first.
MOST_TEXTS = 3_000
#: The share of the transactions of a name that have one category, at least.
LEAST_AGREEMENT = 0.9
_SHORTEST_WORD = 6

#: The direction, the normalized text, the id of the category, and the number of transactions.
OwnText = tuple[Direction, str, int, int]


class OwnName(NamedTuple):
    """A name found in damaged text, and how many transactions with it have the chosen category."""

    choice: Choice
    n: int


class OwnNames:
    """The names of one ledger. Money that came in and money that went out have names of their own."""

    def __init__(self, texts: Iterable[OwnText] = ()) -> None:
        self._counts: dict[tuple[str, str], Counter[int]] = defaultdict(Counter)
        self._words: set[str] = set()
        self._indexes: dict[str, NameIndex] = {}
        for direction, text, category, n in texts:
            self.add(direction, text, category, n)

    def add(self, direction: Direction, text: str, category: int, n: int = 1) -> None:
        """Add the first words of a normalized text as names of its merchant."""
        names = {leading_words(text, length) for length in (3, 2) if text.count(" ") >= length - 1}
        first = leading_words(text, 1)
        if len(first) >= _SHORTEST_WORD and not is_ordinary(first):
            names.add(first)
        if direction not in self._indexes:
            self._indexes[direction] = NameIndex((), is_ordinary=self._is_plain)
        for name in names:
            self._counts[direction, name][category] += n
            self._indexes[direction].add(name)
            self._words.update(name.split(" "))

    def find(self, words: Sequence[str], direction: Direction, *, offered: Container[int]) -> OwnName | None:
        """Find the name that normalized words hold damaged, if its transactions agree in an offered category."""
        index = self._indexes.get(direction)
        candidates = []
        for match in index.find_damaged(words) if index else ():
            counted = self._counts[direction, match.name]
            [(category, n)] = counted.most_common(1)
            if category in offered and n / counted.total() >= LEAST_AGREEMENT:
                candidates.append(NameCandidate(match, strength_of(match, words), category))
        choice = choose(candidates)
        return OwnName(choice, self._counts[direction, choice.match.name][int(choice.category)]) if choice else None

    def _is_plain(self, word: str) -> bool:
        return word in self._words or is_ordinary(word)


def texts_of(confirmed: Iterable[LabeledQuestion]) -> list[OwnText]:
    """Return the texts of confirmed transactions, those with most transactions first."""
    counted = Counter((one.direction, normalize(one.text), category) for one, category in confirmed)
    counted = Counter({key: n for key, n in counted.items() if key[1]})
    ranked = sorted(counted.items(), key=lambda item: (-item[1], item[0]))
    return [(direction, text, category, n) for (direction, text, category), n in ranked[:MOST_TEXTS]]


def digest_of_texts(texts: Sequence[OwnText]) -> str:
    """Return SHA-256 of the texts in hexadecimal digits, "" if there are none."""
    return hashlib.sha256(json.dumps(texts).encode()).hexdigest() if texts else ""
