"""Asks the model about rows that await it, as often as it takes. A write never waits for it."""

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from itertools import takewhile
from typing import Any, NamedTuple

from django.utils import timezone

from expenses.categorization.catalog import Catalog
from expenses.categorization.history import with_examples
from expenses.categorization.questions import (
    EXPLANATION_LENGTH,
    Categorization,
    answer_from_json,
    candidates_of,
    categorization_of,
    details_of,
    explain,
    make_decision,
    offered_to,
    question_of_row,
)
from expenses.models import CategorizationStatus, Decision, ModelAnswer, Transaction
from expenses.querysets import TransactionQuerySet
from expenses.services.edits import Author, editing, find_or_create_tags, give_tags, held_tag
from expenses.services.ledger_lock import ledger_write, restamp
from expenses.services.model_answers import store_answers
from expenses.services.model_calls import calls_in, note_rows
from expenses.services.model_queue import find_hopeless, note_misses
from expenses.services.row_category import apply_categorization
from providers.chain import (
    TO_COME,
    TRIED_AGAIN,
    Outcome,
    Verdict,
    claimed_confidence,
    confidence_of,
    digest_of_answer,
)
from providers.interface import Question
from providers.loading import configured_chain

BATCH = 10
#: Rows that immediate links are asked about again at once, within a fraction of a second.
BATCH_AGAIN = 100
#: A suggestion that is so much more or less sure than before is written anew.
NOTABLE = 0.05
#: Who changed a row where no link has an answer.
CHAIN = "chain"

#: Rows that are alike in this get one verdict or decision.
_Likeness = tuple[object, ...]


class ResolvedRows(NamedTuple):
    """The end of a batch: whether a link could not be asked, and the id of the last row before those in line."""

    is_stuck: bool
    last: int


class _LaterVerdict(NamedTuple):
    """A row with its new verdict and answer, and the decision that tells the whole story."""

    row: Transaction
    verdict: Verdict
    answer: Categorization
    decision: Decision


def next_awaiting(*, ledger_id: int, after: int = 0) -> list[Transaction]:
    """Return the next batch of a ledger's rows that await the model: those after an id, or else the first ones again.

    Of these, rows with the fewest failed tries come first. A batch that could not be asked about therefore never holds
    up the rows behind it.
    """
    awaiting = Transaction.objects.filter(ledger_id=ledger_id).awaiting_model().select_related("account")
    rows = awaiting.prefetch_related("tags").order_by("pk")
    if after and (batch := list(rows.filter(pk__gt=after)[:BATCH])):
        return batch
    untried = list(rows.filter(model_miss=None)[:BATCH])
    tried = rows.exclude(model_miss=None).order_by("model_miss__n_tries", "pk")
    return untried + list(tried[: BATCH - len(untried)])


def resolve_rows(rows: Sequence[Transaction], *, until: float = math.inf) -> ResolvedRows:
    """Ask the chain about rows of one ledger that await the model, not much longer than to an instant of `monotonic`.

    The immediate links come first, since a rule or a choice of the owner may know by now; then the deferred ones. While
    these are away, the rows show what the immediate links say now.
    """
    ledger_id = rows[0].ledger_id
    catalog = Catalog.load(ledger_id)
    questions = [question_of_row(row, catalog=catalog) for row in rows]
    verdicts = configured_chain().decide(questions)
    waiting = [i for i, verdict in enumerate(verdicts) if verdict.is_waiting]
    put = [replace(questions[i], candidates=candidates_of(verdicts[i])) for i in waiting]
    later = configured_chain().resolve(with_examples(put), until=until)
    hopeless = find_hopeless(ledger_id=ledger_id, among=[rows[i].pk for i in waiting])
    later = [
        _given_up(verdict) if rows[i].pk in hopeless else verdict for i, verdict in zip(waiting, later, strict=True)
    ]
    heard = configured_chain().hear([verdicts[i] for i in waiting], later, put)
    for i, verdict in zip(waiting, heard, strict=True):
        verdicts[i] = verdict
    calls = {rows[i].pk: _calls_of(verdict) for i, verdict in zip(waiting, later, strict=True)}
    note_rows(ledger_id=ledger_id, calls=calls)
    by_row = dict(zip((row.pk for row in rows), verdicts, strict=True))
    land_verdicts(ledger_id=ledger_id, verdicts=by_row)
    asked = {pk: verdict for pk, verdict in by_row.items() if not _is_in_line(verdict)}
    missed = {pk: reason for pk, verdict in asked.items() if (reason := _miss(verdict))}
    note_misses(ledger_id=ledger_id, missed=missed, asked=asked)
    is_stuck = any(verdict.is_waiting for verdict in asked.values())
    before_unasked = takewhile(asked.__contains__, by_row)
    return ResolvedRows(is_stuck, max(before_unasked, default=rows[0].pk))


