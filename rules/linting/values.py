"""Whether tests of one amount, reference, direction or list of tags can hold together. Pure.

Such tests answer alike between the values that they name, so asking them of these, and of one value between any two,
asks them of every value there is.
"""

from collections.abc import Iterable, Sequence
from decimal import Decimal, localcontext
from itertools import pairwise
from typing import Any

from rules.linting.asking import holds
from rules.linting.formulas import Test
from rules.operators.numbers import bounds_of_approx

#: Enough digits for what lies between any two amounts.
DIGITS = 200


def clash_in_amount(tests: Sequence[Test]) -> bool:
    """Whether no amount passes these tests, nor a missing one."""
    bounds = sorted({Decimal(0)}.union(*(_bounds(test) for test in tests)))
    with localcontext(prec=DIGITS):
        amounts = [*bounds, *((low + high) / 2 for low, high in pairwise(bounds)), bounds[-1] + 1]
    return _none_passes(tests, [None, *(amount for amount in amounts if amount > 0)])


def clash_in_reference(tests: Sequence[Test]) -> bool:
    """Whether no account or category passes these tests, nor a missing one."""
    named: set[int] = {0}.union(*(test.value for test in tests if test.op == "in"))
    return _none_passes(tests, [None, *named, max(named) + 1])


def clash_in_direction(tests: Sequence[Test]) -> bool:
    """Whether neither direction passes these tests."""
    return _none_passes(tests, ["in", "out"])


def clash_in_tags(tests: Sequence[Test]) -> bool:
    """Whether no list of tags passes these tests."""
    has = {test.value for test in tests if test.op == "has" and not test.is_denied}
    lacks = {test.value for test in tests if test.op == "has" and test.is_denied}
    empty = {test.is_denied for test in tests if test.op == "is_empty"}
    return bool(has & lacks) or len(empty) > 1 or (False in empty and bool(has))


def _none_passes(tests: Sequence[Test], values: Iterable[Any]) -> bool:
    return not any(all(holds(test, value) for test in tests) for value in values)


def _bounds(test: Test) -> Iterable[Decimal]:
    """The amounts at which its answer may change."""
    if test.op == "approx":
        return bounds_of_approx(test.value, **dict(test.options))
    if test.value is None:
        return []
    return map(Decimal, test.value if isinstance(test.value, tuple) else [test.value])
