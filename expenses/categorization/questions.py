"""The questions that the chain is asked about rows and texts, and its verdicts as fields, decisions and sentences."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from expenses.categorization.catalog import Catalog
from expenses.models import Account, CategorizationStatus, Category, Decision, Transaction
from expenses.models.transactions import TransactionDraft
from providers.chain import ALONE, CLAIMED, POOLED, Attempt, Outcome, Verdict, confidence_of
from providers.interface import (
    EFFECT_FIELDS,
    Direction,
    Evidence,
    OfferedCategory,
    Question,
    Suggestion,
    Trust,
    matching_text,
)
from providers.loading import configured_chain
from providers.normalization import normalize

NOT_ASKED = Verdict(())


#: Notes that a file brings are its owner's; its other texts are the bank's.
_NOTES = frozenset({"notes"})


def ask_chain(
    drafts: Sequence[TransactionDraft], *, catalog: Catalog, trigger: Literal["create", "import"] = "create"
) -> list[Verdict]:
    """Return the verdicts of the immediate links, in the drafts' order. Drafts that do not ask get an empty one."""
    asking = [i for i, draft in enumerate(drafts) if draft.is_for_chain]
    questions = [question_of_draft(drafts[i], catalog=catalog, trigger=trigger) for i in asking]
    answers = dict(zip(asking, configured_chain().decide(questions), strict=True))
    return [answers.get(i, NOT_ASKED) for i in range(len(drafts))]


def varying_fields(
    draft: TransactionDraft, *, catalog: Catalog, trigger: Literal["create", "import"] = "create"
) -> frozenset[str]:
    """Return which of VARYING verdicts about drafts of the ledger depend on."""
    return configured_chain().looks_at(question_of_draft(draft, catalog=catalog, trigger=trigger))


def question_of_draft(
    draft: TransactionDraft, *, catalog: Catalog, trigger: Literal["create", "import"] = "create"
) -> Question:
    """Return the question about a transaction that is to be recorded."""
    return Question(
        description=draft.description,
        categories=catalog.offered(draft.direction, draft.kind),
        owner=catalog.ledger_id or 0,
        direction=draft.direction,
        merchant=draft.merchant,
        amount=draft.amount,
        currency=draft.currency,
        date=draft.date,
        account=draft.account.pk if draft.account else None,
        country=draft.account.country if draft.account else "",
        payment_method=draft.payment_method or "",
        notes=draft.notes,
        iban=draft.iban,
        mcc=draft.mcc,
        tags=draft.tags,
        kinds=catalog.kinds,
        keywords=catalog.keywords,
        trust=catalog.trust,
        stated=draft.stated_fields if trigger == "create" else _NOTES if draft.notes else frozenset(),
        trigger=trigger,
    )


def question_of_row(row: Transaction, *, catalog: Catalog) -> Question:
    """Return the question about a recorded transaction; its account and tags should be loaded."""
    return Question(
        description=row.raw_description,
        categories=offered_to(row, catalog),
        owner=row.ledger_id,
        direction="in" if row.direction == "in" else "out",
        merchant=stated_merchant(row.merchant, row.raw_description, row.match_text),
        amount=row.amount,
        currency=row.currency,
        date=row.date,
        account=row.account_id,
        country=row.account.country if row.account else "",
        payment_method=row.payment_method or "",
        notes=row.notes,
        iban=row.iban,
        mcc=row.mcc,
        tags=tuple(tag.name for tag in row.tags.all()),
        kinds=catalog.kinds,
        keywords=catalog.keywords,
        trust=catalog.trust,
        stated=frozenset(row.held).intersection(EFFECT_FIELDS),
        trigger="import" if row.run_id else "create",
    )


def offered_to(row: Transaction, catalog: Catalog) -> tuple[OfferedCategory, ...]:
    """Return the categories that the chain may choose from for a recorded transaction."""
    return catalog.offered(row.direction, row.kind if row.is_kind_stated else None)


#: Columns that a training question is made of.
TRAINING_COLUMNS = (
    "raw_description", "merchant", "match_text", "direction", "amount", "currency", "date", "account_id",
    "account__country",
)  # fmt: skip


