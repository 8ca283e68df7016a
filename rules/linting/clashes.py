"""Clashes between tests of one field: tests that no value passes together.

Pure, and sound: True means that no value passes, False means that this is not known. Tests are evaluated by the rule
engine itself, so that proofs and rules cannot disagree.
"""

import datetime as dt
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from decimal import Decimal, localcontext
from functools import cache, lru_cache
from itertools import pairwise
from typing import Any

from rules.engine.conditions import is_literal, make_test
from rules.linting.formulas import PLAIN, FieldTest, is_caseless
from rules.operators import FIELD_TYPES, FieldType
from rules.operators.magnitudes import bounds_of_approx
from rules.operators.patterns import compile_pattern

#: A slower pattern might be cut off on another day, so its answer proves nothing.
MAX_PATTERN_S = 0.01
#: Precision for a value between any two amounts.
DIGITS = 200
ONE_DAY = dt.timedelta(days=1)
#: Periods up to this length are tried day by day; longer ones are taken to contain every kind of day.
MAX_TRIED = dt.timedelta(days=800)
#: Years in which weekdays, month ends and leap days meet in every way.
CYCLE = (dt.date(2000, 1, 1), dt.date(2027, 12, 31))
COMPARE: dict[str, Callable[[str, str], bool]] = {
    "equals": lambda text, value: text == value,
    "contains": lambda text, value: value in text,
    "starts_with": lambda text, value: text.startswith(value),
    "ends_with": lambda text, value: text.endswith(value),
}
#: Texts to which a single character may fold: a pattern that counts characters tells “ß” from “ss”.
FOLDED_FROM_ONE = re.compile("ss|st|f[fil]")
#: A pattern of these parts alone cannot tell upper from lower case when it ignores case.
CASE_BLIND = re.compile(r"(?:[^\\(\[]|\((?!\?)|\[(?![:\[])|\\[dDsSwWbB]|\\[^\w\s])*")


def clash(tests: Sequence[FieldTest]) -> bool:
    """Return True if no value passes all these tests of one field, nor a missing value."""
    if tests[0].field == "direction":
        return _none_passes(tests, ["in", "out"])
    return CLASHES[FIELD_TYPES[tests[0].field]](tests)


def holds(test: FieldTest, value: Any) -> bool | None:
    """Return whether a value passes the test; None if that took too long to rely on."""
    if test.op == "regex":
        pattern = compile_pattern(test.value, case_sensitive=test.case_sensitive)
        try:  # a limit of its own: without time the engine would report no match
            passes = pattern.search(value, timeout=MAX_PATTERN_S) is not None
        except TimeoutError:
            return None
    else:
        passes = _predicate(test)(value)
    return passes is not test.is_denied


@lru_cache(maxsize=4096)
def _predicate(test: FieldTest) -> Callable[[Any], bool]:
    passes = make_test(test.condition)
    if FIELD_TYPES[test.field] is not FieldType.TEXT or is_literal(test.condition):
        return passes
    return lambda text: passes(text.casefold())


def _none_passes(tests: Sequence[FieldTest], values: Iterable[Any]) -> bool:
    return not any(all(holds(test, value) for test in tests) for value in values)


def _clash_in_amount(tests: Sequence[FieldTest]) -> bool:
    """Try the amounts at which answers may change, and one amount between any two of them."""
    bounds = {Decimal(0)}
    for test in tests:
        if test.op == "approx":
            bounds.update(bounds_of_approx(test.value, **dict(test.options)))
        elif test.value is not None:
            bounds.update(map(Decimal, test.value if isinstance(test.value, tuple) else [test.value]))
    ordered = sorted(bounds)
    with localcontext(prec=DIGITS):
        amounts = [*ordered, *((low + high) / 2 for low, high in pairwise(ordered)), ordered[-1] + 1]
    return _none_passes(tests, [None, *(amount for amount in amounts if amount > 0)])


def _clash_in_reference(tests: Sequence[FieldTest]) -> bool:
    """Try each account or category that is named, and one that is not."""
    named: set[int] = {0}.union(*(test.value for test in tests if test.op == "in"))
    return _none_passes(tests, [None, *named, max(named) + 1])


def _clash_in_tags(tests: Sequence[FieldTest]) -> bool:
    has = {test.value for test in tests if test.op == "has" and not test.is_denied}
    lacks = {test.value for test in tests if test.op == "has" and test.is_denied}
    empty = {test.is_denied for test in tests if test.op == "is_empty"}
    return bool(has & lacks) or len(empty) > 1 or (False in empty and bool(has))


