"""Verdicts of the chain as fields of a row, as stored decisions, and as explanations."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from expenses.categorization.catalog import Catalog
from expenses.models import CategorizationStatus, Decision
from providers.chain import Attempt, Outcome, Verdict, confidence_of

FAILURES = {Outcome.FAILED, Outcome.CRASHED}
EXPLANATION_LENGTH = Decision._meta.get_field("explanation").max_length or 0


@dataclass(frozen=True, slots=True)
class Categorization:
    """The category of a row after the chain was asked, or the suggestion, and where it comes from."""

    status: str
    category: int | None = None
    suggested_category: int | None = None
    source: str = ""
    confidence: float | None = None


def categorization_of(verdict: Verdict) -> Categorization:
    """Translate a verdict: a sure answer is taken, an unsure one is suggested, and a waiting link leaves it pending."""
    best = verdict.best
    if best is None or best.suggestion is None:
        return Categorization(CategorizationStatus.PENDING if verdict.is_waiting else CategorizationStatus.NONE)
    category, confidence = best.suggestion.category, round(best.suggestion.confidence, 4)
    if verdict.decided is not None:
        return Categorization(CategorizationStatus.AUTOMATIC, category, None, best.provider, confidence)
    status = CategorizationStatus.PENDING if verdict.is_waiting else CategorizationStatus.SUGGESTED
    return Categorization(status, None, category, best.provider, confidence)


def explain(verdict: Verdict, *, asked_before: Sequence[str] = ()) -> str:
    """Explain a verdict in a sentence. `asked_before` names links whose attempts the verdict does not hold."""
    if verdict.decided is not None:
        return verdict.decided.explanation
    if verdict.is_waiting:
        return " ".join(a.explanation for a in verdict.attempts if a.will_retry)
    if verdict.best is not None:
        return verdict.best.explanation
    asked = ", ".join([*asked_before, *(a.provider for a in verdict.attempts)])
    if not asked:
        return "Nothing was asked about this text."
    failed = [f" {a.provider}: {a.explanation}" for a in verdict.attempts if a.outcome in FAILURES]
    return f"Nothing recognized this text (asked: {asked}).{''.join(failed)}"


def explanation_for_status(explanation: str, *, status: str, confidence: float | None) -> str:
    """Return the explanation with a beginning that fits the status: suggested, confirmed, or as it is."""
    doubt = "Not sure enough to take: " if confidence != 1 else ""
    front = {CategorizationStatus.SUGGESTED: doubt, CategorizationStatus.CONFIRMED: "You confirmed it: "}
    return front.get(CategorizationStatus(status), "") + explanation


def make_decision(verdict: Verdict, *, ledger_id: int, catalog: Catalog) -> Decision:
    """Return the decision to store, unsaved."""
    attempts = attempts_as_json(verdict.attempts, catalog=catalog)
    return Decision(ledger_id=ledger_id, attempts=attempts, **decision_fields(verdict, catalog=catalog))


def decision_fields(verdict: Verdict, *, catalog: Catalog) -> dict[str, Any]:
    """Return the fields of a decision other than its attempts."""
    best = verdict.best
    category = best.suggestion.category if best is not None and best.suggestion is not None else None
    return {
        "source": best.provider if best is not None else "",
        "source_id": best.suggestion.source_id if best is not None and best.suggestion is not None else None,
        "category_name": catalog.name(category),
        "confidence": round(confidence_of(best), 4) if best is not None else None,
        "explanation": explain(verdict)[:EXPLANATION_LENGTH],
    }


def attempts_as_json(attempts: Sequence[Attempt], *, catalog: Catalog) -> list[dict[str, Any]]:
    """Return the attempts for the API and the database. Categories are named, because their ids may disappear."""
    bodies = []
    for attempt in attempts:
        suggestion = attempt.suggestion
        named = suggestion is not None and suggestion.category is not None
        bodies.append(
            {
                "provider": attempt.provider,
                "version": attempt.version,
                "outcome": str(attempt.outcome),
                "category_name": catalog.name(suggestion.category) or None if suggestion else None,
                "confidence": round(suggestion.confidence, 4) if suggestion and named else None,
                "score": suggestion.score if suggestion else None,
                "explanation": attempt.explanation,
                "duration_ms": attempt.duration_ms,
                "details": dict(suggestion.details) if suggestion else {},
            }
        )
    return bodies
