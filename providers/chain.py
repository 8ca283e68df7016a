"""What asking the links came to: every attempt, and the verdict made of them."""

import json
import logging
import time
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Protocol

from providers.calibration import NO_CORRECTION, Correction
from providers.interface import (
    EFFECT_FIELDS,
    NO_EFFECTS,
    Answer,
    Effects,
    LabeledQuestion,
    Provider,
    ProviderError,
    ProviderMisbehaved,
    ProviderUnavailable,
    Question,
    Suggestion,
)
from providers.normalization import normalize


class Outcome(StrEnum):
    """How asking one link ended."""

    ANSWERED = "answered"
    UNSURE = "unsure"
    DECLINED = "declined"
    FAILED = "failed"
    CRASHED = "crashed"
    SKIPPED = "skipped"
    WAITING = "waiting"


@dataclass(frozen=True, slots=True)
class Attempt:
    """What one link said. `duration_ms` is its share of the batch it was asked in."""

    provider: str
    version: str
    outcome: Outcome
    explanation: str
    suggestion: Suggestion | None = None
    duration_ms: float = 0.0
    #: The link could not be asked now and will be asked again.
    will_retry: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """Every attempt in order, and what they come to. The chain gives rows with the same answers the same object."""

    attempts: tuple[Attempt, ...]
    #: The attempt whose answer is taken; None while nobody was confident.
    decided: Attempt | None = None
    #: A link answered below its threshold on purpose: nobody else is asked.
    is_final: bool = False

    @property
    def best(self) -> Attempt | None:
        """The decided attempt, else the likeliest of those that named a category; the earlier link wins a tie."""
        return self.decided or self.surest

    @property
    def surest(self) -> Attempt | None:
        """The attempt that named a category most surely, whatever the thresholds; the earlier link wins a tie."""
        named = [a for a in self.attempts if a.suggestion is not None and a.suggestion.category is not None]
        return max(named, key=confidence_of, default=None)

    def followed_by(self, later: "Verdict") -> "Verdict":
        """This verdict once deferred links were asked: theirs are the last attempts, and they may have decided."""
        asked = tuple(attempt for attempt in self.attempts if not attempt.will_retry)
        return Verdict(asked + later.attempts, later.decided, later.is_final)

    @property
    def is_waiting(self) -> bool:
        """A deferred link has yet to be asked, or to be asked again."""
        return self.decided is None and not self.is_final and any(a.will_retry for a in self.attempts)

    @property
    def effects(self) -> Effects:
        """All effects together: the first link that names a merchant or another field wins it, tags add up."""
        given = (a.suggestion.effects for a in self.attempts if a.suggestion is not None)
        found = [effects for effects in given if effects is not NO_EFFECTS]
        if not found:
            return NO_EFFECTS
        merchant = next((e.merchant for e in found if e.merchant), "")
        tags = tuple(dict.fromkeys(tag for e in found for tag in e.tags))
        fields = dict(pair for e in reversed(found) for pair in e.fields)
        return Effects(merchant, tags, tuple(fields.items())) if merchant or tags or fields else NO_EFFECTS


def confidence_of(attempt: Attempt | None) -> float:
    """The probability that the attempt's category is right, in [0, 1]; 0 where it named none."""
    return attempt.suggestion.confidence if attempt is not None and attempt.suggestion is not None else 0.0


#: In the details of an answer: the confidence before it was corrected.
CLAIMED = "claimed"


@dataclass(frozen=True, slots=True)
class Link:
    """A provider in its place: the threshold belongs here, since scores of different links do not compare."""

    provider: Provider
    min_confidence: float = 0.0
    is_deferred: bool = False

    def attempt(self, answer: Answer, transaction: Question, duration_ms: float = 0.0) -> Attempt:
        """Judge an answer by this link's threshold and by what was offered."""
        answer = _usable(answer, transaction)
        if isinstance(answer, ProviderError):
            will_retry = self.is_deferred and isinstance(answer, ProviderUnavailable)
            explanation = f"{answer} It will be tried again." if will_retry else str(answer)
            return self.unasked(Outcome.FAILED, explanation, will_retry=will_retry, duration_ms=duration_ms)
        if answer is None:
            return self.unasked(Outcome.DECLINED, _why_declined(self.provider, transaction), duration_ms=duration_ms)
        name, version = self.provider.name, self.provider.version
        answer = _corrected(answer, transaction.trust.corrections.get(name, NO_CORRECTION))
        outcome = self._outcome(answer, transaction.trust.thresholds.get(name, self.min_confidence))
        return Attempt(name, version, outcome, answer.explanation, answer, round(duration_ms, 3))

    def unasked(
        self, outcome: Outcome, explanation: str, *, will_retry: bool = False, duration_ms: float = 0.0
    ) -> Attempt:
        """An attempt that brought no suggestion."""
        name, version = self.provider.name, self.provider.version
        return Attempt(name, version, outcome, explanation, None, round(duration_ms, 3), will_retry)

    @staticmethod
    def _outcome(answer: Suggestion, threshold: float) -> Outcome:
        if answer.category is None:
            return Outcome.DECLINED
        is_sure = answer.confidence >= threshold and not answer.final
        return Outcome.ANSWERED if is_sure else Outcome.UNSURE


