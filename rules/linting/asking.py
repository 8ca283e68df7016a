"""Asks the engine itself whether a value passes a test, so that proofs and rules cannot disagree."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from rules.engine.conditions import is_literal, make_test
from rules.linting.formulas import Test
from rules.operators import FIELD_TYPES, FieldType
from rules.operators.patterns import compile_pattern

#: A pattern that takes longer might be cut off on another day, so what it says proves nothing.
QUICK_S = 0.01


def holds(test: Test, value: Any) -> bool | None:
    """Whether a field of this value passes the test; None if that took too long to rely on."""
    answer = _found(test, value) if test.op == "regex" else _asserted(test)(value)
    return None if answer is None else answer is not test.is_denied


def _found(test: Test, text: str) -> bool | None:
    """Within a time of its own: where the engine has none left, it says that nothing was found."""
    try:
        return compile_pattern(test.value, case_sensitive=test.minds_case).search(text, timeout=QUICK_S) is not None
    except TimeoutError:
        return None


@lru_cache(maxsize=4096)
def _asserted(test: Test) -> Callable[[Any], bool]:
    passes = make_test(test.condition)
    if FIELD_TYPES[test.field] is not FieldType.TEXT or is_literal(test.condition):
        return passes
    return lambda text: passes(text.casefold())
