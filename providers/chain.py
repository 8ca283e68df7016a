"""Asks the links in order and stops at the first confident answer.

The semantics are those of Django's AUTHENTICATION_BACKENDS, for batches: each link sees only what the links before it
left open, and only one transaction of those that it holds equal.
"""

import logging
import time
from collections.abc import Callable, Hashable, Sequence
from dataclasses import replace
from typing import Protocol

from providers.interface import (
    Answer,
    Confirmed,
    Provider,
    ProviderError,
    ProviderMisbehaved,
    ProviderUnavailable,
    Question,
)
from providers.links import Link
from providers.normalization import normalize
from providers.verdicts import Attempt, Outcome, Verdict

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

    def learn(self, confirmed: Sequence[Confirmed]) -> "Chain":
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