def training_question(row: Any, *, catalog: Catalog, trust: Trust) -> Question:
    """Return the question about a confirmed row, without what links have written since; `row` has TRAINING_COLUMNS.

    It has no keywords: their owner may have chosen them from the same rows, so they would be judged by hindsight.
    """
    return Question(
        description=row.raw_description,
        categories=catalog.offered(row.direction, None),
        owner=catalog.ledger_id or 0,
        direction=row.direction,
        merchant=stated_merchant(row.merchant, row.raw_description, row.match_text),
        amount=row.amount,
        currency=row.currency,
        date=row.date,
        account=row.account_id,
        country=row.account__country or "",
        kinds=catalog.kinds,
        trust=trust,
    )


def text_question(
    fields: dict[str, Any], *, catalog: Catalog, direction: Direction, account: Account | None, country: str
) -> Question:
    """Return the question about a text that is no row; `fields` has a description and may have other details."""
    return Question(
        description=fields["description"],
        categories=catalog.offered(direction, fields.get("kind")),
        owner=catalog.ledger_id or 0,
        direction=direction,
        merchant=fields.get("merchant", ""),
        amount=fields.get("amount"),
        currency=fields["currency"],
        date=fields["date"],
        account=account.pk if account else None,
        country=country,
        kinds=catalog.kinds,
        keywords=catalog.keywords,
        trust=catalog.trust,
    )


def question_as_json(question: Question) -> dict[str, Any]:
    """Return what a task needs to ask the deferred links the same question."""
    return {
        "merchant": question.merchant,
        "description": question.description,
        "direction": question.direction,
        "kinds": sorted({category.kind for category in question.categories}),
        "candidates": list(question.candidates),
    }


def question_from_json(fields: dict[str, Any], *, catalog: Catalog) -> Question:
    """Return the question that `question_as_json` has written down."""
    return Question(
        description=fields["description"],
        categories=tuple(c for c in catalog.offered("in", None) if c.kind in fields["kinds"]),
        owner=catalog.ledger_id or 0,
        direction=fields["direction"],
        merchant=fields["merchant"],
        kinds=catalog.kinds,
        keywords=catalog.keywords,
        trust=catalog.trust,
        candidates=tuple((category, confidence) for category, confidence in fields.get("candidates", ())),
    )


def candidates_of(verdict: Verdict) -> tuple[tuple[int, float], ...]:
    """Return the categories that links name, with the highest confidence of each, the likeliest first."""
    confidences: dict[int, float] = {}
    for suggestion in (attempt.suggestion for attempt in verdict.speakers if attempt.suggestion):
        own = [(suggestion.category, suggestion.confidence)] if suggestion.category is not None else []
        for category, confidence in (*own, *suggestion.alternatives):
            confidences[category] = max(confidence, confidences.get(category, 0))
    return tuple(sorted(confidences.items(), key=lambda candidate: -candidate[1]))


def stated_merchant(merchant: str, description: str, match_text: str) -> str:
    """Return the merchant, or "" if a link has written it, so that it is no part of the text to match."""
    is_stated = bool(merchant) and normalize(matching_text(merchant, description))[: len(match_text)] == match_text
    return merchant if is_stated else ""


FAILURES = {Outcome.FAILED, Outcome.CRASHED, Outcome.SKIPPED}
EXPLANATION_LENGTH = Decision._meta.get_field("explanation").max_length or 0


@dataclass(frozen=True, slots=True)
class Categorization:
    """The category of a row after the chain was asked, or the suggestion, and where it comes from."""

    status: str
    category: int | None = None
    suggested_category: int | None = None
    source: str = ""
    confidence: float | None = None
    #: The model is still to be asked.
    awaits_model: bool = False


#: The source of a category that an imported file names.
IMPORT_SOURCE = "import"


def given_categorization(category: Category | None) -> Categorization:
    """Return the categorization of a row whose file names its category, or names parts instead."""
    if category is None:
        return Categorization(CategorizationStatus.NONE)
    return Categorization(CategorizationStatus.CONFIRMED, category.pk, source=IMPORT_SOURCE)


