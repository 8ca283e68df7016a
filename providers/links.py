"""A provider in its place in the chain, which judges its answers by threshold and promise."""

import json
from dataclasses import dataclass

from providers.calibration import NO_CORRECTION, Correction
from providers.interface import (
    EFFECT_FIELDS,
    Answer,
    Effects,
    Provider,
    ProviderError,
    ProviderMisbehaved,
    ProviderUnavailable,
    Question,
    Suggestion,
)
from providers.normalization import normalize
from providers.verdicts import Attempt, Outcome

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
