import math
from string import ascii_uppercase

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.interface import ProviderMisbehaved
from providers.ollama.answers import letter_probabilities, named_option
from providers.ollama.prompt import LETTERS

LOGPROBS = st.floats(max_value=0, min_value=-1e6)
TOKENS = st.one_of(st.sampled_from([*ascii_uppercase, " A", "B ", "\nC"]), st.text(max_size=4))
LABELS = ["Dining", "Dining out", "Fees & Taxes", "Café", "食料品"]


def test_a_letter_is_as_likely_as_its_share_among_the_offered_letters():
    tokens = [("B", math.log(0.3)), ("The", math.log(0.3)), ("A", math.log(0.1))]
    assert letter_probabilities(tokens, "AB") == pytest.approx([0.25, 0.75])


def test_spellings_of_a_letter_with_and_without_a_blank_add_up():
    tokens = [(" A", math.log(0.2)), ("A", math.log(0.1)), ("B", math.log(0.1))]
    assert letter_probabilities(tokens, "AB") == pytest.approx([0.75, 0.25])


def test_an_unlisted_letter_counts_like_the_least_likely_listed_token():
    tokens = [("A", math.log(0.6)), ("The", math.log(0.2))]
    assert letter_probabilities(tokens, "ABC") == pytest.approx([0.6, 0.2, 0.2])


def test_an_unlisted_letter_counts_as_no_more_than_what_the_listed_ones_leave_over():
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


@pytest.mark.parametrize(
    ("content", "number"),
    [
        ('"Dining"', 0),
        ('"Dining out"', 1),
        ('  "dining"\n\n   \t    \t \t', 0),
        ('"Fees \\u0026 Taxes"', 2),
        ('"Caf\\u00e9"', 3),
        ('{\n  "category" :\n    "食料品"\n  }\n\n\t   \t', 4),
        ('{"category": "Fees & Ta', 2),
        ('"Fees', 2),
        ('"Dining o', 1),
        ('"Dining', 0),
    ],
)
def test_a_name_is_read_also_when_it_is_padded_wrapped_or_cut(content, number):
    assert named_option(content, LABELS) == number


@pytest.mark.parametrize(
    "content", ['"Din', '"', '""', '"Housing"', "Dining", "[1, 2]", "null", '{"a": {"b": "Dining"}}']
)
def test_a_name_that_is_not_offered_or_could_be_two_is_no_answer(content):
    with pytest.raises(ProviderMisbehaved, match="which is none of the offered categories"):
        named_option(content, LABELS)


def test_an_empty_answer_says_so():
    with pytest.raises(ProviderMisbehaved, match=r"^The model answered nothing; choose another model\.$"):
        named_option(" \n\t ", LABELS)


@given(st.one_of(st.text(), st.text(alphabet='{}[]"\\: u0DdinigCafé\n\t')))
def test_any_text_gives_an_offered_name_or_no_answer(content):
    try:
        number = named_option(content, LABELS)
    except ProviderMisbehaved as error:
        number, said = 0, str(error)
    else:
        said = ""
    assert number in range(len(LABELS))
    assert said.isprintable()


@given(st.sampled_from(LABELS), st.text(alphabet=" \n\t", max_size=30))
def test_every_offered_name_is_read_back_whatever_blanks_follow(label, blanks):
    assert named_option(f'"{label}"{blanks}', LABELS) == LABELS.index(label)
