"""Words on a page as lines of text, with the dates and amounts in them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from statements.delimited.words import currency_of, is_currency, month_number


class PrintedWord(NamedTuple):
    """A word and its box in points, counted from the upper left corner of the page."""

    text: str
    x0: float
    x1: float
    top: float
    bottom: float


class PrintedAmount(NamedTuple):
    """An amount as written, without its currency. `first` and `last` are the words that it takes."""

    text: str
    currency: str
    x0: float
    x1: float
    first: int
    last: int


class DateText(NamedTuple):
    """A date as (year or None, first number, second number), and the count of its words.

    `is_ordered` is true if the numbers are known to be month and day; otherwise the order is open.
    """

    year: int | None
    first: int
    second: int
    is_ordered: bool
    n_words: int


_CORE = re.compile(
    r"(?P<before>[-+\u2212\u2013(]*(?:[^\W\d_]{1,3}\$?|[$\u20ac\u00a3\u00a5\u20b9])?[-+\u2212\u2013]?)"
    r"(?P<number>[0-9]{1,3}(?:[.,'\u2019][0-9]{3})+[.,][0-9]{2}|[0-9]{1,12}[.,][0-9]{2}|[.,][0-9]{2})"
    r"(?P<after>\)?[-+\u2212\u2013]?(?:CR|DR|Cr|Dr|cr|dr|S|H|[$\u20ac\u00a3])?)"
)
_GROUP = re.compile(r"[-+\u2212\u2013]?[0-9]{1,3}")
_GROUP_END = re.compile(r"[0-9]{3}(?:[.,][0-9]{2}.*)?")
_SIGNS = {"-": "-", "+": "+", "\u2212": "-", "\u2013": "-"}
_MARKS = frozenset({"CR", "DR", "C", "D", "S", "H", "CR.", "DR."})
#: Widest gaps, in points: inside an amount with blanks for thousands, and to a sign or currency beside it.
_GROUP_GAP, _BESIDE_GAP = 4.5, 14.0

_NUMERIC = re.compile(r"(?P<a>[0-9]{1,2})(?P<by>[./-])(?P<b>[0-9]{1,2})(?:(?P=by)(?P<year>[0-9]{4}|[0-9]{2})?)?")
_ISO = re.compile(r"(?P<year>[0-9]{4})(?P<by>[-./])(?P<a>[0-9]{2})(?P=by)(?P<b>[0-9]{2})")
_GLUED = re.compile(r"(?P<day>[0-9]{1,2})[-. ]?(?P<month>[^\W\d_]{3,9})\.?[-. ]?(?P<year>[0-9]{4}|[0-9]{2})?")
_DAY = re.compile(r"(?P<day>[0-9]{1,2})(?:\.|,|st|nd|rd|th)*")
_YEAR = re.compile(r"(?:19|20)[0-9]{2}")
_MOST_DATE_WORDS = 3


@dataclass(frozen=True)
class TextLine:
    """Words on one height of a page, from left to right; `number` counts all lines of the file from 1."""

    number: int
    page: int
    words: tuple[PrintedWord, ...]

    @cached_property
    def text(self) -> str:
        return " ".join(word.text for word in self.words)

    @property
    def top(self) -> float:
        return min(word.top for word in self.words)

    @property
    def bottom(self) -> float:
        return max(word.bottom for word in self.words)

    @property
    def x0(self) -> float:
        return self.words[0].x0

    @cached_property
    def amounts(self) -> tuple[PrintedAmount, ...]:
        return tuple(_amounts(self.words))

    @cached_property
    def dates(self) -> tuple[DateText, ...]:
        """Return the dates that the line begins with: that of the booking, and maybe the value date."""
        found: list[DateText] = []
        start = 0
        while len(found) < 2 and (date := date_at(self.words, start)) is not None:
            found.append(date)
            start += date.n_words
        return tuple(found)

    @property
    def n_date_words(self) -> int:
        return sum(date.n_words for date in self.dates)

    @cached_property
    def phrases(self) -> list[tuple[str, float, float]]:
        """Return (text, x0, x1) of the words that stand together, as the cells of a header do."""
        found: list[tuple[str, float, float]] = []
        for word in self.words:
            if found and word.x0 - found[-1][2] < 0.6 * (word.bottom - word.top):
                text, x0, _ = found[-1]
                found[-1] = (f"{text} {word.text}", x0, word.x1)
            else:
                found.append((word.text, word.x0, word.x1))
        return found


def lines_of(words: Sequence[PrintedWord], *, page: int, first: int) -> list[TextLine]:
    """Return the words of a page as lines from top to bottom. The first gets the number `first`."""
    rows: list[list[PrintedWord]] = []
    for word in sorted(words, key=lambda word: (word.top + word.bottom, word.x0)):
        middle = (word.top + word.bottom) / 2
        if rows and abs(middle - (rows[-1][0].top + rows[-1][0].bottom) / 2) < 0.4 * max(word.bottom - word.top, 1):
            rows[-1].append(word)
        else:
            rows.append([word])
    return [
        TextLine(number, page, tuple(sorted(row, key=lambda word: word.x0)))
        for number, row in enumerate(rows, start=first)
    ]


def date_at(words: Sequence[PrintedWord], start: int) -> DateText | None:
    """Return the date that begins with a word, the longest one; None if there is none."""
    for n_words in range(min(_MOST_DATE_WORDS, len(words) - start), 0, -1):
        texts = [word.text for word in words[start : start + n_words]]
        found = _date_of_word(texts[0]) if n_words == 1 else _date_of_words(texts)
        if found is not None:
            return found._replace(n_words=n_words)
    return None


def _date_of_word(text: str) -> DateText | None:
    text = text.rstrip(",;:")
    if match := _ISO.fullmatch(text):
        return _date(int(match["year"]), int(match["a"]), int(match["b"]), is_ordered=True)
    if match := _NUMERIC.fullmatch(text):
        a, b = int(match["a"]), int(match["b"])
        if match["by"] == "." or b > 12:  # with full stops, the day comes first
            return _date(_year(match["year"]), b, a, is_ordered=True) if match["by"] == "." else _open(match, a, b)
        return _open(match, a, b)
    if match := _GLUED.fullmatch(text):
        month = month_number(match["month"])
        return _date(_year(match["year"]), month, int(match["day"]), is_ordered=True) if month else None
    return None


def _open(match: re.Match[str], a: int, b: int) -> DateText | None:
    """Return a date whose order is open: its numbers are as they are written."""
    return DateText(_year(match["year"]), a, b, False, 1) if 0 < a <= 31 and 0 < b <= 31 and min(a, b) <= 12 else None


def _date_of_words(texts: list[str]) -> DateText | None:
    """Return the date of two or three words: 2 Jan 2026, January 2, 2026, 02 Jan, Jan 2."""
    year = None
    if len(texts) == 3:
        if not _YEAR.fullmatch(texts[2].strip(".,")):
            return None
        year = int(texts[2].strip(".,"))
    for day, month in (texts[:2], texts[1::-1]):
        number = month_number(month.rstrip(".,")) if month.rstrip(".,").isalpha() else None
        if number and len(month.rstrip(".,")) >= 3 and (match := _DAY.fullmatch(day)):
            return _date(year, number, int(match["day"]), is_ordered=True)
    return None


def _date(year: int | None, month: int, day: int, *, is_ordered: bool) -> DateText | None:
    return DateText(year, month, day, is_ordered, 1) if 0 < month <= 12 and 0 < day <= 31 else None


def _year(text: str | None) -> int | None:
    if not text:
        return None
    return int(text) if len(text) == 4 else 2000 + int(text) if int(text) < 69 else 1900 + int(text)


def _amounts(words: Sequence[PrintedWord]) -> list[PrintedAmount]:
    """Return the amounts of a line: numbers with two decimals, with the signs and currencies beside them."""
    found: list[PrintedAmount] = []
    for index, word in enumerate(words):
        match = _CORE.fullmatch(word.text)
        free = found[-1].last + 1 if found else 0
        if match is not None and index >= free and (amount := _amount(words, index, match, free)):
            found.append(amount)
    return found


def _amount(words: Sequence[PrintedWord], index: int, match: re.Match[str], free: int) -> PrintedAmount | None:
    """Return the amount whose last digits are the word at `index`. It takes words from `free` on."""
    sign, currency = _around(match["before"])
    mark, other = _around(match["after"])
    if currency and not is_currency(currency):
        return None
    number, first = match["number"], index
    if not sign and not currency:
        number, first = _with_groups(words, index, number, free)
    if number[0] in _SIGNS:
        sign, number = _SIGNS[number[0]], number[1:]
    while first > free and words[first].x0 - words[first - 1].x1 < _BESIDE_GAP:
        text = words[first - 1].text
        if text in _SIGNS and not sign:
            sign = _SIGNS[text]
        elif is_currency(text) and not currency:
            currency = text
        else:
            break
        first -= 1
    last = index
    while last + 1 < len(words) and words[last + 1].x0 - words[last].x1 < _BESIDE_GAP:
        text = words[last + 1].text
        if not mark and (text in _SIGNS or text.upper() in _MARKS):
            mark = _SIGNS.get(text, text)
        elif is_currency(text) and not (currency or other):
            other = text
        else:
            break
        last += 1
    code = currency_of(currency or other)
    return PrintedAmount(_written(sign, number, mark), code, words[first].x0, words[index].x1, first, last)


def _with_groups(words: Sequence[PrintedWord], index: int, number: str, free: int) -> tuple[str, int]:
    """Return (number with the groups of thousands that blanks divide from it, index of its first word)."""
    first = index
    while first > free and words[first].x0 - words[first - 1].x1 <= _GROUP_GAP:
        before = words[first - 1].text
        if not _GROUP.fullmatch(before) or not _GROUP_END.match(number) or number[3:4] not in (".", ",", " "):
            break
        number, first = f"{before} {number}", first - 1
    return number, first


def _around(text: str) -> tuple[str, str]:
    """Return (sign or mark, currency) of the characters that touch a number."""
    sign = next((_SIGNS[char] for char in text if char in _SIGNS), "")
    if "(" in text or ")" in text:
        sign = "("
    rest = "".join(char for char in text if char not in _SIGNS and char not in "()")
    return (rest, "") if rest.upper() in _MARKS and not sign else (sign, rest)


def _written(sign: str, number: str, mark: str) -> str:
    """Return the amount with a minus for money out and a plus for money in, if it is marked at all."""
    marked = mark.upper().rstrip(".")
    is_negative = sign in ("-", "(") or marked in ("-", "DR", "D", "S")
    is_positive = sign == "+" or marked in ("+", "CR", "C", "H")
    return f"{'-' if is_negative else '+' if is_positive else ''}{number}"
