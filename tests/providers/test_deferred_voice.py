"""A deferred link is one more voice: it never decides alone, and speaks beside the others as its record says."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from providers.answer_record import AnswerRecord
from providers.chain import Chain, Link
from providers.interface import Evidence, OfferedCategory, Provider, Question, Suggestion, Trust

OFFERED = tuple(OfferedCategory(number, f"Category {number}", "expense") for number in range(1, 7))
shares = st.floats(0, 1)
categories = st.integers(1, 6)
evidences = st.sampled_from([Evidence.NAME, Evidence.LEARNED, Evidence.LEADING_WORDS, Evidence.SOUND, Evidence.OTHER])


class Voice(Provider):
    """A link that gives one answer to everything."""

    def __init__(self, name, answer):
        self.name = name  # type: ignore[misc]
        self.answer = answer

    def categorize_many(self, questions):
        return [self.answer] * len(questions)


class NoBreaker:
    def reason_to_skip(self, name):
        return None

    def begin_probe(self, name):
        return False

    def end_probe(self, name): ...

    def note_failure(self, name, reason): ...

    def note_success(self, name): ...


@st.composite
def answers(draw, evidence=evidences):
    """An answer; some name no category and only support some, as `learned` does before it has learned."""
    category = draw(st.one_of(st.none(), categories))
    support = tuple(draw(st.dictionaries(categories, shares, max_size=6)).items())
    confidence = draw(shares) if category is not None else 0.0
    said = draw(evidence)
    return Suggestion(
        category, confidence, "It says so.", evidence=said, support=support, is_pooled=draw(st.booleans())
    )


model_answers = st.builds(
    lambda category, confidence, others: Suggestion(
        category, confidence, "The model says so.", evidence=Evidence.MODEL, support=((category, confidence), *others)
    ),
    categories,
    shares,
    st.lists(st.tuples(categories, shares), max_size=4),
)
records = st.builds(
    lambda n, share, chance: AnswerRecord("model", "1", n=n, n_right=round(n * share), by_chance=chance),
    st.integers(0, 2000),
    shares,
    shares,
)
thresholds = st.dictionaries(st.sampled_from([str(one) for one in Evidence]), st.floats(0, 0.3))


def ask(voices, model, *, threshold=0.0, trust=None) -> tuple[Any, Any]:
    """Return the verdict of the immediate links, and the one with the model."""
    links = [Link(Voice(f"link{i}", answer), threshold) for i, answer in enumerate(voices)]
    chain = Chain([*links, Link(Voice("model", model), threshold, is_deferred=True)], NoBreaker())
    question = Question("Zorx", OFFERED, owner=1, trust=trust or Trust())
    before = chain.decide([question])
    return before[0], chain.hear(before, chain.resolve([question]), [question])[0]


@given(st.lists(answers(), max_size=4), model_answers, records, thresholds, st.floats(0, 1))
def test_a_category_that_only_the_model_names_is_never_taken(voices, model, record, evidence, threshold):
    trust = Trust(records=(record,), evidence_thresholds=evidence, thresholds={"model": 0.0})
    before, after = ask(voices, model, threshold=threshold, trust=trust)
    if before.decided is not None:
        assert after.decided == before.decided
    elif after.decided is not None:
        named = {answer.category for answer in voices}
        assert after.decided.provider != "model"
        assert after.decided.suggestion is not None
        assert after.decided.suggestion.category in named


@given(model_answers, records)
def test_the_model_alone_only_suggests_even_without_any_threshold(model, record):
    _, after = ask([], model, trust=Trust(records=(record,)))
    assert after.decided is None


def unsure(category: int, confidence: float = 0.7) -> Suggestion:
    return Suggestion(category, confidence, "It looks so.", evidence=Evidence.LEARNED, is_pooled=True)


def said(category: int, confidence: float = 0.95) -> Suggestion:
    return Suggestion(category, confidence, "The model says so.", evidence=Evidence.MODEL)


GOOD = Trust(records=(AnswerRecord("model", "1", n=200, n_right=180, by_chance=0.1),))


def test_a_model_with_a_good_record_makes_an_unsure_answer_of_another_link_sure():
    before, after = ask([unsure(1)], said(1), threshold=0.8, trust=GOOD)
    assert (before.decided, before.best.suggestion.confidence) == (None, 0.7)
    assert after.decided is not None
    assert (after.decided.provider, after.decided.suggestion.category) == ("link0", 1)
    assert after.decided.explanation == "It looks so. The link model agrees."
    assert after.decided.suggestion.confidence > 0.95


def test_a_model_without_a_record_hardly_changes_what_two_links_say():
    before, after = ask([unsure(1), unsure(1)], said(2), threshold=0.999)
    assert before.best.suggestion.confidence == 0.9646
    assert (after.decided, after.best.suggestion.category, after.best.suggestion.confidence) == (None, 1, 0.957)
    assert after.best.explanation == "It looks so. The link link1 agrees. The link model says Category 2."


def test_the_sentence_of_the_model_names_the_links_that_differ():
    _, after = ask([unsure(1, 0.3), unsure(1, 0.2)], said(2), threshold=0.999, trust=GOOD)
    assert after.best.provider == "model"
    assert after.best.explanation == "The model says so. The links link0 and link1 say Category 1."


def test_the_models_own_threshold_holds_back_what_it_makes_sure():
    trust = Trust(records=GOOD.records, evidence_thresholds={"model": 1.0})
    _, after = ask([unsure(1)], said(1), threshold=0.8, trust=trust)
    assert (after.decided, after.best.provider) == (None, "link0")


def test_an_answer_of_another_build_begins_without_a_record():
    known, other = (
        ask([], Suggestion(1, 1.0, "So.", support=((1, 1.0),), details={"digest": digest}), trust=GOOD)[1]
        for digest in ("1", "2")
    )
    assert known.best.suggestion.confidence > 0.8 > 0.5 > other.best.suggestion.confidence


def test_what_the_chain_said_without_the_model_is_kept():
    before, after = ask([unsure(1)], said(1), threshold=0.8, trust=GOOD)
    assert after.without_deferred == before.best
    assert [attempt.suggestion.confidence for attempt in after.voices] == [0.7, 0.95]


def test_a_text_that_the_model_is_not_asked_about_says_why():
    record = AnswerRecord("model", "1", n=100, n_right=41, n_right_without=62, is_of_use=False)
    chain = Chain([Link(Voice("model", said(1)), is_deferred=True)], NoBreaker())
    texts = ["Zorx", "Blorf", "Quillwick", "Lindental", "Hufeisen", "Morgentau", "Brandt", "Nordtor", "Capitol", "Rex"]
    verdicts = chain.decide([Question(t, OFFERED, owner=1, trust=Trust(records=(record,))) for t in texts])
    skipped = [verdict.attempts[0].explanation for verdict in verdicts if not verdict.is_waiting]
    assert len(skipped) >= 7
    assert set(skipped) == {
        "It is asked about one text in ten, because it was right 41 times in 100 and the chain without it 62 times."
    }
