"""The chain asks its links in order, stops at the first confident answer, and survives what they do."""

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.calibration import NO_CORRECTION, Correction, log_odds
from providers.chain import Attempt, Chain, Link, Outcome, Verdict, claimed_confidence, confidence_of
from providers.interface import (
    Answer,
    Effects,
    LabeledQuestion,
    OfferedCategory,
    Provider,
    ProviderMisbehaved,
    ProviderUnavailable,
    Question,
    Suggestion,
    Trust,
)
from providers.loading import CacheBreaker
from providers.ollama.client import CallNotRecorded

FOOD, FUN = OfferedCategory(1, "Food", "expense"), OfferedCategory(2, "Fun", "expense")
OFFERED = (FOOD, FUN)
CRASHED = "It failed unexpectedly; the server's log says how."
WAITING = "Nothing else was sure enough; the local model will look at it."
KNOWS_NOTHING = "It knows nothing about this text."


class Says(Provider):
    """A link that answers each transaction with what a function says, and remembers what it was asked."""

    version = "7"

    def __init__(self, name: str, say: Callable[[Question], Any], *, key: Callable[[Question], Any] | None = None):
        self.name = name  # type: ignore[misc]
        self.say, self.make_key = say, key
        self.asked: list[str] = []
        self.known: dict[str, Any] = {}

    def categorize_many(self, questions: Sequence[Question]) -> Sequence[Answer]:
        self.asked += [question.description for question in questions]
        return [self.say(question) for question in questions]

    def key(self, question: Question) -> Any:
        return self.make_key(question) if self.make_key else None

    def recall(self, questions: Sequence[Question]) -> Sequence[Suggestion | None]:
        return [self.known.get(question.description) for question in questions]


class NoBreaker:
    """For chains in which nothing is skipped."""

    def reason_to_skip(self, name: str) -> str | None:
        return None

    def begin_probe(self, name: str) -> bool:
        return False

    def end_probe(self, name: str) -> None: ...

    def note_failure(self, name: str, reason: str) -> None: ...

    def note_success(self, name: str) -> None: ...


def row(description: str, **fields: Any) -> Question:
    return Question(description, OFFERED, owner=1, **fields)


def sure(category: OfferedCategory = FOOD, confidence: float = 0.9, **fields: Any) -> Suggestion:
    return Suggestion(category.id, confidence, f"{category.name} it is.", **fields)


def says(name: str, answer: Any, threshold: float = 0.5, *, deferred: bool = False, **fields: Any) -> Link:
    """A link that says the same of everything; an exception is raised, a list is the whole answer."""

    def say(question: Question) -> Any:
        if isinstance(answer, Exception):
            raise answer
        return answer

    return Link(Says(name, say, **fields), threshold, deferred)


def chain(*links: Link, breaker: Any = None) -> Chain:
    return Chain(links, breaker or NoBreaker())


def asked(link: Link) -> list[str]:
    assert isinstance(link.provider, Says)
    return link.provider.asked


def timeless(verdict: Verdict) -> list[Attempt]:
    return [replace(attempt, duration_ms=0.0) for attempt in verdict.attempts]


def outcomes(verdict: Verdict) -> list[tuple[str, str]]:
    return [(attempt.provider, str(attempt.outcome)) for attempt in verdict.attempts]


def test_links_are_asked_in_order_until_one_is_confident():
    first, second, third = says("first", None), says("second", sure(FUN)), says("third", sure(FOOD))
    [verdict] = chain(first, second, third).decide([row("Cinema")])
    assert timeless(verdict) == [
        Attempt("first", "7", Outcome.DECLINED, KNOWS_NOTHING),
        Attempt("second", "7", Outcome.ANSWERED, "Fun it is.", sure(FUN)),
    ]
    assert verdict.decided is verdict.attempts[1] is verdict.best
    assert (verdict.is_waiting, verdict.is_final) == (False, False)
    assert asked(third) == []


@pytest.mark.parametrize(
    ("confidence", "outcome"), [(0.8, Outcome.ANSWERED), (1.0, Outcome.ANSWERED), (0.7999, Outcome.UNSURE)]
)
def test_an_answer_counts_from_the_threshold_of_its_link_on(confidence, outcome):
    [verdict] = chain(says("only", sure(FOOD, confidence), 0.8)).decide([row("Bakery")])
    assert [attempt.outcome for attempt in verdict.attempts] == [outcome]
    assert (verdict.decided is not None) == (outcome is Outcome.ANSWERED)


