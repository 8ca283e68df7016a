"""The record of a deferred link: what its answers weigh, and how often it is asked."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.answer_record import ASKED_ONE_IN, AnswerRecord


def record(n: int, n_right: int, **fields) -> AnswerRecord:
    return AnswerRecord("model", "d", n=n, n_right=n_right, **fields)


counts = st.integers(0, 500).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n)))


@given(st.integers(1, 40), st.floats(0.5, 0.99))
def test_without_a_record_a_certain_answer_weighs_less_than_any_sure_link(n_offered, confidence):
    alone = AnswerRecord().evidence(n_offered=n_offered)
    odds_of_link = confidence * (n_offered - 1) / (1 - confidence)
    assert alone == 0 or 2.718281828**alone <= odds_of_link * 1.0001


@given(counts, st.integers(2, 40), st.floats(0, 0.5))
def test_more_right_answers_never_weigh_less(counted, n_offered, by_chance):
    n, n_right = counted
    less = record(n, max(n_right - 1, 0), by_chance=by_chance).evidence(n_offered=n_offered)
    assert less <= record(n, n_right, by_chance=by_chance).evidence(n_offered=n_offered)


def test_a_model_that_always_says_the_most_frequent_category_weighs_little_however_often_it_is_right():
    always = record(300, 180, by_chance=0.6).evidence(n_offered=18)
    knowing = record(300, 180, by_chance=0.08).evidence(n_offered=18)
    assert always < 0.1
    assert knowing > 2.5


def test_the_weight_grows_with_the_record():
    weights = [record(n, n * 9 // 10, by_chance=0.1).evidence(n_offered=18) for n in (0, 10, 30, 100, 300)]
    assert weights == pytest.approx([1.350, 2.197, 2.861, 3.584, 4.033], abs=0.01)


def test_a_link_that_does_not_help_is_asked_about_one_text_in_ten():
    useless = record(100, 41, n_right_without=62, is_of_use=False)
    texts = [f"Shop {chr(97 + i % 26)}{chr(97 + i // 26)} Kontor" for i in range(600)]
    asked = [text for text in texts if useless.asks_about(text)]
    assert 600 / ASKED_ONE_IN * 0.6 < len(asked) < 600 / ASKED_ONE_IN * 1.4
    assert asked == [text for text in texts if useless.asks_about(text.upper())]
    assert all(AnswerRecord().asks_about(text) for text in texts)


@pytest.mark.parametrize(
    ("one", "sentence"),
    [
        (AnswerRecord(), "None of its answers was confirmed or corrected yet, so it counts little."),
        (record(1, 1), "It was right 1 time in 1 and the chain without it 0 times."),
        (
            record(100, 41, n_right_without=62, is_of_use=False),
            (
                "It is asked about one text in ten, because it was right 41 times in 100 "
                "and the chain without it 62 times."
            ),
        ),
    ],
)
def test_a_sentence_tells_the_record(one, sentence):
    assert one.sentence == sentence
