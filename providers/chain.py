"""Ask the links in order, stop at the first sure answer, and pool the answers where there is none.

Answers that are pooled (`Suggestion.is_pooled`) stop nothing, however sure. Otherwise the semantics are those of
Django's AUTHENTICATION_BACKENDS, for batches: each link sees only what the links before it left open, and only one
transaction of those that it holds equal. A verdict keeps every attempt.
"""

import json
import logging
import math
import time
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import partial
from typing import Protocol

from providers.calibration import NO_CORRECTION, Correction
from providers.interface import (
    EFFECT_FIELDS,
    NO_EFFECTS,
    Answer,
    Effects,
    Evidence,
    LabeledQuestion,
    Provider,
    ProviderError,
    ProviderMisbehaved,
    ProviderUnavailable,
    Question,
    Suggestion,
    SupportWeight,
    Trust,
)
from providers.normalization import normalize
from providers.pool import Voice, pool

logger = logging.getLogger(__name__)

#: In the details of an answer: the confidence before it was corrected.
CLAIMED = "claimed"
#: In the details of the pool's answer: its confidence before it was corrected, and that of the link alone.
POOLED, ALONE = "pooled", "alone"
#: The name under which the pool's confidence is corrected.
POOL = "together"


#: Shares of a deferred link's answer below this weigh next to nothing.
DEFERRED_FLOOR = 0.05
#: Seconds after which a client may ask about a text again that a deferred link is being asked about.
ASK_AGAIN_S = 5
#: The explanation of a deferred link that has yet to be asked.
TO_COME = "Nothing else was sure enough; the local model will look at it."
SEND_AGAIN = "Send the same request again in {} seconds."
CRASH = "It failed unexpectedly; the server's log says how."
#: Types of values that are JSON whatever they hold.
_ALWAYS_JSON = frozenset({str, int, bool, type(None)})
#: The end of the explanation of an attempt that failed for now.
TRIED_AGAIN = " It will be tried again."


#: Takes the place of an answer to a question that a link was not asked, for want of time or after a failure.
_NOT_ASKED = ProviderUnavailable("It was not asked yet.")


class Outcome(StrEnum):
    """The end of asking one link."""

    ANSWERED = "answered"
    UNSURE = "unsure"
    DECLINED = "declined"
    FAILED = "failed"
    CRASHED = "crashed"
    SKIPPED = "skipped"
    WAITING = "waiting"


