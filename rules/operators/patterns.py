"""Regular expressions of users, within a limit of time: a match that takes longer counts as none.

The limit is processor time, as the library measures it, so a busy machine gives the same answers as an idle one.
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
#: Limit of one match.
MATCH_S = 0.1
#: Limit of all matches of a request, or of one chunk of a run, together.
TOTAL_S = 1.5
#: A pattern that ran out of time so often is not tried again within the same budget.
TRIES = 5


class Undecided(Exception):
    """No time was left to decide whether a pattern matches; this does not mean no."""


@dataclass(slots=True)
class PatternBudget:
    """The time that is left for patterns, and the patterns that ran out of it."""

    left_s: float
    #: Pattern → matches that were given up, or not tried for lack of time.
    timeouts: Counter[str] = field(default_factory=Counter)


_budget: ContextVar[PatternBudget] = ContextVar("pattern budget")


@contextmanager
def pattern_budget(total_s: float | None = None) -> Iterator[PatternBudget]:
    """Give all matches within the block a shared budget: TOTAL_S or another, within what an outer block has left."""
    outer = _budget.get(None)
    total = TOTAL_S if total_s is None else total_s
    budget = PatternBudget(total if outer is None else min(total, outer.left_s))
    had, token = budget.left_s, _budget.set(budget)
    try:
        yield budget
    finally:
        _budget.reset(token)
        if outer is not None:
            outer.left_s -= had - budget.left_s
            outer.timeouts += budget.timeouts


def compile_pattern(value: str, *, case_sensitive: bool) -> "regex.Pattern[str]":
    """Compile a pattern. Raises regex.error, with `msg` and `pos`, or ValueError, such as Unsupported."""
    check_size(value)
    return regex.compile(value, 0 if case_sensitive else regex.IGNORECASE)


def matches(value: str, *, case_sensitive: bool) -> Callable[[str], bool]:
    """Return the test that the pattern occurs in a text. The test raises Undecided."""
    try:
        pattern = compile_pattern(value, case_sensitive=case_sensitive)
    except (regex.error, ValueError, LookupError):  # an earlier version of the library, or of us, accepted it
        return _undecided
    return lambda text: find(pattern, text) is not None


def _undecided(text: str) -> bool:
    raise Undecided


def find(pattern: "regex.Pattern[str]", text: str) -> "regex.Match[str] | None":
    """Return the first match, or None. Raises Undecided."""
    budget = _budget.get(None) or PatternBudget(MATCH_S)
    if budget.left_s <= 0 or budget.timeouts[pattern.pattern] >= TRIES:
        budget.timeouts[pattern.pattern] += 1
        raise Undecided
    started = time.thread_time()
    try:
        return pattern.search(text, timeout=min(MATCH_S, budget.left_s))
    except TimeoutError:
        budget.timeouts[pattern.pattern] += 1
        raise Undecided from None
    finally:
        budget.left_s -= time.thread_time() - started


def find_match(value: str, text: str, *, case_sensitive: bool) -> list[tuple[int, int]]:
    """Return the place of the first match. Raises Undecided."""
    match = find(compile_pattern(value, case_sensitive=case_sensitive), text)
    return [match.span()] if match is not None and match.end() > match.start() else []
