"""Dates as banks write them: which strptime formats fit a cell, and reading cells under one of them."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from statements.delimited.words import month_number

#: A date takes at least this many characters, and with time and zone no more than that.
MIN_CELL, MAX_CELL = 6, 60
_MAX_PATTERN = 40
_YEARS = range(1950, 2100)
#: Runs of letters and blanks are possessive: a profile is a stranger's, and no cell may make its format backtrack.
_DIRECTIVES = {
    "Y": r"(?P<Y>[0-9]{4})",
    "y": r"(?P<y>[0-9]{2})",
    "m": r" ?(?P<m>[0-9]{1,2})",
    "d": r" ?(?P<d>[0-9]{1,2})",
    "b": r"(?P<b>[^\W\d_]{3,20}+)\.?",
    "B": r"(?P<b>[^\W\d_]{3,20}+)\.?",
    "a": r"[^\W\d_]{1,20}+\.?",
    "A": r"[^\W\d_]{1,20}+\.?",
    "H": r"[0-9]{1,2}",
    "I": r"[0-9]{1,2}",
    "M": r"[0-9]{1,2}",
    "S": r"[0-9]{1,2}",
    "f": r"[0-9]{1,9}+",
    "p": r"[AaPp]\.?[Mm]\.?",
    "z": r"(?:Z|[+-][0-9:]{4,6}+)",
    "Z": r"\w{1,10}+",
    "%": "%",
}
#: Two directives for the same part of a date.
_SAME = {"B": "b", "A": "a", "I": "H"}
#: What may follow a date in its cell: a full stop, a time of day, a weekday, another date ("as of 04/15/2023").
_REST = (
    r"(?:\.|,)?(?:(?:\s*+(?:[T,]\s*+)?|[-:])[0-9]{1,2}[:.h][0-9]{2}.*+|\s++as of .*+|\s*+\(?[^\W\d_]{2,}+\.?\)?)?\s*+"
)
_COMPACT_REST = r"(?:[0-9]{4}|[0-9]{6}(?:\.[0-9]+)?(?:\[.*\])?)?\s*"

_NUMERIC = re.compile(
    rf"(?P<a>[0-9]{{1,4}})(?P<by>\.\ |[-./: ])\ ?(?P<b>[0-9]{{1,2}})(?P=by)\ ?(?P<c>[0-9]{{4}}|[0-9]{{1,2}})(?:{_REST})"
)
_COMPACT = re.compile(rf"[0-9]{{8}}{_COMPACT_REST}")
_NAMED = re.compile(
    r"(?P<weekday>[^\W\d_]{2,}\.?,?\s+)?(?:(?P<d>[0-9]{1,2})(?P<s1>(?:\.|st|nd|rd|th)?[-/ .]*)(?P<b>[^\W\d_]{3,})\.?"
    r"|(?P<b2>[^\W\d_]{3,})\.?(?P<t1>[-/ .]*)(?P<d2>[0-9]{1,2})(?P<t2>(?:st|nd|rd|th)?))"
    rf"(?P<s2>[-/ .,']*)(?P<y>[0-9]{{4}}|[0-9]{{2}})(?:{_REST})"
)
Parser = Callable[[str], date | None]


class DateFormatError(ValueError):
    """A format that cannot be used; the message is a sentence for the user."""


@lru_cache(maxsize=64)
def date_parser(pattern: str) -> Parser:
    """Return a function from cell to date, or None where a cell does not fit. Raises `DateFormatError`."""
    regex = re.compile(_regex(pattern))

    @lru_cache(maxsize=8192)
    def parse(text: str) -> date | None:
        match = regex.fullmatch(text.strip())
        if match is None:
            return None
        parts = match.groupdict()
        month = int(parts["m"]) if "m" in parts else month_number(parts["b"])
        year = int(parts.get("Y") or parts["y"])
        if "y" in parts:  # POSIX: 69 to 99 are 1969 to 1999
            year += 1900 if year >= 69 else 2000
        try:
            return date(year, month or 0, int(parts["d"]))
        except ValueError:
            return None

    return lambda text: parse(text) if len(text) <= MAX_CELL else None


def _regex(pattern: str) -> str:
    if len(pattern) > _MAX_PATTERN:
        raise DateFormatError(f"“{pattern[:_MAX_PATTERN]}…” is longer than {_MAX_PATTERN} characters.")
    pieces, named = [], []
    for part in re.findall(r"%.?|\s+|[^%\s]+", pattern):
        if part[0] == "%":
            letter = part[1:]
            if letter not in _DIRECTIVES:
                known = "%Y, %y, %m, %d, %b and, where needed, %H, %M, %S"
                raise DateFormatError(f"“%{letter}” is not known. Use {known}.")
            pieces.append(_DIRECTIVES[letter])
            named.append(_SAME.get(letter, letter))
        else:
            pieces.append(r"\s*+" if part.isspace() else re.escape(part))
    if sorted(name for name in named if name in "Yymbd") not in (sorted(s) for s in ("Ymd", "ymd", "Ybd", "ybd")):
        raise DateFormatError(f"“{pattern}” must hold one day (%d), one month (%m or %b) and one year (%Y or %y).")
    if len(set(named)) < len(named):
        raise DateFormatError(f"“{pattern}” names a part of the date twice.")
    return "".join(pieces) + (_COMPACT_REST if "%Y%m%d" in pattern else _REST)


def possible_formats(text: str) -> tuple[str, ...]:
    """Return the formats under which a cell is a date, the likelier first; none if it is no date."""
    return _possible(text) if MIN_CELL <= len(text) <= MAX_CELL else ()


@lru_cache(maxsize=16384)
def _possible(text: str) -> tuple[str, ...]:
    cell = text.strip()
    if not any(map(str.isdigit, cell)):
        return ()
    compact = ["%Y%m%d", "%d%m%Y", "%m%d%Y"] if _COMPACT.fullmatch(cell) else []
    days = {pattern: date_parser(pattern)(cell) for pattern in _numeric(cell) or compact or _named(cell)}
    return tuple(pattern for pattern, day in days.items() if day is not None and day.year in _YEARS)


def is_date(text: str) -> bool:
    return bool(possible_formats(text))


def _numeric(cell: str) -> list[str]:
    match = _NUMERIC.fullmatch(cell)
    if match is None:
        return []
    by = match["by"]
    if len(match["a"]) == 4:
        return [] if len(match["c"]) == 4 else [f"%Y{by}%m{by}%d"]
    if len(match["a"]) == 3 or by == ":":
        return []
    if len(match["c"]) == 4:
        return [f"%d{by}%m{by}%Y", f"%m{by}%d{by}%Y"]
    return [f"%d{by}%m{by}%y", f"%m{by}%d{by}%y", f"%y{by}%m{by}%d"] if len(match["c"]) == 2 else []


def _named(cell: str) -> list[str]:
    match = _NAMED.fullmatch(cell)
    if match is None or month_number(match["b"] or match["b2"]) is None:
        return []
    weekday = "%a, " if match["weekday"] and "," in match["weekday"] else "%a " if match["weekday"] else ""
    year = "%Y" if len(match["y"]) == 4 else "%y"
    between = match["s2"] or ""
    if match["d"]:
        return [f"{weekday}%d{match['s1']}%b{between}{year}"]
    return [f"{weekday}%b{match['t1']}%d{match['t2']}{between}{year}"]


#: A statement rarely covers more days than this; one that jumps between months while the other reading stays inside
#: is read the other way.
SHORT_SPAN_DAYS = 45
LONG_SPAN_DAYS = 120
#: Fewer distinct dates than this prove nothing by their order.
MIN_DISTINCT = 3
_SHORT_DAY = re.compile(r"[0-9]/|[0-9]+/[0-9]/")


@dataclass(frozen=True, slots=True)
class Hints:
    """Hints of the rest of the file: languages of the header, currency, and direction (1 old to new, -1, or 0)."""

    languages: frozenset[str] = frozenset()
    currency: str = ""
    direction: int = 0


class FormatChoice(NamedTuple):
    """A format, and the others that cannot be ruled out."""

    pattern: str
    others: tuple[str, ...] = ()


def choose_format(cells: Sequence[str], related: Iterable[str], hints: Hints) -> FormatChoice | None:
    """Return the format of a column's cells, in file order; `related` are further dates. None without dates."""
    counts = Counter(pattern for cell in cells for pattern in possible_formats(cell))
    fitting = [pattern for pattern, n in counts.items() if n == max(counts.values())]
    if not fitting:
        return None
    # Further dates of the same shape rule formats out, unless they rule out all.
    same_shape = [found for cell in related if set(found := possible_formats(cell)) & set(fitting)]
    fitting = [pattern for pattern in fitting if all(pattern in found for found in same_shape)] or fitting
    if len(fitting) == 1 or fitting[0].startswith(("%d.%m.", "%d. %m.")):  # with full stops, the day comes first
        return FormatChoice(fitting[0])
    return _by_course(fitting, cells, hints)


