import math

import pytest

from providers.interface import ProviderMisbehaved
from providers.ollama.choices import choose
from providers.ollama.memory import remembered
from providers.ollama.prompt import LETTERS, Option, Reply, Subject


def says(letter, probability=0.5, *, rest="The"):
    return Reply(letter, ((letter, math.log(probability)), (rest, math.log((1 - probability) / 19))))


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
        choose(options(n), Subject("bus", "out"), n_tokens=99_999, by_letter=True),
        [says(letter) for letter in letters],
    )
    shares = [0.5 / (0.5 + LETTERS.index(letter) * 0.5 / 19) for letter in letters]
    assert last.ranking[0] == (n - 1, pytest.approx(math.prod(shares)))
    assert len(questions) == n_questions == len(last.replies)
    assert all(
        len(question.messages[0]["content"].split("Categories:\n")[1].splitlines()) <= 20 for question in questions
    )


def last_letters(n):
    while n > 20:
        n_parts = min(20, math.ceil(n / 20))
        yield LETTERS[n_parts - 1]
        n -= n * (n_parts - 1) // n_parts
    yield LETTERS[n - 1]


def test_an_example_shows_its_group_first_and_then_its_letter_within_the_group():
    subject = Subject("bus", "out", (("tram", 30), ("tea", 1)))
    _, questions = hold(choose(options(40), subject, n_tokens=9999, by_letter=True), [says("B"), says("A")])
    assert [[message["content"] for message in question.messages[1:-1]] for question in questions] == [
        ["<transaction>tea</transaction>", "A", "<transaction>tram</transaction>", "B"],
        ["<transaction>tram</transaction>", "K"],
    ]


def test_probabilities_of_one_question_sum_to_one_and_are_sorted():
    choice, _ = hold(choose(options(5), Subject("bus", "out"), n_tokens=999, by_letter=True), [says("C", 0.81)])
    likely = [probability for _, probability in choice.ranking]
    assert choice.ranking[0] == (2, pytest.approx(0.81 / (0.81 + 4 * 0.01)))
    assert likely == sorted(likely, reverse=True)
    assert math.fsum(likely) == pytest.approx(1)


def test_a_server_without_log_probabilities_is_asked_for_a_name_and_counts_as_less_sure():
    replies = [Reply("B"), Reply('"Budget 2"  ')]
    choice, questions = hold(choose(options(5), Subject("bus", "out"), n_tokens=999, by_letter=True), replies)
    assert (choice.ranking, choice.way, choice.replies) == (((2, 0.5),), "json", (replies[1],))
    assert [bool(question.schema) for question in questions] == [False, True]


def test_conversations_go_on_side_by_side_with_what_is_remembered():
    looks = []

    def replies(questions):
        looks.append(len(questions))
        return [says("B") if "tram" in question.messages[-1]["content"] else None for question in questions]

    asked = [
        choose(options(30), Subject(text, "out"), n_tokens=9999, by_letter=True) for text in ("tram", "tea", "tram 2")
    ]
    first, second, third = remembered(asked, replies)
    assert first
    assert third
    assert (first.ranking, len(first.replies), first.ranking[0][0]) == (third.ranking, 2, 16)
    assert second is None
    assert looks == [3, 2]


def test_a_remembered_reply_that_is_no_answer_is_not_recalled():
    conversation = choose(options(2), Subject("tram", "out"), n_tokens=999, by_letter=True)
    assert remembered([conversation], lambda _: [says("Z")]) == [None]


def test_options_that_do_not_fit_are_not_recalled():
    conversation = choose(options(2), Subject("tram", "out"), n_tokens=9, by_letter=True)
    assert remembered([conversation], lambda _: [None]) == [None]


def test_an_answer_outside_the_options_ends_the_conversation():
    conversation = choose(options(2), Subject("tram", "out"), n_tokens=999, by_letter=True)
    with pytest.raises(ProviderMisbehaved):
        hold(conversation, [says("C")])