def claimed_confidence(answer: Suggestion) -> float:
    """The confidence that the link itself gave, before its owner's outcomes corrected it."""
    claimed: float = answer.details.get(CLAIMED, answer.confidence)
    return claimed


def _corrected(answer: Suggestion, correction: Correction) -> Suggestion:
    if answer.category is None or correction == NO_CORRECTION:
        return answer
    confidence = round(correction.apply(answer.confidence), 4)
    return Suggestion(  # `replace` takes five times as long
        category=answer.category,
        confidence=confidence,
        explanation=answer.explanation,
        score=answer.score,
        effects=answer.effects,
        alternatives=_shared_out(answer, confidence),
        details={**answer.details, CLAIMED: answer.confidence},
        final=answer.final,
        source_id=answer.source_id,
    )


def _shared_out(answer: Suggestion, confidence: float) -> tuple[tuple[int, float], ...]:
    """Alternatives share what the corrected answer leaves as they did before; none is likelier than the answer."""
    left = (1 - confidence) / (1 - answer.confidence) if answer.confidence < 1 else 0.0
    return tuple((category, round(min(p * left, confidence), 4)) for category, p in answer.alternatives)


def _why_declined(provider: Provider, transaction: Question) -> str:
    is_without_words = transaction.text and not normalize(transaction.text)
    return "There are no words in this text." if is_without_words else provider.silence


def _usable(answer: object, transaction: Question) -> Answer:
    """The answer itself, or ProviderMisbehaved in place of one that keeps no promise of the interface."""
    if answer is None or isinstance(answer, ProviderError):
        return answer
    if not isinstance(answer, Suggestion):
        return ProviderMisbehaved(f"It answered with {type(answer).__name__}, not with a suggestion.")
    if not 0 <= answer.confidence <= 1:
        return ProviderMisbehaved(f"Its confidence was {answer.confidence}, not a number from 0 to 1.")
    if not _are_effects(answer.effects) or not _is_json(answer.details):
        return ProviderMisbehaved("Its effects or details are not of the kind that the interface asks for.")
    named = {answer.category, *(category for category, _ in answer.alternatives)} - {None}
    if not named <= {category.id for category in transaction.categories}:
        return ProviderMisbehaved("It answered with a category that was not offered.")
    return answer


def _are_effects(effects: object) -> bool:
    return isinstance(effects, Effects) and {name for name, _ in effects.fields} <= set(EFFECT_FIELDS)


def _is_json(details: object) -> bool:
    try:
        json.dumps(details, allow_nan=False)
    except (TypeError, ValueError):
        return False
    return isinstance(details, dict)


logger = logging.getLogger(__name__)


class Breaker(Protocol):
    """Remembers that a link keeps failing."""

    def reason_to_skip(self, name: str) -> str | None: ...
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

    def decide(self, transactions: Sequence[Question]) -> list[Verdict]:
        """Ask every immediate link; deferred ones are noted as waiting where nobody was confident."""
        immediate = tuple(link for link in self.links if not link.is_deferred)
        trail = _Trail(transactions)
        for link in immediate:
            trail.ask(link, self._answers)
        trail.note(Outcome.WAITING, "Nothing else was sure enough; the local model will look at it.", self.deferred)
        return trail.verdicts()

    def resolve(self, transactions: Sequence[Question]) -> list[Verdict]:
        """Ask every deferred link, unless it has been failing; may take minutes and belongs in a task."""
        trail = _Trail(transactions)
        for link in self.deferred:
            reason = self._breaker.reason_to_skip(link.provider.name)
            if reason is None:
                trail.ask(link, self._guarded_answers)
            else:
                trail.note(Outcome.SKIPPED, reason, (link,))
        return trail.verdicts()

    def recall(self, transactions: Sequence[Question]) -> list[Verdict]:
        """What deferred links already know, without any remote call; the rest is noted as waiting."""
        trail = _Trail(transactions)
        for link in self.deferred:
            trail.ask(link, lambda link, asked: list(link.provider.recall(asked)), silent=True)
            reason = self._breaker.reason_to_skip(link.provider.name)
            if reason is None:
                trail.note(Outcome.WAITING, "It has been asked; ask again in a moment.", (link,))
            else:
                trail.note(Outcome.SKIPPED, reason, (link,))
        return trail.verdicts()

    @property
    def immediate(self) -> "Chain":
        """The links that answer within a request."""
        return Chain([link for link in self.links if not link.is_deferred], self._breaker)

    @property
    def measured(self) -> "Chain":
        """Those of them whose confidence is a probability: all but rules."""
        return Chain([link for link in self.immediate.links if link.provider.is_measured], self._breaker)

    def learn(self, confirmed: Sequence[LabeledQuestion]) -> "Chain":
        """The immediate links as they would be if the ledger held these transactions besides what they were taught."""
        links = [replace(link, provider=link.provider.learn(confirmed)) for link in self.immediate.links]
        return Chain(links, self._breaker)

    def without(self, name: str) -> "Chain":
        """The same but for one link."""
        return Chain([link for link in self.links if link.provider.name != name], self._breaker)

    def _guarded_answers(self, link: Link, asked: list[Question]) -> list[Answer]:
        answers = self._answers(link, asked)
        failures = [a for a in answers if isinstance(a, ProviderUnavailable)]
        if failures:
            self._breaker.note_failure(link.provider.name, str(failures[0]))
        else:
            self._breaker.note_success(link.provider.name)
        return answers

    @staticmethod
    def _answers(link: Link, asked: list[Question]) -> list[Answer]:
        try:
            answers = list(link.provider.categorize_many(asked))
        except ProviderError as error:
            return [error] * len(asked)
        if len(answers) != len(asked):
            return [ProviderMisbehaved(f"It gave {len(answers)} answers to {len(asked)} questions.")] * len(asked)
        return answers


