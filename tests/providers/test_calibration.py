"""Calibration of confidences: hand-made outcomes, and laws that hold for any."""

import math

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from providers.calibration import (
    LEAST_CORRECTED,
    LEAST_OUTCOMES,
    NO_CORRECTION,
    Bin,
    Correction,
    JudgedAnswer,
    Reliability,
    fit_correction,
    log_odds,
    logistic,
    measure_reliability,
)

probabilities = st.floats(0, 1)
#: Confidences as links give them: of few digits, and many of them equal.
claims = st.integers(0, 100).map(lambda percent: percent / 100)
outcomes = st.lists(st.builds(JudgedAnswer, claims, st.booleans()), max_size=120)
enough = st.lists(st.builds(JudgedAnswer, claims, st.booleans()), min_size=LEAST_OUTCOMES, max_size=120)
corrections = st.builds(Correction, st.floats(-8, 8), st.floats(0.1, 8))


def share_right(found):
    return sum(o.is_right for o in found) / len(found)


def believed(confidence, n, n_right):
    """Return `n` answers of one confidence, the right ones spread evenly over the time."""
    return [JudgedAnswer(confidence, (i * n_right) % n < n_right) for i in range(n)]


class TestReliability:
    def test_nothing_is_said_without_outcomes(self):
        with pytest.raises(ValueError, match=r"^Nothing can be measured without outcomes\.$"):
            measure_reliability([])

    def test_bins_are_counted_and_their_distances_weighed(self):
        said = [*believed(0.75, 4, 1), *believed(0.5, 4, 2)]
        assert measure_reliability(said) == Reliability(
            n=8,
            accuracy=0.375,
            ece=(4 * abs(0.75 - 0.25) + 4 * abs(0.5 - 0.5)) / 8,
            brier=(0.25**2 + 3 * 0.75**2 + 4 * 0.5**2) / 8,
            bins=(Bin(0.5, 0.6, 4, 0.5, 0.5), Bin(0.7, 0.8, 4, 0.75, 0.25)),
        )

    def test_the_certain_and_the_impossible_have_a_bin(self):
        measured = measure_reliability([JudgedAnswer(1.0, True), JudgedAnswer(0.0, False)])
        assert measured == Reliability(2, 0.5, 0.0, 0.0, (Bin(0.0, 0.1, 1, 0.0, 0.0), Bin(0.9, 1.0, 1, 1.0, 1.0)))

    def test_the_edge_of_a_bin_belongs_to_the_higher_one(self):
        measured = measure_reliability([JudgedAnswer(i / 10, True) for i in range(10)])
        assert [(part.start, part.n) for part in measured.bins] == [(i / 10, 1) for i in range(10)]

    @given(outcomes)
    def test_errors_lie_between_none_and_all(self, said):
        assume(said)
        measured = measure_reliability(said)
        assert 0 <= measured.ece <= 1
        assert 0 <= measured.brier <= 1
        assert sum(part.n for part in measured.bins) == measured.n == len(said)
        # The mean distance of the bins is never less than that of all answers together.
        assert measured.ece >= abs(sum(o.confidence for o in said) / len(said) - measured.accuracy) - 1e-9

    @given(outcomes, st.randoms())
    def test_the_order_does_not_matter(self, said, chance):
        assume(said)
        mixed = chance.sample(said, len(said))
        here, there = measure_reliability(said), measure_reliability(mixed)
        assert here[1:4] == pytest.approx(there[1:4])
        assert [part.n for part in here.bins] == [part.n for part in there.bins]