@dataclass(frozen=True, slots=True)
class Attempt:
    """The answer of one link. `duration_ms` is its share of the time that its batch took."""

    provider: str
    version: str
    outcome: Outcome
    explanation: str
    suggestion: Suggestion | None = None
    duration_ms: float = 0.0
    #: The link could not be asked now and will be asked again.
    will_retry: bool = False
    #: Ids of the recorded calls that a failure comes from.
    calls: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """Every attempt in order, and the one that decides. Rows with the same answers share one object."""

    attempts: tuple[Attempt, ...]
    #: The attempt whose answer is taken; None while nobody was confident.
    decided: Attempt | None = None
    #: A link answered below its threshold on purpose: nobody else is asked.
    is_final: bool = False
    #: The attempts that were pooled: the first ones. One of them holds the pool's answer.
    n_pooled: int = 0
    pooled: Attempt | None = None
    #: What each of the pooled attempts was before: the link's own answer.
    voices: tuple[Attempt, ...] = ()
    #: The best answer before the deferred links were heard.
    without_deferred: Attempt | None = None

    @property
    def best(self) -> Attempt | None:
        """Return the decided attempt, else the surest."""
        return self.decided or self.surest

    @property
    def surest(self) -> Attempt | None:
        """Return the speaker that named a category most surely; the earlier link wins a tie."""
        named = [a for a in self.speakers if a.suggestion is not None and a.suggestion.category is not None]
        return max(named, key=confidence_of, default=None)

    @property
    def surest_voice(self) -> Attempt | None:
        """Return the attempt that named a category most surely by itself, also where all together are too unsure."""
        named = [a for a in self.voices if a.suggestion is not None and a.suggestion.category is not None]
        return max(named, key=confidence_of, default=None)

    @property
    def speakers(self) -> tuple[Attempt, ...]:
        """Return the pool's answer instead of the attempts that it is made of, and all other attempts."""
        alone = self.attempts[self.n_pooled :]
        return (self.pooled, *alone) if self.pooled is not None else alone

    def followed_by(self, later: "Verdict") -> "Verdict":
        """Return this verdict with the attempts of deferred links that brought no answer."""
        asked = tuple(attempt for attempt in self.attempts if not attempt.will_retry)
        return replace(self, attempts=asked + later.attempts, without_deferred=self.best)

    @property
    def is_waiting(self) -> bool:
        """Return True if a deferred link has yet to be asked, or to be asked again."""
        return self.decided is None and not self.is_final and any(a.will_retry for a in self.attempts)

    @property
    def effects(self) -> Effects:
        """Return all effects together: the first link that names a merchant or field wins it, tags add up."""
        given = (a.suggestion.effects for a in self.attempts if a.suggestion is not None)
        found = [effects for effects in given if effects is not NO_EFFECTS]
        if not found:
            return NO_EFFECTS
        merchant = next((e.merchant for e in found if e.merchant), "")
        tags = tuple(dict.fromkeys(tag for e in found for tag in e.tags))
        fields = dict(pair for e in reversed(found) for pair in e.fields)
        return Effects(merchant, tags, tuple(fields.items())) if merchant or tags or fields else NO_EFFECTS


def confidence_of(attempt: Attempt | None) -> float:
    """Return the probability that the attempt's category is right, in [0, 1]; 0 if it named none."""
    return attempt.suggestion.confidence if attempt is not None and attempt.suggestion is not None else 0.0


@dataclass(frozen=True, slots=True)
class Link:
    """A provider in its place: the threshold belongs here, since scores of different links do not compare."""

    provider: Provider
    min_confidence: float = 0.0
    is_deferred: bool = False

    def attempt(self, answer: Answer, question: Question, duration_ms: float = 0.0) -> Attempt:
        """Judge an answer by this link's threshold and by what was offered."""
        name, version = self.provider.name, self.provider.version
        answer = _usable(answer, question)
        if isinstance(answer, ProviderError):
            will_retry = self.is_deferred and isinstance(answer, ProviderUnavailable)
            explanation = f"{answer}{TRIED_AGAIN}" if will_retry else str(answer)
            failed = self.unasked(Outcome.FAILED, explanation, will_retry=will_retry, duration_ms=duration_ms)
            return replace(failed, calls=answer.calls)
        if answer is None:
            reason = (
                "There are no words in this text."
                if question.text and not _has_words(question)
                else self.provider.silence
            )
            return self.unasked(Outcome.DECLINED, reason, duration_ms=duration_ms)
        outcome = Outcome.DECLINED
        if answer.category is not None:
            if answer.evidence is not Evidence.KEYWORD:  # the owner's own word, whatever else the link has guessed
                answer = _corrected(answer, question.trust.corrections.get(name, NO_CORRECTION))
            threshold = question.trust.threshold(name, answer.evidence, default=self.min_confidence)
            may_decide = not (answer.final or answer.is_pooled or self.is_deferred)
            is_sure = may_decide and answer.confidence >= threshold
            outcome = Outcome.ANSWERED if is_sure else Outcome.UNSURE
        return Attempt(name, version, outcome, answer.explanation, answer, round(duration_ms, 3))

    def unasked(
        self, outcome: Outcome, explanation: str, *, will_retry: bool = False, duration_ms: float = 0.0
    ) -> Attempt:
        """Return an attempt that brought no suggestion."""
        name, version = self.provider.name, self.provider.version
        return Attempt(name, version, outcome, explanation, None, round(duration_ms, 3), will_retry)


