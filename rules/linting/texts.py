"""Whether tests of one text can hold together. Pure: it answers True only where no text passes them all."""

import re
from collections.abc import Callable, Sequence

from rules.linting.asking import holds
from rules.linting.formulas import PLAIN, Test, is_caseless

COMPARE: dict[str, Callable[[str, str], bool]] = {
    "equals": lambda text, value: text == value,
    "contains": lambda text, value: value in text,
    "starts_with": lambda text, value: text.startswith(value),
    "ends_with": lambda text, value: text.endswith(value),
}
#: What a single character may fold to: a pattern that counts characters tells “ß” from “ss”.
FOLDED_FROM_ONE = re.compile("ss|st|f[fil]")
#: A pattern of these alone cannot tell upper from lower case once it is asked to overlook it.
CASE_BLIND = re.compile(r"(?:[^\\(\[]|\((?!\?)|\[(?![:\[])|\\[dDsSwWbB]|\\[^\w\s])*")


def clash_in_text(tests: Sequence[Test]) -> bool:
    """Whether no text passes these tests of it; False where that is not known."""
    folded, literal = _Demands(), _Demands()
    for test in tests:
        if test.op in PLAIN:
            _demand(test, folded=folded, literal=literal)
    if folded.clash() or literal.clash() or _opaque_clash(tests):
        return True
    return any(_fails_as(test, literal.exact, folded.exact) for test in tests if test.op not in PLAIN)


class _Demands:
    """What is asked of one way to write the text: as it is, or folded."""

    def __init__(self) -> None:
        self.asserted: set[tuple[str, str]] = set()
        self.denied: set[tuple[str, str]] = set()

    def add(self, test: Test, value: str) -> None:
        (self.denied if test.is_denied else self.asserted).add((test.op, value))

    @property
    def exact(self) -> str | None:
        return next((value for op, value in self.asserted if op == "equals"), None)

    def clash(self) -> bool:
        if (text := self.exact) is not None:
            return self._is_broken_by(text)
        starts, ends = self._values("starts_with"), [value[::-1] for value in self._values("ends_with")]
        return (
            not _is_chain(starts) or not _is_chain(ends) or any(self._follows(op, value) for op, value in self.denied)
        )

    def _is_broken_by(self, text: str) -> bool:
        kept = all(COMPARE[op](text, value) for op, value in self.asserted)
        return not kept or any(COMPARE[op](text, value) for op, value in self.denied)

    def _values(self, op: str) -> list[str]:
        return [value for asserted, value in self.asserted if asserted == op]

    def _follows(self, op: str, value: str) -> bool:
        """Whether every text that passes what is asserted passes this, too."""
        if op == "equals":
            return False
        if op == "contains":
            return not value or any(value in known for _, known in self.asserted)
        return not value or any(COMPARE[op](known, value) for known in self._values(op))


def _demand(test: Test, *, folded: _Demands, literal: _Demands) -> None:
    """What holds of a text as it is holds folded of the folded one; where case says nothing, also the other way."""
    if test.minds_case:
        literal.add(test, test.value)
        if not test.is_denied:
            folded.add(test, test.value.casefold())
        return
    folded.add(test, test.value)
    if is_caseless(test.value):
        literal.add(test, test.value)


def _is_chain(beginnings: list[str]) -> bool:
    """Whether one text can begin with all of these."""
    longest = max(beginnings, key=len, default="")
    return all(longest.startswith(beginning) for beginning in beginnings)


def _opaque_clash(tests: Sequence[Test]) -> bool:
    """A pattern or a likeness is equal only to itself, but less likeness follows from more."""
    asserted = [test for test in tests if test.op not in PLAIN and not test.is_denied]
    denied = [test for test in tests if test.op not in PLAIN and test.is_denied]
    return any(_opaquely_follows(one, from_=other) for one in denied for other in asserted)


def _opaquely_follows(test: Test, *, from_: Test) -> bool:
    is_same = (test.op, test.value, test.minds_case) == (from_.op, from_.value, from_.minds_case)
    return is_same and test.options <= from_.options


def _fails_as(test: Test, literal: str | None, folded: str | None) -> bool:
    """Whether a test fails since it is known what the text is, or what it is but for case."""
    if literal is not None:
        return holds(test, literal) is False
    if folded is None or test.minds_case:
        return False
    return (test.op != "regex" or _overlooks_case(test.value, folded)) and holds(test, folded) is False


def _overlooks_case(pattern: str, folded: str) -> bool:
    is_plain = folded.isascii() and FOLDED_FROM_ONE.search(folded) is None
    return is_plain and CASE_BLIND.fullmatch(pattern) is not None
