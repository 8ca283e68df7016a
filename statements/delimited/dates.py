"""Dates as banks write them: which strptime formats fit a cell, and reading cells under one of them."""

import re
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
    """A function from cell to date, None where the cell does not fit. Raises `DateFormatError` for a bad format."""
    regex = re.compile(_regex(pattern))

    @lru_cache(maxsize=8192)
    def parse(text: str) -> date | None:
        match = regex.fullmatch(text.strip())
        return _date(match.groupdict()) if match else None

    return lambda text: parse(text) if len(text) <= MAX_CELL else None


def _regex(pattern: str) -> str:
    if len(pattern) > _MAX_PATTERN:
        raise DateFormatError(f"“{pattern[:_MAX_PATTERN]}…” is longer than {_MAX_PATTERN} characters.")
    pieces, named = [], []
    for part in re.findall(r"%.?|\s+|[^%\s]+", pattern):
        if part[0] == "%":
            pieces.append(_directive(part[1:]))
            named.append(_SAME.get(part[1:], part[1:]))
        else:
            pieces.append(r"\s*+" if part.isspace() else re.escape(part))
    if sorted(name for name in named if name in "Yymbd") not in (sorted(s) for s in ("Ymd", "ymd", "Ybd", "ybd")):
        raise DateFormatError(f"“{pattern}” must hold one day (%d), one month (%m or %b) and one year (%Y or %y).")
    if len(set(named)) < len(named):
        raise DateFormatError(f"“{pattern}” names a part of the date twice.")
    compact = "%Y%m%d" in pattern
    return "".join(pieces) + (_COMPACT_REST if compact else _REST)


def _directive(letter: str) -> str:
    if letter not in _DIRECTIVES:
        raise DateFormatError(f"“%{letter}” is not known. Use %Y, %y, %m, %d, %b and, where needed, %H, %M, %S.")
    return _DIRECTIVES[letter]


def _date(parts: dict[str, str]) -> date | None:
    month = int(parts["m"]) if "m" in parts else month_number(parts["b"])
    year = int(parts["Y"]) if "Y" in parts else _full_year(int(parts["y"]))
    try:
        return date(year, month or 0, int(parts["d"]))
    except ValueError:
        return None


def _full_year(two_digits: int) -> int:
    """POSIX: 69 to 99 are 1969 to 1999."""
    return two_digits + (1900 if two_digits >= 69 else 2000)


def possible_formats(text: str) -> tuple[str, ...]:
    """The formats under which a cell is a date, the likelier first; none when it is no date."""
    return _possible(text) if MIN_CELL <= len(text) <= MAX_CELL else ()


@lru_cache(maxsize=16384)
def _possible(text: str) -> tuple[str, ...]:
    cell = text.strip()
    if not any(map(str.isdigit, cell)):
        return ()
    candidates = _numeric(cell) or _compact(cell) or _named(cell)
    return tuple(pattern for pattern in candidates if _plausible(date_parser(pattern)(cell)))


def is_date(text: str) -> bool:
    return bool(possible_formats(text))


def _plausible(day: date | None) -> bool:
    return day is not None and day.year in _YEARS


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


def _compact(cell: str) -> list[str]:
    return ["%Y%m%d", "%d%m%Y", "%m%d%Y"] if _COMPACT.fullmatch(cell) else []


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
    """What else the file tells: languages of its header, currency, and how its rows run (1 old to new, -1, or 0)."""

    languages: frozenset[str] = frozenset()
    currency: str = ""
    direction: int = 0


class Choice(NamedTuple):
    """A format, and the others that cannot be ruled out."""

    pattern: str
    others: tuple[str, ...] = ()


def choose_format(cells: Sequence[str], related: Iterable[str], hints: Hints) -> Choice | None:
    """The format of a column's cells, in file order; `related` are further dates of the file. None without dates."""
    fitting = _fitting(cells)
    if len(fitting) > 1:
        fitting = _fitting_too(fitting, related)
    if not fitting:
        return None
    if len(fitting) == 1 or _dotted(fitting[0]):
        return Choice(fitting[0])
    return _by_course(fitting, cells, hints)


def _fitting(cells: Iterable[str]) -> list[str]:
    """The formats that fit the most cells, in order of likelihood."""
    counts: dict[str, int] = {}
    for cell in cells:
        for pattern in possible_formats(cell):
            counts[pattern] = counts.get(pattern, 0) + 1
    return [pattern for pattern, n in counts.items() if n == max(counts.values())]


def _fitting_too(patterns: list[str], related: Iterable[str]) -> list[str]:
    """The patterns that also fit the other dates written in the same shape; all when that rules out every one."""
    same_shape = [found for cell in related if set(found := possible_formats(cell)) & set(patterns)]
    left = [pattern for pattern in patterns if all(pattern in found for found in same_shape)]
    return left or patterns


def _dotted(pattern: str) -> bool:
    """Whether the separator is a full stop, with which nobody writes the month first."""
    return pattern.startswith(("%d.%m.", "%d. %m."))


def _by_course(patterns: list[str], cells: Sequence[str], hints: Hints) -> Choice:
    """By the way the days run and the time they span, where that tells the readings apart."""
    days = {pattern: _days(pattern, cells) for pattern in patterns}
    if len(set(map(tuple, days.values()))) == 1:  # 10/10/2020 only: the same days whichever way
        return Choice(_conventional(patterns, cells, hints))
    orderly = [pattern for pattern in patterns if _runs(days[pattern], hints.direction)]
    brief = [pattern for pattern in patterns if _span(days[pattern]) <= SHORT_SPAN_DAYS]
    others_long = all(_span(days[pattern]) > LONG_SPAN_DAYS for pattern in patterns if pattern not in brief)
    for telling in (orderly, brief if others_long else []):
        if len(telling) == 1 and len(set(days[telling[0]])) >= MIN_DISTINCT:
            return Choice(telling[0])
    return _by_convention(patterns, cells, hints)


def _by_convention(patterns: list[str], cells: Sequence[str], hints: Hints) -> Choice:
    first = _conventional(patterns, cells, hints)
    day_and_month = [pattern for pattern in patterns if pattern.startswith(("%d", "%m"))]
    others = tuple(pattern for pattern in (day_and_month or patterns) if pattern != first)
    settled = bool(hints.languages) and "en" not in hints.languages
    return Choice(first, () if settled else others)


def _conventional(patterns: list[str], cells: Sequence[str], hints: Hints) -> str:
    """Month first for English headers with dollar signs or days without a zero (3/6/2016), day first elsewhere."""
    american = hints.currency == "$" or (not hints.currency and any(map(_SHORT_DAY.match, cells)))
    wanted = "%m" if "en" in hints.languages and american else "%d"
    return next((pattern for pattern in patterns if pattern.startswith(wanted)), patterns[0])


def _days(pattern: str, cells: Sequence[str]) -> list[date]:
    parse = date_parser(pattern)
    return [day for cell in cells if (day := parse(cell)) is not None]


def _runs(days: Sequence[date], direction: int) -> bool:
    """Whether the days run one way, or the given way."""
    pairs = list(pairwise(days))
    up, down = all(a <= b for a, b in pairs), all(a >= b for a, b in pairs)
    return up if direction > 0 else down if direction < 0 else up or down


def _span(days: Sequence[date]) -> int:
    return (max(days) - min(days)).days if days else 0
