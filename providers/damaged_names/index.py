"""An index that finds names in damaged text, and looks at few of them for each text."""

from bisect import bisect_left, insort
from collections.abc import Callable, Iterable, Iterator, Sequence
from enum import StrEnum
from typing import NamedTuple

from rapidfuzz import process
from rapidfuzz.distance import OSA, LCSseq, Prefix

#: Words of a text at which a name may begin, and words that a name may have in it.
_MOST_STARTS, MOST_WORDS = 8, 4
#: Letters of a text that can speak for a name: fewer may be anything. A name glued to known words may be short.
_SHORTEST, _SHORTEST_GLUED, _SHORTEST_CUT, _LONGEST = 5, 4, 4, 40
_HEAD = min(_SHORTEST_GLUED, _SHORTEST_CUT)
#: Letters of a name that a text may misspell, and of words that a name may be glued to.
_SHORTEST_MISSPELLED, _SHORTEST_KNOWN = 6, 3
#: Fewer letters at the end of a text are taken for the stump of a word, though they are a word by themselves.
_SHORTEST_WORD = 4
#: The share of a cut name that is left, at least, and the names that it may begin: of more it says too little.
_LEAST_LEFT, _MOST_BEGUN = 0.4, 40
_FEWEST_CONSONANTS = 4
_VOWELS = str.maketrans("", "", "aeiou")
#: What may stand behind a name in the address of a website, without its dots.
_ADDRESS_ENDINGS = frozenset(
    ("com", "net", "org", "co", "uk", "de", "fr", "es", "it", "nl", "pl", "eu", "at", "ch", "ie", "us")
)


class Damage(StrEnum):
    """The kind of damage that a name took on its way into a bank's text."""

    NONE = "none"
    CUT = "cut"
    GLUED = "glued"
    ABBREVIATED = "abbreviated"
    MISSPELLED = "misspelled"


class NameMatch(NamedTuple):
    """A name found in the words `start` to `end` of a text, the latter not included.

    `likeness` in [0, 1] compares the words with the name, by rapidfuzz.
    """

    name: str
    start: int
    end: int
    damage: Damage
    likeness: float
    #: Letters of the text that speak for the name.
    n_letters: int
    #: A cut name ends the text; all letters beside a glued one are known words.
    is_clean: bool = True
    #: Words of the text that are neither part of the name nor ordinary.
    n_unknown: int = 0


