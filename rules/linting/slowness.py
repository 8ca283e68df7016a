"""Check for rules whose regular expressions are slow, or would be for a text made to slow them down."""

import time
from collections.abc import Iterator

import regex

from rules.linting.cases import FindingKind, LintContext, LintFinding, LintVerdict
from rules.linting.deadline import Deadline
from rules.linting.formulas import FieldTest
from rules.operators.patterns import compile_pattern

#: Time that one text may take, time-out for one text, and time for all texts of all rules.
QUICK_S = 0.001
TIMEOUT_S = 0.005
TOTAL_S = 0.4
#: A text counts as slow if it is slow each time: the machine may have been busy.
TRIES = 3
#: Length of made texts, about that of the longest descriptions, and letters and words of a pattern to make them of.
LENGTH = 490
MAX_PIECES = 5
WORDS = regex.compile(r"\w{2,}")


def slow_rules(context: LintContext) -> Iterator[LintFinding]:
    """Find slow patterns: proved if one ran out of time; undecided if it takes over a millisecond for a text."""
    deadline, history = Deadline(TOTAL_S), context.history
    for case in context.cases:
        patterns = {(test.value, test.case_sensitive): test for test in case.tests if test.op == "regex"}.values()
        n_timeouts = case.n_timeouts + sum(history.timeouts[pattern] for pattern in case.rule.compiled.patterns)
        if n_timeouts:
            times = "once" if n_timeouts == 1 else f"{n_timeouts:,} times"
            explanation = f"{case.quoted} is slow: its pattern ran out of time {times}, which counts as no match."
            yield LintFinding(FindingKind.SLOW, LintVerdict.PROVED, (case,), explanation)
        elif any(_is_slow(test, text, deadline) for test in patterns for text in _texts(test, history.texts)):
            explanation = f"{case.quoted} may be slow: there are texts for which its pattern takes over a millisecond."
            yield LintFinding(FindingKind.SLOW, LintVerdict.UNDECIDED, (case,), explanation)
    context.deadline.was_missed = context.deadline.was_missed or deadline.was_missed


def _texts(test: FieldTest, longest: list[str]) -> Iterator[str]:
    """Return the ledger's longest texts, and texts that repeat a letter or word of the pattern and then break off."""
    yield from longest
    letters = dict.fromkeys(letter for letter in test.value if letter.isalnum())
    for piece in [*list(letters)[:MAX_PIECES], *WORDS.findall(test.value)[:MAX_PIECES], "a", "1", " "]:
        yield (piece * LENGTH)[:LENGTH] + "\0"


def _is_slow(test: FieldTest, text: str, deadline: Deadline) -> bool:
    if deadline.has_passed():
        return False
    pattern = compile_pattern(test.value, case_sensitive=test.case_sensitive)
    for _ in range(TRIES):
        started = time.perf_counter()
        try:
            pattern.search(text, timeout=TIMEOUT_S)
        except TimeoutError:
            continue
        if time.perf_counter() - started <= QUICK_S:
            return False
    return True