def test_the_threshold_belongs_to_the_link():
    strict, lax = says("strict", sure(FOOD, 0.9), 0.95), says("lax", sure(FUN, 0.3), 0.2)
    [verdict] = chain(strict, lax).decide([row("Bakery")])
    assert verdict.decided is not None
    assert verdict.decided.provider == "lax"
    assert outcomes(verdict) == [("strict", "unsure"), ("lax", "answered")]


def test_what_unsure_links_say_together_is_best():
    links = [says("a", sure(FUN, 0.7), 0.9), says("b", sure(FOOD, 0.7), 0.9), says("c", sure(FUN, 0.7), 0.9)]
    [verdict] = chain(*links).decide([row("Bakery")])
    assert verdict.decided is None
    assert verdict.best is verdict.attempts[0] is verdict.pooled
    assert confidence_of(verdict.best) < 0.9
    assert verdict.best.explanation == "Fun it is. The link c agrees. The link b says Food."


def test_links_that_agree_are_surer_together():
    alone = chain(says("a", sure(FOOD, 0.7), 0.8), says("b", None)).decide([row("Bakery")])
    both = chain(says("a", sure(FOOD, 0.7), 0.8), says("b", sure(FOOD, 0.7), 0.8)).decide([row("Bakery")])
    assert [confidence_of(verdict.best) for verdict in alone] == [0.7]
    assert confidence_of(both[0].best) > 0.8
    assert outcomes(both[0]) == [("a", "answered"), ("b", "unsure")]


def test_effects_without_a_category_are_kept():
    tagging = says("tagging", Suggestion(None, 0, "It is tagged.", effects=Effects("Luna", ("coffee", "out"))))
    deciding = says("deciding", sure(effects=Effects("Cafe", ("food", "coffee"))))
    [verdict] = chain(tagging, deciding).decide([row("Cafe Luna")])
    assert outcomes(verdict) == [("tagging", "declined"), ("deciding", "answered")]
    assert verdict.effects == Effects("Luna", ("coffee", "out", "food"))


def test_a_final_answer_ends_the_chain_without_being_taken():
    final, later = says("final", sure(FOOD, 1.0, final=True)), says("later", sure(FUN))
    model = says("model", sure(FUN), deferred=True)
    [verdict] = chain(final, later, model).decide([row("Bakery")])
    assert outcomes(verdict) == [("final", "unsure")]
    assert (verdict.decided, verdict.is_final, verdict.is_waiting) == (None, True, False)
    assert verdict.best is verdict.attempts[0]
    assert asked(later) == []


def test_only_what_is_still_open_is_passed_on():
    knows = Link(Says("knows", lambda t: sure() if "Bakery" in t.description else None))
    rest = says("rest", None)
    chain(knows, rest).decide([row("Bakery"), row("Garage"), row("Bakery 2")])
    assert asked(knows) == ["Bakery", "Garage", "Bakery 2"]
    assert asked(rest) == ["Garage"]


def test_transactions_with_equal_keys_share_one_attempt():
    link = Link(Says("keyed", lambda t: sure(), key=lambda t: t.description.lower()))
    verdicts = chain(link).decide([row("Bakery"), row("BAKERY"), row("Garage"), row("bakery")])
    assert asked(link) == ["Bakery", "Garage"]
    assert verdicts[0].attempts[0] is verdicts[1].attempts[0] is verdicts[3].attempts[0]
    assert [outcomes(verdict) for verdict in verdicts] == [[("keyed", "answered")]] * 4


def test_without_keys_every_transaction_is_asked_about():
    link = says("keyless", None)
    chain(link).decide([row("Bakery"), row("Bakery")])
    assert asked(link) == ["Bakery", "Bakery"]


def test_nobody_is_asked_about_nothing():
    link = says("only", sure())
    assert chain(link).decide([]) == chain(link).resolve([]) == chain(link).recall([]) == []
    assert asked(link) == []


