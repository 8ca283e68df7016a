"""Log odds that an amount is wrong."""

from math import log

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from insights.anomalies.amount_scores import N_STEPS, Ordinary, all_log_odds, log_odds
from insights.anomalies.amount_sketches import sketch

#: Logarithms of whole cents: what differs by less than a cent is one amount.
LEVEL = st.lists(st.integers(10, 100_000).map(lambda cents: log(cents / 100)), min_size=1, max_size=60)
LEVELS = st.lists(LEVEL, min_size=1, max_size=4)


@given(LEVELS, st.floats(0, 10), st.floats(0.01, 5))
def test_larger_amounts_beyond_the_record_have_higher_odds(
    levels: list[list[float]], above: float, more: float
) -> None:
    largest = max(max(level) for level in levels)
    sketches = [sketch(level) for level in levels]

    assert log_odds(largest + above + more, sketches) >= log_odds(largest + above, sketches)


@given(st.floats(-2, 8), st.integers(1, 50), st.floats(0.01, 3), st.floats(0.01, 3))
def test_odds_grow_with_the_excess_over_a_steady_price(usual: float, n: int, above: float, more: float) -> None:
    known = [sketch([usual] * n)]

    assert log_odds(usual, known) < log_odds(usual + above, known) < log_odds(usual + above + more, known)


@given(LEVELS, st.floats(-2, 12), st.floats(-5, 5))
def test_another_currency_changes_nothing(levels: list[list[float]], amount: float, factor: float) -> None:
    moved = [sketch([point + factor for point in level]) for level in levels]

    assert log_odds(amount + factor, moved) == pytest.approx(
        log_odds(amount, [sketch(level) for level in levels]), abs=1e-3
    )


def test_frequent_large_amount_is_ordinary() -> None:
    known = [sketch([log(2.5)] * 20 + [log(100)] * 5)]

    assert log_odds(log(100), known) < log_odds(log(30), known)


def test_payee_counts_more_with_more_payments() -> None:
    category = sketch([log(10)] * 50)
    once, often = sketch([log(80)]), sketch([log(80)] * 12)

    assert log_odds(log(80), [category, often]) < log_odds(log(80), [category, once]) < log_odds(log(80), [category])


def test_odds_of_many_amounts_equal_single_odds() -> None:
    known = [sketch([1.0, 2.0]), sketch([1.5])]

    assert all_log_odds(np.array([1.0, 3.0]), known).tolist() == [log_odds(1.0, known), log_odds(3.0, known)]


@given(LEVELS, st.lists(st.floats(0.001, 0.999), min_size=1, max_size=3), st.integers(2, 2 * N_STEPS))
def test_quantiles_are_those_of_all_steps(levels: list[list[float]], shares: list[float], n: int) -> None:
    ordinary, steps = Ordinary.beside([sketch(level) for level in levels]), np.linspace(-6, 8, n)

    assert ordinary.quantiles(shares, steps) == np.interp(shares, ordinary.share_below(steps), steps).tolist()