def claimed_confidence(answer: Suggestion) -> float:
    """Return the confidence that the link itself gave, before its owner's outcomes corrected it."""
    claimed: float = answer.details.get(ALONE, answer.details.get(CLAIMED, answer.confidence))
    return claimed


def _corrected(answer: Suggestion, correction: Correction) -> Suggestion:
    """Correct the confidence; alternatives keep their shares of the rest, and none is likelier than the answer."""
    if correction == NO_CORRECTION:
        return answer
    confidence = round(correction.apply(answer.confidence), 4)
    return Suggestion(  # `replace` takes five times as long
        category=answer.category,
        confidence=confidence,
        explanation=answer.explanation,
        score=answer.score,
        effects=answer.effects,
        alternatives=_rescaled(answer.alternatives, before=answer.confidence, after=confidence),
        details={**answer.details, CLAIMED: answer.confidence},
        final=answer.final,
        source_id=answer.source_id,
        evidence=answer.evidence,
        support=answer.support,
        is_pooled=answer.is_pooled,
        covered_by=answer.covered_by,
    )


def _rescaled(
    alternatives: Sequence[tuple[int, float]], *, before: float, after: float
) -> tuple[tuple[int, float], ...]:
    """Give alternatives their shares of the rest that a changed confidence leaves; none is likelier than the answer."""
    left = (1 - after) / (1 - before) if before < 1 else 0.0
    return tuple((category, round(min(share * left, after), 4)) for category, share in alternatives)


def _usable(answer: object, question: Question) -> Answer:
    """Return the answer itself, or ProviderMisbehaved for one that breaks a promise of the interface."""
    if answer is None or isinstance(answer, ProviderError):
        return answer
    if not isinstance(answer, Suggestion):
        return ProviderMisbehaved(f"It answered with {type(answer).__name__}, not with a suggestion.")
    if not 0 <= answer.confidence <= 1:
        return ProviderMisbehaved(f"Its confidence was {answer.confidence}, not a number from 0 to 1.")
    effects: object = answer.effects
    are_effects = effects is NO_EFFECTS or (
        isinstance(effects, Effects) and {name for name, _ in effects.fields} <= set(EFFECT_FIELDS)
    )
    if not are_effects or not _are_details(answer.details):
        return ProviderMisbehaved("Its effects or details are not of the kind that the interface asks for.")
    named = {answer.category, *[category for category, _ in answer.alternatives]} - {None}
    if not named.issubset([category.id for category in question.categories]):
        return ProviderMisbehaved("It answered with a category that was not offered.")
    return answer


def _are_details(details: object) -> bool:
    """Return True for an object of JSON."""
    if not isinstance(details, dict):
        return False
    if _ALWAYS_JSON.issuperset(map(type, details.values())) and all(type(name) is str for name in details):
        return True
    try:
        json.dumps(details, allow_nan=False)
    except (TypeError, ValueError):
        return False
    return True


class Breaker(Protocol):
    """Remembers that a link keeps failing."""

    def reason_to_skip(self, name: str) -> str | None: ...
    def begin_probe(self, name: str) -> bool: ...
    def end_probe(self, name: str) -> None: ...
    def note_failure(self, name: str, reason: str) -> None: ...
    def note_success(self, name: str) -> None: ...


