"""The shipped weights know no amounts, so that rows of one text share an answer whatever they cost."""

import pytest

from providers.learning.features import _named
from providers.learning.imagined import load_imagined

SIZES = range(31)  # amounts are less than a billion


@pytest.mark.parametrize("direction", ["in", "out"])
def test_no_size_of_an_amount_has_a_weight_in_the_shipped_classifier(direction):
    weights = load_imagined()
    names = [f"a{size}" for size in SIZES] + [f"a{direction}{size // 2}" for size in SIZES]
    buckets = _named([(name, 1.0) for name in names])[0]

    assert [weights.weight_of(bucket, place) for bucket in buckets for place in range(len(weights.categories))] == [
        0.0
    ] * (len(buckets) * len(weights.categories))