def test_a_chain_without_links_gives_empty_verdicts():
    [verdict] = chain().decide([row("Bakery")])
    assert verdict == Verdict(())
    assert (verdict.best, verdict.is_waiting, verdict.effects) == (None, False, Effects())


def of(error: Exception) -> Callable[[Question], Any]:
    def raising(question: Question) -> Any:
        raise error

    return raising


CRASHES: dict[str, Callable[[], Link]] = {
    "an error": lambda: says("bad", ValueError("oops")),
    "an error in its key": lambda: says("bad", sure(), key=of(ValueError("oops"))),
    "a key that cannot be hashed": lambda: says("bad", sure(), key=lambda t: [t.description]),
    "a confidence that is no number": lambda: says("bad", Suggestion(1, None, "So.")),  # type: ignore[arg-type]
    "alternatives that are no pairs": lambda: says("bad", sure(alternatives=(1, 2))),
}


@pytest.mark.logs_errors
@pytest.mark.parametrize("crash", CRASHES.values(), ids=CRASHES)
def test_a_crashing_link_is_logged_and_passed_over(crash, caplog):
    verdicts = chain(crash(), says("next", sure(FUN))).decide([row("Bakery"), row("Cinema")])
    assert [outcomes(verdict) for verdict in verdicts] == [[("bad", "crashed"), ("next", "answered")]] * 2
    assert verdicts[0].attempts[0].explanation == CRASHED
    assert [record.getMessage() for record in caplog.records] == ["The link bad crashed"]
    assert caplog.records[0].exc_info is not None


@pytest.mark.parametrize("error", [ProviderUnavailable("It is away."), ProviderMisbehaved("It babbled.")])
def test_a_raised_error_fails_the_whole_batch_of_its_link(error, caplog):
    verdicts = chain(says("away", error), says("next", sure())).decide([row("Bakery"), row("Cinema")])
    assert [outcomes(verdict) for verdict in verdicts] == [[("away", "failed"), ("next", "answered")]] * 2
    assert [verdict.attempts[0].explanation for verdict in verdicts] == [str(error)] * 2
    assert not verdicts[0].is_waiting
    assert caplog.records == []


def test_a_given_error_concerns_its_own_transaction_alone():
    link = Link(Says("some", lambda t: ProviderMisbehaved("It babbled.") if t.description == "Bad" else sure()))
    verdicts = chain(link).decide([row("Bakery"), row("Bad")])
    assert [outcomes(verdict) for verdict in verdicts] == [[("some", "answered")], [("some", "failed")]]
    assert verdicts[1].attempts[0].explanation == "It babbled."


MISBEHAVIOR: dict[str, list[Any]] = {
    "It answered with a category that was not offered.": [
        Suggestion(99, 0.9, "So."),
        sure(alternatives=((99, 0.1),)),
    ],
    "It answered with str, not with a suggestion.": ["Food"],
    "It answered with tuple, not with a suggestion.": [(1, 0.9, "So.")],
    "Its confidence was 1.5, not a number from 0 to 1.": [sure(confidence=1.5)],
    "Its confidence was -0.1, not a number from 0 to 1.": [sure(confidence=-0.1)],
    "Its confidence was nan, not a number from 0 to 1.": [sure(confidence=float("nan"))],
}


@pytest.mark.parametrize(
    ("reason", "answer"), [(reason, answer) for reason, answers in MISBEHAVIOR.items() for answer in answers]
)
def test_an_unusable_answer_is_a_failure_with_its_reason(reason, answer):
    [verdict] = chain(says("bad", answer), says("next", sure())).decide([row("Bakery")])
    assert timeless(verdict)[0] == Attempt("bad", "7", Outcome.FAILED, reason)
    assert outcomes(verdict)[1] == ("next", "answered")


@pytest.mark.parametrize("n_answers", [0, 1, 3])
def test_a_wrong_number_of_answers_fails_the_whole_batch(n_answers):
    class Wrong(Says):
        def categorize_many(self, questions: Sequence[Question]) -> Sequence[Answer]:
            return [sure()] * n_answers

    verdicts = chain(Link(Wrong("wrong", lambda t: None))).decide([row("Bakery"), row("Cinema")])
    reason = f"It gave {n_answers} answers to 2 questions."
    assert [timeless(verdict) for verdict in verdicts] == [[Attempt("wrong", "7", Outcome.FAILED, reason)]] * 2