class Chain:
    """The configured links. Immediate ones answer within a request, deferred ones in a task."""

    def __init__(self, links: Sequence[Link], breaker: Breaker) -> None:
        self.links = tuple(links)
        self._breaker = breaker

    @property
    def deferred(self) -> tuple[Link, ...]:
        return tuple(link for link in self.links if link.is_deferred)

    def looks_at(self, question: Question) -> frozenset[str]:
        """Return which of VARYING the verdict about such a question depends on."""
        return frozenset[str]().union(
            *(link.provider.looks_at(question) for link in self.links if not link.is_deferred)
        )

    def decide(self, questions: Sequence[Question]) -> list[Verdict]:
        """Ask every immediate link; deferred ones are noted as waiting where nobody was confident."""
        trail = _Trail(questions)
        for link in self.links:
            if not link.is_deferred:
                trail.ask(link, _answers)
        trail.pool({link.provider.name: link for link in self.links})
        trail.note_deferred(self.deferred)
        return trail.verdicts()

    def resolve(self, questions: Sequence[Question], *, until: float = math.inf) -> list[Verdict]:
        """Ask every deferred link, unless it has been failing; may take minutes and belongs in a task.

        None of them decides: `hear` pools their answers with those of the immediate links. A link is asked no more
        after `until`, an instant of `time.monotonic`, or when it cannot be asked. What it was not asked about waits on.
        """
        trail = _Trail(questions)
        for link in self.deferred:
            name = link.provider.name
            if trail.open and self._breaker.begin_probe(name):
                trail.ask(link, partial(self._answers_after_probe, until=until))
                trail.note(Outcome.WAITING, TO_COME, (link,))
            elif (reason := self._breaker.reason_to_skip(name)) is None:
                trail.ask(link, partial(self._guarded_answers, until=until))
                trail.note(Outcome.WAITING, TO_COME, (link,))
            else:
                trail.note(Outcome.SKIPPED, reason, (link,))
        return trail.verdicts()

    def recall(self, questions: Sequence[Question]) -> list[Verdict]:
        """Ask deferred links what they know already, without any remote call; note the rest as waiting."""
        trail = _Trail(questions)
        for link in self.deferred:
            trail.ask(link, lambda link, asked: list(link.provider.recall(asked)), silent=True)
            reason = self._breaker.reason_to_skip(link.provider.name)
            if reason is None:
                trail.note(Outcome.WAITING, f"It has been asked. {SEND_AGAIN.format(ASK_AGAIN_S)}", (link,))
            else:
                trail.note(Outcome.SKIPPED, reason, (link,))
        return trail.verdicts()

    def hear(
        self, verdicts: Sequence[Verdict], later: Sequence[Verdict], questions: Sequence[Question]
    ) -> list[Verdict]:
        """Return verdicts of the immediate links, each pooled with the later one of the deferred links, in order.

        Verdicts and questions that share objects share the result, which storage can tell.
        """
        links, made = {link.provider.name: link for link in self.links}, dict[Hashable, Verdict]()
        heard = []
        for before, after, question in zip(verdicts, later, questions, strict=True):
            key = id(before), id(after), id(question.categories), id(question.trust)
            if key not in made:
                made[key] = _heard(before, after, question, links)
            heard.append(made[key])
        return heard

    @property
    def immediate(self) -> "Chain":
        """The links that answer within a request."""
        return Chain([link for link in self.links if not link.is_deferred], self._breaker)

    @property
    def measured(self) -> "Chain":
        """The immediate links whose confidence is a probability: all but rules."""
        return Chain([link for link in self.immediate.links if link.provider.is_measured], self._breaker)

    def learn(self, confirmed: Sequence[LabeledQuestion]) -> "Chain":
        """Return the immediate links as if the ledger held these transactions, too."""
        links = [replace(link, provider=link.provider.learn(confirmed)) for link in self.immediate.links]
        return Chain(links, self._breaker)

    def without(self, name: str) -> "Chain":
        """Return a chain that lacks one link."""
        return Chain([link for link in self.links if link.provider.name != name], self._breaker)

    def replacing(self, provider: Provider) -> "Chain":
        """Return a chain with this provider in the place of the one of the same name."""
        named = ((link, link.provider.name == provider.name) for link in self.links)
        return Chain([replace(link, provider=provider) if is_it else link for link, is_it in named], self._breaker)

    def _answers_after_probe(self, link: Link, asked: list[Question], *, until: float) -> list[Answer]:
        """Ask one question, and the others only if the link could be asked. A text without words asks nothing."""
        n_probed = next((n for n, question in enumerate(asked, 1) if _has_words(question)), len(asked))
        answers = self._guarded_answers(link, asked[:n_probed], until=until)
        self._breaker.end_probe(link.provider.name)
        rest = asked[n_probed:]
        if isinstance(answers[-1], ProviderUnavailable) or not rest or time.monotonic() >= until:
            return answers + [_NOT_ASKED] * len(rest)
        return answers + self._guarded_answers(link, rest, until=until)

    def _guarded_answers(self, link: Link, asked: list[Question], *, until: float) -> list[Answer]:
        """Return answers until the link is away or the time is over, then _NOT_ASKED for the rest."""
        answers: list[Answer] = []
        try:
            for answer in link.provider.categorize_in_turn(asked):
                answers.append(answer)
                if time.monotonic() >= until:
                    break
            else:
                answers = _complete(answers, asked)
        except ProviderUnavailable as error:
            answers.append(error)
        except ProviderError as error:
            answers += [error] * (len(asked) - len(answers))
        except Exception:  # a probe that crashes must not hold others up
            self._breaker.note_failure(link.provider.name, CRASH)
            raise
        failures = [answer for answer in answers if isinstance(answer, ProviderUnavailable)]
        counted = [failure for failure in failures if failure.is_failure_of_link]
        if counted:
            self._breaker.note_failure(link.provider.name, str(counted[0]))
        elif not failures and any(map(_has_words, asked[: len(answers)])):
            self._breaker.note_success(link.provider.name)
        return answers + [_NOT_ASKED] * (len(asked) - len(answers))