def _is_in_line(verdict: Verdict) -> bool:
    """Return True if a deferred link was left no time for it."""
    return verdict.is_waiting and any(attempt.outcome is Outcome.WAITING for attempt in verdict.attempts)


def _given_up(verdict: Verdict) -> Verdict:
    """Return the verdict without another try where a deferred link has just failed."""
    attempts = [
        replace(attempt, explanation=attempt.explanation.removesuffix(TRIED_AGAIN), will_retry=False)
        if attempt.outcome is Outcome.FAILED
        else attempt
        for attempt in verdict.attempts
    ]
    return replace(verdict, attempts=tuple(attempts))


def _miss(verdict: Verdict) -> str:
    """Return why a deferred link could not be asked, "" if it was asked or skipped."""
    failed = (a.explanation for a in verdict.attempts if a.will_retry and a.outcome is Outcome.FAILED)
    return next(failed, "").removesuffix(TRIED_AGAIN)


def _calls_of(verdict: Verdict) -> list[str]:
    """Return the ids of the calls that were made for a verdict, those of failed attempts, too."""
    return [call for attempt in verdict.attempts for call in calls_in(details_of(attempt))]


def ask_open_rows_again(*, ledger_id: int, before: int) -> int | None:
    """Ask about one batch of rows that no link was sure of, those before a row's id, the latest first.

    What has been learned meanwhile may answer them, also while they await the model. Rules are not asked: they change
    older rows when they are applied. Returns the id to go on before, None after the last.
    """
    rows = Transaction.objects.filter(ledger_id=ledger_id, pk__lt=before).open_to_machines()
    related = rows.select_related("account", "decision").prefetch_related("tags")
    batch = list(related.order_by("-pk")[:BATCH_AGAIN])
    if not batch:
        return None
    catalog = Catalog.load(ledger_id)
    questions = [question_of_row(row, catalog=catalog) for row in batch]
    verdicts = configured_chain().measured.decide(questions)
    known: dict[_Likeness, Verdict] = {}
    news: dict[int, Verdict] = {}
    for row, verdict, question in zip(batch, verdicts, questions, strict=True):
        likeness = id(verdict), row.decision_id, row.is_awaiting_model, id(question.categories)
        if likeness not in known:
            known[likeness] = _with_deferred_links(verdict, row, question, catalog)
        if _is_news(row, _categorization(row, known[likeness])):
            news[row.pk] = known[likeness]
    if news:
        land_verdicts(ledger_id=ledger_id, verdicts=news, among=Transaction.objects.open_to_machines())
    last: int = batch[-1].pk
    return last


def _with_deferred_links(verdict: Verdict, row: Transaction, question: Question, catalog: Catalog) -> Verdict:
    """Return the verdict with deferred links as the row's last decision left them: answers are pooled again.

    Those that the row still awaits are to come, if they are to be.
    """
    if verdict.decided is not None or verdict.is_final:
        return verdict
    left = {attempt["provider"]: attempt for attempt in (row.decision.attempts if row.decision else ())}
    attempts = []
    for link in configured_chain().deferred:
        last = left.get(link.provider.name)
        if row.is_awaiting_model:
            known = last or {"outcome": Outcome.WAITING, "explanation": TO_COME}
            attempts.append(link.unasked(Outcome(known["outcome"]), known["explanation"], will_retry=True))
        elif last is not None and (answer := answer_from_json(last, question, catalog=catalog)) is not None:
            attempts.append(replace(link.attempt(answer, question, last["duration_ms"]), version=last["version"]))
    [heard] = configured_chain().hear([verdict], [Verdict(tuple(attempts))], [question])
    return heard