class TestCorrection:
    @given(corrections, probabilities, probabilities)
    def test_it_keeps_the_order_and_stays_a_probability(self, correction, one, other):
        lower, higher = sorted((one, other))
        assert 0 <= correction.apply(lower) <= correction.apply(higher) <= 1

    @given(corrections, probabilities)
    def test_nothing_corrected_is_certain(self, correction, confidence):
        assume(correction != NO_CORRECTION)
        assert correction.apply(confidence) <= 0.999

    @given(probabilities)
    def test_none_changes_nothing(self, confidence):
        assert NO_CORRECTION.apply(confidence) == confidence

    @given(st.floats(0.001, 0.999))
    def test_log_odds_and_back_is_the_same_probability(self, probability):
        assert logistic(log_odds(probability)) == pytest.approx(probability)

    @pytest.mark.parametrize("score", [-1e9, 1e9, -math.inf, math.inf])
    def test_no_score_is_too_large(self, score):
        assert 0 < logistic(score) <= 1

    @given(st.lists(st.builds(JudgedAnswer, claims, st.booleans()), max_size=LEAST_CORRECTED - 1))
    def test_too_few_outcomes_correct_nothing(self, said):
        assert fit_correction(said) == NO_CORRECTION

    @given(st.lists(st.builds(JudgedAnswer, claims, st.booleans()), max_size=LEAST_CORRECTED - 1), st.floats(-7, 0))
    def test_expected_doubt_corrects_alone_before_outcomes(self, said, expected):
        assert fit_correction(said, expected=expected) == Correction(expected, 1)

    @pytest.mark.parametrize("n_right", [0, 3, 5])
    def test_expected_doubt_fades_with_the_number_of_outcomes(self, n_right):
        def moved_by(n):
            without, doubted = (
                fit_correction(believed(0.9, 5 * n, n_right * n), expected=expected).apply(0.9) for expected in (0, -3)
            )
            return without - doubted

        assert moved_by(1) > 0.02
        assert moved_by(1) > 2 * moved_by(1_000) >= 0
        assert moved_by(1_000) < 0.02

    @given(enough)
    @example([JudgedAnswer(0.999, False)] * 300)
    @example([JudgedAnswer(0.001, True)] * 300)
    @example([JudgedAnswer(0.9, False), JudgedAnswer(0.1, True)] * 100)
    @example([JudgedAnswer(1.0, True)] * 100)
    def test_any_outcomes_give_a_correction_that_keeps_the_order(self, said):
        correction = fit_correction(said)
        assert all(map(math.isfinite, correction))
        assert correction.slope > 0
        assert 0 <= correction.apply(0) < correction.apply(0.5) < correction.apply(1) <= 1

    def test_answers_as_right_as_claimed_are_hardly_moved(self):
        each = [believed(percent / 100, 100, percent) for percent in range(1, 100)]
        correction = fit_correction([outcome for at_once in zip(*each, strict=True) for outcome in at_once])
        for claim in (0.05, 0.3, 0.5, 0.7, 0.95):
            assert correction.apply(claim) == pytest.approx(claim, abs=0.03)

    @pytest.mark.parametrize(("claimed", "share"), [(0.99, 0.8), (0.6, 0.95), (0.85, 0.1), (0.999, 0.0), (0.2, 1.0)])
    def test_many_outcomes_bring_a_claim_near_what_was_right(self, claimed, share):
        correction = fit_correction(believed(claimed, 4_000, round(4_000 * share)))
        assert correction.apply(claimed) == pytest.approx(share, abs=0.02)

    @pytest.mark.parametrize("n_right", [0, 15, 30])
    def test_few_outcomes_move_it_less_than_many(self, n_right):
        few = fit_correction(believed(0.7, 30, n_right)).apply(0.7)
        many = fit_correction(believed(0.7, 3_000, n_right * 100)).apply(0.7)
        assert abs(few - 0.7) < abs(many - 0.7)

    def test_later_outcomes_count_more(self):
        wrong, right = [JudgedAnswer(0.8, False)] * 500, [JudgedAnswer(0.8, True)] * 500
        assert fit_correction(wrong + right).apply(0.8) > 0.55 > 0.5 > fit_correction(right + wrong).apply(0.8)

    def test_a_correction_of_few_rows_hardly_lowers_a_link(self):
        """Twelve rows with two mistakes once took .88 under the threshold of .80."""
        assert fit_correction(believed(0.88, 12, 9)).apply(0.88) > 0.85

    def test_few_right_answers_raise_nothing(self):
        few = fit_correction(believed(0.4, 8, 5))
        assert not few.raises
        assert few.apply(0.4) == 0.4

    def test_answers_that_are_surely_better_than_they_say_are_raised(self):
        assert fit_correction(believed(0.4, 200, 120)).apply(0.4) > 0.5