def categorization_of(verdict: Verdict) -> Categorization:
    """Translate a verdict: a sure answer is taken, and an unsure one suggested, also while the model is awaited."""
    best, is_waiting = verdict.best, verdict.is_waiting
    if best is None or best.suggestion is None:
        status = CategorizationStatus.PENDING if is_waiting else CategorizationStatus.NONE
        return Categorization(status, awaits_model=is_waiting)
    category, confidence = best.suggestion.category, round(best.suggestion.confidence, 4)
    if verdict.decided is not None:
        return Categorization(CategorizationStatus.AUTOMATIC, category, None, best.provider, confidence)
    return Categorization(
        CategorizationStatus.SUGGESTED, None, category, best.provider, confidence, awaits_model=is_waiting
    )


def explain(verdict: Verdict, *, asked_before: Sequence[str] = ()) -> str:
    """Explain a verdict in a sentence. `asked_before` names links whose attempts the verdict does not hold."""
    if verdict.decided is not None:
        return verdict.decided.explanation
    if verdict.best is not None:
        return verdict.best.explanation
    if verdict.is_waiting:
        return " ".join(a.explanation for a in verdict.attempts if a.will_retry)
    asked = ", ".join([*asked_before, *(a.provider for a in verdict.attempts if a.outcome is not Outcome.SKIPPED)])
    if not asked:
        return "Nothing was asked about this text."
    failed = [f" {a.provider}: {a.explanation}" for a in verdict.attempts if a.outcome in FAILURES]
    if verdict.surest_voice is not None:
        guess = verdict.surest_voice
        return f"Nothing is sure enough to be suggested. {guess.provider}: {guess.explanation}{''.join(failed)}"
    return f"Nothing recognized this text (asked: {asked}).{''.join(failed)}"


def explain_categorization(answer: Categorization, explanation: str) -> str:
    """Return a link's explanation as it stands for a row that nobody confirmed: a suggestion says that it is one."""
    if answer.status != CategorizationStatus.SUGGESTED:
        return explanation
    doubt = "Not sure enough to take: " if answer.confidence != 1 else ""
    to_come = " The local model will look at it, too." if answer.awaits_model else ""
    return f"{doubt}{explanation}{to_come}"


def explain_choice(decision: Decision | None) -> str:
    """Return a sentence on what the links had said before a user chose; "" if they were not asked."""
    if decision is None:
        return ""
    if not decision.category_name:
        return "No link had an answer."
    return f"The link {decision.source} had said {decision.category_name}: {decision.explanation}"


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
        "evidence": str(best.suggestion.evidence) if best is not None and best.suggestion is not None else "",
        "explanation": explain(verdict)[:EXPLANATION_LENGTH],
    }


def details_of(attempt: Attempt) -> dict[str, Any]:
    """Return the details of an answer, or the ids of the recorded calls that a failure comes from."""
    if attempt.suggestion is not None:
        return dict(attempt.suggestion.details)
    return {"calls": list(attempt.calls)} if attempt.calls else {}


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
                "details": details_of(attempt),
            }
        )
    return bodies


def answer_from_json(attempt: Mapping[str, Any], question: Question, *, catalog: Catalog) -> Suggestion | None:
    """Return the answer that a link gave in a stored attempt, as it was alone; None if its category is not offered now.

    The distribution of its details is its support, as far as the categories still have the same names.
    """
    ids = {name: c.id for c in question.categories for name in (c.name, catalog.name(c.id))}
    category = ids.get(attempt["category_name"])
    if category is None:
        return None
    details = dict(attempt["details"])
    alone = details.pop(ALONE, details.get(CLAIMED, attempt["confidence"]))
    for name in (POOLED, CLAIMED):
        details.pop(name, None)
    named = ((ids.get(one["category"]), one["probability"]) for one in details.get("distribution", ()))
    return Suggestion(
        category=category,
        confidence=alone,
        explanation=attempt["explanation"],
        score=attempt["score"],
        details=details,
        evidence=Evidence.MODEL,
        support=tuple((found, share) for found, share in named if found is not None),
    )
