"""Links together: evidence adds up, in any order, and nobody makes a category likelier by doubting it."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from providers.interface import Evidence, Suggestion, SupportWeight
from providers.pool import FADES_AT, LEAST_CONFIDENCE, Voice, pool

OFFERED = (1, 2, 3, 4)
CLASSIFIER = SupportWeight(1.0, 0.001, is_share=True)
SOUND = SupportWeight(0.8, 0.02, half=100, is_share=True)
VOTES = SupportWeight(1.3, 0.5)

shares = st.floats(0.02, 0.98)


def says(category, confidence=0.7, link="a", evidence=Evidence.OTHER, **fields):
    return Voice(link, Suggestion(category, confidence, "", evidence=evidence, **fields))


def supports(link, weight, evidence=Evidence.LEARNED, **by_category):
    support = tuple((int(name[1:]), share) for name, share in by_category.items())
    best, confidence = max(support, key=lambda pair: pair[1])
    return Voice(link, Suggestion(best, min(confidence, 1.0), "", evidence=evidence, support=support), weight)


def ask(*voices, n_confirmed=0, offered=OFFERED):
    return pool(voices, offered=offered, n_confirmed=n_confirmed)


def confidence_in(category, *voices, **fields):
    found = ask(*voices, **fields)
    return found.confidence if found.category == category else dict(found.others).get(category, 0.0)


@given(st.integers(1, 4), st.floats(0.3, 0.99))
def test_a_link_alone_comes_out_as_sure_as_it_went_in(category, confidence):
    found = ask(says(category, confidence))
    assert (found.category, found.source) == (category, 0)
    assert found.confidence == pytest.approx(confidence, abs=1e-3)


@given(st.lists(st.tuples(st.integers(1, 4), shares), min_size=1, max_size=5), st.randoms())
def test_the_order_of_voices_changes_no_answer(said, chance):
    voices = [says(category, confidence, link=str(i)) for i, (category, confidence) in enumerate(said)]
    mixed = list(voices)
    chance.shuffle(mixed)
    here, there = ask(*voices), ask(*mixed)
    assert (here is None) == (there is None)
    if here is not None and there is not None:
        assert here.confidence == pytest.approx(there.confidence, abs=1e-3)


@given(st.integers(1, 4), shares, shares, st.integers(1, 4), shares)
def test_a_less_sure_link_never_makes_its_category_likelier(category, one, other, rival, doubt):
    less, more = sorted((one, other))
    beside = says(rival, doubt, link="b")
    sure = ask(says(category, more), beside)
    unsure = ask(says(category, less), beside)
    assume(sure is not None and unsure is not None)
    assert (
        confidence_in(category, says(category, less), beside)
        <= confidence_in(category, says(category, more), beside) + 1e-3
    )


def test_two_links_of_one_mind_are_surer_than_one():
    assert ask(says(1, 0.7), says(1, 0.7, link="b")).confidence > 0.8


def test_the_first_link_that_names_the_category_is_its_source():
    assert ask(says(2, 0.5), says(1, 0.9, link="b"), says(1, 0.6, link="c")).source == 1


def test_many_votes_outweigh_what_a_name_sounds_like():
    votes = supports("history", VOTES, Evidence.LEADING_WORDS, c1=40.0)
    sound = supports("resemblance", SOUND, Evidence.SOUND, c2=0.95)
    assert ask(votes, sound, n_confirmed=1000).category == 1


def test_what_a_name_sounds_like_fades_with_what_was_confirmed():
    learned = supports("learned", CLASSIFIER, c1=0.5, c2=0.3)
    sound = supports("resemblance", SOUND, Evidence.SOUND, c2=0.9)
    assert [ask(learned, sound, n_confirmed=n).category for n in (0, 2_000)] == [2, 1]


def test_an_answer_that_another_link_covers_fades_beside_it():
    learned = supports("learned", CLASSIFIER, c1=0.6, c2=0.3)
    name = says(2, 0.9, "merchants", Evidence.NAME, covered_by="learned")
    at = [confidence_in(2, learned, name, n_confirmed=n) for n in (0, FADES_AT, 100 * FADES_AT)]
    assert at == sorted(at, reverse=True)
    assert at[0] > 0.8 > 0.5 > at[-1]


def test_names_that_agree_are_no_surer_than_the_dictionary():
    name = says(1, 0.88, "merchants", Evidence.NAME)
    learned = supports("learned", CLASSIFIER, Evidence.NAME, c1=0.8)
    sound = supports("resemblance", SOUND, Evidence.SOUND, c1=0.9)
    assert ask(name, learned, sound).confidence == 0.88
    own = supports("learned", CLASSIFIER, Evidence.LEARNED, c1=0.8)
    assert ask(name, own, sound).confidence > 0.95


def test_a_share_of_categories_that_are_not_offered_speaks_against_those_that_are():
    few = supports("learned", CLASSIFIER, c1=0.2)
    all_ = supports("learned", CLASSIFIER, c1=0.2, c2=0.8)
    assert ask(few, offered=(1,)).confidence < 0.3
    assert ask(all_, offered=(1, 2)).confidence > 0.7


def test_only_a_category_that_somebody_names_is_answered():
    silent = Voice("learned", Suggestion(None, 0.0, "", support=((1, 0.3), (2, 0.2))), CLASSIFIER)
    assert ask(silent) is None
    assert ask(silent, says(2, 0.4, link="b")).category == 2


def test_an_answer_hardly_likelier_than_any_other_is_left_out():
    wide = tuple(range(1, 41))
    assert ask(says(1, LEAST_CONFIDENCE / 2), offered=wide) is None
    assert ask() is None


@given(st.lists(st.tuples(st.integers(1, 4), shares), min_size=1, max_size=5))
def test_answer_and_alternatives_are_no_more_than_certain(said):
    found = ask(*(says(category, confidence, link=str(i)) for i, (category, confidence) in enumerate(said)))
    if found is not None:
        assert found.confidence + sum(share for _, share in found.others) <= 1.002
        assert all(share <= found.confidence for _, share in found.others)
