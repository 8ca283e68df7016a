import math
from string import ascii_uppercase

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.interface import ProviderMisbehaved
from providers.ollama.letters import Reply, choose, letter_probabilities
from providers.ollama.prompt import LETTERS, Option, PromptSubject

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


def says(letter, probability=0.5, *, rest="The"):
    return Reply(((letter, math.log(probability)), (rest, math.log((1 - probability) / 19))))


def options(n):
    return [Option(f"Budget {number}") for number in range(n)]


def hold(conversation, replies):
    questions = [next(conversation)]
    for reply in replies:
        try:
            questions.append(conversation.send(reply))
        except StopIteration as end:
            return end.value, questions
    raise AssertionError("The conversation asks for more.")


@pytest.mark.parametrize(("n", "n_questions"), [(2, 1), (20, 1), (21, 2), (45, 2), (400, 2), (401, 3), (700, 3)])
def test_every_category_can_be_chosen_however_many_are_offered(n, n_questions):
    letters = list(last_letters(n))
    last, questions = hold(
        choose(options(n), PromptSubject("bus", "out"), n_tokens=99_999),
        [says(letter) for letter in letters],
    )
    shares = [0.5 / (0.5 + LETTERS.index(letter) * 0.5 / 19) for letter in letters]
    assert last.ranking[0] == (n - 1, pytest.approx(math.prod(shares)))
    assert len(questions) == n_questions == len(last.replies)
    assert all(len(question[0]["content"].split("Categories:\n")[1].splitlines()) <= 20 for question in questions)


def last_letters(n):
    while n > 20:
        n_parts = min(20, math.ceil(n / 20))
        yield LETTERS[n_parts - 1]
        n -= n * (n_parts - 1) // n_parts
    yield LETTERS[n - 1]


def test_an_example_shows_its_group_then_its_letter():
    subject = PromptSubject("bus", "out", (("tram", 30), ("tea", 1)))
    _, questions = hold(choose(options(40), subject, n_tokens=9999), [says("B"), says("A")])
    assert [[message["content"] for message in question[1:-1]] for question in questions] == [
        ["<transaction>tea</transaction>", "A", "<transaction>tram</transaction>", "B"],
        ["<transaction>tram</transaction>", "K"],
    ]


def test_probabilities_of_one_question_sum_to_one_and_are_sorted():
    choice, _ = hold(choose(options(5), PromptSubject("bus", "out"), n_tokens=999), [says("C", 0.81)])
    likely = [probability for _, probability in choice.ranking]
    assert choice.ranking[0] == (2, pytest.approx(0.81 / (0.81 + 4 * 0.01)))
    assert likely == sorted(likely, reverse=True)
    assert math.fsum(likely) == pytest.approx(1)


def test_an_answer_outside_the_options_ends_the_conversation():
    conversation = choose(options(2), PromptSubject("tram", "out"), n_tokens=999)
    with pytest.raises(ProviderMisbehaved):
        hold(conversation, [says("C")])
