"""Dates of QIF: `6/ 1/94`, `2/14'2020`, `1/ 1'00`, in whatever order of day and month."""

import re
from collections import Counter
from collections.abc import Sequence
from datetime import date

from statements.delimited.dates import FormatChoice, Hints, choose_format, date_parser, possible_formats

_PARTS = re.compile(
    r"(?P<a>[0-9]{1,4})\s*(?P<by>[-/.])\s*(?P<b>[0-9]{1,2})\s*[-/.']\s*'?\s*(?P<c>[0-9]{1,4})(?P<rest>\s+[0-9:]{4,8})?"
)
#: Two digits from here on mean the 1900s, as POSIX has it.
_PIVOT = 69
#: What `!Option:` may say about the order of dates.
ORDERS = {"mdy": "%m", "dmy": "%d", "ymd": "%y"}


def choose_date_format(texts: Sequence[str], order: str = "") -> FormatChoice | None:
    """Return the format that fits the dates, in file order, and all others that fit as many. None without dates.

    The order of the rows and the time that they span say which format is likelier, and so comes first. The file's own
    word, an `order` such as "mdy", decides.
    """
    has_long_years = any((match := _PARTS.fullmatch(text)) and len(match["c"]) == 4 for text in texts)
    cells = [_plain(text, has_long_years=has_long_years) for text in texts]
    choice = choose_format(cells, (), Hints(frozenset({"en"})))
    if choice is None:
        return None
    counts = Counter(pattern for cell in cells for pattern in possible_formats(cell))
    first = choice.pattern
    fitting = [first, *(p for p, n in counts.items() if n == counts[first] and p != first and p[:2] in ("%d", "%m"))]
    said = [pattern for pattern in fitting if order and pattern.lower().startswith(ORDERS[order])]
    is_said = bool(said) or first.startswith("%d.")  # with full stops, the day comes first
    readings = {tuple(map(date_parser(pattern), cells)) for pattern in fitting}
    if is_said or len(readings) == 1:
        return FormatChoice(said[0] if said else first)
    return FormatChoice(first, tuple(fitting[1:]))


def read_date(text: str, pattern: str) -> date | None:
    """Return the date under a format, None if it does not fit. Raises `DateFormatError` for a faulty format."""
    return date_parser(pattern)(_plain(text, has_long_years=pattern.endswith("%Y")))


def _plain(text: str, *, has_long_years: bool) -> str:
    """Return a date with one separator and no blanks; with `has_long_years`, its year at the end has four digits."""
    match = _PARTS.fullmatch(text)
    if match is None:
        return text
    year = match["c"].zfill(2)
    if has_long_years and len(year) == 2 and len(match["a"]) <= 2:
        year = f"{19 if int(year) >= _PIVOT else 20}{year}"
    return match["by"].join((match["a"], match["b"], year))
