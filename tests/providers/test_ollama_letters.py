import math
from string import ascii_uppercase

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.interface import ProviderMisbehaved
from providers.ollama.letters import letter_probabilities
from providers.ollama.prompt import LETTERS

LOGPROBS = st.floats(max_value=0, min_value=-1e6)
TOKENS = st.one_of(st.sampled_from([*ascii_uppercase, " A", "B ", "\nC"]), st.text(max_size=4))


def test_a_letters_probability_is_its_share_among_offered_letters():
    tokens = [("B", math.log(0.3)), ("The", math.log(0.3)), ("A", math.log(0.1))]
    assert letter_probabilities(tokens, "AB") == pytest.approx([0.25, 0.75])


def test_spellings_of_a_letter_add_up():
    tokens = [(" A", math.log(0.2)), ("A", math.log(0.1)), ("B", math.log(0.1))]
    assert letter_probabilities(tokens, "AB") == pytest.approx([0.75, 0.25])


def test_an_unlisted_letter_counts_like_the_least_likely_listed_token():
    tokens = [("A", math.log(0.6)), ("The", math.log(0.2))]
    assert letter_probabilities(tokens, "ABC") == pytest.approx([0.6, 0.2, 0.2])


def test_an_unlisted_letter_gets_at_most_the_remainder():
    assert letter_probabilities([("A", math.log(0.9))], "AB") == pytest.approx([0.9, 0.1])
    assert letter_probabilities([("A", 0.0)], "AB") == pytest.approx([1, 0], abs=1e-8)


def test_a_letter_that_stands_for_nothing_is_no_answer():
    with pytest.raises(ProviderMisbehaved, match=r"^The model answered D, which stands for none of the 3 choices\.$"):
        letter_probabilities([("D", -0.1), ("A", -3.0)], "ABC")


@pytest.mark.parametrize("tokens", [[], [("The", -0.1), ("<", -3.0)], [("A", -math.inf)], [("A", math.nan)]])
def test_an_answer_without_any_letter_is_no_answer(tokens):
    with pytest.raises(ProviderMisbehaved, match="instead of a letter; choose another model"):
        letter_probabilities(tokens, "ABC")


@given(
    likely=st.lists(st.tuples(TOKENS, LOGPROBS), max_size=20),
    offered=st.tuples(st.sampled_from(LETTERS), LOGPROBS),
    n_letters=st.integers(2, 20),
)
def test_the_probabilities_of_the_offered_letters_sum_to_one(likely, offered, n_letters):
    letters = LETTERS[:n_letters]
    try:
        probabilities = letter_probabilities([*likely, offered], letters)
    except ProviderMisbehaved:
        return
    assert len(probabilities) == n_letters
    assert all(0 <= probability <= 1 for probability in probabilities)
    assert math.fsum(probabilities) == pytest.approx(1)


@given(st.lists(st.tuples(st.sampled_from(LETTERS), LOGPROBS), min_size=1, unique_by=lambda one: one[0]))
def test_the_likeliest_token_wins_when_it_is_an_offered_letter(likely):
    probabilities = letter_probabilities(likely, LETTERS)
    best = max(likely, key=lambda one: one[1])[0]
    assert probabilities[LETTERS.index(best)] == max(probabilities)