def test_one_suggestion_object_is_judged_for_each_set_of_categories():
    link = says("shared", sure(FUN))
    some, none = row("Cinema"), replace(row("Cinema"), categories=(FOOD,))
    assert [outcomes(v) for v in chain(link).decide([some, none])] == [[("shared", "answered")], [("shared", "failed")]]


def test_unsure_rows_wait_for_the_deferred_link():
    quick = Link(Says("quick", lambda t: sure(FOOD, 0.9 if t.description == "Bakery" else 0.3)), 0.5)
    model = says("model", sure(FUN), deferred=True)
    sure_one, open_one = chain(quick, model).decide([row("Bakery"), row("Cinema")])
    assert outcomes(sure_one) == [("quick", "answered")]
    assert timeless(open_one) == [
        Attempt("quick", "7", Outcome.UNSURE, "Food it is.", sure(FOOD, 0.3, details={"pooled": 0.3, "alone": 0.3})),
        Attempt("model", "7", Outcome.WAITING, WAITING, will_retry=True),
    ]
    assert (sure_one.is_waiting, open_one.is_waiting) == (False, True)
    assert asked(model) == []


def test_resolving_asks_the_deferred_links_alone():
    quick, model = says("quick", sure()), says("model", sure(FUN), deferred=True)
    [verdict] = chain(quick, model).resolve([row("Cinema")])
    assert outcomes(verdict) == [("model", "unsure")]
    assert asked(quick) == []


def test_rows_wait_for_unavailable_links_but_not_misbehaving_ones():
    away = says("model", ProviderUnavailable("It is away."), deferred=True)
    [verdict] = chain(away).resolve([row("Cinema")])
    reason = "It is away. It will be tried again."
    assert timeless(verdict) == [Attempt("model", "7", Outcome.FAILED, reason, will_retry=True)]
    assert verdict.is_waiting
    babbling = says("model", ProviderMisbehaved("It babbled."), deferred=True)
    [verdict] = chain(babbling).resolve([row("Cinema")])
    assert timeless(verdict) == [Attempt("model", "7", Outcome.FAILED, "It babbled.")]
    assert not verdict.is_waiting


def test_a_second_deferred_link_answers_while_the_first_is_away():
    away = says("big", ProviderUnavailable("It is away."), deferred=True)
    [verdict] = chain(away, says("small", sure(), deferred=True)).resolve([row("Cinema")])
    assert outcomes(verdict) == [("big", "failed"), ("small", "unsure")]
    assert verdict.is_waiting


def recalling(name: str, known: dict[str, Any]) -> Link:
    link = says(name, None, deferred=True)
    assert isinstance(link.provider, Says)
    link.provider.known = known
    return link


def test_recall_gives_known_answers_and_notes_others_as_waiting():
    link = recalling("model", {"Bakery": sure(FOOD), "Cinema": sure(FUN, 0.3)})
    known, unsure, unknown = chain(says("quick", sure()), link).recall([row("Bakery"), row("Cinema"), row("Garage")])
    assert outcomes(known) == [("model", "unsure")]
    assert (outcomes(unsure), unsure.is_waiting) == ([("model", "unsure")], False)
    assert timeless(unknown) == [
        Attempt(
            "model",
            "7",
            Outcome.WAITING,
            "It has been asked. Send the same request again in 5 seconds.",
            will_retry=True,
        )
    ]
    assert asked(link) == []


@pytest.mark.logs_errors
@pytest.mark.parametrize("broken", ["too few", "an error"])
def test_a_failed_recall_is_logged_and_waited_for(broken, caplog):
    class Broken(Says):
        def recall(self, questions: Sequence[Question]) -> Sequence[Suggestion | None]:
            return [] if broken == "too few" else 1 / 0  # type: ignore[return-value]

    [verdict] = chain(Link(Broken("model", lambda t: None), 0.5, is_deferred=True)).recall([row("Garage")])
    assert outcomes(verdict) == [("model", "waiting")]
    assert [record.getMessage() for record in caplog.records] == ["The link model crashed"]


@pytest.fixture
def clock(monkeypatch):
    """The breaker's time in seconds, 0 at first."""
    now = SimpleNamespace(seconds=0.0)
    monkeypatch.setattr("providers.loading.time", SimpleNamespace(time=lambda: now.seconds))
    return now


