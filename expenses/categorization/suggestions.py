"""Suggested categories of texts that are no rows; nothing is written to the ledger."""

import hashlib
from collections.abc import Sequence, Set
from dataclasses import replace

from django.core.cache import cache

from accounts.queue import enqueue
from expenses.categorization.history import with_examples
from expenses.categorization.questions import candidates_of, question_as_json
from providers.chain import SEND_AGAIN, TRIED_AGAIN, Outcome, Verdict
from providers.interface import Question
from providers.loading import configured_chain

#: Seconds in which the same text is not asked again in the background, also after the model could not be asked.
ASKED_FOR_S = 60


def suggest_categories(questions: Sequence[Question], *, use_model: bool) -> list[Verdict]:
    """Return a verdict for each question, in order.

    No request waits for the model. Its earlier answer to the same text counts; otherwise a task asks it, and the
    verdict is waiting until a later call. Without the model, or while it cannot be asked, no verdict is waiting.
    """
    if not use_model:
        return configured_chain().immediate.decide(questions)
    verdicts = configured_chain().decide(questions)
    waiting = [i for i, verdict in enumerate(verdicts) if verdict.is_waiting]
    named = [replace(questions[i], candidates=candidates_of(verdicts[i])) for i in waiting]
    asked = dict(zip(waiting, with_examples(named), strict=True))
    recalled = dict(zip(waiting, configured_chain().recall(list(asked.values())), strict=True))
    open_now = {i: verdict for i, verdict in recalled.items() if verdict.is_waiting}
    recalled |= _ask_in_background(
        {i: asked[i] for i in open_now}, askable={i for i, verdict in open_now.items() if is_being_asked(verdict)}
    )
    later = [_without_retries(recalled[i]) for i in waiting]
    heard = configured_chain().hear([verdicts[i] for i in waiting], later, [questions[i] for i in waiting])
    together = dict(zip(waiting, heard, strict=True))
    return [together.get(i, verdict) for i, verdict in enumerate(verdicts)]


def is_being_asked(verdict: Verdict) -> bool:
    """Return True if a task asks a deferred link, so that a later request may find its answer."""
    return verdict.is_waiting and any(attempt.outcome is Outcome.WAITING for attempt in verdict.attempts)


def _without_retries(verdict: Verdict) -> Verdict:
    """Return a verdict that is not waiting if no task asks about it, because the link has just failed."""
    if not verdict.is_waiting or is_being_asked(verdict):
        return verdict
    attempts = []
    for attempt in verdict.attempts:
        if attempt.will_retry:
            explanation = f"{attempt.explanation.removesuffix(TRIED_AGAIN)} {SEND_AGAIN.format(ASKED_FOR_S)}"
            attempts.append(replace(attempt, explanation=explanation, will_retry=False))
        else:
            attempts.append(attempt)
    return replace(verdict, attempts=tuple(attempts))


def _ask_in_background(questions: dict[int, Question], *, askable: Set[int]) -> dict[int, Verdict]:
    """Queue one task for askable questions that were not asked lately. Return the verdicts of those asked in vain."""
    keys = {}
    for i, question in questions.items():
        text = repr((question.owner, *question_as_json(question).values()))
        keys[i] = f"verdict:{hashlib.sha256(text.encode()).hexdigest()}"
    known = cache.get_many(set(keys.values()))
    wanted = {key: questions[i] for i, key in keys.items() if key not in known and i in askable}
    new = [{"key": key, **question_as_json(q)} for key, q in wanted.items() if cache.add(key, 1, ASKED_FOR_S)]
    if new:
        enqueue("expenses.tasks.ask_model", next(iter(questions.values())).owner, new)
    return {i: known[key] for i, key in keys.items() if isinstance(known.get(key), Verdict)}
