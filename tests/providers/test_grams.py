"""Texts as numbers: the same on every machine, a few for any text, and sums that are those of a loop."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.grams import BUCKETS, GramTable, bucket_of, grams_of, shares_of
from providers.normalization import MAX_LENGTH, normalize

#: Halves of surrogate pairs among them, which no encoding takes.
any_text = st.text(st.characters(), max_size=300)
features = st.lists(st.tuples(st.integers(0, 9), st.integers(-8, 8).map(float)), max_size=6).map(
    lambda pairs: (tuple(bucket for bucket, _ in pairs), tuple(value for _, value in pairs))
)
WEIGHTS = np.arange(30, dtype=np.float32).reshape(10, 3) - 11


def test_a_word_is_in_the_same_bucket_everywhere():
    assert (bucket_of("wcafe"), bucket_of("bcafe luna")) == (27598, 40106)


def test_features_are_words_pairs_and_pieces():
    buckets, values = grams_of("ab cd")
    found = dict(zip(buckets, values, strict=True))
    assert found == pytest.approx(
        {bucket_of("wab"): 1.0, bucket_of("wcd"): (1 / 1.5) ** 0.5, bucket_of("bab cd"): 0.7}
        | {bucket_of(piece): 1.2 / 6**0.5 for piece in (" ab", "ab ", " ab ", " cd", "cd ", " cd ")}
    )


def test_nothing_has_no_features():
    assert grams_of("") == ((), ())


def test_only_the_first_words_count():
    words = [f"word{letter}" for letter in "abcdefghijkl"]
    assert grams_of(" ".join(words[:8])) == grams_of(" ".join(words))
    assert grams_of(" ".join(words[:7])) != grams_of(" ".join(words))


@given(any_text)
def test_any_text_has_few_features_and_each_once(text):
    buckets, values = grams_of(normalize(text))
    assert len(buckets) == len(set(buckets)) == len(values) <= 5 * MAX_LENGTH
    assert all(0 <= bucket < BUCKETS for bucket in buckets)
    assert all(0 < value < 20 for value in values)
    assert grams_of.__wrapped__(normalize(text)) == (buckets, values)


@pytest.mark.parametrize("text", ["abcdefghij " * 182, "x" * 2_000, "🍕" * 2_000, "4711 " * 400, "𒀀𒁀 " * 700])
def test_a_long_text_costs_no_more_than_a_short_one(text):
    assert len(grams_of(normalize(text))[0]) < 5 * MAX_LENGTH


@given(st.lists(features, max_size=8))
def test_a_product_is_the_sum_over_each_text(texts):
    expected = [
        sum((value * WEIGHTS[bucket] for bucket, value in zip(*text, strict=True)), np.zeros(3)) for text in texts
    ]
    assert GramTable.of(texts).times(WEIGHTS).tolist() == np.reshape(expected, (-1, 3)).tolist()


def test_a_product_of_many_texts_is_that_of_each_alone():
    texts = [((i % 10,), (float(i),)) if i % 7 else ((), ()) for i in range(3_000)]
    alone = [GramTable.of([text]).times(WEIGHTS)[0].tolist() for text in texts]
    assert GramTable.of(texts).times(WEIGHTS).tolist() == alone


def test_buckets_without_weights_share_a_row():
    rows = np.array([2, 2, 0, 2, 2, 1, 2, 2, 2, 2])
    weights = np.array([[1.0], [10.0], [0.0]])
    assert GramTable.of([((2, 5, 7), (1.0, 2.0, 99.0))]).times(weights, rows).tolist() == [[21.0]]


@given(st.lists(st.floats(-1e6, 1e6, width=32), min_size=1, max_size=5))
def test_shares_add_up_whatever_the_scores(scores):
    [shares] = shares_of(np.array([scores], dtype=np.float32))
    assert shares.sum() == pytest.approx(1, abs=1e-5)
    assert (shares > 0).all()
