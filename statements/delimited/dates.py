"""Dates as banks write them: which strptime formats fit a cell, and reading cells under one of them."""

import re
from collections.abc import Callable
from datetime import date
from functools import lru_cache

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