@pytest.fixture
def failing(fresh_cache, clock):
    """A deferred link that is away, in a chain with a breaker."""
    link = says("model", ProviderUnavailable("It is away."), deferred=True)
    return chain(link, breaker=CacheBreaker()), link


def test_three_failures_in_a_row_open_the_breaker(failing):
    failing_chain, link = failing
    told = [outcomes(failing_chain.resolve([row("Cinema")])[0]) for _ in range(5)]
    assert told == [[("model", "failed")]] * 3 + [[("model", "skipped")]] * 2
    assert len(asked(link)) == 3
    [verdict] = failing_chain.resolve([row("Cinema")])
    assert timeless(verdict) == [Attempt("model", "7", Outcome.SKIPPED, "It is away.", will_retry=True)]
    assert outcomes(failing_chain.recall([row("Cinema")])[0]) == [("model", "skipped")]
    assert CacheBreaker().describe("model") == {
        "state": "open",
        "n_failures": 3,
        "last_error": "It is away.",
        "next_try_at": "1970-01-01T00:01:00Z",
    }


def test_one_success_closes_the_breaker_and_forgets_the_failures(failing):
    failing_chain, _ = failing
    for _ in range(2):
        failing_chain.resolve([row("Cinema")])
    chain(says("model", sure(), deferred=True), breaker=CacheBreaker()).resolve([row("Cinema")])
    assert CacheBreaker().describe("model") == {
        "state": "closed",
        "n_failures": 0,
        "last_error": None,
        "next_try_at": None,
    }
    assert outcomes(failing_chain.resolve([row("Cinema")])[0]) == [("model", "failed")]


def test_the_breaker_of_one_link_says_nothing_of_another(failing):
    failing_chain, _ = failing
    for _ in range(3):
        failing_chain.resolve([row("Cinema")])
    other = chain(says("other", sure(), deferred=True), breaker=CacheBreaker())
    assert outcomes(other.resolve([row("Cinema")])[0]) == [("other", "unsure")]


BATCH = [row("Cinema"), row("Tram"), row("Bakery")]


def left_alone(failing_chain):
    """Let the link fail until nobody asks it any more."""
    for _ in range(3):
        failing_chain.resolve(BATCH)


def test_one_question_tries_a_link_that_was_left_alone(failing, clock):
    failing_chain, link = failing
    left_alone(failing_chain)
    asked(link).clear()
    clock.seconds = 59.9
    assert [outcomes(verdict) for verdict in failing_chain.resolve(BATCH)] == [[("model", "skipped")]] * 3
    assert asked(link) == []
    clock.seconds = 60
    assert CacheBreaker().describe("model")["state"] == "half_open"
    found = [outcomes(verdict) for verdict in failing_chain.resolve(BATCH)]
    assert found == [[("model", "failed")], [("model", "waiting")], [("model", "waiting")]]
    assert asked(link) == ["Cinema"]


@pytest.mark.logs_errors
def test_a_probe_that_crashes_holds_nobody_up(failing, clock):
    failing_chain, link = failing
    left_alone(failing_chain)
    clock.seconds = 60
    crashing = chain(says("model", RuntimeError("a bug"), deferred=True), breaker=CacheBreaker())
    assert outcomes(crashing.resolve([row("Cinema")])[0]) == [("model", "crashed")]
    asked(link).clear()
    clock.seconds = 60 + 120
    failing_chain.resolve(BATCH)
    assert asked(link) == ["Cinema"]


def test_a_link_that_works_again_answers_the_whole_batch(failing, clock):
    failing_chain, _ = failing
    left_alone(failing_chain)
    clock.seconds = 60
    well = says("model", sure(), deferred=True)
    told = chain(well, breaker=CacheBreaker()).resolve(BATCH)
    assert [outcomes(verdict) for verdict in told] == [[("model", "unsure")]] * 3
    assert asked(well) == ["Cinema", "Tram", "Bakery"]
    assert CacheBreaker().describe("model")["state"] == "closed"


