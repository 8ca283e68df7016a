"""Regular expressions that people write, within a limit of time: a match that takes longer counts as none.

Time is that of the processor, as the library counts it: a busy machine gives no other answers than an idle one.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

import regex

from rules.operators.pattern_size import check_size

MAX_LENGTH = 500
#: What one match may take.
MATCH_S = 0.1
#: What all matches of a request, or of one chunk of a run, may take together.
TOTAL_S = 1.5
#: A pattern that ran out of time so often is not tried again within the same limit.
TRIES = 5


class Undecided(Exception):
    """No time was left to say whether a pattern matches; whoever asked must not take that for a no."""


@dataclass(slots=True)
class PatternBudget:
    """How much time is left for regular expressions, and how often which pattern had none."""

    left_s: float
    #: Pattern → matches that were given up, or not tried since no time was left.
    timeouts: Counter[str] = field(default_factory=Counter)


_limit: ContextVar[PatternBudget] = ContextVar("regex time")


@contextmanager
def pattern_budget(total_s: float | None = None) -> Iterator[PatternBudget]:
    """All matches within the block share the time: TOTAL_S, or another, and no more than a block around it has left."""
    outer = _limit.get(None)
    total = TOTAL_S if total_s is None else total_s
    limit = PatternBudget(total if outer is None else min(total, outer.left_s))
    had, token = limit.left_s, _limit.set(limit)
    try:
        yield limit
    finally:
        _limit.reset(token)
        if outer is not None:
            outer.left_s -= had - limit.left_s
            outer.timeouts += limit.timeouts


def compile_pattern(value: str, *, case_sensitive: bool) -> "regex.Pattern[str]":
    """Raises regex.error, whose `msg` and `pos` say what is wrong where, or ValueError, such as Unsupported."""
    check_size(value)
    return regex.compile(value, 0 if case_sensitive else regex.IGNORECASE)


def matches(value: str, *, case_sensitive: bool) -> Callable[[str], bool]:
    """Whether the pattern is found somewhere in a text. The test raises Undecided."""
    try:
        pattern = compile_pattern(value, case_sensitive=case_sensitive)
    except (regex.error, ValueError, LookupError):  # saved when the library, or we, still took it
        return _undecided
    return lambda text: find(pattern, text) is not None


def _undecided(text: str) -> bool:
    raise Undecided


def find(pattern: "regex.Pattern[str]", text: str) -> "regex.Match[str] | None":
    """The first match; None where there is none. Raises Undecided."""
    limit = _limit.get(None) or PatternBudget(MATCH_S)
    if limit.left_s <= 0 or limit.timeouts[pattern.pattern] >= TRIES:
        limit.timeouts[pattern.pattern] += 1
        raise Undecided
    started = time.thread_time()
    try:
        return pattern.search(text, timeout=min(MATCH_S, limit.left_s))
    except TimeoutError:
        limit.timeouts[pattern.pattern] += 1
        raise Undecided from None
    finally:
        limit.left_s -= time.thread_time() - started


def find_match(value: str, text: str, *, case_sensitive: bool) -> list[tuple[int, int]]:
    """Return the place of the first match. Raises Undecided."""
    match = find(compile_pattern(value, case_sensitive=case_sensitive), text)
    return [match.span()] if match is not None and match.end() > match.start() else []
