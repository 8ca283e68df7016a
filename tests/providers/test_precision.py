"""Lower bounds of precision and the thresholds that follow: figures from tables, and laws that hold for any answers."""

import random

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from providers.calibration import LEVEL, JudgedAnswer, lower_bound, upper_bound
from providers.precision import (
    MOST_OF_A_TEXT,
    Tally,
    missing_answers,
    tally,
    threshold_for,
    thresholds_that_hold,
)

RIGHT, WRONG = (JudgedAnswer(0.9, is_right) for is_right in (True, False))
counts = st.integers(0, 400)
#: Confidences as links give them: of few digits, and many of them equal.
claims = st.integers(0, 100).map(lambda percent: percent / 100)
#: A link that is right as often as it says or oftener, over texts that come back.
outcomes = st.lists(
    st.tuples(claims, st.floats(0, 1), st.integers(0, 60)).map(
        lambda drawn: (JudgedAnswer(drawn[0], is_right=drawn[1] < max(drawn[0], 0.4)), drawn[2])
    ),
    max_size=300,
)
precisions = st.sampled_from([0.5, 0.6, 0.8, 0.9, 0.95])


class TestLowerBound:
    @pytest.mark.parametrize(
        ("n_right", "n", "bound"),
        [(0, 10, 0.0), (10, 10, 0.7411), (59, 59, 0.9505), (58, 58, 0.9497), (92, 93, 0.95), (9, 10, 0.6058)],
    )  # fmt: skip
    def test_it_is_that_of_clopper_and_pearson(self, n_right, n, bound):
        assert lower_bound(n_right, n) == pytest.approx(bound, abs=0.0001)

    def test_so_many_right_answers_are_no_likelier_than_the_level_at_the_bound(self):
        bound = lower_bound(95, 100)
        rng = random.Random(3)  # noqa: S311 - the same each time
        n_as_good = sum(sum(rng.random() < bound for _ in range(100)) >= 95 for _ in range(20_000))
        assert n_as_good / 20_000 == pytest.approx(LEVEL, abs=0.006)

    @given(counts, counts)
    def test_it_is_below_the_share_that_was_right(self, n_right, n_wrong):
        assume(n_right + n_wrong)
        assert 0 <= lower_bound(n_right, n_right + n_wrong) <= n_right / (n_right + n_wrong)

    @given(counts, counts)
    def test_another_right_answer_raises_it_and_another_mistake_lowers_it(self, n_right, n_wrong):
        here = lower_bound(n_right, n_right + n_wrong)
        assert lower_bound(n_right + 1, n_right + n_wrong + 1) > here
        assert lower_bound(n_right, n_right + n_wrong + 1) <= here

    @given(st.integers(1, 40), st.integers(0, 40), st.integers(2, 9))
    def test_more_answers_of_the_same_precision_raise_it(self, n_right, n_wrong, times):
        n = n_right + n_wrong
        assert lower_bound(n_right * times, n * times) > lower_bound(n_right, n)


class TestUpperBound:
    @pytest.mark.parametrize(
        ("n_right", "n", "bound"),
        [(0, 10, 0.2589), (10, 10, 1.0), (23, 28, 0.9269), (25, 28, 0.9702), (1, 10, 0.3942)],
    )
    def test_it_is_that_of_clopper_and_pearson(self, n_right, n, bound):
        assert upper_bound(n_right, n) == pytest.approx(bound, abs=0.0001)

    @given(counts, counts)
    def test_it_is_above_the_share_that_was_right(self, n_right, n_wrong):
        assume(n_right + n_wrong)
        assert n_right / (n_right + n_wrong) <= upper_bound(n_right, n_right + n_wrong) + 1e-12
        assert upper_bound(n_right, n_right + n_wrong) <= 1


class TestTally:
    def test_answers_are_counted_from_the_surest_down(self):
        said = [JudgedAnswer(0.5, False), JudgedAnswer(0.9, True), JudgedAnswer(0.5, True)]
        assert tally(said) == [Tally(0.9, 1, 1), Tally(0.5, 3, 2)]
        assert tally([]) == []

    def test_a_text_counts_three_times_at_most(self):
        said = [JudgedAnswer(0.9, True)] * 6 + [JudgedAnswer(0.8, False)] * 6 + [JudgedAnswer(0.7, True)]
        assert tally(said, texts=["rewe"] * 12 + ["aldi"]) == [
            Tally(0.9, 1.5, 1.5), Tally(0.8, 3.0, 1.5), Tally(0.7, 4.0, 2.5),
        ]  # fmt: skip

    @given(outcomes)
    def test_it_counts_no_more_than_there_are(self, said):
        assume(said)
        answers, texts = zip(*said, strict=True)
        last = tally(answers, texts=texts)[-1]
        assert last.n == pytest.approx(sum(min(texts.count(text), MOST_OF_A_TEXT) for text in set(texts)))
        assert 0 <= last.n_right <= last.n <= len(said) + 1e-9


