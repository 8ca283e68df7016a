"""The run of whole words that descriptions share where their merchant stands, as the texts write it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from providers import channel_words
from providers.normalization import fold, words

MAX_LENGTH = 200

#: As `normalization` reads words, but with their places: an apostrophe is inside a word, an underscore is not.
_WORD = re.compile(r"\w{1,2}&\w{1,2}(?!\w)|[^\W_]+(?:['\u2018\u2019\u02bc\u2032\xb4`][^\W_]+)*")
_MONTHS = frozenset(channel_words.MONTHS.split())


@dataclass(frozen=True, slots=True)
class Phrase:
    """`text` is casefolded; `words` are those of the run, as normalization folds them."""

    text: str
    words: tuple[str, ...]
    is_at_start: bool

    def without_last(self) -> "Phrase":
        """The phrase without its last word, and what stands before that; empty where it has but one."""
        ends = [match.end() for match in _WORD.finditer(self.text)]
        return Phrase(self.text[: ends[-2]] if len(ends) > 1 else "", self.words[:-1], self.is_at_start)


@dataclass(frozen=True, slots=True)
class _Text:
    folded: str
    spans: tuple[tuple[int, int], ...]
    words: tuple[str, ...]
    #: What normalization takes for the merchant.
    naming: frozenset[str]

    @classmethod
    def read(cls, text: str) -> "_Text":
        folded = text.casefold()
        found = list(_WORD.finditer(folded))
        spans = tuple(match.span() for match in found)
        return cls(folded, spans, tuple(fold(match.group()) for match in found), frozenset(words(text)))

    def run(self, first: int, length: int) -> str:
        return self.folded[self.spans[first][0] : self.spans[first + length - 1][1]]

    def may_go_on(self, index: int) -> bool:
        """Numbers, dates and references are not part of a name, unless normalization says so."""
        if index >= len(self.words):
            return False
        word = self.words[index]
        return word in self.naming or not (word in _MONTHS or any(map(str.isdigit, word)))


def shared_phrase(texts: Sequence[str], *, head: str) -> Phrase | None:
    """The longest run of whole words that begins with the word `head`, where each text has it first, and is in all.

    None where a text lacks the head, or the run would be longer than a condition may be.
    """
    read = [_Text.read(text) for text in dict.fromkeys(texts)]
    if not read or any(head not in text.words for text in read):
        return None
    starts = [text.words.index(head) for text in read]
    length = _shared_length(read, starts)
    if not length:
        return None
    one, first = read[0], starts[0]
    phrase = one.run(first, length)
    is_at_start = all(text.folded.startswith(phrase) for text in read)
    return Phrase(phrase, one.words[first : first + length], is_at_start)


def _shared_length(texts: Sequence[_Text], starts: Sequence[int]) -> int:
    """In words."""
    length = 0
    while all(text.may_go_on(start + length) for text, start in zip(texts, starts, strict=True)):
        runs = {text.run(start, length + 1) for text, start in zip(texts, starts, strict=True)}
        if len(runs) > 1 or len(next(iter(runs))) > MAX_LENGTH:
            break
        length += 1
    return length


def words_of(text: str) -> list[str]:
    """The words that stand in the text, casefolded as it writes them, without numbers."""
    return [word for word in _WORD.findall(text.casefold()) if not any(map(str.isdigit, word))]


def is_one_merchant(one: str, other: str) -> bool:
    """Whether one phrase begins with the whole other."""
    shorter, longer = sorted((one, other), key=len)
    return longer.startswith(shorter) and not longer[len(shorter) :][:1].isalnum()