class NameIndex:
    """Normalized names by their letters, with and without vowels. Their order changes no answer."""

    def __init__(self, names: Iterable[str], *, is_ordinary: Callable[[str], bool]) -> None:
        """Take the names. `is_ordinary` tells words that stand for themselves, and are no damaged name."""
        self._is_ordinary = is_ordinary
        self._by_letters: dict[str, list[str]] = {}
        self._by_consonants: dict[str, list[str]] = {}
        #: The first letters of all names, which tell at once that a text neither cuts nor glues a name.
        self._heads: set[str] = set()
        for name in names:
            self._note(name)
        #: Letters of all names, and the same from back to front: names with an equal half stand together.
        self._forward = sorted(self._by_letters)
        self._backward = sorted(letters[::-1] for letters in self._by_letters)

    def __contains__(self, name: str) -> bool:
        return name in self._by_letters.get(name.replace(" ", ""), ())

    def add(self, name: str) -> None:
        """Add a name, unless it is known."""
        letters = name.replace(" ", "")
        if letters not in self._by_letters:
            insort(self._forward, letters)
            insort(self._backward, letters[::-1])
        if name not in self:
            self._note(name)

    def _note(self, name: str) -> None:
        letters = name.replace(" ", "")
        self._by_letters.setdefault(letters, []).append(name)
        self._heads.add(letters[:_HEAD])
        consonants = "".join(map(_consonants, name.split(" ")))
        if len(consonants) >= _FEWEST_CONSONANTS:
            self._by_consonants.setdefault(consonants, []).append(name)

    def find_whole(self, words: Sequence[str]) -> list[NameMatch]:
        """Find names that stand in the text undamaged, as whole words."""
        return [
            NameMatch(name, start, end, Damage.NONE, 1.0, len(name))
            for start in range(len(words))
            for end in range(start + 1, min(start + MOST_WORDS, len(words)) + 1)
            if (name := " ".join(words[start:end])) in self
        ]

    def find_damaged(self, words: Sequence[str]) -> list[NameMatch]:
        """Find names that stand in the text with one kind of damage, in the text's order."""
        found: list[NameMatch] = []
        is_plain = [self._is_ordinary(word) or not word.isalpha() for word in words]
        if all(is_plain) and not any(len(word) < _SHORTEST_WORD for word in words[1:]):
            return found  # nothing can be cut or otherwise damaged
        consonants = [_consonants(word) for word in words]
        for start in range(min(len(words), _MOST_STARTS)):
            if not is_plain[start]:
                found += self._glued_in(words, start)
            for end in range(start + 1, min(start + MOST_WORDS, len(words)) + 1):
                letters = "".join(words[start:end])
                if len(letters) > _LONGEST:
                    break
                has_stump = not is_plain[end - 1] or (end - start > 1 and len(words[end - 1]) < _SHORTEST_WORD)
                if has_stump and len(letters) >= _SHORTEST_CUT and letters[:_HEAD] in self._heads:
                    found += self._cut(words, start, end, letters)
                if all(is_plain[start:end]):
                    continue
                if names := self._by_consonants.get("".join(consonants[start:end])):
                    found += self._abbreviated(names, words, start, end)
                if len(letters) >= _SHORTEST:
                    if names := self._by_letters.get(letters):
                        found += self._spaced_otherwise(names, words, start, end, letters)
                    found += self._misspelled(start, end, letters)
        if not found:
            return found
        return [
            match._replace(n_unknown=is_plain[: match.start].count(False) + is_plain[match.end :].count(False))
            for match in found
        ]

    def _cut(self, words: Sequence[str], start: int, end: int, letters: str) -> Iterator[NameMatch]:
        """Find names that these words begin. Within the text, they break off inside a word of the name."""
        text, is_end = " ".join(words[start:end]), end == len(words)
        if not is_end and self._is_ordinary(words[end - 1]):
            return
        begun = _beginning_with(self._forward, letters)
        if len(begun) > _MOST_BEGUN:
            return
        for name in (name for longer in begun for name in self._by_letters[longer]):
            left = Prefix.normalized_similarity(text, name)
            if name.startswith(text) and _LEAST_LEFT <= left < 1 and (is_end or name[len(text)] != " "):
                yield NameMatch(name, start, end, Damage.CUT, left, len(letters), is_end)

    def _spaced_otherwise(
        self, names: Sequence[str], words: Sequence[str], start: int, end: int, letters: str
    ) -> Iterator[NameMatch]:
        """Find names with these letters and other spaces. One too many is a typing error."""
        text = " ".join(words[start:end])
        for name in names:
            if name != text:
                damage = Damage.GLUED if text.count(" ") < name.count(" ") else Damage.MISSPELLED
                yield NameMatch(name, start, end, damage, LCSseq.normalized_similarity(text, name), len(letters))

    def _glued_in(self, words: Sequence[str], start: int) -> Iterator[NameMatch]:
        """Find the longest names within one word, at its front or behind other words that are known."""
        word, longest = words[start], _SHORTEST_GLUED
        for first in range(len(word) - _SHORTEST_GLUED + 1):
            if word[first : first + _HEAD] not in self._heads:
                continue
            for last in range(len(word), first + longest - 1, -1):
                names = self._by_letters.get(word[first:last]) if last - first < len(word) else None
                if not names:
                    continue
                is_clean = self._is_known(word[:first]) and self._is_known(word[last:])
                is_long = last - first > _SHORTEST
                if (is_clean and (first == 0 or is_long)) or (first == 0 and is_long):
                    longest = last - first
                    likeness = LCSseq.normalized_similarity(word, word[first:last])
                    for name in names:
                        yield NameMatch(name, start, start + 1, Damage.GLUED, likeness, longest, is_clean)
                    break

    def _is_known(self, rest: str) -> bool:
        """Return True if the letters glued to a name are ordinary words."""
        if not rest or rest.isdigit() or rest in _ADDRESS_ENDINGS:
            return True
        if len(rest) >= _SHORTEST_KNOWN and self._is_ordinary(rest):
            return True
        parts = range(len(rest) - _SHORTEST_KNOWN, _SHORTEST_KNOWN - 1, -1)
        return any(self._is_ordinary(rest[:n]) and self._is_known(rest[n:]) for n in parts)

    def _misspelled(self, start: int, end: int, letters: str) -> Iterator[NameMatch]:
        """Find names at one typing error: a letter too many, too few, another one, or two that changed places.

        One error leaves the letters before the middle as they are, or those behind it, or swaps those beside it.
        """
        middle = len(letters) // 2
        swapped = f"{letters[: middle - 1]}{letters[middle]}{letters[middle - 1]}{letters[middle + 1 :]}"
        near = {swapped} if swapped in self._by_letters else set()
        for ordered, half, way in ((self._forward, letters[:middle], 1), (self._backward, letters[middle:][::-1], -1)):
            if names := _beginning_with(ordered, half):
                similar = process.extract(letters[::way], names, scorer=OSA.distance, score_cutoff=1, limit=None)
                near.update(name[::way] for name, _, _ in similar)
        for found in near - {letters}:
            if len(found) >= _SHORTEST_MISSPELLED and not found.startswith(letters):  # else it is cut
                likeness = OSA.normalized_similarity(letters, found)
                for name in self._by_letters[found]:
                    yield NameMatch(name, start, end, Damage.MISSPELLED, likeness, len(letters))

    def _abbreviated(self, names: Sequence[str], words: Sequence[str], start: int, end: int) -> Iterator[NameMatch]:
        """Find names without some of their vowels. A single one that is missing is a typing error."""
        text = " ".join(words[start:end])
        for name in names:
            if len(name) - len(text) > 1 and LCSseq.similarity(text, name) == len(text):
                likeness = LCSseq.normalized_similarity(text, name)
                yield NameMatch(name, start, end, Damage.ABBREVIATED, likeness, len(text.replace(" ", "")))


def _beginning_with(ordered: list[str], letters: str) -> list[str]:
    """Return the part of a sorted list that begins with these letters."""
    first = bisect_left(ordered, letters)
    if first == len(ordered) or not ordered[first].startswith(letters):
        return []
    return ordered[first : bisect_left(ordered, f"{letters}\U0010ffff", first)]


def _consonants(word: str) -> str:
    """Return the word's letters without vowels, but with the first letter."""
    return word[:1] + word[1:].translate(_VOWELS)
