"""Which of several formats the dates of a file follow: evidence first, then convention, a question when in doubt."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import NamedTuple

from statements.delimited.dates import date_parser, possible_formats

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