def _by_course(patterns: list[str], cells: Sequence[str], hints: Hints) -> FormatChoice:
    """Choose by the direction of the days and the time they span, where that tells the formats apart."""
    days = {pattern: [day for day in map(date_parser(pattern), cells) if day is not None] for pattern in patterns}
    spans = {pattern: (max(found) - min(found)).days if found else 0 for pattern, found in days.items()}
    if len(set(map(tuple, days.values()))) == 1:  # 10/10/2020 only: the same days whichever way
        return FormatChoice(_conventional(patterns, cells, hints))
    orderly = []
    for pattern in patterns:
        pairs = list(pairwise(days[pattern]))
        up, down = all(a <= b for a, b in pairs), all(a >= b for a, b in pairs)
        if (up and hints.direction >= 0) or (down and hints.direction <= 0):
            orderly.append(pattern)
    brief = [pattern for pattern in patterns if spans[pattern] <= SHORT_SPAN_DAYS]
    others_long = all(spans[pattern] > LONG_SPAN_DAYS for pattern in patterns if pattern not in brief)
    for telling in (orderly, brief if others_long else []):
        if len(telling) == 1 and len(set(days[telling[0]])) >= MIN_DISTINCT:
            return FormatChoice(telling[0])
    first = _conventional(patterns, cells, hints)
    day_and_month = [pattern for pattern in patterns if pattern.startswith(("%d", "%m"))]
    others = tuple(pattern for pattern in (day_and_month or patterns) if pattern != first)
    settled = bool(hints.languages) and "en" not in hints.languages
    return FormatChoice(first, () if settled else others)


def _conventional(patterns: list[str], cells: Sequence[str], hints: Hints) -> str:
    """Return month first for English headers with dollar signs or days without a zero (3/6/2016), else day first."""
    american = hints.currency == "$" or (not hints.currency and any(map(_SHORT_DAY.match, cells)))
    wanted = "%m" if "en" in hints.languages and american else "%d"
    return next((pattern for pattern in patterns if pattern.startswith(wanted)), patterns[0])