_Likeness = tuple[int, int, bool]


def _likeness(answer: Answer, transaction: Question) -> _Likeness:
    """Equal for answers to one batch that make equal attempts; one that has no words is declined for that."""
    is_without_words = answer is None and bool(transaction.text) and not normalize(transaction.text)
    return id(answer), id(transaction.categories), is_without_words


class _Trail:
    """The attempts made so far for each transaction of one batch."""

    def __init__(self, transactions: Sequence[Question]) -> None:
        self.transactions = transactions
        self.attempts: list[list[Attempt]] = [[] for _ in transactions]
        self.open = list(range(len(transactions)))
        self.decided: dict[int, Attempt] = {}
        self.final: set[int] = set()

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
            crashed = link.unasked(Outcome.CRASHED, "It failed unexpectedly; the server's log says how.")
            attempts = [(self.open, crashed)]
        for members, attempt in attempts:
            if attempt.suggestion is not None or not silent:
                self._record(members, attempt)
        self.open = [i for i in self.open if i not in self.decided and i not in self.final]

    def note(self, outcome: Outcome, explanation: str, links: Sequence[Link]) -> None:
        """Record links that are not asked about what is still open and not answered by them."""
        for link in links:
            attempt = link.unasked(outcome, explanation, will_retry=True)
            for i in self.open:
                if all(earlier.provider != attempt.provider for earlier in self.attempts[i]):
                    self.attempts[i].append(attempt)

    def verdicts(self) -> list[Verdict]:
        """Those of the very same attempts are the very same verdict, so that whoever stores them can tell."""
        made: dict[tuple[int, ...], Verdict] = {}
        verdicts = []
        for i, attempts in enumerate(self.attempts):
            key = tuple(map(id, attempts))
            if key not in made:
                made[key] = Verdict(tuple(attempts), self.decided.get(i), i in self.final)
            verdicts.append(made[key])
        return verdicts

    def _groups(self, link: Link) -> list[list[int]]:
        if type(link.provider).key is Provider.key:
            return [[i] for i in self.open]
        groups: dict[Hashable, list[int]] = {}
        for i in self.open:
            key = link.provider.key(self.transactions[i])
            groups.setdefault((i,) if key is None else ("key", key), []).append(i)
        return list(groups.values())

    def _attempts(
        self, link: Link, answers: Callable[[Link, list[Question]], Sequence[Answer]]
    ) -> list[tuple[list[int], Attempt]]:
        """Groups of equal transactions with what the link said of each."""
        groups = self._groups(link)
        asked = [self.transactions[members[0]] for members in groups]
        started = time.perf_counter()
        given = answers(link, asked)
        each_ms = (time.perf_counter() - started) * 1000 / len(asked)
        # One attempt for each distinct answer, so that whoever stores them can tell equal ones by identity.
        made: dict[_Likeness, Attempt] = {}
        attempts = []
        for members, answer, transaction in zip(groups, given, asked, strict=True):
            likeness = _likeness(answer, transaction)
            if likeness not in made:
                made[likeness] = link.attempt(answer, transaction, each_ms)
            attempts.append((members, made[likeness]))
        return attempts

    def _record(self, members: list[int], attempt: Attempt) -> None:
        is_final = attempt.suggestion is not None and attempt.suggestion.final
        for i in members:
            self.attempts[i].append(attempt)
            if attempt.outcome is Outcome.ANSWERED:
                self.decided[i] = attempt
            elif is_final:
                self.final.add(i)
