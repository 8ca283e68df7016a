"""Sketches keep many amounts in few numbers."""

from math import log

import pytest
from hypothesis import given
from hypothesis import strategies as st

from insights.anomalies.amount_sketches import MAX_POINTS, sketch, without

LOGS = st.lists(st.floats(-3, 12), min_size=1, max_size=60)


@given(LOGS)
def test_sketch_keeps_count_minimum_and_maximum(logs: list[float]) -> None:
    found = sketch(logs)

    assert found.n == pytest.approx(len(logs))
    assert found.points[-1] == pytest.approx(max(logs), abs=1e-6)
    assert min(logs) - 1e-6 <= found.points[0]
    assert len(found.points) <= MAX_POINTS


def test_without_removes_one_amount() -> None:
    assert without(sketch([1.0, 2.0, 2.0]), 2.0) == sketch([1.0, 2.0])
    assert without(sketch([1.0]), 1.0) is None


def test_without_ignores_an_unknown_amount() -> None:
    known = sketch([1.0, 2.0])

    assert without(known, 1.5) is known


def test_equal_amounts_make_narrow_kernels() -> None:
    assert sketch([log(12.9)] * 40).width < sketch([log(12.9)]).width < sketch([1.0, 3.0, 5.0, 7.0]).width


def test_few_prices_mean_low_novelty() -> None:
    assert sketch([1.0] * 30).novelty < sketch([1.0, 2.0] * 15).novelty < sketch([1.0]).novelty == 1
    assert sketch([n / 10 for n in range(100)]).novelty == 1
