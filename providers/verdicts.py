"""What asking the links came to: every attempt, and the verdict made of them."""

from dataclasses import dataclass
from enum import StrEnum

from providers.interface import NO_EFFECTS, Effects, Suggestion


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