def land_verdicts(*, ledger_id: int, verdicts: dict[int, Verdict], among: TransactionQuerySet | None = None) -> None:
    """Write later answers, by row id, where nobody touched the row meanwhile: it awaits the model, or is in `among`.

    The category of an answer may have gone, or a user made the row something else, after the links were asked. Such a
    row stays as it is, and the task that ends queues the next one for it.
    """
    with ledger_write(ledger_id) as version:
        catalog = Catalog.load(ledger_id)
        untouched = (Transaction.objects.awaiting_model() if among is None else among).filter(ledger_id=ledger_id)
        unchanged: list[_LaterVerdict] = []
        answered: list[_LaterVerdict] = []
        decisions: dict[_Likeness, Decision] = {}
        for row in untouched.filter(pk__in=verdicts).with_attempts():
            verdict = verdicts[row.pk]
            suggestion = verdict.best.suggestion if verdict.best is not None else None
            category = suggestion.category if suggestion is not None else None
            if category is not None and all(offered.id != category for offered in offered_to(row, catalog)):
                continue
            answer = _categorization(row, verdict)
            likeness = id(verdict), row.decision_id, answer.source
            if likeness not in decisions:
                decisions[likeness] = _later_decision(row, verdict, answer, catalog)
            is_unchanged = verdict.is_waiting and not _is_news(row, answer)
            (unchanged if is_unchanged else answered).append(_LaterVerdict(row, verdict, answer, decisions[likeness]))
        _store_reasons(unchanged)
        _store_answers(answered, catalog, version)
        if among is None:
            _keep_model_answers(answered)


def _categorization(row: Transaction, verdict: Verdict) -> Categorization:
    """The verdict's answer, unless another link, in it or before it, suggests something more surely."""
    answer, surest = categorization_of(verdict), verdict.surest
    is_doubted = surest is not verdict.decided and confidence_of(surest) > (answer.confidence or 0)
    category: int | None
    confidence: float | None
    if is_doubted and surest is not None and surest.suggestion is not None:
        suggested = surest.suggestion
        category, source, confidence = suggested.category, surest.provider, round(suggested.confidence, 4)
    else:
        was_asked = any(attempt.provider == row.category_source for attempt in verdict.attempts)
        if row.suggested_category_id is None or was_asked or (answer.confidence or 0) > (row.category_confidence or 0):
            return answer
        category, source, confidence = row.suggested_category_id, row.category_source, row.category_confidence
    return Categorization(
        CategorizationStatus.SUGGESTED, None, category, source, confidence, awaits_model=verdict.is_waiting
    )


def _is_news(row: Transaction, answer: Categorization) -> bool:
    """Return True if the answer is worth writing: another one than the row has, or notably more or less sure."""
    old = (row.review_status, row.category_id, row.suggested_category_id, row.is_awaiting_model)
    new = (answer.status, answer.category, answer.suggested_category, answer.awaits_model)
    return old != new or abs((answer.confidence or 0) - (row.category_confidence or 0)) >= NOTABLE