def _has_words(question: Question) -> bool:
    """Return False for a text that no link can be asked about."""
    return bool(normalize(question.text))


def _answers(link: Link, asked: list[Question]) -> list[Answer]:
    try:
        return _complete(list(link.provider.categorize_many(asked)), asked)
    except ProviderError as error:
        return [error] * len(asked)


def _complete(answers: list[Answer], asked: list[Question]) -> list[Answer]:
    """Return the answers themselves, or a failure for each question if their number is another."""
    if len(answers) != len(asked):
        return [ProviderMisbehaved(f"It gave {len(answers)} answers to {len(asked)} questions.")] * len(asked)
    return answers


def _heard(before: Verdict, later: Verdict, question: Question, links: Mapping[str, Link]) -> Verdict:
    """Pool the answers of deferred links with the voices of the verdict before them."""
    if before.decided is not None or before.is_final or later.surest is None:
        return before.followed_by(later)
    voices = (*before.voices, *later.attempts)
    # Attempts that were not pooled brought no answer: a link that crashed, or one that was skipped.
    rest = tuple(attempt for attempt in before.attempts[before.n_pooled :] if not attempt.will_retry)
    found = _pool(voices, question, links)
    if found is None:
        return Verdict((*voices, *rest), n_pooled=len(voices), voices=voices, without_deferred=before.best)
    place, pooled = found
    attempts = (*voices[:place], pooled, *voices[place + 1 :], *rest)
    decided = pooled if pooled.outcome is Outcome.ANSWERED else None
    return Verdict(attempts, decided, n_pooled=len(voices), pooled=pooled, voices=voices, without_deferred=before.best)