def _clash_in_date(tests: Sequence[FieldTest]) -> bool:
    """Try the periods in which the tests of points in time are constant, and in each the recurring tests."""
    if all(holds(test, None) for test in tests):
        return False
    recurring = [test for test in tests if test.op in {"day_of_month", "weekday"}]
    others = [test for test in tests if test not in recurring]
    named: set[dt.date] = set()
    for test in others:
        if test.value is not None:
            named.update(map(dt.date.fromisoformat, test.value if isinstance(test.value, tuple) else [test.value]))
    starts = sorted({dt.date.min} | named | {day + ONE_DAY for day in named if day < dt.date.max})
    lasts = [*(start - ONE_DAY for start in starts[1:]), dt.date.max]
    for first, last in zip(starts, lasts, strict=True):
        if all(holds(test, first) for test in others):
            days = _days(first, last) if last - first <= MAX_TRIED else _kinds_of_days()
            if not recurring or not _none_passes(recurring, days):
                return False
    return True


def _days(first: dt.date, last: dt.date) -> Iterator[dt.date]:
    return (first + dt.timedelta(days=n) for n in range((last - first).days + 1))


@cache
def _kinds_of_days() -> list[dt.date]:
    """Return one day for each weekday, day of the month, and whether the month ends with it."""
    kinds = {(day.weekday(), day.day, (day + ONE_DAY).day == 1): day for day in _days(*CYCLE)}
    return list(kinds.values())


class _TextDemands:
    """Demands on one form of a text: the text as it is, or casefolded."""

    def __init__(self) -> None:
        self.asserted: set[tuple[str, str]] = set()
        self.denied: set[tuple[str, str]] = set()

    def add(self, test: FieldTest, value: str) -> None:
        (self.denied if test.is_denied else self.asserted).add((test.op, value))

    @property
    def exact(self) -> str | None:
        """The only text that can meet the demands, if it is known."""
        return next((value for op, value in self.asserted if op == "equals"), None)

    def clash(self) -> bool:
        if (text := self.exact) is not None:
            kept = all(COMPARE[op](text, value) for op, value in self.asserted)
            return not kept or any(COMPARE[op](text, value) for op, value in self.denied)
        starts = [value for op, value in self.asserted if op == "starts_with"]
        ends = [value[::-1] for op, value in self.asserted if op == "ends_with"]
        for beginnings in (starts, ends):  # a text begins with all if they are prefixes of the longest
            longest = max(beginnings, key=len, default="")
            if not all(longest.startswith(beginning) for beginning in beginnings):
                return True
        return any(self._implies(op, value) for op, value in self.denied)

    def _implies(self, op: str, value: str) -> bool:
        """Return True if every text that meets the assertions passes this test, too."""
        if op == "equals":
            return False
        if op == "contains":
            return not value or any(value in known for _, known in self.asserted)
        return not value or any(COMPARE[op](known, value) for asserted, known in self.asserted if asserted == op)


def _clash_in_text(tests: Sequence[FieldTest]) -> bool:
    folded, literal = _TextDemands(), _TextDemands()
    for test in tests:
        if test.op not in PLAIN:
            continue
        if not test.case_sensitive:
            folded.add(test, test.value)
            if is_caseless(test.value):
                literal.add(test, test.value)
            continue
        literal.add(test, test.value)
        if not test.is_denied:  # a text that holds as it is also holds casefolded
            folded.add(test, test.value.casefold())
    opaque = [test for test in tests if test.op not in PLAIN]
    if folded.clash() or literal.clash() or any(_implies(one, other) for one in opaque for other in opaque):
        return True
    return any(_fails(test, literal.exact, folded.exact) for test in opaque)


def _implies(asserted: FieldTest, denied: FieldTest) -> bool:
    """Return True if a pattern or a similarity contradicts a denied one: the same, with at most its threshold."""
    is_same = (asserted.op, asserted.value, asserted.case_sensitive) == (denied.op, denied.value, denied.case_sensitive)
    return is_same and denied.is_denied and not asserted.is_denied and denied.options <= asserted.options


def _fails(test: FieldTest, literal: str | None, folded: str | None) -> bool:
    """Return True if the test fails for the only possible text, known exactly or except for its case."""
    if literal is not None:
        return holds(test, literal) is False
    if folded is None or test.case_sensitive:
        return False
    if test.op == "regex":
        is_plain = folded.isascii() and FOLDED_FROM_ONE.search(folded) is None
        if not is_plain or CASE_BLIND.fullmatch(test.value) is None:
            return False
    return holds(test, folded) is False


CLASHES: dict[FieldType, Callable[[Sequence[FieldTest]], bool]] = {
    FieldType.TEXT: _clash_in_text,
    FieldType.NUMBER: _clash_in_amount,
    FieldType.DATE: _clash_in_date,
    FieldType.ID: _clash_in_reference,
    FieldType.TAGS: _clash_in_tags,
}