def test_each_failed_try_doubles_the_time_up_to_ten_minutes(failing, clock):
    failing_chain, _ = failing
    left_alone(failing_chain)
    waits = []
    for _ in range(6):
        waits.append(str(CacheBreaker().describe("model")["next_try_at"]))
        clock.seconds = dt.datetime.fromisoformat(waits[-1]).timestamp()
        failing_chain.resolve(BATCH)
    tries = [0.0, *(dt.datetime.fromisoformat(wait).timestamp() for wait in waits)]
    assert [later - sooner for sooner, later in pairwise(tries)] == [60, 120, 240, 480, 600, 600]


def test_others_skip_a_link_while_one_question_tries_it(failing, clock):
    failing_chain, _ = failing
    left_alone(failing_chain)
    clock.seconds = 60
    seen = []

    def ask_from_another_process(question):
        seen.append(outcomes(failing_chain.resolve(BATCH)[0]))
        seen.append(outcomes(failing_chain.recall(BATCH)[0]))
        return sure()

    slow = Link(Says("model", ask_from_another_process), 0.5, is_deferred=True)
    assert outcomes(chain(slow, breaker=CacheBreaker()).resolve(BATCH[:1])[0]) == [("model", "unsure")]
    assert seen == [[("model", "skipped")]] * 2


def test_a_text_may_be_asked_about_again_when_the_time_is_over(failing, clock):
    failing_chain, _ = failing
    left_alone(failing_chain)
    clock.seconds = 60
    assert outcomes(failing_chain.recall([row("Cinema")])[0]) == [("model", "waiting")]


def test_nothing_to_ask_uses_up_no_try(failing, clock):
    failing_chain, link = failing
    left_alone(failing_chain)
    clock.seconds = 60
    assert failing_chain.resolve([]) == []
    asked(link).clear()
    failing_chain.resolve(BATCH)
    assert asked(link) == ["Cinema"]


def test_misbehavior_does_not_open_the_breaker(fresh_cache):
    babbling = chain(says("model", ProviderMisbehaved("It babbled."), deferred=True), breaker=CacheBreaker())
    told = [outcomes(babbling.resolve([row("Cinema")])[0]) for _ in range(4)]
    assert told == [[("model", "failed")]] * 4


class Taught(Says):
    """Answers with the category that it was last taught for a text, sure as it was told."""

    silence = "Nobody taught it this text."

    def __init__(self, name: str, lessons: dict[str, int] | None = None, *, confidence: float = 0.9):
        super().__init__(name, self._recall)
        self.lessons, self.confidence = lessons or {}, confidence

    def _recall(self, question: Question) -> Suggestion | None:
        category = self.lessons.get(question.description)
        if category is None:
            return None
        others = tuple((c.id, 1 - self.confidence) for c in OFFERED if c.id != category)
        return Suggestion(category, self.confidence, "It was taught so.", alternatives=others, details={"so": True})

    def learn(self, confirmed: Sequence[LabeledQuestion]) -> "Taught":
        lessons = {one.question.description: one.category for one in confirmed}
        return Taught(self.name, self.lessons | lessons, confidence=self.confidence)


LESSONS = [LabeledQuestion(row("Bakery"), FOOD.id), LabeledQuestion(row("Cinema"), FUN.id)]


def test_a_taught_chain_is_another_one_without_deferred_links():
    before = chain(Link(Taught("a"), 0.5), says("b", None), says("model", sure(), deferred=True))
    after = before.learn(LESSONS[:1]).learn(LESSONS[1:])
    assert [outcomes(verdict) for verdict in after.decide([row("Bakery"), row("Cinema"), row("Garage")])] == [
        [("a", "answered")],
        [("a", "answered")],
        [("a", "declined"), ("b", "declined")],
    ]
    [verdict] = before.decide([row("Bakery")])
    assert outcomes(verdict) == [("a", "declined"), ("b", "declined"), ("model", "waiting")]
    assert [link.min_confidence for link in after.links] == [0.5, 0.5]


def test_a_chain_without_a_link_asks_the_others():
    without = chain(says("a", sure()), says("b", sure(FUN)), says("model", sure(), deferred=True)).without("a")
    [verdict] = without.decide([row("Cinema")])
    assert outcomes(verdict) == [("b", "answered")]
    assert [link.provider.name for link in without.without("unknown").links] == ["b", "model"]