class TestThreshold:
    @pytest.mark.parametrize(("n", "threshold"), [(0, None), (2, None), (58, None), (59, 0.9), (300, 0.9)])
    def test_95_percent_needs_59_right_answers(self, n, threshold):
        assert threshold_for([RIGHT] * n, precision=0.95) == threshold

    def test_a_mistake_needs_34_more(self):
        assert threshold_for([RIGHT] * 91 + [WRONG], precision=0.95) is None
        assert threshold_for([RIGHT] * 92 + [WRONG], precision=0.95) == 0.9

    def test_the_repeats_of_one_text_are_no_proof(self):
        assert threshold_for([RIGHT] * 43, precision=0.95, texts=["rewe"] * 43) is None
        assert threshold_for([RIGHT] * 1000, precision=0.95, texts=["rewe"] * 1000) is None
        assert threshold_for([RIGHT] * 57, precision=0.95, texts=[i % 19 for i in range(57)]) is None
        assert threshold_for([RIGHT] * 60, precision=0.95, texts=[i % 20 for i in range(60)]) == 0.9

    def test_it_is_the_confidence_of_the_least_sure_answer_that_is_taken(self):
        said = [*[JudgedAnswer(0.9, True)] * 60, *[JudgedAnswer(0.8, True)] * 40, *[JudgedAnswer(0.5, False)] * 20]
        assert threshold_for(said, precision=0.95) == 0.8

    def test_a_mistake_after_the_first_threshold_does_not_end_the_search(self):
        said = [
            *[JudgedAnswer(0.9, True)] * 60,
            JudgedAnswer(0.8, False),
            *[JudgedAnswer(0.7, True)] * 60,
        ]
        assert thresholds_that_hold(tally(said), precision=0.95) == [0.9, 0.7]

    def test_a_lucky_series_below_a_bad_one_is_not_reached(self):
        bad = [*[JudgedAnswer(0.9, True)] * 60, *[JudgedAnswer(0.8, False)] * 10]
        assert threshold_for([*bad, *[JudgedAnswer(0.7, True)] * 900], precision=0.95) == 0.9

    def test_equal_confidences_are_taken_or_left_together(self):
        assert threshold_for([*[RIGHT] * 60, *[WRONG] * 60], precision=0.9) is None

    @given(outcomes, precisions, st.randoms())
    @example([(JudgedAnswer(0.9, True), i) for i in range(80)], 0.95, random.Random(1))  # noqa: S311
    def test_the_order_of_the_rows_does_not_matter(self, said, precision, chance):
        mixed = chance.sample(said, len(said))
        here, there = (
            threshold_for([one for one, _ in rows], precision=precision, texts=[text for _, text in rows])
            for rows in (said, mixed)
        )
        assert here == there

    @given(outcomes, precisions)
    @example([(JudgedAnswer(0.9, True), i) for i in range(80)], 0.95)
    def test_what_is_taken_holds_the_precision_by_its_lower_bound(self, said, precision):
        answers, texts = [one for one, _ in said], [text for _, text in said]
        found = threshold_for(answers, precision=precision, texts=texts)
        if found is None:
            return
        [taken] = [one for one in tally(answers, texts=texts) if one.confidence == found]
        assert lower_bound(taken.n_right, taken.n) >= precision - 1e-9
        # No fewer than if all were right: the bound of n right answers is 0.05 ** (1 / n).
        assert LEVEL ** (1 / taken.n) >= precision - 1e-9

    def test_thresholds_are_too_low_in_at_most_one_of_twenty_histories(self):
        """Answers are right as often as their confidence raised to 2/3 of its doubt says; 300 rows each."""
        n_too_low = n_far_too_low = 0
        for seed in range(300):
            rng = random.Random(seed)  # noqa: S311
            chances = [1 - (1 - confidence) ** 1.5 for confidence in (0.5 + rng.random() / 2 for _ in range(300))]
            answers = [JudgedAnswer(1 - (1 - chance) ** (2 / 3), rng.random() < chance) for chance in chances]
            found = threshold_for(answers, precision=0.95)
            if found is not None:
                taken = [c for c, answer in zip(chances, answers, strict=True) if answer.confidence >= found]
                n_too_low += sum(taken) / len(taken) < 0.95
                n_far_too_low += sum(taken) / len(taken) < 0.93
        assert n_too_low <= 15
        assert n_far_too_low <= 3


class TestMissing:
    @pytest.mark.parametrize(
        ("n_right", "n_wrong", "missing"),
        [(0, 0, 59), (43, 0, 16), (58, 0, 1), (59, 0, 0), (49, 1, 107), (9, 0, 50), (46, 4, None), (0, 5, None)],
    )
    def test_it_counts_answers_of_the_same_precision(self, n_right, n_wrong, missing):
        assert missing_answers(tally([RIGHT] * n_right + [WRONG] * n_wrong), precision=0.95) == missing

    def test_repeats_of_one_text_hardly_count(self):
        assert missing_answers(tally([RIGHT] * 43, texts=["rewe"] * 43), precision=0.95) == 56

    def test_a_few_sure_answers_above_many_wrong_ones_promise_nothing(self):
        said = [*[JudgedAnswer(0.99, True)] * 12, *[JudgedAnswer(0.9, i % 2 > 0) for i in range(200)]]
        assert missing_answers(tally(said), precision=0.95) is None

    @given(st.integers(1, 58), st.sampled_from([0.8, 0.9, 0.95]))
    def test_so_many_more_right_answers_suffice(self, n, precision):
        missing = missing_answers(tally([RIGHT] * n), precision=precision)
        assert missing is not None
        if missing:
            assert threshold_for([RIGHT] * (n + missing), precision=precision) == 0.9
            assert threshold_for([RIGHT] * (n + missing - 1), precision=precision) is None
