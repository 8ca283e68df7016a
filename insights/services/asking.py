"""Answers questions in plain words, and keeps them for their asker."""

import datetime as dt
from typing import Any

from django.db import transaction
from django.utils import timezone
from rest_framework.exceptions import APIException

from accounts.queue import enqueue
from expenses.categorization.catalog import Catalog
from expenses.models.ledgers import ledger_id_of
from expenses.services.life_signs import abandoned, hold_claim
from expenses.services.runs import MOST_INTERRUPTIONS
from insights.ask.meanings import NotUnderstood
from insights.ask.reading import read_question
from insights.ask.wording import Wording, explain_failure, explain_refusal, links_of, write_readings
from insights.models import AnswerSource, LedgerQuestion, QuestionStatus
from insights.models.questions import KEPT_DAYS, QuestionQuerySet
from insights.reports.periods import Period
from insights.tools.base import Asker, Figure
from insights.tools.registry import run_tool
from providers.interface import ProviderError
from providers.loading import configured_model

MOST_FIGURES = 25
#: Some banks write hundreds of characters, which are the label of a payment.
LABEL_LENGTH = 120
#: Seconds after which a client reads a question again that the model works on.
ASK_AGAIN_S = 5
ANSWER_QUESTION = "insights.tasks.answer_question"
#: Questions of one person that the model works on at a time.
MOST_PENDING = 5


class TooManyQuestions(APIException):
    """The model still works on earlier questions of this person."""

    status_code = 429
    default_detail = f"The local model still works on {MOST_PENDING} questions of yours. Ask again when one has ended."
    default_code = "too_many_questions"
    wait = ASK_AGAIN_S


def ask(*, asker: Asker, question: str, month: Period | None = None) -> LedgerQuestion:
    """Answer a question by its words, and keep it. Raises NotUnderstood, and ValidationError of a tool.

    `month` is what it is about if it names no period.
    """
    reading = read_question(question, asker=asker, month=month)
    found = run_tool(asker, reading.tool, reading.arguments)
    wording = Wording(reading, found, asker)
    figures = wording.figures[:MOST_FIGURES]
    stored: LedgerQuestion = LedgerQuestion.objects.create(
        ledger_id=asker.ledger_id,
        asked_by=asker.user,
        question=question,
        month=month.name if month else "",
        status=QuestionStatus.ANSWERED,
        source=AnswerSource.PATTERN,
        understood=wording.understood,
        answer=wording.answer,
        figures=[describe_figure(one) for one in figures],
        steps=[{"tool": reading.tool, "arguments": reading.arguments}],
        links=links_of(figures),
    )
    return stored


def ask_model(*, asker: Asker, question: str, month: Period | None, error: NotUnderstood) -> LedgerQuestion:
    """Keep a question that the patterns do not understand, and queue it for the model. Raises `error` without one.

    Raises TooManyQuestions while the model works on five of this person. Only words that are not understood are left to
    the model: it writes nothing, and reads no other ledger, either.
    """
    if not error.is_for_model or configured_model() is None:
        raise error
    pending = LedgerQuestion.objects.filter(asked_by=asker.user, status=QuestionStatus.PENDING)
    if pending.count() >= MOST_PENDING:
        raise TooManyQuestions
    stored: LedgerQuestion = LedgerQuestion.objects.create(
        ledger_id=asker.ledger_id,
        asked_by=asker.user,
        question=question,
        month=month.name if month else "",
        status=QuestionStatus.PENDING,
        source=AnswerSource.MODEL,
        reason=explain_refusal(error),
    )
    enqueue(ANSWER_QUESTION, str(stored.pk))
    return stored


def answer_with_model(*, question_id: str) -> None:
    """Let the model choose what to read for a question, and keep the answer. One worker at a time does it."""
    with hold_claim() as claim:
        waiting = LedgerQuestion.objects.filter(pk=question_id, status=QuestionStatus.PENDING)
        if waiting.filter(claim="").update(claim=claim):
            _answer_claimed(waiting.filter(claim=claim))


def _answer_claimed(claimed: QuestionQuerySet) -> None:
    """Answer the one question of the query, unless its claim is lost by then."""
    from insights.ask.agent import read_with_model  # noqa: PLC0415 - it loads the client of the model

    stored, model = claimed.select_related("asked_by").first(), configured_model()
    if stored is None:
        return
    user = stored.asked_by
    asker = Asker(user, Catalog.load_for(user), user.today())
    values: dict[str, Any] = {"status": QuestionStatus.FAILED, "claim": ""}
    try:
        if model is None or ledger_id_of(user) != stored.ledger_id:  # switched off, or no member any more
            readings = []
        else:
            readings = read_with_model(stored.question, month=stored.month, asker=asker, model=model)
    except ProviderError as error:
        values["reason"] = _failed(stored, "model", error)
    except Exception:
        claimed.update(**values, reason=_failed(stored, "broken"))
        raise
    else:
        if readings:
            figures = [figure for reading in readings for figure in reading.answer.figures][:MOST_FIGURES]
            understood, answer = write_readings(readings, asker=asker)
            values |= {
                "status": QuestionStatus.ANSWERED,
                "understood": understood,
                "answer": answer,
                "figures": [describe_figure(one) for one in figures],
                "steps": [{"tool": reading.tool, "arguments": dict(reading.arguments)} for reading in readings],
                "links": links_of(figures),
                "reason": "",
            }
        else:
            values["reason"] = _failed(stored, "nothing")
    claimed.update(**values)


def _failed(stored: LedgerQuestion, why: str, error: object = "") -> str:
    """Return what was not understood, and why the model has not answered."""
    sentence = explain_failure(why, question=stored.question, locale=stored.asked_by.locale, error=error)
    return f"{stored.reason} {sentence}"


def resume_asking() -> int:
    """Queue questions whose tasks a crash may have lost, and those whose workers were stopped. Return how many."""
    resume_abandoned_questions()
    waiting = LedgerQuestion.objects.filter(status=QuestionStatus.PENDING, claim="")
    ids = list(waiting.values_list("pk", flat=True))
    for pk in ids:
        enqueue(ANSWER_QUESTION, str(pk))
    return len(ids)


def resume_abandoned_questions() -> int:
    """Queue the questions whose workers were stopped since the last look. Return how many.

    A question whose workers were stopped too often fails: it may be what stops them.
    """
    claimed = LedgerQuestion.objects.filter(status=QuestionStatus.PENDING).exclude(claim="")
    n_queued = 0
    for one in abandoned(claimed.select_related("asked_by")):
        own = LedgerQuestion.objects.filter(pk=one.pk, status=QuestionStatus.PENDING, claim=one.claim)
        if one.n_interruptions + 1 >= MOST_INTERRUPTIONS:
            own.update(status=QuestionStatus.FAILED, claim="", reason=_failed(one, "stopped"))
        else:
            with transaction.atomic():
                if own.update(claim="", n_interruptions=one.n_interruptions + 1):
                    enqueue(ANSWER_QUESTION, str(one.pk))
                    n_queued += 1
    return n_queued


def describe_figure(figure: Figure) -> dict[str, Any]:
    """Return the JSON of a figure."""
    return {
        "label": figure.label[:LABEL_LENGTH],
        "value": figure.value,
        "currency": figure.currency,
        "filter": figure.filter or None,
    }


def prune_questions(*, is_dry_run: bool = False) -> int:
    """Delete questions that were kept long enough, and return their number."""
    old = LedgerQuestion.objects.filter(created_at__lt=timezone.now() - dt.timedelta(KEPT_DAYS))
    return old.count() if is_dry_run else old.delete()[0]