def test_a_declining_link_gives_its_own_reason():
    [verdict] = chain(Link(Taught("a"), 0.5)).decide([row("Garage")])
    assert timeless(verdict) == [Attempt("a", "7", Outcome.DECLINED, "Nobody taught it this text.")]


def trusting(**fields: Any) -> Attempt:
    """Return the verdict of a link that claims 0.9 for an owner of this trust."""
    [verdict] = chain(Link(Taught("a", {"Bakery": FOOD.id}), 0.5)).decide([row("Bakery", trust=Trust(**fields))])
    [attempt] = timeless(verdict)
    return attempt


def test_a_confidence_is_corrected_by_what_its_owner_found_right():
    halved = Correction(intercept=-log_odds(0.9))
    assert trusting(corrections={"a": halved}).suggestion == Suggestion(
        FOOD.id,
        0.5,
        "It was taught so.",
        alternatives=((FUN.id, 0.5),),
        details={"so": True, "claimed": 0.9},
    )


def test_a_correction_of_another_link_or_none_changes_nothing():
    for corrections in ({}, {"b": Correction(-3, 1)}, {"a": NO_CORRECTION}):
        suggestion = trusting(corrections=corrections).suggestion
        assert suggestion is not None
        assert (suggestion.confidence, suggestion.details) == (0.9, {"so": True})
        assert claimed_confidence(suggestion) == 0.9


def test_the_claimed_confidence_is_kept_beside_the_corrected_one():
    suggestion = trusting(corrections={"a": Correction(-1, 1)}).suggestion
    assert suggestion is not None
    assert claimed_confidence(suggestion) == 0.9 > suggestion.confidence


@pytest.mark.parametrize(
    ("corrected", "threshold", "outcome"),
    [
        (False, None, Outcome.ANSWERED),
        (False, 0.9, Outcome.ANSWERED),
        (False, 0.91, Outcome.UNSURE),
        (True, 0.9, Outcome.UNSURE),
        (True, 0.3, Outcome.ANSWERED),
    ],
)
def test_an_owners_threshold_judges_the_corrected_confidence(corrected, threshold, outcome):
    corrections = {"a": Correction(-1, 1)} if corrected else {}
    thresholds = {} if threshold is None else {"a": threshold}
    assert trusting(corrections=corrections, thresholds=thresholds).outcome == outcome


@pytest.mark.parametrize(
    ("thresholds", "of_evidence", "outcome"),
    [
        ({"a": 0.95}, {"other": 0.9}, "answered"),
        ({"a": 0.5}, {"other": 0.91}, "unsure"),
        ({"a": 0.95}, {"name": 0.5}, "unsure"),
        ({}, {"name": 1.0}, "answered"),
    ],
)
def test_a_threshold_of_the_evidence_comes_before_that_of_the_link(thresholds, of_evidence, outcome):
    assert trusting(thresholds=thresholds, evidence_thresholds=of_evidence).outcome == outcome


def test_effects_without_a_category_are_not_corrected():
    link = says("a", Suggestion(None, 1.0, "A tag.", effects=Effects(tags=("x",))))
    [verdict] = chain(link).decide([row("Bakery", trust=Trust(corrections={"a": Correction(-3, 1)}))])
    [attempt] = timeless(verdict)
    assert attempt.suggestion == Suggestion(None, 1.0, "A tag.", effects=Effects(tags=("x",)))


@given(st.floats(0, 1), st.lists(st.floats(0, 1), max_size=2), st.floats(-5, 5), st.floats(0.1, 4))
def test_corrected_probabilities_are_no_more_than_certain(confidence, others, intercept, slope):
    left = (1 - confidence) / max(sum(others), 1)
    alternatives = tuple((i + 2, p * left) for i, p in enumerate(others))
    offered = tuple(OfferedCategory(i, str(i), "expense") for i in (1, 2, 3))
    said = Suggestion(1, confidence, "So.", alternatives=alternatives)
    trust = Trust(corrections={"a": Correction(intercept, slope)})
    found = says("a", None).attempt(said, Question("Cafe", offered, owner=1, trust=trust)).suggestion
    assert found is not None
    assert 0 <= found.confidence + sum(p for _, p in found.alternatives) <= 1.001
    assert all(0 <= p <= max(found.confidence, p if found == said else 0) for _, p in found.alternatives)


