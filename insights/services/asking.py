"""Answers questions in plain words, and keeps them for their asker."""

import datetime as dt
from typing import Any

from django.utils import timezone

from insights.ask.reading import read_question
from insights.ask.wording import Wording, links_of
from insights.models import AnswerSource, LedgerQuestion, QuestionStatus
from insights.models.questions import KEPT_DAYS
from insights.reports.periods import Period
from insights.tools.base import Asker, Figure
from insights.tools.registry import run_tool

MOST_FIGURES = 25
#: Some banks write hundreds of characters, which are the label of a payment.
LABEL_LENGTH = 120


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