def _later_decision(row: Transaction, verdict: Verdict, answer: Categorization, catalog: Catalog) -> Decision:
    """Make the decision of a later verdict, with the attempts of links that were asked before."""
    decision = make_decision(verdict, ledger_id=row.ledger_id, catalog=catalog)
    names = {attempt["provider"] for attempt in decision.attempts}
    kept = row.decision.attempts if row.decision else []
    earlier = [a for a in kept if a["provider"] not in names and a["outcome"] != Outcome.WAITING]
    decision.attempts = earlier + decision.attempts
    sentence = explain(verdict, asked_before=[attempt["provider"] for attempt in earlier])
    decision.explanation = sentence[:EXPLANATION_LENGTH]
    if answer.source != decision.source:  # the answer that stands need not be the last link's
        decision.evidence = _evidence_of(answer.source, verdict) or (row.decision.evidence if row.decision else "")
        for attempt in decision.attempts:
            if attempt["provider"] == answer.source and attempt["category_name"]:
                decision.source, decision.category_name = attempt["provider"], attempt["category_name"]
                decision.confidence = attempt["confidence"]
                decision.explanation = attempt["explanation"][:EXPLANATION_LENGTH]
                break
    return decision


def _keep_model_answers(landings: Sequence[_LaterVerdict]) -> None:
    """Keep what deferred links have just answered, and what the chain said without them, for their record."""
    names = {link.provider.name for link in configured_chain().deferred}
    now, kept = timezone.now(), []
    for row, verdict, _, _ in landings:
        before = verdict.without_deferred
        for attempt in verdict.voices:
            answer = attempt.suggestion
            if attempt.provider in names and answer is not None and answer.category is not None:
                kept.append(
                    ModelAnswer(
                        transaction=row,
                        ledger_id=row.ledger_id,
                        link=attempt.provider,
                        digest=digest_of_answer(answer, attempt.version)[:80],
                        category_id=answer.category,
                        confidence=claimed_confidence(answer),
                        category_without_id=before.suggestion.category if before and before.suggestion else None,
                        answered_at=now,
                    )
                )
                break
    if kept:
        store_answers(kept)


def _evidence_of(source: str, verdict: Verdict) -> str:
    """Return what the answer of a link rests on, "" if the verdict has no answer of it."""
    given = (attempt.suggestion for attempt in verdict.attempts if attempt.provider == source)
    return next((str(suggestion.evidence) for suggestion in given if suggestion is not None), "")


def _store_reasons(landings: Sequence[_LaterVerdict]) -> None:
    """Keep why rows still wait. Waiting rows share decisions, so few are written, and only when the reason is new."""
    newest = {landing.row.decision_id: (landing.row.decision, landing.decision) for landing in landings}
    for kept, decision in newest.values():
        if kept is not None and _reasons(kept) != _reasons(decision):
            kept.explanation, kept.attempts = decision.explanation, decision.attempts
            kept.save(update_fields=["explanation", "attempts"])
            restamp(Transaction.objects.filter(decision=kept), ledger_id=kept.ledger_id)


def _reasons(decision: Decision) -> list[tuple[str, str, str]]:
    return [(a["provider"], a["outcome"], a["explanation"]) for a in decision.attempts]


def _store_answers(landings: Sequence[_LaterVerdict], catalog: Catalog, version: int) -> None:
    """Write the answers and effects of verdicts, except over what a user wrote, even meanwhile."""
    replaced = {landing.row.decision_id for landing in landings if landing.row.decision_id is not None}
    Decision.objects.bulk_create({id(landing.decision): landing.decision for landing in landings}.values())
    by_author: dict[str, list[_LaterVerdict]] = defaultdict(list)
    for landing in landings:
        by_author[landing.answer.source or CHAIN].append(landing)
    for author, written in by_author.items():
        with editing([landing.row for landing in written], version=version, author=Author(author)):
            for row, verdict, answer, decision in written:
                row.decision = decision
                apply_categorization(row, answer, catalog=catalog)
                effects = verdict.effects
                fields: dict[str, Any] = ({} if row.merchant else {"merchant": effects.merchant}) | dict(effects.fields)
                for name, value in fields.items():
                    if name not in row.held:
                        setattr(row, name, value)
                if effects.tags:
                    tags = find_or_create_tags(ledger_id=row.ledger_id, names=effects.tags, version=version).values()
                    give_tags(row, {*row.tags.all(), *(tag for tag in tags if held_tag(tag.pk) not in row.held)})
    Decision.objects.filter(pk__in=replaced, transactions=None).delete()
