"""Asks the engine itself whether a value passes a test, so that proofs and rules cannot disagree."""

import time
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from rules.conditions import is_literal, make_test
from rules.linting.formulas import Test
from rules.operators import SORTS, Sort

#: A pattern that takes longer might be cut off on another day, so what it says proves nothing.
QUICK_S = 0.01


def holds(test: Test, value: Any) -> bool | None:
    """Whether a field of this value passes the test; None if that took too long to rely on."""
    started = time.perf_counter()
    answer = _asserted(test)(value) is not test.is_denied
    is_sure = test.op != "regex" or time.perf_counter() - started < QUICK_S
    return answer if is_sure else None


@lru_cache(maxsize=4096)
def _asserted(test: Test) -> Callable[[Any], bool]:
    passes = make_test(test.condition)
    if SORTS[test.field] is not Sort.TEXT or is_literal(test.condition):
        return passes
    return lambda text: passes(text.casefold())