def _pool(attempts: Sequence[Attempt], question: Question, links: Mapping[str, Link]) -> tuple[int, Attempt] | None:
    """Return the place of the attempt that gives the pool's answer, and the attempt with that answer."""
    trust, names = question.trust, {category.id: category.name for category in question.categories}
    spoken = [i for i, attempt in enumerate(attempts) if attempt.suggestion is not None]
    voices = [
        _voice(answer, links[attempts[i].provider], trust, n_offered=len(names))
        for i in spoken
        if (answer := attempts[i].suggestion) is not None
    ]
    for i, voice in zip(spoken, voices, strict=True):
        if voice.answer.evidence is Evidence.REPEAT:
            return i, attempts[i]  # nobody knows better than the owner's choices for the very same text
    found = pool(voices, offered=list(names), n_confirmed=trust.n_confirmed)
    if found is None:
        return None
    place, alone = spoken[found.source], voices[found.source].answer
    said: dict[int, list[str]] = {found.category: []}
    for i, voice in enumerate(voices):
        if i != found.source and voice.answer.category is not None:
            said.setdefault(voice.answer.category, []).append(voice.link)
    agreeing = said.pop(found.category)
    agreement = f" {_links(agreeing, 'agrees', 'agree')}." if agreeing else ""
    differences = "".join(f" {_links(others, 'says', 'say')} {names[other]}." for other, others in said.items())
    confidence = round(trust.corrections.get(POOL, NO_CORRECTION).apply(found.confidence), 4)
    suggestion = replace(
        alone,
        confidence=confidence,
        explanation=f"{alone.explanation}{agreement}{differences}",
        alternatives=_rescaled(found.others, before=found.confidence, after=confidence),
        details={**alone.details, POOLED: found.confidence, ALONE: claimed_confidence(alone)},
    )
    link = links[attempts[place].provider]
    threshold = trust.threshold(link.provider.name, alone.evidence, default=link.min_confidence)
    for voice in voices:  # a deferred link lets nothing through that its own threshold would hold back
        if (deferred := links[voice.link]).is_deferred:
            own = trust.threshold(voice.link, voice.answer.evidence, default=deferred.min_confidence)
            threshold = max(threshold, own)
    # A deferred link reads text that strangers wrote, and may be swayed by it: alone it decides nothing.
    is_sure = confidence >= threshold and not link.is_deferred
    outcome = Outcome.ANSWERED if is_sure else Outcome.UNSURE
    attempt = replace(attempts[place], outcome=outcome, explanation=suggestion.explanation, suggestion=suggestion)
    return place, attempt


def _voice(answer: Suggestion, link: Link, trust: Trust, *, n_offered: int) -> Voice:
    """Return an answer as a voice of the pool. A deferred link weighs as its record in the ledger says."""
    if not link.is_deferred:
        return Voice(link.provider.name, answer, link.provider.support_weight)
    record = trust.record(link.provider.name, digest=digest_of_answer(answer, link.provider.version))
    factor = record.evidence(n_offered=n_offered) / math.log((1 + DEFERRED_FLOOR) / DEFERRED_FLOOR)
    if not answer.support and answer.category is not None:
        answer = replace(answer, support=((answer.category, answer.confidence), *answer.alternatives))
    return Voice(link.provider.name, answer, SupportWeight(factor, DEFERRED_FLOOR))


def digest_of_answer(answer: Suggestion, version: str) -> str:
    """Return what names the build that gave an answer: its digest, or else the version of the link."""
    return str(answer.details.get("digest") or version)


def _links(names: Sequence[str], verb: str, verbs: str) -> str:
    *first, last = names
    return f"The links {', '.join(first)} and {last} {verbs}" if first else f"The link {last} {verb}"


