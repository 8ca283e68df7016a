"""The run of whole words that descriptions share where their merchant stands, as the texts write it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from providers.normalization import CHANNEL_WORDS, fold, words

MAX_LENGTH = 200

#: Words as `normalization` reads them, with their places: an apostrophe is inside a word, an underscore is not.
_WORD = re.compile(r"\w{1,2}&\w{1,2}(?!\w)|[^\W_]+(?:['\u2018\u2019\u02bc\u2032\xb4`][^\W_]+)*")
_MONTHS = frozenset(CHANNEL_WORDS["months"].split())


@dataclass(frozen=True, slots=True)
class Phrase:
    """A run of words. `text` is casefolded; `words` are folded as normalization does."""

    text: str
    words: tuple[str, ...]
    is_at_start: bool

    def without_last(self) -> "Phrase":
        """Return the phrase without its last word and the characters before it; empty if it has one word."""
        ends = [match.end() for match in _WORD.finditer(self.text)]
        return Phrase(self.text[: ends[-2]] if len(ends) > 1 else "", self.words[:-1], self.is_at_start)


class _Text:
    """A text with the places of its words."""

    def __init__(self, text: str) -> None:
        self.folded = text.casefold()
        found = list(_WORD.finditer(self.folded))
        self.spans = [match.span() for match in found]
        self.words = [fold(match.group()) for match in found]
        #: Words that normalization takes for the merchant.
        self.naming = frozenset(words(text))

    def run(self, first: int, length: int) -> str:
        """Return the part of the text from one word on."""
        return self.folded[self.spans[first][0] : self.spans[first + length - 1][1]]

    def may_go_on(self, index: int) -> bool:
        """Return True if a name may include the word; numbers and dates need the consent of normalization."""
        if index >= len(self.words):
            return False
        word = self.words[index]
        return word in self.naming or not (word in _MONTHS or any(map(str.isdigit, word)))


def shared_phrase(texts: Sequence[str], *, head: str) -> Phrase | None:
    """Return the longest run of whole words that begins with the word `head` and is in all texts.

    Each text counts from its first `head` on. Return None if a text lacks it, or the run is too long for a condition.
    """
    read = [_Text(text) for text in dict.fromkeys(texts)]
    if not read or any(head not in text.words for text in read):
        return None
    starts = [text.words.index(head) for text in read]
    length = 0
    while all(text.may_go_on(start + length) for text, start in zip(read, starts, strict=True)):
        runs = {text.run(start, length + 1) for text, start in zip(read, starts, strict=True)}
        if len(runs) > 1 or len(next(iter(runs))) > MAX_LENGTH:
            break
        length += 1
    if not length:
        return None
    one, first = read[0], starts[0]
    phrase = one.run(first, length)
    is_at_start = all(text.folded.startswith(phrase) for text in read)
    return Phrase(phrase, tuple(one.words[first : first + length]), is_at_start)


def words_of(text: str) -> list[str]:
    """Return the words of the text, casefolded, without those that have digits."""
    return [word for word in _WORD.findall(text.casefold()) if not any(map(str.isdigit, word))]


def is_one_merchant(one: str, other: str) -> bool:
    """Return True if one phrase begins with the whole other."""
    shorter, longer = sorted((one, other), key=len)
    return longer.startswith(shorter) and not longer[len(shorter) :][:1].isalnum()
