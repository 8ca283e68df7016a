"""Finds rules whose regular expressions take long, or would for a text that somebody made for it."""

import time
from collections.abc import Iterator

import regex

from rules.linting.cases import Case
from rules.linting.clock import Clock
from rules.linting.findings import Finding, Kind, Verdict
from rules.linting.formulas import Test
from rules.linting.study import Study
from rules.operators.patterns import compile_pattern

#: What one text may take.
QUICK_S = 0.001
#: What is waited for one text, and for all texts of all rules.
WAITED_S = 0.005
TOTAL_S = 0.4
#: A slow answer counts if it is slow each time: the machine may have been busy.
TRIES = 3
#: About as long as a description may be.
LENGTH = 490
N_LETTERS = 5
WORDS = regex.compile(r"\w{2,}")


def slow_rules(study: Study) -> Iterator[Finding]:
    """Proved where a pattern ran out of time; undecided where it takes more than a millisecond for a text."""
    clock = Clock(TOTAL_S)
    for case in study.cases:
        n_timeouts = case.n_timeouts + sum(study.history.timeouts[pattern] for pattern in case.rule.compiled.patterns)
        if n_timeouts:
            yield Finding(Kind.SLOW, Verdict.PROVED, (case,), _proof(case, n_timeouts))
        elif _is_slow(case, study, clock):
            explanation = f"{case.quoted} may be slow: there are texts for which its pattern takes over a millisecond."
            yield Finding(Kind.SLOW, Verdict.UNDECIDED, (case,), explanation)
    study.clock.has_struck = study.clock.has_struck or clock.has_struck


def _proof(case: Case, n_timeouts: int) -> str:
    times = "once" if n_timeouts == 1 else f"{n_timeouts:,} times"
    return f"{case.quoted} is slow: its pattern ran out of time {times}, which counts as no match."


def _is_slow(case: Case, study: Study, clock: Clock) -> bool:
    patterns = [test for test in case.tests if test.op == "regex"]
    return any(_is_slow_for(test, text, clock) for test in patterns for text in _texts(test, study))


def _texts(test: Test, study: Study) -> Iterator[str]:
    """The longest of the ledger, and some that repeat the pattern's own letters and words and then break off."""
    yield from study.history.texts
    letters = dict.fromkeys(letter for letter in test.value if letter.isalnum())
    for piece in [*list(letters)[:N_LETTERS], *WORDS.findall(test.value)[:N_LETTERS], "a", "1", " "]:
        yield (piece * LENGTH)[:LENGTH] + "\0"


def _is_slow_for(test: Test, text: str, clock: Clock) -> bool:
    if clock.is_up():
        return False
    pattern = compile_pattern(test.value, case_sensitive=test.minds_case)
    return all(_took_long(pattern, text) for _ in range(TRIES))


def _took_long(pattern: "regex.Pattern[str]", text: str) -> bool:
    started = time.perf_counter()
    try:
        pattern.search(text, timeout=WAITED_S)
    except TimeoutError:
        return True
    return time.perf_counter() - started > QUICK_S