ROWS = st.builds(
    row,
    st.sampled_from(["Bakery", "bakery", "Cinema", "Garage", "Tram", "Bad", "4711"]),
    merchant=st.sampled_from(["", "Luna"]),
    direction=st.sampled_from(["in", "out"]),
)


def lawful() -> Chain:
    """Links whose answers depend on the transaction alone, with coarse keys, errors and effects among them."""
    answers = {"bakery": sure(FOOD, 0.9), "cinema": sure(FUN, 0.3), "bad": ProviderMisbehaved("It babbled.")}
    keyed = Says("keyed", lambda t: answers.get(t.description.lower()), key=lambda t: t.text.lower())
    merchant = Says("merchant", lambda t: sure(FUN, 0.6, effects=Effects("L", ("x",))) if t.merchant else None)
    model = Says("model", lambda t: sure(FUN, 0.4) if t.direction == "in" else None)
    return chain(Link(keyed, 0.5), Link(merchant, 0.7), Link(model, 0.4, is_deferred=True))


def told(verdicts: Sequence[Verdict]) -> list[Any]:
    return [(timeless(v), v.decided and v.decided.suggestion, v.is_final, v.is_waiting, v.effects) for v in verdicts]


@given(st.lists(ROWS, max_size=12).flatmap(lambda rows: st.tuples(st.just(rows), st.permutations(range(len(rows))))))
def test_permuting_a_batch_permutes_the_verdicts(drawn):
    rows, order = drawn
    for ask in (Chain.decide, Chain.resolve, Chain.recall):
        straight = told(ask(lawful(), rows))
        assert told(ask(lawful(), [rows[i] for i in order])) == [straight[i] for i in order]


@given(st.lists(ROWS, max_size=12), st.integers(0, 12))
def test_splitting_a_batch_changes_nothing(rows, cut):
    for ask in (Chain.decide, Chain.resolve, Chain.recall):
        pieces = told(ask(lawful(), rows[:cut])) + told(ask(lawful(), rows[cut:]))
        assert told(ask(lawful(), rows)) == pieces


def test_a_text_without_words_is_declined_for_that():
    [verdict] = chain(says("first", None)).decide([row("4711 - 12.03.")])
    assert verdict.attempts[0].explanation == "There are no words in this text."


@pytest.mark.parametrize("texts", [("4711 - 12.03.", "Bakery", ""), ("", "Bakery", "4711 - 12.03.")])
def test_a_text_without_words_is_declined_among_others(texts):
    silent = says("first", None)
    verdicts = chain(silent).decide([row(text) for text in texts])
    told = {text: verdict.attempts[0].explanation for text, verdict in zip(texts, verdicts, strict=True)}
    silence = silent.provider.silence
    assert told == {"4711 - 12.03.": "There are no words in this text.", "Bakery": silence, "": silence}


def test_those_that_a_link_knows_nothing_of_share_the_attempt():
    first, other, numbers, more = chain(says("first", None)).decide(
        [row("Bakery"), row("Cinema"), row("4711"), row("4712")]
    )
    assert (first, numbers) == (other, more)
    assert first is other
    assert numbers is more


def test_a_probe_without_words_asks_nothing_and_closes_no_breaker(failing, clock):
    failing_chain, link = failing
    left_alone(failing_chain)
    clock.seconds = 60
    silent = chain(says("model", None, deferred=True), breaker=CacheBreaker())
    silent.resolve([row("4711 *** 0815")])
    assert CacheBreaker().describe("model")["n_failures"] == 3
    asked(link).clear()
    failing_chain.resolve([row("0815"), *BATCH])
    assert asked(link) == ["0815", "Cinema"]
    assert CacheBreaker().describe("model")["n_failures"] == 4


def test_a_failure_outside_of_the_link_leaves_its_breaker_alone(fresh_cache, clock):
    link = says("model", CallNotRecorded("The call could not be recorded, so nothing was sent."), deferred=True)
    told = [outcomes(chain(link, breaker=CacheBreaker()).resolve([row("Cinema")])[0]) for _ in range(5)]
    assert told == [[("model", "failed")]] * 5
    assert CacheBreaker().describe("model") == {
        "state": "closed", "n_failures": 0, "last_error": None, "next_try_at": None,
    }  # fmt: skip