class _Trail:
    """The attempts made so far for each transaction of one batch."""

    def __init__(self, questions: Sequence[Question]) -> None:
        self.questions = questions
        self.attempts: list[list[Attempt]] = [[] for _ in questions]
        self.open = list(range(len(questions)))
        self.decided: dict[int, Attempt] = {}
        self.final: set[int] = set()
        self.pooled: dict[int, tuple[int, Attempt | None, tuple[Attempt, ...]]] = {}

    def ask(
        self, link: Link, answers: Callable[[Link, list[Question]], Sequence[Answer]], *, silent: bool = False
    ) -> None:
        """Ask about one transaction of each group of equal ones; `silent` leaves no trace of those it declines."""
        if not self.open:
            return
        try:
            attempts = self._attempts(link, answers)
        except Exception:  # a link's bug must not cost the user the other links' answers
            logger.exception("The link %s crashed", link.provider.name)
            crashed = link.unasked(Outcome.CRASHED, CRASH)
            attempts = [(self.open, crashed)]
        for members, attempt in attempts:
            if attempt.suggestion is None and silent:
                continue
            is_final = attempt.suggestion is not None and attempt.suggestion.final
            for i in members:
                self.attempts[i].append(attempt)
                if attempt.outcome is Outcome.ANSWERED:
                    self.decided[i] = attempt
                elif is_final:
                    self.final.add(i)
        self.open = [i for i in self.open if i not in self.decided and i not in self.final]

    def note(self, outcome: Outcome, explanation: str, links: Sequence[Link]) -> None:
        """Record links that are not asked about what is still open and not answered by them."""
        for link in links:
            attempt = link.unasked(outcome, explanation, will_retry=True)
            for i in self.open:
                if all(earlier.provider != attempt.provider for earlier in self.attempts[i]):
                    self.attempts[i].append(attempt)

    def note_deferred(self, links: Sequence[Link]) -> None:
        """Record that deferred links will be asked, or why they are not asked about a text: they do not help here."""
        for link in links:
            to_come = link.unasked(Outcome.WAITING, TO_COME, will_retry=True)
            skipped: dict[int, Attempt] = {}
            for i in self.open:
                trust = self.questions[i].trust
                attempt, record = to_come, trust.record(link.provider.name)
                if not record.asks_about(self.questions[i].text):
                    attempt = skipped.setdefault(id(trust), link.unasked(Outcome.SKIPPED, record.sentence))
                self.attempts[i].append(attempt)

    def pool(self, links: Mapping[str, Link]) -> None:
        """Replace the attempt of one link about each open transaction by the answer that all of them give together."""
        made: dict[Hashable, tuple[int, Attempt] | None] = {}
        for i in self.open:
            question, attempts = self.questions[i], self.attempts[i]
            key = tuple(map(id, attempts)), id(question.categories), id(question.trust)
            if key not in made:
                made[key] = _pool(attempts, question, links)
            answer, voices = made[key], tuple(attempts)
            if answer is None:
                self.pooled[i] = len(attempts), None, voices
                continue
            place, attempt = answer
            attempts[place] = attempt
            self.pooled[i] = len(attempts), attempt, voices
            if attempt.outcome is Outcome.ANSWERED:
                self.decided[i] = attempt
        self.open = [i for i in self.open if i not in self.decided]

    def verdicts(self) -> list[Verdict]:
        """Return a verdict for each transaction. Equal attempts share one object, which storage can tell."""
        made: dict[tuple[int, ...], Verdict] = {}
        verdicts = []
        for i, attempts in enumerate(self.attempts):
            key = tuple(map(id, attempts))
            if key not in made:
                made[key] = Verdict(
                    tuple(attempts), self.decided.get(i), i in self.final, *self.pooled.get(i, (0, None, ()))
                )
            verdicts.append(made[key])
        return verdicts

    def _attempts(
        self, link: Link, answers: Callable[[Link, list[Question]], Sequence[Answer]]
    ) -> list[tuple[list[int], Attempt]]:
        """Return groups of equal transactions that the link was asked about, each with its attempt."""
        if type(link.provider).key is Provider.key:
            groups = [[i] for i in self.open]
        else:
            by_key: dict[Hashable, list[int]] = {}
            for i in self.open:
                key = link.provider.key(self.questions[i])
                by_key.setdefault((i,) if key is None else ("key", key), []).append(i)
            groups = list(by_key.values())
        asked = [self.questions[members[0]] for members in groups]
        started = time.perf_counter()
        given = answers(link, asked)
        each_ms = (time.perf_counter() - started) * 1000 / (sum(answer is not _NOT_ASKED for answer in given) or 1)
        # One attempt for each distinct answer, so that storage can tell equal ones by identity.
        made: dict[tuple[int, int, bool], Attempt] = {}
        attempts = []
        for members, answer, question in zip(groups, given, asked, strict=True):
            if answer is _NOT_ASKED:
                continue
            is_without_words = answer is None and bool(question.text) and not normalize(question.text)
            likeness = id(answer), id(question.categories), is_without_words
            if likeness not in made:
                made[likeness] = link.attempt(answer, question, each_ms)
            attempts.append((members, made[likeness]))
        return attempts
