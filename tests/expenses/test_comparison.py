"""A classifier is used unless more rows speak against it than chance explains."""

import pytest

from expenses.categorization.comparison import PairedComparison, compare, sign_test


@pytest.mark.parametrize(
    ("n_for", "n_against", "expected"),
    [(0, 0, 1.0), (5, 0, 1 / 32), (4, 0, 1 / 16), (7, 1, 9 / 256), (1, 1, 3 / 4), (0, 3, 1.0), (3, 3, 42 / 64)],
)
def test_a_sign_test_is_exact(n_for, n_against, expected):
    assert sign_test(n_for, n_against) == expected


def test_answers_are_compared_row_by_row():
    pairs = [(True, True), (True, False), (True, False), (False, True), (False, False)]
    assert compare(pairs) == PairedComparison(n=5, n_right=3, n_right_without=2, n_gained=2, n_lost=1)
    assert compare([]) == PairedComparison(0, 0, 0, 0, 0)


@pytest.mark.parametrize(
    ("n", "n_gained", "n_lost", "verdict"),
    [
        # nothing is shown yet, and it is used
        (0, 0, 0, "too_early"),
        (60, 2, 1, "too_early"),
        (60, 0, 1, "too_early"),
        (60, 0, 4, "too_early"),
        (2000, 0, 0, "too_early"),
        (2000, 100, 90, "too_early"),
        (2000, 90, 100, "too_early"),
        # chance hardly explains as many
        (60, 5, 0, "helps"),
        (120, 7, 1, "helps"),
        (2000, 120, 90, "helps"),
        # nor as many against it
        (60, 0, 5, "no_help"),
        (120, 1, 7, "no_help"),
        (2000, 90, 120, "no_help"),
    ],
)
def test_a_verdict_takes_more_than_chance(n, n_gained, n_lost, verdict):
    found = PairedComparison(n, 50 + n_gained, 50 + n_lost, n_gained, n_lost)
    assert found.verdict == verdict
    assert found.is_of_use is (verdict != "no_help")
