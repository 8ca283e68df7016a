"""What category a text would get, without writing anything."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from django.core.cache import cache

from accounts.queue import enqueue
from expenses.categorization.catalog import Catalog
from expenses.categorization.history import with_examples
from expenses.categorization.questions import attempts_as_json, categorization_of, explain
from providers.chain import Verdict
from providers.interface import Question
from providers.loading import configured_chain

ASKED_FOR_S = 60


def suggest_categories(*, questions: Sequence[Question], catalog: Catalog, use_model: bool) -> list[dict[str, Any]]:
    """The body of an answer for each question, in order.

    The model is never waited for: what it already said about the same text counts, else it is asked in the background
    and the status is `pending` until the next call.
    """
    verdicts = configured_chain().decide(questions)
    if use_model:
        verdicts = _with_model(questions, verdicts)
    return [_body(verdict, catalog) for verdict in verdicts]


def _with_model(questions: Sequence[Question], verdicts: Sequence[Verdict]) -> list[Verdict]:
    open_ones = [i for i, verdict in enumerate(verdicts) if verdict.is_waiting]
    waiting = dict(zip(open_ones, with_examples([questions[i] for i in open_ones]), strict=True))
    recalled = dict(zip(waiting, configured_chain().recall(list(waiting.values())), strict=True))
    recalled |= _ask_in_background({i: waiting[i] for i, later in recalled.items() if later.is_waiting})
    return [verdict.followed_by(recalled[i]) if i in recalled else verdict for i, verdict in enumerate(verdicts)]


def _ask_in_background(questions: Mapping[int, Question]) -> dict[int, Verdict]:
    """Queue one task for those that nobody asked for a while; gives the verdicts of those lately asked in vain."""
    keys = {i: _digest(question) for i, question in questions.items()}
    asked = cache.get_many(set(keys.values()))
    wanted = {key: questions[i] for i, key in keys.items() if key not in asked}
    new = [{"key": key, **_as_json(q)} for key, q in wanted.items() if cache.add(key, 1, ASKED_FOR_S)]
    if new:
        enqueue("expenses.tasks.ask_model", next(iter(questions.values())).owner, new)
    return {i: asked[key] for i, key in keys.items() if isinstance(asked.get(key), Verdict)}


def _digest(question: Question) -> str:
    asked = (question.owner, *_as_json(question).values())
    return f"asked:{hashlib.sha256(repr(asked).encode()).hexdigest()}"


def _as_json(question: Question) -> dict[str, Any]:
    """What a task needs to put the same question."""
    return {
        "merchant": question.merchant,
        "description": question.description,
        "direction": question.direction,
        "kinds": sorted({category.kind for category in question.categories}),
    }


def _body(verdict: Verdict, catalog: Catalog) -> dict[str, Any]:
    standing, best = categorization_of(verdict), verdict.best
    category = catalog.categories.get(standing.category or standing.suggested_category or 0)
    return {
        "status": standing.status,
        "category": category.pk if category else None,
        "category_name": category.display_name if category else None,
        "confidence": standing.confidence,
        "source": standing.source or None,
        "rationale": best.explanation if best else explain(verdict),
        "alternatives": _alternatives(verdict, catalog),
        "attempts": attempts_as_json(verdict.attempts, catalog=catalog),
    }


def _alternatives(verdict: Verdict, catalog: Catalog) -> list[dict[str, Any]]:
    """Other categories that any link thought of, likeliest first."""
    best = verdict.best.suggestion if verdict.best else None
    likely: dict[int, float] = {}
    for suggestion in (attempt.suggestion for attempt in verdict.attempts if attempt.suggestion):
        own = [(suggestion.category, suggestion.confidence)] if suggestion.category is not None else []
        for category, confidence in (*own, *suggestion.alternatives):
            if best is None or category != best.category:
                likely[category] = max(confidence, likely.get(category, 0))
    ranked = sorted(likely.items(), key=lambda pair: -pair[1])[:5]
    return [{"category_name": catalog.categories[c].display_name, "confidence": round(p, 4)} for c, p in ranked]
